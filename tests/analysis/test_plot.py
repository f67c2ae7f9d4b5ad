"""Flow colours by hand; the timeline as XML: a link an event, no lost peak, few points, gaps where nothing was seen."""

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from fleeting.analysis.plot import _thin, clock, flow_legend, flow_picture, timeline_svg

SVG = "{http://www.w3.org/2000/svg}"


def analysis(seconds=10.0, fps=100, events=(), seen=lambda t: t >= 0, faces=(1,)):
    """A still face, whose right brow moves by 2 % at 3 s."""
    t = np.arange(round(seconds * fps)) / fps
    rows = [
        pd.DataFrame(
            {
                "frame": np.arange(len(t)),
                "time_s": t,
                "face": face,
                "seen": seen(t),
                "judged": seen(t),
                "right_brow_x": 0.0,
                "right_brow_y": np.where(np.abs(t - 3) < 0.05, -2.0, 0.0),
                "left_brow_x": 0.0,
                "left_brow_y": 0.0,
                "chin_x": 0.0,
                "chin_y": 0.0,
                "micro": np.where(np.abs(t - 3) < 0.05, 6.0, 0.5),
                "threshold": 2.0,
            }
        )
        for face in faces
    ]
    columns = ["face", "kind", "onset_s", "offset_s", "emotion", "aus"]
    return SimpleNamespace(
        events=pd.DataFrame(list(events), columns=columns),
        others=pd.DataFrame(columns=columns[:4]),
        signals=pd.concat(rows, ignore_index=True),
        quality={"duration_s": seconds, "frame_s": 1 / fps},
    )


def paths(svg, kind):
    return [p.get("d") for p in ET.fromstring(svg).iter(SVG + "path") if p.get("class") == f"line {kind}"]


def points(d):
    return np.array([[float(v) for v in xy.split()] for xy in re.split("[ML]", d)[1:]])


def test_still_is_white_and_each_direction_has_its_colour():
    flow = np.array([[[0, 0], [2, 0], [-2, 0], [1, 0], [np.nan, 0]]], np.float32)
    white, right, left, half, unknown = flow_picture(flow)[0].tolist()
    assert white == [255, 255, 255]
    assert right == [255, 0, 0]
    assert left == [0, 255, 255]
    assert half == [255, 128, 128]
    assert unknown == [128, 128, 128]
    down = flow_picture(np.array([[[0, 1]]], np.float32))[0, 0]
    assert down[1] == 255
    assert down[2] == 0


def test_max_flow_makes_pictures_comparable_and_clips():
    flow = np.full((3, 4, 2), [2.0, 0.0])
    assert flow_picture(flow, max_flow=4)[0, 0].tolist() == [255, 128, 128]
    assert np.array_equal(flow_picture(flow, max_flow=1), flow_picture(flow))
    assert flow_picture(np.zeros((3, 4, 2))).tolist() == np.full((3, 4, 3), 255).tolist()


@pytest.mark.parametrize(
    ("flow", "max_flow", "named"), [(np.zeros((3, 4)), None, r"\(3, 4\)"), (np.zeros((3, 4, 2)), 0, "max_flow is 0")]
)
def test_bad_flow_is_named(flow, max_flow, named):
    with pytest.raises(ValueError, match=named):
        flow_picture(flow, max_flow)


def test_legend_shows_the_motion_towards_each_pixel():
    legend = flow_legend(65)
    assert legend.shape == (65, 65, 3)
    assert legend.dtype == np.uint8
    assert legend[0, 0].tolist() == legend[32, 32].tolist() == [255, 255, 255]
    assert legend[32, 64, 0] == 255
    assert legend[32, 64, 1] < 10
    assert legend[32, 0, 0] < 10
    assert legend[32, 0, 1] == 255


def test_timeline_links_each_event_to_its_row():
    events = [(1, "micro", 3.0, 3.2, "surprise", "AU1+AU2"), (1, "macro", 5.0, 7.0, "positive", "<&>")]
    root = ET.fromstring(timeline_svg(analysis(events=events)))
    links = list(root.iter(SVG + "a"))
    assert [(a.get("href"), a.get("class")) for a in links] == [("#event-1", "micro"), ("#event-2", "macro")]
    assert links[0].find(SVG + "title").text == "1. micro 3.00 s, 200 ms, surprise, AU1+AU2"
    assert links[1].find(SVG + "title").text.endswith("<&>")
    band = links[0].find(SVG + "rect")
    assert float(band.get("x")) == 3000
    assert float(band.get("width")) == 200


def test_timeline_numbers_events_over_all_faces():
    both = analysis(events=[(1, "micro", 3.0, 3.2, "", ""), (2, "micro", 4.0, 4.2, "", "")], faces=(1, 2))
    assert re.findall("#event-[0-9]", timeline_svg(both, face=2)) == ["#event-2"]
    assert re.findall("#event-[0-9]", timeline_svg(both)) == ["#event-1"]


def test_long_lines_are_thinned_without_losing_a_peak():
    svg = timeline_svg(analysis(seconds=1200, fps=50))
    line = points(paths(svg, "score")[0])
    assert len(line) <= 2000
    assert len(svg) < 300_000
    assert line[:, 1].min() == pytest.approx(points(paths(timeline_svg(analysis()), "score")[0])[:, 1].min())


def test_thinning_keeps_samples_as_they_are():
    t = np.arange(1000) / 100
    v = np.where(t < 5, t, np.nan)
    kept_t, kept_v = _thin(t, v, 10.0, 20)
    assert len(kept_t) == 10
    assert np.array_equal(kept_t, kept_v)
    assert kept_t[:2].tolist() == [0, 0.99]
    assert len(_thin(t, v * np.nan, 10.0, 20)[0]) == 0


def test_lines_break_where_the_face_was_lost():
    lost = analysis(seen=lambda t: (t < 4) | (t >= 6))
    lost.signals.loc[~lost.signals["seen"], "micro"] = np.nan
    assert paths(timeline_svg(lost), "score")[0].count("M") == 2
    without_rows = analysis(seen=lambda t: t >= 0)
    without_rows.signals = without_rows.signals[~without_rows.signals["time_s"].between(4, 6, inclusive="left")]
    for svg in (timeline_svg(without_rows), timeline_svg(without_rows, points=100), timeline_svg(lost)):
        assert paths(svg, "score")[0].count("M") == 2
        group = next(g for g in ET.fromstring(svg).iter(SVG + "g") if g.get("class") == "no-face")
        assert [(float(r.get("x")), float(r.get("width"))) for r in group] == [(4000, 2000)]


def test_region_scale_is_a_square_root_of_at_least_two_per_cent():
    brow = points(paths(timeline_svg(analysis()), "right")[0])
    assert np.ptp(brow[:, 1]) == pytest.approx(62)  # 2 % fills the lane


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_timeline_of_next_to_nothing(rows):
    short = analysis()
    short.signals = short.signals.iloc[:rows]
    short.quality = {"duration_s": None, "frame_s": None}
    ET.fromstring(timeline_svg(short))
    short.signals.loc[:, ["right_brow_y", "micro"]] = np.nan
    ET.fromstring(timeline_svg(short))


def test_clock():
    assert [clock(4.2), clock(59.999), clock(64.2, 200), clock(3664.2), clock(0, 200, 0), clock(119.999, 200)] == [
        "4.20 s",
        "60.00 s",
        "1:04.20",
        "1:01:04.20",
        "0:00",
        "2:00.00",
    ]
