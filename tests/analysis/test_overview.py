"""Several recordings on one page: each has a row, with its rates, its sensitivity and the way to its report."""

from __future__ import annotations

import re

from fleeting.analysis.overview import overview_html
from fleeting.errors import MediaError


def content(judged_s, kinds, found=None, reason=None):
    heard = [{"size": 2.0, "seconds": 0.2, "part": "calm", "added": 10, "found": found}] if found is not None else []
    faces = [{"face": 1, "analysed": True, "judged_s": judged_s}]
    quality = {"duration_s": 100.0, "fps": 30.0, "judged_s": judged_s, "judged_share": judged_s / 100, "reason": reason, "faces": faces}
    rows = [{"kind": kind} for kind in kinds]
    return {"path": "x.mp4", "quality": quality | {"sensitivity": heard}, "events": rows, "others": []}


def test_a_row_each_and_one_for_all():
    videos = {
        "a & b": content(60.0, ["micro", "micro", "macro"], found=8),
        "empty": content(30.0, [], found=1, reason="Nothing stood out."),
        "gone": MediaError("gone.mp4 is <empty>"),
    }
    page = overview_html(videos)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)[1:]]
    first, empty, gone, together = cells
    assert first == ['<a href="a%20%26%20b/report.html">a &amp; b</a>', "100.00 s", "60%", "2", "1", "2.0", "1.0", "0.0", "80%", ""]
    assert empty[2:] == ["30%", "0", "0", "0.0", "0.0", "0.0", "10%", "Nothing stood out."]
    assert (gone[0], set(gone[1:-1]), gone[-1]) == ("gone", {"–"}, "gone.mp4 is &lt;empty&gt;")
    assert together[2:9] == ["45%", "2", "1", "1.3", "0.7", "0.0", "45%"]
    assert "2 micro- and 1 macro-expressions in 90.00 s judged. 1 could not be analysed." in page


def test_where_nothing_was_judged_there_is_no_rate():
    page = overview_html({"a": content(0.0, [], reason="No face was found in any frame.")})
    assert page.count(">–<") == 8  # three rates and the sensitivity, of the one and of all
    assert "http" not in page.replace("http-equiv", "")
