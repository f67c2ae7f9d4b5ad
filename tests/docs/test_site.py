"""What the site's own code notices; scripts/docs builds the site itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))

import generate


@pytest.mark.parametrize(
    ("text", "suffix", "found"),
    [
        ('<script src="https://cdn.example/a.js"></script>', ".html", ["https://cdn.example/a.js"]),
        ('<link rel="stylesheet" href="//fonts.example/f.css">', ".html", ["//fonts.example/f.css"]),
        ('<a href="https://doi.example/10">a paper</a><img src="../report.webp">', ".html", []),
        ("@font-face { src: url(https://fonts.example/f.woff2) }", ".css", ["https://fonts.example/f.woff2"]),
        ("a { background: url(data:image/png;base64,AA==) }", ".css", []),
        ('import x from "https://cdn.example/x.js"', ".js", ["https://cdn.example/x.js"]),
    ],
)
def test_what_a_browser_would_load_from_elsewhere(text, suffix, found):
    assert generate.outside(text, suffix) == found


def test_links_to_the_readme_lead_into_the_site():
    source = ["See [columns](../README.md#what-comes-out) and [paper](https://doi.example)."]
    generate.point_to_the_site(None, "page", source)
    assert source == ["See [columns](generated/results.md) and [paper](https://doi.example)."]
