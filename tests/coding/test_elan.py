"""ELAN files read as codings: ours, and those that coders began in ELAN."""

from __future__ import annotations

import numpy as np
import pytest

from fleeting.analysis.elan import to_eaf
from fleeting.coding import Clock, read_coding
from fleeting.errors import CodingError, UsageError
from fleeting.media import write_video

from ..analysis.made_findings import analysis, event
from .made_codings import media, tier, write_eaf

FPS = 100


def read(path, **options):
    return read_coding(path, **{"clock": FPS, **options})


def spans(coding):
    return coding.events[["onset_frame", "apex_frame", "offset_frame"]].astype(object).to_numpy().tolist()


def test_our_own_file_comes_back_as_it_was(tmp_path):
    rng = np.random.default_rng(1)
    onsets = np.sort(rng.integers(0, 900, 60))
    rows = []
    for onset, length in zip(onsets, rng.integers(0, 30, 60), strict=True):
        apex = onset + rng.integers(0, length + 1)
        words = {"kind": str(rng.choice(["micro", "macro"])), "aus": str(rng.choice(["AU4", "AU1+AU2+L12", ""]))}
        rows.append(event(int(onset), int(onset + length), apex_frame=int(apex), apex_s=apex / FPS, face=int(rng.integers(1, 3)), **words))
    found = analysis(rows, [event(5, 9, "blink"), event(1, 200, "speech")], faces=(1, 2))
    to_eaf(found, tmp_path).to_file(tmp_path / "events.eaf")
    coding = read(tmp_path / "events.eaf")
    columns = ["onset_frame", "apex_frame", "offset_frame", "face", "kind", "emotion", "aus"]
    expected = found.events.sort_values(["onset_frame", "offset_frame", "face"], kind="stable")[columns].to_numpy().tolist()
    assert sorted(map(str, coding.events[columns].to_numpy().tolist())) == sorted(map(str, expected))
    assert coding.events["onset_s"].tolist() == [onset / FPS for onset in coding.events["onset_frame"]]
    assert (coding.unread, coding.coder) == ((), "events")
    assert (coding.events["note"] == "").all()


def test_a_recording_whose_picture_begins_after_its_sound_comes_back_as_it_was(tmp_path):
    """ELAN counts from the beginning of the file, and frames are counted from the first."""
    (tmp_path / "a.mp4").touch()
    found = analysis([event(10, 30)], path=tmp_path / "a.mp4")
    found.quality["first_frame_s"] = 0.52
    to_eaf(found, tmp_path).to_file(tmp_path / "events.eaf")
    clock = Clock(FPS, np.arange(200) / FPS, 0.52)
    assert spans(read(tmp_path / "events.eaf", clock=clock)) == [[10, 10, 30]]
    begun_in_elan = write_eaf(tmp_path / "theirs.eaf", tier("micro", [(620, 830, "")]), linked=[media("a.mp4")])
    assert spans(read(begun_in_elan, clock=clock))[0][::2] == [10, 30]


def test_what_older_files_of_ours_say_in_one_string(tmp_path):
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 310, "surprise .71 AU1+AU2 score 4.2"), (500, 510, "odd: a twitch?")]))
    coding = read(path)
    assert coding.events[["emotion", "aus", "note"]].to_numpy().tolist() == [["surprise", "AU1+AU2", ""], ["", "", "odd: a twitch?"]]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "micro") for name in ("micro", "Micro-Expression", "MICROEXPRESSIONS", "microExpression", "ME@S01", "micro_expr")),
        *((name, "macro") for name in ("macro", "Macro expression", "MaE", "macro overlap 1")),
    ],
)
def test_tiers_of_expressions_in_several_spellings(tmp_path, name, kind):
    (row,) = read(write_eaf(tmp_path / "a.eaf", tier(name, [(100, 300, "")]))).events.to_dict("records")
    assert (row["kind"], row["onset_frame"], row["offset_frame"]) == (kind, 10, 29)


@pytest.mark.parametrize("name", ["Action Units", "AUs", "AU@S01", "micro_AU", "FACS", "me au"])
def test_tiers_of_action_units_in_several_spellings(tmp_path, name):
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, "")]), tier(name, [(150, 260, "4 + L10")], number=200))
    assert read(path).events["aus"].tolist() == ["AU4+L10"]


def test_tiers_the_user_names(tmp_path):
    path = write_eaf(
        tmp_path / "a.eaf",
        tier("Mimik", [(100, 300, ""), (500, 1500, "")]),
        tier("Gefühl", [(100, 300, "Disgust")], number=200),
        tier("micro", [(10, 20, "a trial")], number=300),
        tier("Hände", [(0, 50, "up")], number=400),
    )
    names = {"Mimik": "expression", "Gefühl": "emotion", "micro": "skip"}
    coding = read(path, tiers=names)
    assert coding.events[["kind", "emotion"]].to_numpy().tolist() == [["micro", "disgust"], ["macro", ""]]  # by their length
    assert coding.unread == ("Hände",)
    with pytest.raises(UsageError, match="no tier 'Mimic'; it has Mimik, Gefühl, micro, Hände"):
        read(path, tiers={"Mimic": "micro"})
    with pytest.raises(UsageError, match="cannot hold 'happy'"):
        read(path, tiers={"Mimik": "happy"})


def test_a_file_without_a_tier_of_expressions(tmp_path):
    path = write_eaf(tmp_path / "a.eaf", tier("Mimik", [(100, 300, "")]))
    with pytest.raises(CodingError, match=r"a\.eaf has no tier whose name says.*it has Mimik\..*tiers={'NAME': 'micro'}"):
        read(path)


@pytest.mark.parametrize("version", ["2.7", "2.8", "3.0"])
def test_tiers_below_a_tier_of_events(tmp_path, version):
    one_each = {"parent": "expressions", "constraint": "Symbolic_Association"}
    path = write_eaf(
        tmp_path / "a.eaf",
        tier("expressions", [(100, 300, ""), (500, 700, "")]),
        tier("type", [("a101", "macro"), ("a100", "Micro-expression")], number=200, **one_each),
        tier("emotion", [("a100", " Happiness "), ("a101", "")], number=300, **one_each),
        # divided: the file's order is not that of the chain
        tier(
            "AU", [("a100", "12", "a402"), ("a101", "none"), ("a100", "AU6"), ("a100", "R25", "a400")],
            parent="expressions", constraint="Symbolic_Subdivision", number=400,
        ),
        tier("sure", [("a300", "very")], parent="emotion", constraint="Symbolic_Association", number=500),
        tier("Apex", [(200, 210, "")], parent="expressions", constraint="Included_In", number=600),
        tier("comment", [("a300", "half a smile")], parent="emotion", constraint="Symbolic_Association", number=700),
        version=version,
    )  # fmt: skip
    coding = read(path)
    assert coding.events[["kind", "emotion", "aus", "note"]].to_numpy().tolist() == [
        ["micro", "happiness", "AU6+AU12+R25", "half a smile"],
        ["macro", "", "none", ""],
    ]
    assert spans(coding)[0] == [10, 20, 29]
    assert coding.events["apex_frame"].isna().tolist() == [False, True]
    assert coding.unread == ("sure",)


def test_tiers_that_stand_alone_speak_of_the_event_they_overlap_most(tmp_path):
    path = write_eaf(
        tmp_path / "a.eaf",
        tier("micro", [(100, 300, ""), (300, 500, "")]),
        tier("macro", [(250, 2000, "")], number=200),
        tier("micro emotion", [(280, 510, "fear")], number=300),
        tier("emotion", [(400, 1800, "sadness")], number=400),
        tier("apex", [(150, 150 + 60, "")], number=500),
    )
    coding = read(path)
    assert coding.events[["kind", "emotion"]].to_numpy().tolist() == [["micro", ""], ["macro", "sadness"], ["micro", "fear"]]
    assert coding.events["apex_frame"].tolist()[0] == 18  # the middle of a long one


def test_what_belongs_to_no_event_is_told(tmp_path):
    path = write_eaf(
        tmp_path / "a.eaf",
        tier("micro", [(100, 300, "")]),
        tier("emotion", [(400, 500, "fear"), (600, 700, " ")], number=200),
    )
    with pytest.warns(UserWarning, match=r"tier emotion: 'fear' at 0\.400 s belongs to no expression and is left out"):
        assert read(path).events["emotion"].tolist() == [""]


def test_two_emotions_and_two_apexes_of_one_event_are_told(tmp_path):
    path = write_eaf(
        tmp_path / "a.eaf",
        tier("micro", [(100, 300, "")]),
        tier("emotion", [(100, 180, "fear"), (180, 300, "anger")], number=200),
        tier("apex", [(150, 160, ""), (180, 190, "")], number=300),
    )
    first = pytest.warns(UserWarning, match="second apex of one expression")
    with first, pytest.warns(UserWarning, match="emotions fear, anger the first"):
        coding = read(path)
    assert coding.events[["emotion", "apex_frame"]].to_numpy().tolist() == [["fear", 15]]


def test_time_slots_without_times(tmp_path):
    # The expression has four equal parts of 100 ms; where they meet there is no time, and other slots lie between theirs in the file.
    parts = [("s1", "s2", ""), ("s2", "s3", ""), ("s3", "s4", "1"), ("s4", "s5", "")]
    path = write_eaf(
        tmp_path / "a.eaf",
        tier("trial", [("s1", "s5", "")]),
        tier("micro", parts, parent="trial", constraint="Time_Subdivision", number=200),
        tier("emotion", [(330, 360, "anger")], number=300),
        slots=[("s1", 100), ("s2", None), ("s3", None), ("s9", 110), ("s4", None), ("s5", 500)],
    )
    coding = read(path)
    assert coding.events["onset_frame"].tolist() == [10, 20, 30, 40]
    assert coding.events["emotion"].tolist() == ["", "", "anger", ""]
    path = write_eaf(tmp_path / "b.eaf", tier("micro", [("s1", "s2", "")]), slots=[("s1", 100), ("s2", None)])
    with pytest.raises(CodingError, match=r"b\.eaf, tier micro: annotation a100 has no time of its own\. Align it"):
        read(path)
    path = write_eaf(tmp_path / "c.eaf", tier("micro", [("s1", "s2", ""), ("s2", "s1", "")]), slots=[("s1", None), ("s2", None)])
    with pytest.raises(CodingError, match="has no time of its own"):
        read(path)


def test_events_that_share_a_time_on_two_tiers(tmp_path):
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, "")]), tier("micro overlap 1", [(100, 300, "AU4")], number=200))
    assert read(path).events["aus"].tolist() == ["", "AU4"]


@pytest.mark.parametrize(
    ("url", "relative"),
    [
        ("file:///C:/Videos/S%2001/talk.mkv", ""),
        (r"C:\Videos\talk.mkv", ""),
        ("file:///nowhere/talk.mkv", "./talk.mkv"),
        ("file:///nowhere/talk.mkv", "file:./talk.mkv"),
        ("file:///nowhere/other.mkv", r"..\{folder}\talk.mkv"),
        ("file:////server/share/talk.mkv", ""),
        ("talk.mkv", ""),
    ],
)
def test_the_recording_is_found_by_its_link_or_beside_the_file(tmp_path, url, relative):
    film = write_video(tmp_path / "talk.mkv", np.zeros((30, 32, 48, 3), np.uint8), fps=FPS, crf=None)
    link = media(url, relative.format(folder=tmp_path.name))
    coding = read_coding(write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 200, "")]), linked=[link]))
    assert coding.media is not None
    assert coding.media.samefile(film)
    assert (coding.frames, spans(coding)[0][::2]) == (30, [10, 19])


def test_several_recordings_with_origins_of_their_own(tmp_path):
    # ELAN shows of each recording what lies at its origin when the annotations' clock is at 0.
    film = write_video(tmp_path / "second view.mkv", np.zeros((60, 32, 48, 3), np.uint8), fps=FPS, crf=None)
    linked = [
        media("file:///C:/talk.wav", mime="audio/x-wav"),
        media("file:///C:/first.mp4", origin=1000),
        media("file:///C:/second%20view.mkv", "second view.mkv", origin=200),
    ]
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 200, "")]), linked=linked)
    assert spans(read(path))[0][::2] == [110, 119]
    coding = read_coding(path, video="second view.mkv")
    assert coding.media is not None
    assert coding.media.samefile(film)
    assert spans(coding)[0][::2] == [30, 39]


def test_the_recording_the_user_names(tmp_path):
    film = write_video(tmp_path / "copy.mkv", np.zeros((30, 32, 48, 3), np.uint8), fps=50, crf=None)
    linked = [media("file:///C:/talk.mp4", origin=40), media("file:///C:/talk.wav", mime="audio/x-wav")]
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 200, "")]), linked=linked)
    coding = read_coding(path, video=film)
    assert (coding.media, coding.frames, coding.events["onset_frame"].tolist()) == (film, 30, [7])
    with pytest.raises(CodingError, match=r"a\.eaf links talk\.mp4, and cope\.mkv does not exist"):
        read_coding(path, video="cope.mkv")
    unlinked = write_eaf(tmp_path / "b.eaf", tier("micro", [(100, 200, "")]), linked=linked[1:])
    assert read_coding(unlinked, video=film).events["onset_frame"].tolist() == [5]


def test_the_recording_is_not_here(tmp_path):
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 200, "")]), linked=[media("file:///C:/talk.mp4")])
    with pytest.raises(CodingError, match=r"a\.eaf links file:///C:/talk\.mp4, which is not on this machine.*video=.*clock="):
        read_coding(path)
    assert read_coding(path, clock=50).events["onset_frame"].tolist() == [5]
    with pytest.raises(CodingError, match="links no video"):
        read_coding(write_eaf(tmp_path / "b.eaf", tier("micro", [(100, 200, "")])))


def test_an_event_outside_of_the_recording(tmp_path):
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, ""), (190, 800, ""), (5000, 5100, "")]))
    clock = Clock(FPS, np.arange(20) / FPS)
    with pytest.raises(CodingError, match=r"tier micro, 5\.000 to 5\.100 s: lies outside of the recording, which ends at 0\.200 s"):
        read(path, clock=clock)
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, "")]))
    assert spans(read(path, clock=clock))[0][::2] == [10, 19]  # drawn beyond the end


def test_the_coder_is_named_by_the_user_the_tier_the_author_or_the_file(tmp_path):
    one = tier("micro", [(100, 200, "")], annotator="Anna")
    path = write_eaf(tmp_path / "session 1.eaf", one)
    assert (read(path).coder, read(path, coder="AL").coder) == ("Anna", "AL")
    path = write_eaf(tmp_path / "session 1.eaf", tier("micro", [(100, 200, "")]))
    assert read(path).coder == "A. Lang"
    assert read(write_eaf(path, tier("micro", [(100, 200, "")]), author="Fleeting 0.1.0")).coder == "session 1"
    both = write_eaf(path, one, tier("micro@Ben", [(300, 400, "")], annotator="Ben", number=200))
    assert spans(read(both, coder="Ben"))[0][::2] == [30, 39]
    with pytest.raises(CodingError, match="tiers of Anna, Ben"):
        read(both)
    with pytest.raises(CodingError, match="tiers of Anna, Ben"):
        read(both, coder="Cleo")


def test_action_units_nobody_knows(tmp_path):
    path = write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, "")]), tier("AUs", [("a100", "smile")], parent="micro", number=200))
    with pytest.raises(CodingError, match=r"a\.eaf, tier micro, 0\.100 to 0\.300 s: 'smile' is no action unit"):
        read(path)


@pytest.mark.parametrize("content", ["", "<a/>", "not xml", '<?xml version="1.0"?><ANNOTATION_DOCUMENT VERSION="3.0"/>'])
def test_a_file_that_is_no_elan_file(tmp_path, content):
    path = tmp_path / "a.eaf"
    path.write_text(content)
    with pytest.raises(CodingError, match=r"a\.eaf is not an ELAN file that can be read|a\.eaf has no tier"):
        read(path)


def test_annotations_that_refer_to_nothing_or_in_a_circle(tmp_path):
    below = tier("emotion", [("a999", "fear")], parent="micro", number=200)
    with pytest.raises(CodingError, match="tier emotion: annotation a200 refers to one that is not there"):
        read(write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, "")]), below))
    ring = tier("emotion", [("a201", "fear"), ("a200", "anger")], parent="micro", number=200)
    with pytest.raises(CodingError, match="tier emotion: annotation a200 refers to one that is not there"):
        read(write_eaf(tmp_path / "a.eaf", tier("micro", [(100, 300, "")]), ring))
