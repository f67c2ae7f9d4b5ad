"""``fleeting sensitivity``, and the options of ``analyze`` that set what a spotter lets pass."""

from __future__ import annotations

import pandas as pd
import pytest

from fleeting.synthetic.interview import synthetic_interview

DONE, USAGE = 0, 2


@pytest.fixture(scope="module")
def calm(tmp_path_factory, face_model):
    made = synthetic_interview(3, 5.0, 30.0, events_per_min=0, macro=False, speech=False, blinks_per_min=0)
    return made.write(tmp_path_factory.mktemp("interview") / "calm.mp4")


def test_what_was_tried_is_counted_by_size_and_emotion_and_kept(fleeting, calm, tmp_path):
    ended = fleeting("sensitivity", calm, "--each", 2, "--out", tmp_path / "tried.csv")
    assert ended.code == DONE
    tried = pd.read_csv(tmp_path / "tried.csv")
    assert set(tried["size"]) <= {1, 2, 3, 5}
    assert len(tried) >= 8
    for word in ("calm", "% of the eye distance", "emotion", "95 % interval"):
        assert word in ended.said
    again = fleeting("sensitivity", calm, "--out", tmp_path / "tried.csv")
    assert (again.code, "is there already" in again.said) == (USAGE, True)


def test_expressions_put_into_the_pictures_are_looked_for_too(fleeting, calm, tmp_path):
    ended = fleeting("sensitivity", calm, "--pixels", "--rounds", 1, "--out", tmp_path / "tried.csv")
    assert ended.code == DONE
    tried = pd.read_csv(tmp_path / "tried.csv")
    assert len(tried) >= 1
    assert tried["size"].between(1, 5).all()
    assert tried["seconds"].between(0.1, 0.55).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--threshold", 4, "--false-alarms", 1), "give one of them"),
        (("--false-alarms", 0), "must be above 0"),
        (("--spotter", "none"), "is not known"),
        (("--spotter", "none.safetensors"), "no weights can be read"),
    ],
)
def test_what_cannot_be_is_refused_before_the_video_is_read(fleeting, options, said, tmp_path):
    ended = fleeting("analyze", tmp_path / "missing.mp4", *options)
    assert (ended.code, said in ended.said) == (USAGE, True), ended.said
