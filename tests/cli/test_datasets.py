"""``fleeting datasets``: what it prints, what it writes, and the codes it ends with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest

from fleeting.datasets.catalogue import DATASETS

from ..datasets import releases
from .conftest import Ended

DONE, USAGE, DATA = 0, 2, 3


@pytest.fixture
def datasets(fleeting: Callable[..., Ended]) -> Callable[..., Ended]:
    """``fleeting datasets ARGUMENTS``."""
    return partial(fleeting, "datasets")


def test_list_has_every_dataset_and_marks_where_the_survey_differs(datasets):
    ended = datasets("list")
    assert ended.code == DONE
    assert "…" not in ended.out
    for name in set(DATASETS) - {"folder", "class-folders", "flow-maps"}:
        assert f" {name} " in ended.out
    assert "255 (247)" in ended.out
    assert " 164 " in ended.out
    assert "casme2: listed as CASME3" in ended.said


def test_list_has_the_three_cameras_of_smic(datasets):
    ended = datasets("list")
    for camera, samples, people, rate in (("HS", 164, 16, 100), ("VIS", 71, 8, 25), ("NIR", 71, 8, 25)):
        (line,) = [line.split() for line in ended.out.splitlines() if f" smic {camera} " in line]
        assert line[2:5] == [str(samples), str(people), str(rate)]
    rows = [row for row in json.loads(datasets("list", "--json").out) if row["name"] == "smic"]
    assert [(row["camera"], row["survey_clips"]) for row in rows] == [("HS", 164), ("VIS", 71), ("NIR", 71)]


def test_list_as_json_has_addresses(datasets):
    rows = {row["name"]: row for row in json.loads(datasets("list", "--json").out)}
    assert rows["samm"]["clips"] == 159
    assert rows["samm"]["request_url"].startswith("http")
    assert rows["yorkddt"]["reader"] is False
    assert rows["fer2013"]["fps"] is None


def test_check_of_a_whole_release(datasets, tmp_path):
    ended = datasets("check", "casme2", releases.casme2(tmp_path), "--deep", "--jobs", 2)
    assert ended.code == DONE
    assert "3 clips, 2 subjects, 1 happiness" in ended.out
    assert "warning: part of the release, 3 of 255 clips, 2 of 26 subjects; classes: others 1 of 99, disgust 1 of 63" in ended.out
    assert "Nothing is wrong." in ended.out


def test_check_of_half_a_release_ends_with_3(datasets, tmp_path):
    root = releases.casme2(tmp_path)
    shutil.rmtree(root / "Cropped/sub01")
    ended = datasets("check", "casme2", root)
    assert ended.code == DATA
    assert "error: sub01/EP02_01f" in ended.out
    assert "There are errors." in ended.out
    (root / "Cropped/sub04/EP13_02/reg_img6.jpg").write_bytes(b"no picture")
    as_json = datasets("check", "casme2", root, "--frames", "--json")
    assert as_json.code == DATA
    checkup = json.loads(as_json.out)
    assert checkup["ok"] is False
    assert ("decode", "sub04/EP13_02") in {(one["topic"], one["clip"]) for one in checkup["findings"]}


def test_check_takes_settings_of_the_reader(datasets, tmp_path):
    releases.smic(tmp_path)
    ended = datasets("check", "smic", tmp_path, "--set", "camera=VIS", "--set", "layout=cropped")
    assert ended.code == DONE
    assert "1 clips, 1 subjects" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["check", "casme4", "{}"], USAGE, "No dataset is called 'casme4'; there are smic, casme,"),
        (["check", "casme2", "{}", "--set", "camera=VIS"], USAGE, "CASME II has no setting 'camera'; it has sheet, layout, corrections."),
        (["check", "casme2", "{}", "--set", "raw"], USAGE, "--set raw is not KEY=VALUE"),
        (["check", "casme2", "{}/nowhere"], DATA, "nowhere does not exist. Give the folder of CASME II"),
        (["check", "casme2", "{}/casme2.zip"], DATA, "is an archive. Unpack it"),
        (["check", "casme2", "{}"], DATA, "no annotation sheet of CASME II"),
        (["check", "casme2", "{}", "--set", "sheet=3"], USAGE, "CASME II cannot be read with sheet=3"),
        (["check", "folder", "{}", "--set", "name=lab"], DATA, "It holds casme2.zip: unpack first."),
        (["check", "mmi", "{}"], DATA, "has no picture of MMI. It holds casme2.zip: unpack first."),
        (["eyes", "{}/nowhere", "{}/out"], DATA, "nowhere does not exist"),
        (["eyes", "{}", "{}/out"], DATA, "has no picture of Class folders"),
        (["inject", "{}/nowhere.mp4", "--out", "{}/out"], DATA, "nowhere.mp4 does not exist"),
        (["inject", "{}/x.mp4", "--out", "{}/out", "--percent", "4", "1"], USAGE, "amplitude=4.0, 1.0 must be"),
        (["synthesize", "{}/out", "--size", "100"], USAGE, "size=100"),
    ],
)
def test_what_goes_wrong_is_said_and_leaves_nothing(datasets, tmp_path, arguments, code, says):
    (tmp_path / "casme2.zip").write_bytes(b"PK")
    ended = datasets(*(word.format(tmp_path) for word in arguments))
    assert ended.code == code
    assert says in ended.said
    assert [path.name for path in tmp_path.iterdir()] == ["casme2.zip"]


def test_synthesize_writes_a_release_that_can_be_checked(datasets, tmp_path):
    small = ["--subjects", 1, "--clips", 1, "--fps", 50, "--size", 64, "--long-videos", 0, "--expressions", 2, "--maps", 0, "--jobs", 1]
    ended = datasets("synthesize", *small, tmp_path / "out")
    assert ended.code == DONE
    assert "Synthetic release:" in ended.out
    assert datasets("check", "synthetic", tmp_path / "out", "--frames").code == DONE


def test_eyes_says_how_they_were_found(datasets, tmp_path, rng):
    picture = rng.integers(0, 256, (48, 48), dtype=np.uint8)
    np.savez(tmp_path / "faces.npz", image=np.stack([picture] * 2), emotion=["anger", "fear"])
    ended = datasets("eyes", tmp_path / "faces.npz", tmp_path / "out", "--band")
    assert ended.code == DONE
    assert "2 by the usual band; 1 are exactly another picture again." in ended.said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["anger", "clips.csv", "fear"]


def test_inject_shows_the_truth(datasets, film, frames, face_model, tmp_path):
    ended = datasets("inject", film("calm.mkv", frames[130:180]), "--out", tmp_path / "out", "--seed", 3, "--percent", 2, 3, "--crf", 12)
    assert ended.code == DONE
    table = pd.read_csv(tmp_path / "out/clips.csv")
    assert table["amplitude"].between(2, 3).all()
    assert "nobody made these expressions" in ended.said
    assert f"{table['onset_s'][0]:.2f}" in ended.said
    assert (tmp_path / "out" / table["control"][0]).suffix == ".mp4"
