"""Still pictures: names that tell everything, folders that do, and a csv that holds the faces."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.datasets.expressions import FER2013, KDEF, MMI, TFEID, ClassFolders, RaFD
from fleeting.errors import DatasetError, UsageError

from . import releases


def test_kdef_takes_one_view_and_both_sessions_show_one_person(tmp_path):
    for name in ("AF01/AF01ANS", "AF01/AF01ANHL", "BF01/BF01AFS", "AM35/AM35NES"):
        releases.picture(tmp_path / f"KDEF/{name}.JPG")
    clips = KDEF(tmp_path).clips()
    assert [(clip.id, clip.subject, clip.emotion) for clip in clips] == [
        ("kdef/F01/AF01ANS", "F01", "angry"), ("kdef/F01/BF01AFS", "F01", "afraid"), ("kdef/M35/AM35NES", "M35", "neutral"),
    ]  # fmt: skip
    assert clips[0].frames.shape == (1, 12, 16, 3)
    assert len(KDEF(tmp_path, views=("S", "HL")).clips()) == 4
    with pytest.raises(UsageError, match="'X' is none of"):
        KDEF(tmp_path, views=("X",))


def test_rafd_takes_one_view(tmp_path):
    for name in ("090_01_Caucasian_female_angry_frontal", "045_01_Caucasian_female_angry_left", "090_71_Moroccan_male_sad_left"):
        releases.picture(tmp_path / f"Rafd{name}.jpg")
    assert [(clip.subject, clip.emotion) for clip in RaFD(tmp_path).clips()] == [("01", "angry"), ("71", "sad")]
    with pytest.raises(UsageError, match="view=30"):
        RaFD(tmp_path, view=30)


def test_class_folders_take_the_person_from_the_name(tmp_path):
    for name in ("happiness/anna_lee_1", "train/anger/anna_lee_2", "anger/alone"):
        releases.picture(tmp_path / f"{name}.png")
    clips = ClassFolders(tmp_path, name="web").clips()
    assert [(clip.person, clip.emotion) for clip in clips] == [
        ("web/alone", "anger"), ("web/anna_lee", "happiness"), ("web/anna_lee", "anger"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no regular expression"):
        ClassFolders(tmp_path, subject="(")


def test_mmi_and_tfeid_have_their_own_names_for_people(tmp_path):
    releases.picture(tmp_path / "mmi/surprise/S001-003.jpg")
    releases.picture(tmp_path / "tfeid/anger/f01_an.jpg")
    assert MMI(tmp_path / "mmi").clips()[0].person == "mmi/S001"
    assert TFEID(tmp_path / "tfeid").clips()[0].person == "tfeid/f01"


def test_a_folder_without_pictures_says_what_they_should_be_called(tmp_path):
    with pytest.raises(DatasetError, match=r"no picture of KDEF. Files expected: .*AF01ANS.JPG.*kdef\.se"):
        KDEF(tmp_path).clips()


def _fer(root, rows):
    (root / "fer2013.csv").write_text("emotion,pixels,Usage\n" + "".join(f"{e},{p},{u}\n" for e, p, u in rows))
    return FER2013(root)


def test_fer2013(tmp_path):
    pixels = " ".join(str(i % 256) for i in range(2304))
    dataset = _fer(tmp_path, [(3, pixels, "Training"), (6, pixels, "PublicTest"), (0, "1 2 3", "PublicTest")])
    clips = dataset.clips()
    assert [clip.emotion for clip in clips] == ["happiness", "neutral", "anger"]
    assert dataset.table["usage"].tolist() == ["Training", "PublicTest", "PublicTest"]
    assert clips[0].frames.shape == (1, 48, 48, 3)
    assert clips[0].frames[0, 1, 2].tolist() == [50, 50, 50]
    assert len({clip.person for clip in clips}) == 3
    with pytest.raises(DatasetError, match=r"face 00002: its pixels are not 2,304 numbers"):
        _ = clips[2].frames
    assert dataset.check().ok
    findings = dataset.check(frames=True).findings
    assert [one.clip for one in findings if one.level == "error"] == ["00002"]


def test_fer2013_by_the_name_of_its_file(tmp_path):
    folder = _fer(tmp_path, [(3, " ".join(["7"] * 2304), "Training")])
    assert FER2013(tmp_path / "fer2013.csv").table.equals(folder.table)
    with pytest.raises(DatasetError, match=r"none\.csv"):
        FER2013(tmp_path / "none.csv")


def test_fer2013_of_another_form_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"line 2, has no emotion of 0 to 6"):
        _ = _fer(tmp_path, [("happy", "1", "Training")]).table
    (tmp_path / "fer2013.csv").write_text("emotion,Usage\n")
    with pytest.raises(DatasetError, match="lacks the columns pixels; it has emotion, usage"):
        _ = FER2013(tmp_path).table


def test_the_faces_of_fer2013_are_numbers_from_0_to_255():
    from fleeting.datasets.expressions import _Pixels

    with pytest.raises(DatasetError):
        _Pixels(" ".join(["300"] * 2304), "x")()
    assert _Pixels(" ".join(["255"] * 2304), "x")().dtype == np.uint8


@pytest.mark.parametrize("emotion", ["", "12", "7", "01"])
def test_an_emotion_that_is_a_part_of_0123456_but_no_digit_is_named(tmp_path, emotion):
    """An empty one and 12 were tracebacks."""
    with pytest.raises(DatasetError, match=r"line 3, has no emotion of 0 to 6"):
        _ = _fer(tmp_path, [(1, "1", "Training"), (emotion, "1", "Training")]).table


def test_class_folders_named_after_no_expression_are_asked_about(tmp_path):
    for name in ("anger/a_1", "holiday/a_2"):
        releases.picture(tmp_path / f"{name}.png")
    assert "folders named after no expression we know: holiday;" in str(ClassFolders(tmp_path).check())


@pytest.mark.parametrize("reader", [MMI, TFEID])
def test_any_other_folder_of_pictures_is_not_taken_for_a_release(tmp_path, reader):
    """The clips of SAMM were "nothing is wrong" to MMI, with 006_1_2 for an emotion."""
    releases.samm(tmp_path)
    checkup = reader(tmp_path).check()
    assert not checkup.ok
    assert "none of which is named after an expression" in str(checkup)
