"""Injected events: the skin moves as told, nothing else does, and the sheet says so."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest

from fleeting.datasets.folder import FolderDataset
from fleeting.errors import MediaError, UsageError
from fleeting.faces.action_units import AUS
from fleeting.faces.landmarks import Face
from fleeting.flow import flow
from fleeting.media import open_media
from fleeting.synthetic.inject import SHEET, _named, _Skin, inject, move_skin
from fleeting.synthetic.rendering import astronaut


@pytest.fixture(scope="module")
def portrait():
    """A photograph and the face in it, eyes 41 px apart."""
    portrait = astronaut()
    return portrait.image, Face((0, 0, 0, 0), portrait.points, 1.0)


def _aus(**percent):
    aus = np.zeros(len(AUS), np.float32)
    for name, value in percent.items():
        aus[AUS.index(name)] = value
    return aus


def test_no_action_unit_moves_nothing(portrait):
    image, face = portrait
    assert np.array_equal(move_skin(image, face, _aus()), image)


@pytest.mark.parametrize("name", ["R12", "L1", "L4", "R9", "17"])
def test_the_flow_that_is_measured_is_the_one_that_was_asked_for(portrait, name):
    image, face = portrait
    moved = flow(image, move_skin(image, face, _aus(**{name: 3})))
    skin = _Skin(face, image.shape[:2])
    asked = cv2.resize(skin.displacement(_aus(**{name: 3})), skin.size, interpolation=cv2.INTER_LINEAR)
    length = np.linalg.norm(asked, axis=2)
    assert length.max() == pytest.approx(0.03 * face.iod, rel=0.15)  # the fields peak on the mean face
    there = length > 0.5 * length.max()
    error = moved[skin.window][there] - asked[there]
    assert np.linalg.norm(error.mean(axis=0)) < 0.15  # px, of about 1.2; the flow that measures it errs too
    assert np.linalg.norm(error, axis=1).mean() < 0.25


def test_only_the_side_that_pulls_moves_and_what_is_beyond_the_face_stays(portrait):
    image, face = portrait
    changed = np.flatnonzero((move_skin(image, face, _aus(L12=4)) != image).any(axis=(0, 2)))
    nose = face.points[1, 0]
    assert changed.min() > nose - 0.2 * face.iod
    assert changed.max() < face.points[:, 0].max() + 0.35 * face.iod


def test_what_moves_stays_sharp(portrait):
    image, face = portrait
    moved = move_skin(image, face, _aus(R1=2.5, L1=2.5, R2=2.5, L2=2.5))
    there = cv2.morphologyEx((moved != image).any(axis=2).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9))) > 0
    before, after = (cv2.Laplacian(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), cv2.CV_32F)[there].std() for each in (image, moved))
    assert after / before == pytest.approx(1, abs=0.05)


def test_a_face_at_the_edge_of_the_picture_is_moved_as_far_as_it_shows(portrait):
    image, face = portrait
    x, y = int(face.points[1, 0]), int(face.points[:, 1].min())
    points = face.points - np.array([x, y, 0], np.float32)  # half of the face is outside
    moved = move_skin(image[y:, x:], Face((0, 0, 0, 0), points, 1.0), _aus(R12=4, L12=4))
    assert moved.shape == image[y:, x:].shape
    assert (moved != image[y:, x:]).any()


@pytest.fixture(scope="module")
def calm(film, frames, face_model):
    """1.2 s of the synthetic interview at 50 frames a second, eyes 45 px apart."""
    return film("calm.mkv", frames[130:190])


@pytest.fixture(scope="module")
def done(calm, tmp_path_factory):
    """The recording with what was injected into it, and what was said meanwhile."""
    out, told = tmp_path_factory.mktemp("inject") / "set", []
    table = inject([calm], out, seed=3, per_min=60, progress=lambda *each: told.append(each))
    return out, table, told


def test_the_sheet_is_whole_and_within_its_limits(done):
    out, table, told = done
    assert sorted(path.name for path in out.iterdir()) == ["calm.control.mkv", "calm.injected.mkv", SHEET]
    pd.testing.assert_frame_equal(pd.read_csv(out / SHEET), table, check_dtype=False)
    assert len(table) >= 1
    assert ((table["onset"] < table["apex"]) & (table["apex"] < table["offset"])).all()
    assert ((table["offset_s"] - table["onset_s"]).between(0.07, 0.5)).all()
    assert table["amplitude"].between(1.5, 4.0).all()
    assert table["iod"].between(43, 47).all()
    assert set(table["emotion"]) <= {"negative", "positive", "surprise"}
    assert {what for what, _, _ in told} == {"looking at calm", "writing calm.injected.mkv", "writing calm.control.mkv"}


def test_outside_the_events_the_videos_are_the_recording_to_the_bit(done, calm):
    out, table, _ = done
    inside = {frame for row in table.itertuples() for frame in range(row.onset + 1, row.offset)}  # still at onset and offset
    with open_media(calm) as a, open_media(out / "calm.control.mkv") as b, open_media(out / "calm.injected.mkv") as c:
        triples = list(zip(a, b, c, strict=True))
    assert len(triples) == 60
    for original, control, injected in triples:
        assert original.time == control.time == injected.time
        assert np.array_equal(original.image, control.image)
        assert original.index in inside or np.array_equal(original.image, injected.image)
    for row in table.itertuples():
        _, control, injected = triples[row.apex]
        changed = (control.image != injected.image).any(axis=2)
        assert 0.002 < changed.mean() < 0.4


def test_the_reader_of_folders_takes_it(done):
    out, table, _ = done
    dataset = FolderDataset(out)
    assert dataset.check().ok
    (video,) = dataset.videos()
    assert video.intervals[["onset", "apex", "offset"]].to_numpy().tolist() == table[["onset", "apex", "offset"]].to_numpy().tolist()
    assert [clip.emotion for clip in dataset.clips()] == table["emotion"].tolist()


def test_both_videos_say_what_they_are(done):
    import av

    for kind, word in (("injected", "nobody made them"), ("control", "without the injected")):
        with av.open(str(done[0] / f"calm.{kind}.mkv")) as container:
            assert word in container.metadata["title"]


def test_a_seed_gives_the_same_events_beside_another_video_too(done, calm, film, frames, tmp_path):
    other = film("other.mkv", frames[190:232])
    both = inject([other, calm], tmp_path / "both", seed=3, per_min=60, crf=12)
    same = ["onset", "apex", "offset", "emotion", "aus", "amplitude"]
    pd.testing.assert_frame_equal(both.loc[both["video"] == "calm", same].reset_index(drop=True), done[1][same])
    assert (tmp_path / "both/other.injected.mp4").exists()


@pytest.mark.parametrize(
    ("pictures", "fps", "says"),
    [
        (lambda frames: np.full((20, 240, 320, 3), 90, np.uint8), 50, "bad.mkv: no face was found in any of its 20 frames"),
        (lambda frames: frames[:30], 50, r"bad\.mkv is too short: the face is seen for at most 0\.\d\d s on end.* 0\.76 s are needed"),
        (lambda frames: np.stack([cv2.resize(f, (160, 120)) for f in frames[:50]]), 50, "the eyes are 2[0-9] px apart; at least 32 px"),
        (lambda frames: frames[:40:4], 5, r"has 5\.0 frames a second: less than 5 would show"),
    ],
)  # fmt: skip
def test_a_recording_into_which_nothing_can_be_put_is_named(film, frames, face_model, tmp_path, pictures, fps, says):
    path = film("bad.mkv", pictures(frames), fps)
    with pytest.raises(MediaError, match=says):
        inject([path], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("videos", "options", "says"),
    [
        ([], {}, "No video was named"),
        (["0"], {}, "0 is a camera"),
        (["a.mp4", "./a.mp4"], {}, "named twice"),
        (["a.mp4"], {"amplitude": (4, 2)}, "amplitude=4, 2"),
        (["a.mp4"], {"amplitude": (0, 2)}, "amplitude=0, 2"),
        (["a.mp4"], {"amplitude": (1, 40)}, "amplitude=1, 40"),
        (["a.mp4"], {"per_min": 0}, "per_min=0"),
        (["a.mp4"], {"seed": -1}, "seed=-1"),
        (["a.mp4"], {"crf": 63}, "crf=63"),
    ],
)
def test_what_cannot_be_asked_for_is_said(tmp_path, videos, options, says):
    with pytest.raises(UsageError, match=says):
        inject(videos, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []


def test_recordings_of_one_name_are_told_apart_also_where_capitals_do_not_count():
    assert list(_named(["a/Talk.mp4", "b/talk.mp4", "b/talk.mov"])) == ["Talk", "talk-2", "talk-3"]
