"""The page stands alone, escapes what it is given, says what was found, and stays useful when nothing was."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from fleeting.analysis import report
from fleeting.analysis.findings import EVENT_COLUMNS, OTHER_COLUMNS
from fleeting.analysis.report import au_name, report_html

PICTURE = np.random.default_rng(0).integers(0, 255, (40, 36, 3), np.uint8)
PICTURES = SimpleNamespace(onset=PICTURE, apex=PICTURE, flow=PICTURE, magnified=PICTURE, factor=8.0, moving=None)


def event(onset, offset, kind="micro", **more):
    values = {
        "video": "a.mp4",
        "face": 1,
        "onset_frame": onset,
        "apex_frame": onset + 1,
        "offset_frame": offset,
        "onset_s": onset / 100,
        "apex_s": onset / 100 + 0.01,
        "offset_s": (offset + 1) / 100,
        "score": 4.2,
        "emotion": "surprise",
        "p_negative": 0.1,
        "p_positive": 0.19,
        "p_surprise": 0.71,
        "aus": "AU1+R12",
        "kind": kind,
        "regions": "inner_brow+right_mouth",
        "amplitude": 1.2,
        "open": "",
        "certain": True,
    }
    return {**values, **more}


def analysis(events=(), others=(), name="a.mp4", pictures=True, **quality):
    t = np.arange(4200) / 100
    signals = pd.DataFrame(
        {
            "frame": np.arange(4200),
            "time_s": t,
            "face": 1,
            "seen": True,
            "judged": True,
            "chin_x": 0.0,
            "chin_y": np.sin(t),
            "micro": 0.5,
            "threshold": 2.0,
        }
    )
    measured = {
        "frames": 4200,
        "duration_s": 42.0,
        "fps": 100.0,
        "fps_nominal": 100.0,
        "variable_rate": False,
        "width": 640,
        "height": 480,
        "frame_s": 0.01,
        "seconds_without_face": 2.0,
        "judged_s": 40.7,
        "judged_share": 0.97,
        "iod_px": 93.0,
        "light": 131.0,
        "flicker": 0.8,
        "sharpness": 212.0,
        "head_speed": 0.04,
        "residual": 0.08,
        "mode": "mesh",
        "truncated": None,
        "reason": None,
        "limits": ["Small motion is lost in noise."],
        "faces": [],
    }
    events = pd.DataFrame(list(events), columns=list(EVENT_COLUMNS))
    return SimpleNamespace(
        name=name,
        path=f"in/{name}",
        events=events,
        others=pd.DataFrame(list(others), columns=list(OTHER_COLUMNS)),
        signals=signals,
        quality={**measured, **quality},
        settings={"version": "0.1.0", "parameters": {"longest_s": 0.5}},
        pictures=dict.fromkeys(events.index, PICTURES) if pictures else {},
    )


class Page(HTMLParser):
    """Tags, attributes and visible text, and whether the tags are balanced."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(html)
        assert not self.open
        self.text = re.sub(r"\s+", " ", " ".join(self.text))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    def ids(self):
        return [a["id"] for _, a in self.tags if "id" in a]


def test_nothing_outside_the_page_is_asked_for():
    html = report_html(analysis([event(100, 120), event(500, 700, "macro")]))
    for tag, attributes in Page(html).tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        assert not any(key.startswith("on") for key in attributes)
        for key in ("src", "href", "srcset", "action", "data", "xlink:href"):
            assert attributes.get(key, "#").startswith(("data:image/", "#")), (tag, attributes[key][:80])
    rest = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(
        r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp|WebSocket", re.sub(r"base64,[\w+/=]+", "", rest)
    )


def test_content_security_policy_allows_this_script_only():
    html = report_html(analysis())
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'" in html
    assert f"script-src 'sha256-{digest}'" in html


def test_names_and_sentences_are_escaped():
    html = report_html(
        analysis(
            [event(1, 2, emotion='"><script>x</script>', aus="<u>", regions="<u>")],
            name="<script>alert(1)</script>.mp4",
            limits=["a < b & c"],
            truncated="<b>",
            faces=[],
        )
    )
    assert html.count("<script") == 1
    assert "&lt;script&gt;alert(1)" in html
    assert "a &lt; b &amp; c" in html
    assert not re.search("<[ub]>", html)
    Page(html)


def test_cards_say_what_was_found_micro_first():
    page = Page(report_html(analysis([event(500, 700, "macro", aus=""), event(1000, 1025)])))
    assert page.ids() == ["event-2", "event-1"]
    assert "1 micro-expression and 1 macro-expression in 42.0 s; 97 % of the video was judged." in page.text.replace(
        "\xa0", " "
    )
    for words in (
        "10.00 s · 260 ms, 26 frames",
        "AU1 inner brow raiser",
        "AU12 lip corner puller, right side",
        ".71",
        "inner brow, right mouth, up to 1.2 % of the eye distance",
        "none recognised",
        "offset 1025",
        "score 4.2",
    ):
        assert words in page.text, words
    targets = {a["href"] for tag, a in page.tags if tag == "a"}
    assert targets == {"#event-1", "#event-2"}
    images = [a for tag, a in page.tags if tag == "img" and a.get("loading") == "lazy"]
    assert len(images) == 8
    assert all(a["alt"] for a in images)


def test_the_events_of_several_faces_play_at_their_side():
    both = analysis([event(100, 119), event(300, 499, "macro", face=2)])
    film = np.random.default_rng(1).integers(0, 255, (6, 20, 20, 3), np.uint8)
    both.pictures = dict.fromkeys(both.events.index, SimpleNamespace(**{**vars(PICTURES), "moving": film}))
    page = Page(report_html(both))
    films = [a for tag, a in page.tags if tag == "img" and "animation-duration" in a.get("style", "")]
    # 20 frames of 10 ms in 2 s; 200 frames in the 2 s that they lasted.
    assert [a["alt"] for a in films] == ["Face, played 10 times slower, event 1", "Face, as it happened, event 2"]
    assert films[0]["style"] == "width:600%;animation-timing-function:steps(6);animation-duration:2.00s"
    strip = base64.b64decode(films[0]["src"].partition(",")[2])
    assert cv2.imdecode(np.frombuffer(strip, np.uint8), cv2.IMREAD_COLOR).shape == (20, 120, 3)


def test_moving_pictures_count_for_the_size_of_the_page(monkeypatch):
    many = analysis([event(4 * i, 4 * i + 3, score=float(i)) for i in range(20)])
    many.pictures = dict.fromkeys(many.events.index, SimpleNamespace(**{**vars(PICTURES), "moving": np.stack([PICTURE] * 12)}))
    monkeypatch.setattr(report, "PICTURE_BYTES", 10 * 4 * len(report.picture(PICTURE)))
    assert "of 20 events, those with the lowest scores, are shown without pictures" in Page(report_html(many)).text


def test_the_timeline_is_well_formed():
    svg = re.search(r'<svg class="fl-timeline".*</svg>', report_html(analysis([event(1, 20)])), re.DOTALL)
    ET.fromstring(svg[0])


def test_where_the_timeline_scrolls_it_says_so():
    """In windows that are narrower than it with all that lies around it, such as a telephone's 390 px; not on paper."""
    text = report_html(analysis([event(1, 20)]))
    stage = int(re.search(r"\.stage{[^}]*min-width:(\d+)px", text)[1])
    beside = [int(re.search(rule, text)[1]) for rule in (r"main{[^}]*padding:\d+px (\d+)px", r"\.timeline{padding:\d+px (\d+)px")]
    limit = int(re.search(r"@media \(max-width:(\d+)px\){\.wider{display:block}}", text)[1])
    assert limit == stage + 2 * sum(beside) + 2  # two borders of 1 px
    assert text.count("it scrolls sideways") == 1
    assert re.search(r"\.wider{display:none", text)
    assert re.search(r"@media print{[^}]*\.wider{display:none!important}", text)


def test_no_event_says_why():
    nothing = analysis(
        reason="No face was found in any of the 4200 frames.", judged_share=0.0, iod_px=None, light=float("nan")
    )
    nothing.signals = nothing.signals.iloc[:0]
    text = Page(report_html(nothing)).text
    assert "No micro- or macro-expression in 42.0 s; 0 % of the video was judged." in text
    assert "Why there is no event: No face was found in any of the 4200 frames." in text
    assert "face size" not in text
    assert "light" not in text
    assert "nan" not in text.lower().split()
    assert "What this cannot show" in text
    assert "Small motion is lost in noise." in text


@pytest.mark.parametrize(
    ("share", "words"), [(0.999, "over 99 %"), (0.001, "less than 1 %"), (1.0, "100 %"), (0.5, "50 %")]
)
def test_a_rounded_share_never_claims_all_or_nothing(share, words):
    assert f"; {words} of the video" in report_html(analysis(judged_share=share)).replace("\xa0", " ")


def test_other_kinds_are_counted_per_minute_with_a_face():
    text = Page(report_html(analysis(others=[event(i, i + 9, "blink") for i in range(0, 1000, 100)]))).text
    assert "blinks 10 15.0 1.0 s" in text  # 10 in 40 s; 10 frames of 10 ms each
    assert "speech 0 0.0 0.0 s" in text


def test_frame_rate_in_plain_words():
    text = Page(report_html(analysis(fps=24.0, fps_nominal=30.0, frame_s=0.04, variable_rate=True))).text
    assert "24 frames a second (the file says 30), varying" in text
    assert "One frame lasts 40 ms: an event of 1/25 s spans 1 frame." in text


def test_many_events_keep_the_page_small_and_say_so(monkeypatch):
    many = analysis([event(4 * i, 4 * i + 3, score=float(i), kind="macro" if i % 2 else "micro") for i in range(500)])
    one = sum(len(report.picture(PICTURE)) for _ in range(4))
    monkeypatch.setattr(report, "PICTURE_BYTES", 30 * one)
    page = Page(report_html(many))
    assert len(page.ids()) == 500
    assert "470 of 500 events, those with the lowest scores, are shown without pictures" in page.text
    shown = {int(a["alt"].split()[-1]) for tag, a in page.tags if tag == "img" and "loading" in a}
    assert shown == {i + 1 for i in range(440, 500, 2)}  # the 30 highest micro-expressions


def test_missing_pictures_and_probabilities_are_left_out():
    text = Page(
        report_html(
            analysis(
                [
                    event(
                        1,
                        2,
                        emotion=None,
                        p_negative=np.nan,
                        p_positive=None,
                        p_surprise=np.nan,
                        aus=None,
                        regions=None,
                        amplitude=np.nan,
                    )
                ],
                pictures=False,
            )
        )
    ).text
    assert "No emotion group" in text
    assert "nan" not in text
    assert "None" not in text


def test_it_claims_no_more_than_motion():
    text = Page(report_html(analysis([event(1, 2)]))).text
    assert "It does not read minds" in text
    assert not re.search(r"\blie|\blying|decept|deceit", text, re.IGNORECASE)


def test_au_names():
    assert au_name("AU12") == ("AU12", "lip corner puller")
    assert au_name("L4") == ("AU4", "brow lowerer, left side")
    assert au_name("AU99") == ("AU99", "")
    assert au_name("?") == ("?", "")
