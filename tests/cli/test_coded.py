"""``fleeting coded`` through the real ``main``: what it prints and writes, and the codes it ends with."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fleeting.analysis.elan import to_eaf
from fleeting.analysis.export import event_table
from fleeting.coding import read_coding
from fleeting.datasets import FolderDataset
from fleeting.media import write_video

from ..analysis.made_findings import analysis, event
from ..coding.made_codings import media, tier, write_eaf

DONE, USAGE, UNREADABLE = 0, 2, 3


@pytest.fixture
def coded(tmp_path):
    """A recording of 200 frames, what the program found in it, and what two coders made of it in ELAN."""
    film = write_video(tmp_path / "talk.mkv", np.zeros((200, 32, 48, 3), np.uint8), fps=100, crf=None)
    found = analysis([event(10, 19), event(50, 59), event(90, 99)], path=film)
    event_table(found).to_csv(tmp_path / "events.csv", index=False)
    to_eaf(found, tmp_path).to_file(tmp_path / "events.eaf")
    link = [media("file:///C:/talk.mkv")]
    # Anna keeps the first, moves the second by two frames, deletes the third and adds one.
    anna = tier("micro", [(100, 200, ""), (520, 620, ""), (1400, 1500, "")])
    write_eaf(tmp_path / "anna.eaf", anna, linked=link, author="Anna")
    ben = tier("Mimik", [(100, 200, "fear"), (540, 620, ""), (1000, 1100, "")])
    write_eaf(tmp_path / "ben.eaf", ben, tier("Hände", [(0, 100, "")], number=200), linked=link, author="Ben")
    cleo = tier("ME", [(1400, 1510, ""), (530, 620, "")])
    write_eaf(tmp_path / "cleo.eaf", cleo, linked=link, author="Cleo")
    return tmp_path


def test_what_became_of_the_programs_events(fleeting, coded):
    ended = fleeting("coded", coded / "anna.eaf", "--against", coded / "events.csv", "--out", coded / "out")
    assert ended.code == DONE
    assert "anna.eaf: Anna, 3 micro and 0 macro" in ended.said
    assert "Anna on Fleeting: 3 before, 3 after" in ended.said
    changes = pd.read_csv(coded / "out" / "changes.csv")
    assert changes["change"].tolist() == ["confirmed", "moved", "removed", "added"]
    assert changes["onset_moved"].tolist()[:2] == [0, 2]
    agreed = json.loads((coded / "out" / "agreement.json").read_text())
    assert (agreed["matched"], agreed["events"], agreed["frames"]) == (2, [3, 3], 200)
    assert read_coding(coded / "out" / "coding.csv").events["onset_frame"].tolist() == [10, 52, 140]
    assert sorted(path.name for path in (coded / "out").iterdir()) == ["agreement.json", "changes.csv", "coding.csv"]


def test_a_file_nobody_has_touched_is_confirmed(fleeting, coded):
    ended = fleeting("coded", coded / "events.eaf", "--against", coded / "events.csv", "--coder", "Anna", "--out", coded / "out")
    assert ended.code == DONE
    assert set(pd.read_csv(coded / "out" / "changes.csv")["change"]) == {"confirmed"}


def test_two_coders_a_third_and_a_dataset(fleeting, coded):
    ended = fleeting(
        "coded", coded / "anna.eaf", "--against", coded / "ben.eaf", "--tier", "Mimik=micro", "--third", coded / "cleo.eaf",
        "--out", coded / "out", "--train", coded / "set", "--subject", "anna k.",
    )  # fmt: skip
    assert ended.code == DONE
    assert "Agreement of Anna and Ben" in ended.said
    assert "Not read, as their names do not say what they hold (--tier NAME=KIND): Hände" in ended.said
    settled = read_coding(coded / "out" / "arbitrated.csv").events
    assert settled[["onset_frame", "offset_frame"]].to_numpy().tolist() == [[10, 19], [53, 61], [140, 150]]
    assert pd.read_csv(coded / "out" / "arbitrated.csv")["onset_by"].tolist() == ["both", "Cleo", "Cleo"]
    clips = FolderDataset(coded / "set", name="lab").clips()
    assert [(clip.person, len(clip.frames)) for clip in clips] == [("lab/anna k.", 10), ("lab/anna k.", 9), ("lab/anna k.", 11)]


def test_two_coders_without_a_third(fleeting, coded):
    ended = fleeting(
        "coded", coded / "anna.eaf", "--against", coded / "ben.eaf", "--tier", "Mimik=micro", "--arbitrate", "--train", coded / "set"
    )
    assert ended.code == DONE
    assert "1 that only Anna has and 1 that only Ben has" in ended.said
    assert "Subjects must be people, not files" in ended.said
    assert [len(clip.frames) for clip in FolderDataset(coded / "set").clips()] == [10, 9]


def test_two_coders_in_one_file(fleeting, coded):
    anna = tier("micro Anna", [(100, 200, "")], annotator="Anna")
    ben = tier("micro Ben", [(120, 220, "")], annotator="Ben", number=200)
    both = write_eaf(coded / "both.eaf", anna, ben, linked=[media("file:///C:/talk.mkv")])
    ended = fleeting("coded", both, "--coder", "Anna", "--against", both, "--against-coder", "Ben", "--out", coded / "out")
    assert ended.code == DONE
    assert json.loads((coded / "out" / "agreement.json").read_text())["coders"] == ["Anna", "Ben"]
    assert pd.read_csv(coded / "out" / "changes.csv")["onset_moved"].tolist() == [-2]


def test_arbitrated_codings_become_one_dataset(fleeting, coded):
    write_video(coded / "walk.mkv", np.zeros((60, 32, 48, 3), np.uint8), fps=100, crf=None)
    write_eaf(coded / "walk.eaf", tier("micro", [(100, 200, "fear")]), linked=[media("file:///C:/walk.mkv")])
    for name, other in (("anna", "cleo"), ("walk", "walk")):
        files = coded / f"{name}.eaf", "--against", coded / f"{other}.eaf"
        assert fleeting("coded", *files, "--arbitrate", "--out", coded / name).code == DONE
    people = ("--subject", "talk.mkv=p7", "--subject", "walk=p8")
    ended = fleeting("coded", coded / "anna" / "arbitrated.csv", coded / "walk" / "arbitrated.csv", "--train", coded / "set", *people)
    assert (ended.code, "people, not files" in ended.said) == (DONE, False)
    assert [(clip.subject, clip.emotion) for clip in FolderDataset(coded / "set").clips()] == [("p7", None), ("p7", None), ("p8", "fear")]


def test_a_frame_rate_stands_for_a_recording_that_is_elsewhere(fleeting, coded):
    (coded / "talk.mkv").unlink()
    ended = fleeting("coded", coded / "anna.eaf")
    assert (ended.code, "which is not on this machine" in ended.said) == (UNREADABLE, True)
    ended = fleeting("coded", coded / "anna.eaf", "--fps", 50, "--out", coded / "out")
    assert ended.code == DONE
    assert read_coding(coded / "out" / "coding.csv").events["onset_frame"].tolist() == [5, 26, 70]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["anna.eaf", "--arbitrate"], "--against-coder, --third and --arbitrate need a second coding"),
        (["anna.eaf", "cleo.eaf", "--against", "events.csv"], "2 codings are named, but --against, --coder and --video are about one"),
        (["anna.eaf", "--fps", "0"], "--fps 0.0 must be a positive number"),
        (["anna.eaf", "--tier", "micro"], "--tier micro is not NAME=KIND"),
        (["anna.eaf", "--tier", "Mimik=micro"], "there is no tier 'Mimik', but micro"),
        (["anna.eaf", "--tier", "micro=smile"], "tier 'micro' cannot hold 'smile'"),
        (["anna.eaf", "--train", "set", "--subject", "other=anna"], "who is in talk.mkv? Subjects are given for other"),
        (["anna.eaf", "cleo.eaf", "--train", "set", "--subject", "anna"], "--subject anna: there are 2 recordings"),
        (["anna.eaf", "--out", "."], "exists already"),
    ],
)
def test_what_cannot_be_done_as_given(fleeting, coded, monkeypatch, arguments, named):
    monkeypatch.chdir(coded)
    before = sorted(path.name for path in coded.iterdir())
    ended = fleeting("coded", *arguments)
    assert ended.code == USAGE
    assert named in ended.said
    assert sorted(path.name for path in coded.iterdir()) == before


def test_codings_of_recordings_with_other_names(fleeting, coded):
    path = write_eaf(coded / "dora.eaf", tier("micro", [(100, 200, "")]), linked=[media("file:///C:/speech.mp4")])
    ended = fleeting("coded", path, "--against", coded / "anna.eaf")
    assert ended.code == DONE
    assert "dora.eaf is about speech.mp4" in ended.said
    assert "anna.eaf about talk.mkv: taken for one recording" in ended.said
    assert "taken for one" not in fleeting("coded", coded / "cleo.eaf", "--against", coded / "anna.eaf").said


def test_a_file_that_cannot_be_read(fleeting, coded):
    (coded / "broken.eaf").write_text("<")
    ended = fleeting("coded", coded / "broken.eaf")
    assert ended.code == UNREADABLE
    assert "broken.eaf is not an ELAN file that can be read" in ended.said
