"""A release of one file a clip: the same pictures and truth as in folders, read like them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fleeting.datasets import Synthetic
from fleeting.errors import DatasetError, MediaError, UsageError
from fleeting.media.pictures import PictureFolder
from fleeting.synthetic.release import synthesize

CLIPS_ONLY = {"subjects": 2, "clips": 4, "fps": 50, "size": 64, "long_videos": 0, "expressions": 0, "maps": 0, "jobs": 1}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesize(tmp_path_factory.mktemp("made") / "packed", **CLIPS_ONLY, layout="packed")


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_one_file_a_clip_which_any_program_unzips_into_the_folder(packed, tmp_path):
    assert set(files(packed)) == {*(f"clips/{name}.zip" for name in Synthetic(packed).table["clip"]), "clips.csv", "release.json"}
    clip = Synthetic(packed).clips()[0]
    with zipfile.ZipFile(packed / "clips" / f"{clip.id.removeprefix('synthetic/')}.zip") as file:
        file.extractall(tmp_path)
    with PictureFolder(tmp_path, fps=50) as folder:
        pictures = [frame.image for frame in folder]
    row = Synthetic(packed).table.iloc[0]
    assert len(pictures) > row.offset
    assert np.array_equal(clip.frames, pictures[row.onset - 1 : row.offset])


def test_what_is_drawn_is_what_the_folder_layout_draws_of_other_people(packed, tmp_path):
    folders = Synthetic(synthesize(tmp_path / "folders", **CLIPS_ONLY))
    here, there = Synthetic(packed), folders
    assert here.table[["clip", "subject", "emotion"]].equals(there.table[["clip", "subject", "emotion"]])
    for one, other in zip(here.clips(), there.clips(), strict=True):
        assert one.frames.shape[1:] == other.frames.shape[1:] == (64, 64, 3)
        assert here.flow(one).shape == there.flow(other).shape
        assert not np.array_equal(one.frames[0], other.frames[0])
    assert (here.table["intensity"].astype(float).between(0.3, 3)).all()


def test_stopped_it_is_gone_on_with_and_gives_the_same_files(packed, tmp_path):
    again = synthesize(tmp_path / "again", **CLIPS_ONLY, layout="packed")
    gone = sorted(again.glob("clips/*/*.zip"))[1]
    gone.rename(gone.with_name(f".{gone.stem}.part.zip"))  # as a killed process leaves it
    (again / "clips.csv").unlink()
    synthesize(again, **CLIPS_ONLY, layout="packed")
    assert files(again) == files(packed)


def test_layouts_are_not_mixed(packed, tmp_path):
    with pytest.raises(UsageError, match="made with packed=True, not False"):
        synthesize(packed, **CLIPS_ONLY, layout="folders")
    folders = synthesize(tmp_path / "folders", **CLIPS_ONLY)
    assert "packed" not in json.loads((folders / "release.json").read_text("utf-8"))
    with pytest.raises(UsageError, match="made with packed=False, not True"):
        synthesize(folders, **CLIPS_ONLY, layout="packed")
    with pytest.raises(UsageError, match="layout='zip' must be one of auto, folders, packed"):
        synthesize(tmp_path / "new", **CLIPS_ONLY, layout="zip")


def test_the_doctor_reads_it_and_names_what_is_damaged(packed, tmp_path):
    assert Synthetic(packed).check(deep=True).ok
    broken = synthesize(tmp_path / "broken", **CLIPS_ONLY, layout="packed")
    first, second, third, _ = sorted(broken.glob("clips/*/*.zip"))
    first.write_bytes(first.read_bytes()[:500])
    with zipfile.ZipFile(second) as file:
        some = {name: file.read(name) for name in file.namelist() if name != "img005.jpg"}
    with zipfile.ZipFile(second, "w") as file:
        for name, content in some.items():
            file.writestr(name, content)
    third.unlink()
    release = Synthetic(broken)
    text = str(release.check(deep=True))
    assert first.name in text
    assert "are missing: 5" in text
    assert third.name in text
    clips = {clip.id.rpartition("/")[2]: clip for clip in release.clips(partial=True)}
    with pytest.raises(MediaError, match="cannot be read"):
        clips[first.stem].read()
    with pytest.raises(DatasetError, match="lacks picture 5"):
        clips[second.stem].read()
    with pytest.raises(DatasetError, match=r"cannot be read .*Make the release again"):
        release.flow(clips[first.stem])
