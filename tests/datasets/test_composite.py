"""Composite: any mix, and the clips of MEGC 2019."""

from __future__ import annotations

import pytest

from fleeting.clip import Clip
from fleeting.datasets.casme2 import CASME2
from fleeting.datasets.composite import Composite, _by_rule, read_megc_list
from fleeting.datasets.samm import SAMM
from fleeting.datasets.smic import SMIC
from fleeting.errors import DatasetError, UsageError

from . import releases


@pytest.fixture
def three(tmp_path):
    return (
        CASME2(releases.casme2(tmp_path / "casme2")),
        SAMM(releases.samm(tmp_path / "samm")),
        SMIC(releases.smic(tmp_path / "smic")),
    )


def test_any_mix_has_all_clips_and_persons_stay_apart(three):
    mix = Composite(*three)
    assert len(mix.clips()) == 9
    assert mix.table["id"].tolist() == [clip.id for clip in mix.clips()]
    assert mix.check().counts["samm clips"] == 3


def test_a_list_chooses_the_clips_and_names_their_classes(three, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("casme2,sub01,EP02_01f,1\nsamm,6,006_1_2,0\nsmic,s01,s1_sur_2,2\n,,,\n")
    clips = Composite(*three, megc=path).clips()
    assert {clip.id: clip.emotion for clip in clips} == {
        "casme2/sub01/EP02_01f": "positive", "samm/006/006_1_2": "negative", "smic/s01/s01_sur_02": "surprise",
    }  # fmt: skip


def test_clips_that_the_list_has_and_the_disk_not_are_named(three, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("dataset,sub,filename_o,label\ncasme2,sub01,EP02_01f,1\nsamm,006,006_9_9,0\n")
    with pytest.raises(DatasetError, match=r"1 of the 2 clips \(samm/006/006_9_9\) of MEGC 2019 cannot be had"):
        Composite(*three, megc=path).clips()
    assert len(Composite(*three, megc=path).clips(partial=True)) == 1
    with pytest.raises(DatasetError, match="of the 442 clips of MEGC 2019"):
        Composite(*three, megc=442).clips()


def test_a_line_that_is_none_is_named(three, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("casme2,sub01,EP02_01f,1\nmmew,1,2,3\n")
    with pytest.raises(DatasetError, match=r"list\.csv, line 2, is 'mmew,1,2,3'; expected"):
        read_megc_list(path)


def test_a_list_without_clips_or_with_one_twice_is_named(tmp_path):
    """An empty list gave a composite of nothing; of a clip listed twice the later class was taken."""
    path = tmp_path / "list.csv"
    path.write_text(",,,\n")
    with pytest.raises(DatasetError, match=r"list\.csv lists no clip; expected are lines such as"):
        read_megc_list(path)
    path.write_text("smic,s01,s1_ne_01,0\nsmic,s01,s01_ne_01,1\n")
    with pytest.raises(DatasetError, match=r"list\.csv, line 2, lists smic/s01/s01_ne_01 again"):
        read_megc_list(path)


def test_what_makes_no_composite_is_refused(three):
    with pytest.raises(UsageError, match="each once; these are casme2, casme2"):
        Composite(three[0], three[0])
    with pytest.raises(UsageError, match="megc=442: 442 or 441, of casme2, samm, smic; given were casme2, samm"):
        Composite(*three[:2], megc=442)
    with pytest.raises(UsageError, match="megc=440"):
        Composite(*three, megc=440)


@pytest.mark.parametrize("edition", ["20140508", "20190701"])
def test_the_rule_takes_what_the_organisers_list_takes(shared_data, tmp_path, edition):
    sheets = shared_data / "annotations"
    datasets = (
        CASME2(tmp_path, sheet=sheets / f"CASME2-coding-{edition}.xlsx"),
        SAMM(tmp_path, sheet=sheets / "SAMM_Micro_FACS_Codes_v2.xlsx"),
        SMIC(tmp_path, sheet=sheets / "smic_apex.xlsx"),
    )
    rows = Composite(*datasets).table.itertuples(index=False)
    clips = [Clip(row.id, row.dataset, row.subject, row.fps, 0, 0, 0, list, row.emotion) for row in rows]  # type: ignore[arg-type]
    listed = read_megc_list(sheets / "combined_3_class2_for_optical_flow.csv")
    assert len(listed) == 442
    rule = _by_rule(442)
    assert {clip.id: word for clip in clips if (word := rule(clip))} == listed
    assert set(listed) - {clip.id for clip in clips if _by_rule(441)(clip)} == {"samm/032/032_3_1"}
    assert len({clip.person for clip in clips if rule(clip)}) == 68
