"""What a recording can show, in numbers and in sentences a reader without a ruler understands."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fleeting.analysis.quality import assess
from fleeting.faces.regions import REGIONS
from fleeting.faces.signals import Person, Signals


def quality(fps=100.0, seconds=10.0, times=None, seen=None, mode="mesh", people=1, **signals):
    """Of one analysed face in good light, unless said otherwise."""
    times = np.arange(round(seconds * fps)) / fps if times is None else np.asarray(times)
    usual = {"iod": 90.0, "light": 120.0, "sharpness": 8.0, "head_speed": 0.1, "residual": 0.2}
    usual |= {f"{region}_likeness": 0.95 for region in REGIONS}
    media = {name: signals.pop(name) for name in ("truncated", "repaired") if name in signals}
    compression = signals.pop("compression", {})
    table = pd.DataFrame({**usual, **signals}, index=range(len(times)))
    table["seen"] = True if seen is None else seen
    table.loc[~table["seen"], list(usual)] = np.nan
    table["judged"] = table["seen"]
    crowd = [Person(k, None, 0.0, times[-1], float(times[-1]), [90.0, 92.0]) for k in range(1, people + 1)]
    recording = {
        "fps": fps, "width": 640, "height": 480, "pixel_aspect": 1.0, "start": 0.0, "truncated": None, "repaired": 0, **media,
        "compression": lambda: compression,
    }  # fmt: skip
    found = Signals({1: table} if people else {}, crowd, times)
    judged = np.full(len(times), bool(people)) & table["judged"].to_numpy()
    out = assess(SimpleNamespace(**recording), found, judged, judged & (np.arange(len(times)) % 2 == 0), mode=mode, max_duration_s=0.5)
    json.dumps(out, allow_nan=False)
    return out


def said(out) -> str:
    return " ".join(out["limits"])


def test_a_good_recording_has_no_limits_but_the_one_that_always_holds():
    out = quality()
    (always,) = out["limits"]
    assert "No one's thoughts or honesty can be read from it" in always
    assert (out["frames"], out["fps"], out["duration_s"], out["frame_s"]) == (1000, 100, 10, 0.01)
    assert (out["judged_s"], out["judged_share"], out["seconds_without_face"]) == (10, 1, 0)
    assert (out["judged_upper_share"], out["judged_lower_share"]) == (1, 0.5)
    assert not out["variable_rate"]


def test_at_25_frames_a_second_an_event_of_a_25th_is_one_frame():
    text = said(quality(fps=25))
    assert "At 25 frames a second one frame lasts 40 ms: an event of 1/25 s covers 1 frame" in text
    assert "the shortest micro-expressions (65 ms) 1 frame, and one of 0.5 s 12 frames" in text
    assert "Very short events can be missed" in text


@pytest.mark.parametrize(("fps", "limited"), [(10, True), (50, True), (60, True), (100, False), (200, False)])
def test_from_which_frame_rate_on_short_events_are_seen(fps, limited):
    assert ("Very short events can be missed" in said(quality(fps=fps))) is limited


def test_a_frame_rate_that_varies():
    steps = np.random.default_rng(0).choice([1 / 30, 1 / 15], 300)
    out = quality(fps=30, times=np.cumsum(steps) - steps[0])
    assert out["variable_rate"]
    assert "The frame rate varies" in said(out)
    jitter = np.arange(300) / 30 + np.random.default_rng(0).uniform(-0.001, 0.001, 300)
    assert not quality(fps=30, times=jitter - jitter[0])["variable_rate"]


@pytest.mark.parametrize(
    ("signal", "value", "sentence"),
    [
        ("iod", 40.0, "The face is small (40 px between the eyes)"),
        ("light", 30.0, "The face is too dark (mean grey level 30 of 255)"),
        ("light", 230.0, "The face is too bright (mean grey level 230 of 255)"),
        ("light", np.resize([100.0, 104.0], 1000), "The light flickers by"),
    ],
)
def test_small_dark_bright_and_flickering_faces(signal, value, sentence):
    assert sentence in said(quality(**{signal: value}))


def test_time_without_a_face():
    out = quality(seen=np.arange(1000) >= 300)
    assert out["seconds_without_face"] == 3
    assert out["judged_share"] == 0.7
    assert "For 3.0 of 10.0 s no face was seen; nothing can be said about them." in out["limits"]
    assert "no face was seen" not in said(quality(seen=np.arange(1000) >= 50))  # half a second is not worth a sentence


def test_a_region_that_could_not_be_followed_is_named():
    hidden = np.where(np.arange(1000) < 300, 0.2, 0.95)
    out = quality(right_cheek_likeness=hidden, chin_likeness=np.where(np.arange(1000) < 150, 0.2, 0.95))
    assert out["lost_share"] == {"right_cheek": 0.3, "chin": 0.15}
    assert "For 30 % of the time in which the face was seen, the right cheek could not be followed (and 1 more, for less)" in said(out)
    assert "followed" not in said(quality(right_cheek_likeness=np.where(np.arange(1000) < 50, 0.2, 0.95)))


def test_others_in_the_picture_are_named():
    out = quality(people=3)
    assert "3 faces were seen; not analysed: 2, 3." in said(out)
    assert [face["analysed"] for face in out["faces"]] == [True, False, False]
    first = {"face": 1, "first_s": 0.0, "last_s": 9.99, "seconds": 9.99, "share": 0.999, "iod_px": 91.0, "analysed": True, "judged_s": 10.0}
    assert out["faces"][0] == first


def test_nobody_in_the_picture():
    out = quality(people=0)
    assert out["seconds_without_face"] == 10
    assert (out["judged_share"], out["iod_px"], out["light"], out["flicker"], out["faces"]) == (0, None, None, None, [])


def test_a_single_frame():
    out = quality(times=[0.0], fps=25)
    assert (out["frames"], out["duration_s"], out["fps"], out["flicker"]) == (1, 0.04, 25, None)


def test_what_broke_off_and_what_was_repaired():
    out = quality(truncated="a.mp4 breaks off after 7 frames.", repaired=4, mode="coarse")
    assert out["limits"][0] == "The recording is incomplete: a.mp4 breaks off after 7 frames."
    assert out["limits"][1].startswith("Coarse mode")
    assert "4 frames had no usable timestamp" in said(out)


def test_times_rounded_to_a_millisecond_give_the_rate_and_not_that_of_one_step():
    """30 frames a second were 30.3, for the usual step is 33 ms."""
    rounded = np.round(np.arange(299) / 30, 3)
    out = quality(fps=30.0, times=rounded)
    assert out["fps"] == pytest.approx(30, abs=0.005)
    assert not out["variable_rate"]


@pytest.mark.parametrize(
    ("of", "quantiser", "blocking", "said_so"),
    [
        ("H.264", 18.0, 1.05, ""),
        ("H.264", 31.5, 1.05, "H.264 quantiser 31.5 of 51"),
        (None, None, 1.6, ""),
        (None, None, 2.4, "blocks of 8 px stand out by 140%"),
        ("MPEG", 20.0, 1.9, "MPEG quantiser 20 of 31"),
        (None, None, None, ""),
    ],
)
def test_compression_that_limits_is_named(of, quantiser, blocking, said_so):
    most = {"H.264": 51, "MPEG": 31}.get(of)
    found = {"quantiser": quantiser, "quantiser_of": of, "quantiser_most": most, "bits_per_pixel": 0.1, "blocking": blocking}
    out = quality(compression=found)
    assert out["compression"] == found
    assert (f"strongly compressed ({said_so})" in said(out)) == bool(said_so)
