"""ELAN files: what a coder gets is whole, and obeys the rules that ELAN and its schema hold files to."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from urllib.parse import unquote, urlparse

import numpy as np
import pytest
from pympi.Elan import Eaf

from fleeting.analysis.elan import action_units, to_eaf

from .made_findings import analysis, event

ORDER = ["HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LANGUAGE", "CONSTRAINT", "CONTROLLED_VOCABULARY"]


def test_a_picture_that_begins_after_the_sound_is_told_to_elan(tmp_path):
    """ELAN counts from the beginning of the file, we from the first frame: all events were that much too early there."""
    (tmp_path / "a.mp4").touch()
    late = analysis([event(10, 30)], path=tmp_path / "a.mp4")
    assert to_eaf(late).media_descriptors[0].get("TIME_ORIGIN") is None
    late.quality["first_frame_s"] = 0.52
    to_eaf(late).to_file(tmp_path / "a.eaf")
    assert re.findall('TIME_ORIGIN="([^"]*)"', (tmp_path / "a.eaf").read_text()) == ["520"]
    assert to_eaf(late).get_annotation_data_for_tier("micro")[0][:2] == (100, 310)


def written(found, path):
    to_eaf(found, path.parent).to_file(path)
    check(ET.parse(path).getroot())
    return Eaf(path)


def check(root):
    """What EAFv2.8.xsd and ELAN ask of a file, as far as we use it."""
    parts = list(dict.fromkeys(child.tag for child in root))
    assert parts == [tag for tag in ORDER if tag in parts]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", root.attrib["DATE"])
    assert root.attrib["FORMAT"] == root.attrib["VERSION"] == "2.8"
    slots = {slot.attrib["TIME_SLOT_ID"]: int(slot.attrib["TIME_VALUE"]) for slot in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    ids = [*slots, *(node.attrib["ANNOTATION_ID"] for node in root.iter() if "ANNOTATION_ID" in node.attrib)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", each) for each in ids)  # xsd:ID
    types = {node.attrib["LINGUISTIC_TYPE_ID"]: node.attrib for node in root.iter("LINGUISTIC_TYPE")}
    constraints = {node.attrib["STEREOTYPE"] for node in root.iter("CONSTRAINT")}
    languages = {node.attrib["LANG_ID"] for node in root.iter("LANGUAGE")}
    words = {}
    for node in root.iter("CONTROLLED_VOCABULARY"):
        entries = list(node.iter("CV_ENTRY_ML"))
        assert len({entry.attrib["CVE_ID"] for entry in entries}) == len(entries)
        assert {value.attrib["LANG_REF"] for value in node.iter("CVE_VALUE")} <= languages
        words[node.attrib["CV_ID"]] = [value.text for value in node.iter("CVE_VALUE")]
        assert len(set(words[node.attrib["CV_ID"]])) == len(entries)
    tiers = {node.attrib["TIER_ID"]: node for node in root.iter("TIER")}
    assert len(tiers) == len(list(root.iter("TIER")))
    owner = {each.attrib["ANNOTATION_ID"]: name for name, tier in tiers.items() for each in tier.iter() if "ANNOTATION_ID" in each.attrib}
    spans = {
        each.attrib["ANNOTATION_ID"]: (slots[each.attrib["TIME_SLOT_REF1"]], slots[each.attrib["TIME_SLOT_REF2"]])
        for each in root.iter("ALIGNABLE_ANNOTATION")
    }
    for tier in tiers.values():
        about = types[tier.attrib["LINGUISTIC_TYPE_REF"]]
        constraint, parent = about.get("CONSTRAINTS"), tier.attrib.get("PARENT_REF")
        assert (constraint is None) == (parent is None)
        assert constraint is None or (constraint in constraints and parent in tiers)
        assert (about["TIME_ALIGNABLE"] == "true") == (constraint in (None, "Included_In"))
        assert ("ALIGNABLE" if constraint in (None, "Included_In") else "REF") in {
            child.tag.partition("_")[0] for each in tier for child in each
        } or not len(tier)
        own = sorted(spans[each.attrib["ANNOTATION_ID"]] for each in tier.iter("ALIGNABLE_ANNOTATION"))
        assert all(begin < end for begin, end in own)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(own))
        if constraint == "Included_In":
            above = [spans[each] for each, name in owner.items() if name == parent]
            assert all(any(low <= begin and end <= high for low, high in above) for begin, end in own)
        answers = [each.attrib for each in tier.iter("REF_ANNOTATION")]
        assert all(owner[each["ANNOTATION_REF"]] == parent for each in answers)
        if constraint == "Symbolic_Association":
            assert len({each["ANNOTATION_REF"] for each in answers}) == len(answers)
        if constraint == "Symbolic_Subdivision":
            before = {each["ANNOTATION_ID"]: each["ANNOTATION_REF"] for each in answers}
            assert all(before[each["PREVIOUS_ANNOTATION"]] == each["ANNOTATION_REF"] for each in answers if "PREVIOUS_ANNOTATION" in each)
            assert sum("PREVIOUS_ANNOTATION" not in each for each in answers) == len({each["ANNOTATION_REF"] for each in answers})
        if vocabulary := about.get("CONTROLLED_VOCABULARY_REF"):
            assert {value.text for value in tier.iter("ANNOTATION_VALUE")} <= {*words[vocabulary]}


def test_an_event_and_what_is_said_of_it(tmp_path):
    # In ms. The last frame (10 ms) belongs to the event, so that an event of one frame is one frame long.
    events = [event(10, 30, apex_s=0.2), event(50, 50, emotion="negative", aus="", score=np.nan, apex_s=0.5)]
    eaf = written(analysis(events, [event(5, 15, "blink")]), tmp_path / "events.eaf")
    assert eaf.get_annotation_data_for_tier("micro") == [(100, 310, "#1"), (500, 510, "#2")]
    assert eaf.get_annotation_data_for_tier("micro apex") == [(200, 210, ""), (500, 510, "")]
    below = ("emotion", "AUs", "score", "note")
    said = {name: [row[:3] for row in eaf.get_ref_annotation_data_for_tier(f"micro {name}")] for name in below}
    assert said == {
        "emotion": [(100, 310, "surprise"), (500, 510, "negative")],
        "AUs": [(100, 310, "AU1"), (100, 310, "AU2")],
        "score": [(100, 310, "4.23")],
        "note": [],
    }
    assert eaf.get_annotation_data_for_tier("blink") == [(50, 160, "score 4.23")]
    assert eaf.get_annotation_data_for_tier("macro") == []
    times = list(eaf.timeslots.values())
    assert times == sorted(times)
    assert len(times) == 10


def test_what_a_coder_has_left_out_is_left_out(tmp_path):
    rows = [event(10, 30, apex_s=np.nan, emotion=None, aus=None, score=None)]
    eaf = written(analysis(rows), tmp_path / "events.eaf")
    assert [name for name in eaf.get_tier_names() if eaf.get_annotation_data_for_tier(name)] == ["micro"]
    found = analysis([event(10, 30)])
    found.events["note"] = "eyes closed before"
    eaf = written(found, tmp_path / "noted.eaf")
    assert [row[2] for row in eaf.get_ref_annotation_data_for_tier("micro note")] == ["eyes closed before"]


def test_vocabularies_hold_what_coders_need_and_what_was_found(tmp_path):
    eaf = written(analysis([event(1, 5, emotion="awe", aus="AU99+L12")]), tmp_path / "events.eaf")
    words = {
        name: [value[0] for values, _ in eaf.get_cv_entries(name).values() for value in values] for name in ("emotion", "action units")
    }
    assert words["emotion"][:3] == ["negative", "positive", "surprise"]
    assert words["emotion"][-1] == "awe"
    assert {"none", "AU12", "L12", "R12", "AU43"} < set(words["action units"])
    assert words["action units"][-1] == "AU99"
    assert action_units()["L12"] == "lip corner puller, left only"


def test_an_apex_stays_within_its_event(tmp_path):
    # Both share frame 20, in whose middle they meet; it is the apex of both.
    rows = [event(10, 20, apex_s=0.2), event(20, 30, apex_s=0.2), event(40, 41, apex_s=0.3), event(50, 51, apex_s=0.9)]
    eaf = written(analysis(rows), tmp_path / "events.eaf")
    assert [row[:2] for row in eaf.get_annotation_data_for_tier("micro apex")] == [(200, 205), (205, 210), (400, 401), (519, 520)]


def test_a_file_links_the_video_absolutely_and_relatively(tmp_path):
    media = tmp_path / "vidéos" / "für 100%.mp4"
    other = tmp_path / "a.mov"
    media.parent.mkdir()
    for path in (media, other):
        path.touch()
    link = to_eaf(analysis(path=media), tmp_path / "out").media_descriptors[0]
    assert link["MEDIA_URL"].isascii()
    assert unquote(urlparse(link["MEDIA_URL"]).path) == media.as_posix()
    assert link["RELATIVE_MEDIA_URL"] == "../vid%C3%A9os/f%C3%BCr%20100%25.mp4"
    assert link["MIME_TYPE"] == "video/mp4"
    beside = to_eaf(analysis(path=other), tmp_path).media_descriptors[0]
    assert (beside["RELATIVE_MEDIA_URL"], beside["MIME_TYPE"]) == ("./a.mov", "video/quicktime")
    assert not to_eaf(analysis(path=tmp_path)).media_descriptors  # a folder of pictures
    assert not to_eaf(analysis(path=tmp_path / "camera0.mkv")).media_descriptors  # what a camera saw is not kept


def test_a_tier_has_no_overlap(tmp_path):
    # 10-20 and 20-30 share a frame and meet in its middle. 25-40 truly overlaps 20-30, 26-27 both: tiers of their own.
    eaf = written(analysis([event(20, 30), event(10, 20), event(25, 40), event(26, 27)]), tmp_path / "events.eaf")
    spans = {
        tier: [a[:2] for a in eaf.get_annotation_data_for_tier(tier)] for tier in ("micro", "micro overlap 1", "micro overlap 2")
    }
    assert spans == {"micro": [(100, 205), (205, 310)], "micro overlap 1": [(250, 410)], "micro overlap 2": [(260, 280)]}
    assert [row[2] for row in eaf.get_annotation_data_for_tier("micro overlap 1")] == ["#3"]


@pytest.mark.parametrize("fps", [50, 100, 1000])
def test_no_event_is_lost_however_they_lie(fps, tmp_path):
    rng = np.random.default_rng(0)
    onsets = rng.integers(0, 300, 100)
    events = [event(int(a), int(a + d), fps=fps) for a, d in zip(onsets, rng.integers(0, 40, 100), strict=True)]
    found = analysis(events)
    found.quality["frame_s"] = 1 / fps
    eaf = written(found, tmp_path / "events.eaf")
    names = [name for name in eaf.get_tier_names() if re.fullmatch(r"micro( overlap \d+)?", name)]
    assert sum(len(eaf.get_annotation_data_for_tier(name)) for name in names) == 100


def test_several_faces_have_tiers_of_their_own(tmp_path):
    eaf = written(analysis([event(10, 20, face=2)], faces=(1, 2)), tmp_path / "events.eaf")
    assert len(eaf.get_annotation_data_for_tier("micro face 2")) == 1
    assert len(eaf.get_ref_annotation_data_for_tier("micro face 2 emotion")) == 1
    assert {eaf.get_parameters_for_tier(f"micro face {face}")["PARTICIPANT"] for face in (1, 2)} == {"face 1", "face 2"}
    assert {"micro face 1 apex", "blink face 1", "blink face 2"} < set(eaf.get_tier_names())
