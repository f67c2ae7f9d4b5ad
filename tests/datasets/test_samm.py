"""SAMM: a sheet below notes, subjects with zeros, published errors."""

from __future__ import annotations

from fleeting.datasets.samm import SAMM

from . import releases


def test_the_sheet_is_read_below_its_notes_and_subjects_keep_their_zeros(tmp_path):
    clips = SAMM(releases.samm(tmp_path)).clips()
    assert [clip.id for clip in clips] == ["samm/006/006_1_2", "samm/011/011_4_2", "samm/032/032_3_1"]
    assert [clip.emotion for clip in clips] == ["anger", "contempt", "anger"]
    assert [int(frame.mean()) for frame in clips[0].frames] == [5562 % 250 + i for i in range(5)]


def test_a_choice_of_action_units_gives_both(tmp_path):
    assert SAMM(releases.samm(tmp_path)).clips()[1].aus == ("L12", "L14")


def test_the_published_apex_before_the_onset_is_corrected_unless_asked_not_to(tmp_path):
    releases.samm(tmp_path)
    assert SAMM(tmp_path).clips()[2].apex == 4930 - 4896
    assert SAMM(tmp_path, corrections=False).table["apex"].tolist()[2] == 1930


def test_numbers_as_subjects_are_padded(tmp_path):
    releases.samm(tmp_path)
    row = [6, "006_1_2", 1, 5562, 5564, 5566, 5, "Micro - 1/2", 4, "Others", 3, None]
    releases.workbook(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", MICRO_ONLY=[releases.SAMM_HEADER, row])
    clip = SAMM(tmp_path).clips()[0]
    assert (clip.subject, clip.emotion, clip.aus) == ("006", "other", ("AU4",))


def test_counts_of_the_real_sheet(shared_data, tmp_path):
    dataset = SAMM(tmp_path, sheet=shared_data / "annotations/SAMM_Micro_FACS_Codes_v2.xlsx")
    table = dataset.table
    counts = {"clips": len(table), "subjects": table["subject"].nunique(), **table["emotion"].value_counts()}
    assert counts == dataset.expected
    assert ((table["onset"] <= table["apex"]) & (table["apex"] <= table["offset"])).all()
    assert table["aus"].notna().all()
    assert sum(dataset.expected[word] for word in dataset.protocols["MEGC 2019, 3 classes"][0]) == 133
