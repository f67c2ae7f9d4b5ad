"""The main job on a synthetic recording whose events are known, and on recordings in which there is little or nothing to find."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

import fleeting as fl
from fleeting.analysis.analyze import GROUPS, Analysis, Pictures, analyze
from fleeting.analysis.export import to_json
from fleeting.analysis.findings import EVENT_COLUMNS, OTHER_COLUMNS
from fleeting.analysis.report import report_html
from fleeting.errors import MediaError, TruncatedError, UsageError
from fleeting.faces.signals import COLUMNS
from fleeting.features.au_motion import AUMotion
from fleeting.features.motion_spectrum import MotionSpectrum
from fleeting.flow import flow
from fleeting.methods import pretrained
from fleeting.spotting.matching import match

pytestmark = pytest.mark.usefixtures("face_model")
BLANK = np.full((240, 320, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def analysis(recording: Path) -> Analysis:
    return analyze(recording)


@pytest.fixture(scope="module")
def empty(film) -> Analysis:
    return analyze(film("nobody.mp4", np.stack([BLANK] * 20)))


def pictures_of(folder: Path, pictures: np.ndarray) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        assert cv2.imwrite(str(folder / f"img{number}.png"), picture[..., ::-1])
    return folder


def test_the_known_expressions_are_found_and_named(analysis, interview):
    true = interview.truth[interview.truth["kind"] == "micro"].reset_index(drop=True)
    found = analysis.events.rename(columns={"onset_frame": "onset", "offset_frame": "offset"})
    agreed = match(found, true)
    assert agreed.f1 == 1
    for i, j in agreed.pairs:
        assert found.loc[i, "kind"] == "micro"
        assert found.loc[i, "emotion"] == true.loc[j, "emotion"]
        assert abs(found.loc[i, "apex_frame"] - true.loc[j, "apex"]) <= 5
    assert "AU4" in found.loc[1, "aus"]
    assert "inner_brow" in found.loc[1, "regions"]


def test_tables_are_as_documented(analysis):
    events = analysis.events
    assert tuple(events.columns) == EVENT_COLUMNS
    assert tuple(analysis.others.columns) == OTHER_COLUMNS
    assert set(analysis.others["kind"]) <= {"blink", "closed", "speech", "head", "other"}
    assert (events["onset_frame"] <= events["apex_frame"]).all()
    assert (events["apex_frame"] <= events["offset_frame"]).all()
    for point, ends in (("onset", 0), ("apex", 0), ("offset", 1)):  # an event ends when its last frame does
        assert events[f"{point}_s"].to_numpy() == pytest.approx((events[f"{point}_frame"].to_numpy() + ends) / 50, abs=1e-4)
    assert events["certain"].all()
    assert set(events["open"]) == {""}
    assert (events["score"] > analysis.signals["threshold"].iloc[0]).all()
    assert events["amplitude"].between(0.4, 8).all()
    signals = analysis.signals
    assert len(signals) == 250
    assert {"frame", "time_s", "seen", "judged", "face", "micro", "threshold", "head_speed", *COLUMNS} <= set(signals.columns)
    assert signals["judged"].mean() > 0.9
    assert analysis.quality["judged_s"] == pytest.approx(5 * signals["judged"].mean())
    assert {row["part"] for row in analysis.quality["sensitivity"]} <= {"calm", "moving"}
    assert any("would have been found" in sentence for sentence in analysis.quality["limits"])
    assert analysis.settings["mode"] == "mesh"


def test_probabilities_sum_to_one_and_the_greatest_gives_the_emotion(analysis):
    p = analysis.events[[f"p_{group}" for group in GROUPS]].to_numpy(float)
    assert p.sum(axis=1) == pytest.approx(1)
    assert ((p >= 0) & (p <= 1)).all()
    assert [GROUPS[i] for i in p.argmax(axis=1)] == list(analysis.events["emotion"])


def test_each_event_has_its_pictures(analysis):
    assert sorted(analysis.pictures) == list(analysis.events.index)
    for shown in analysis.pictures.values():
        assert shown.onset.base is None, "a view keeps the whole clip in memory, so that an hour of video fills it"
        assert isinstance(shown, Pictures)
        moved, enlarged = (flow(shown.onset, each) for each in (shown.apex, shown.magnified))
        measured = (enlarged * moved).sum() / (moved**2).sum()
        assert shown.factor == pytest.approx(measured, rel=0.1)  # less than what was asked for, and what the page says
        crops = [value for name, value in asdict(shown).items() if name not in ("factor", "moving")]
        assert all(crop.shape == (224, 224, 3) and crop.dtype == np.uint8 for crop in crops)
        # The magnified picture moves further from the onset than the apex does.
        near, far = (np.abs(crop.astype(int) - shown.onset).mean() for crop in (shown.apex, shown.magnified))
        assert far > near


def test_the_same_recording_gives_the_same_files_each_time(analysis, recording, tmp_path):
    again = fl.analyze(str(recording))  # the public name, still the function and not the file of that name
    pd.testing.assert_frame_equal(again.events, analysis.events)
    first, second = analysis.save(tmp_path / "a"), again.save(tmp_path / "b")
    for name in ("events.csv", "signals.csv", "events.vtt", "report.html"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_progress_is_told_of_every_frame_in_order(film, frames):
    told = []
    analyze(film("short.mp4", frames[:12]), progress=lambda frame, media: told.append((frame.index, media.frame_count)))
    assert told == [(k, 12) for k in range(12)]


def test_nobody_in_the_picture_is_a_result(empty, tmp_path):
    empty.save(tmp_path)
    assert (tmp_path / "events.csv").read_text() == ",".join(EVENT_COLUMNS) + "\n"
    written = json.loads((tmp_path / "analysis.json").read_text())
    assert written["quality"]["reason"] == "No face was found in any frame."
    assert written["quality"]["seconds_without_face"] == 0.4
    assert written["quality"]["faces"] == []
    assert "No face was found in any frame." in (tmp_path / "report.html").read_text()


def test_drawn_faces_show_no_expression(shared_data):
    cartoon = analyze(shared_data / "video" / "no_face.mp4")
    assert cartoon.events.empty
    assert cartoon.quality["reason"]


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_frames_to_judge(film, frames, count):
    short = analyze(film("short.mp4", frames[:count]))
    assert short.events.empty
    assert len(short.signals) == count
    assert "never long enough to be judged" in short.quality["reason"]
    report_html(short)
    json.loads(to_json(short))


def test_a_face_that_comes_late_is_analysed_from_then_on(film, frames):
    late = analyze(film("late.mp4", np.concatenate([np.stack([BLANK] * 40), frames[98:140]])))
    seen = late.signals["seen"].to_numpy()
    assert not seen[:40].any()
    assert seen[51:].all()  # looked for five times a second
    (only,) = late.quality["faces"]
    assert 0.8 <= only["first_s"] <= 1
    assert late.quality["seconds_without_face"] == pytest.approx(only["first_s"])
    assert (late.events["onset_frame"] >= 40).all()
    found = late.events.rename(columns={"onset_frame": "onset", "offset_frame": "offset"})
    assert match(found, pd.DataFrame({"onset": [48], "offset": [71]})).f1 == 1


@pytest.fixture(scope="module")
def pair(film, frames) -> Path:
    """Two people side by side: the left one lowers the brows, the right one (mirrored) smiles."""
    return film("pair.mp4", np.concatenate([frames[95:145], frames[35:85, :, ::-1]], axis=2))


def test_of_two_people_one_is_analysed_and_both_are_reported(pair):
    one = analyze(pair)
    assert [face["analysed"] for face in one.quality["faces"]].count(True) == 1
    assert set(one.signals["face"]) == {next(f["face"] for f in one.quality["faces"] if f["analysed"])}
    assert any("2 faces were seen" in limit for limit in one.quality["limits"])


def test_each_of_two_people_can_be_chosen_or_both(pair):
    left, right, both = analyze(pair, face=1), analyze(pair, face=2), analyze(pair, face="all")
    assert set(left.signals["face"]) == {1}
    assert set(right.signals["face"]) == {2}
    assert left.signals["face_x"].median() < 320 < right.signals["face_x"].median()
    assert list(left.events["emotion"]) == ["negative"]
    assert list(right.events["emotion"]) == ["positive"]
    assert set(both.signals["face"]) == {1, 2}
    assert len(both.signals) == 100
    assert sorted(both.events["face"]) == [1, 2]
    assert {shown.moving.shape for shown in both.pictures.values()} == {(12, 112, 112, 3)}
    assert [shown.moving for shown in left.pictures.values()] == [None]
    assert all(face["analysed"] for face in both.quality["faces"])


def test_a_person_who_is_not_there(pair, empty):
    with pytest.raises(UsageError, match=r"face=3: pair shows 2 face\(s\)"):
        analyze(pair, face=3)
    assert analyze(empty.path, face=3).quality["reason"] == "No face was found in any frame."


def test_pictures_that_hold_nothing_but_the_event(tmp_path, frames):
    """As the datasets ship their clips: from the onset to the offset, without a rest before or after."""
    clip = analyze(pictures_of(tmp_path / "EP02_01f", frames[106:130]), fps=50)
    assert clip.name == "EP02_01f"
    assert len(clip.events) <= 1
    assert clip.quality["judged_share"] == 1
    if len(clip.events):
        assert clip.events.loc[0, "emotion"] == "negative"
    else:
        assert "No motion stood out" in clip.quality["reason"]


def test_pictures_without_a_rate_are_not_analysed_by_a_guess(tmp_path, frames):
    folder = pictures_of(tmp_path / "EP02_01f", frames[106:130])
    with pytest.raises(UsageError, match=r"EP02_01f does not say how many frames a second it has.* such as fps=30"):
        analyze(folder)


def test_an_array_gives_what_its_file_does(film, frames):
    pictures = frames[95:145]
    with pytest.raises(UsageError, match="array does not say how many frames a second"):
        analyze(pictures)
    found, same = analyze(pictures, fps=50), analyze(film("array.mkv", pictures))
    assert len(found.events) == 1
    pd.testing.assert_frame_equal(found.events.drop(columns="video"), same.events.drop(columns="video"))
    pd.testing.assert_frame_equal(found.signals, same.signals)
    assert (found.name, found.path) == ("array", "array")


def test_slow_motion_is_told_by_the_frame_rate_given(film, frames):
    path = film("slow.mp4", frames[95:145], 10.0)
    slow, right = analyze(path), analyze(path, fps=50)
    assert (slow.quality["duration_s"], right.quality["duration_s"]) == (5, 1)
    assert not (slow.events["kind"] == "micro").any()
    assert list(right.events["kind"]) == ["micro"]


def test_coarse_mode_needs_no_model_and_says_what_it_lacks(film, frames):
    coarse = analyze(film("coarse.mp4", frames[95:145]), coarse=True)
    assert coarse.quality["mode"] == coarse.settings["mode"] == "coarse"
    assert coarse.quality["limits"][0].startswith("Coarse mode")
    assert coarse.signals["seen"].mean() > 0.9
    assert coarse.signals["eye_open"].std() < 1e-6  # blinks cannot be seen


def test_what_is_left_of_a_broken_recording(film, frames, tmp_path):
    whole = film("whole.mkv", frames[:60]).read_bytes()
    path = tmp_path / "broken.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TruncatedError, match="breaks off"):
        analyze(path)
    part = analyze(path, partial=True)
    assert 0 < part.quality["frames"] < 60
    assert part.quality["limits"][0].startswith("The recording is incomplete")
    assert part.settings["partial"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spotter": "nose"}, "spotter='nose' is not known; there is flow"),
        ({"recogniser": "fdm"}, "has to be trained first: fit fl.methods.fdm"),
        ({"recogniser": "eye-cnn"}, r"has to be trained first.*fleeting train eye_cnn .* --out eye_cnn`, writes eye_cnn.safetensors"),
        ({"recogniser": "none.safetensors"}, "none.safetensors"),
        ({"recogniser": "oracle"}, "recogniser='oracle' is not known; there is au_template"),
        ({"recogniser": make_pipeline(AUMotion())}, "classes must be negative, positive, surprise"),
        ({"spotter": fl.FlowSpotter(threshold=-1)}, "threshold above 0"),
        ({"face": 0}, "face=0 is not allowed"),
        ({"face": "smallest"}, "face='smallest' is not allowed"),
        ({"fps": -5}, "fps=-5 must be a positive number"),
        ({"seconds": 3}, "for cameras only"),
    ],
)
def test_what_is_not_allowed_is_refused_before_the_video_is_read(recording, options, message):
    told = []
    with pytest.raises(UsageError, match=message):
        analyze(recording, progress=lambda *at: told.append(at), **options)
    assert not told


def test_a_camera_needs_a_time():
    with pytest.raises(UsageError, match="for how many seconds"):
        analyze(0)
    with pytest.raises(MediaError, match="Camera 987 gives no picture"):
        analyze("987", seconds=1)


def test_a_recogniser_of_ones_own(film, frames):
    """Any fitted estimator over clips will do, with its classes in any order."""

    class Surprised:
        classes_ = np.array(["surprise", "positive", "negative"])

        def predict_proba(self, clips):
            assert all(isinstance(clip, fl.Clip) and clip.frames.shape[1:] == (224, 224, 3) for clip in clips)
            return np.tile([0.8, 0.15, 0.05], (len(clips), 1))

    event = analyze(film("own.mp4", frames[95:145]), recogniser=Surprised()).events.loc[0]
    assert (event["emotion"], event["p_negative"], event["p_positive"], event["p_surprise"]) == ("surprise", 0.05, 0.15, 0.8)
    assert "AU4" in event["aus"]  # they do not come from the recogniser


def test_what_is_not_sure_enough_is_unclear_and_says_why(film, frames, tmp_path):
    found = analyze(film("unclear.mp4", frames[95:145]), unclear=1.0)
    assert set(found.events["emotion"]) == {"unclear"}
    assert found.events["doubt"].str.contains("no emotion above 1").all()
    assert found.events[["p_negative", "p_positive", "p_surprise"]].sum(axis=1).to_numpy() == pytest.approx(1)
    found.save(tmp_path / "out")
    assert "no emotion above 1" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "unclear" in (tmp_path / "out" / "events.vtt").read_text("utf-8")
    settings = json.loads((tmp_path / "out" / "analysis.json").read_text("utf-8"))["settings"]
    assert settings["weights"]["name"] == "recogniser.safetensors"
    assert len(settings["weights"]["sha256"]) == 64
    assert "min_amplitude=" in settings["spotter"]
    with pytest.raises(UsageError, match="unclear=2"):
        analyze(film("unclear.mp4", frames[95:145]), unclear=2)


def test_motion_is_measured_once_where_the_recogniser_begins_with_it(film, frames):
    class Counting(MotionSpectrum):
        calls = 0

        def transform_clip(self, clip):
            Counting.calls += 1
            return super().transform_clip(clip)

    path = film("once.mp4", frames[95:145])
    plain = analyze(path)
    counted = analyze(path, recogniser=make_pipeline(Counting(), pretrained()[-1]))
    pd.testing.assert_frame_equal(counted.events, plain.events)
    assert Counting.calls == len(plain.events) == 1
