"""Kinds of text and numbers that requests may hold: bounded, and nothing that could not be written or shown again."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ..datasets.aus import parse_aus


def _plain(text: str) -> str:
    """The text in Unicode's usual form; ValueError where it holds control characters, or half a character."""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
        raise ValueError("control characters are not allowed")
    return unicodedata.normalize("NFC", text)


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("it must be one line")
    return _plain(text)


def _units(text: str) -> str:
    units = parse_aus(_one_line(text))
    if units is None and text.strip():
        raise ValueError("action units are written like AU4+L10; none where none was seen")
    return "+".join(units or ()) or ("none" if text.strip() else "")


Name = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True), AfterValidator(_one_line)]
Coder = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), AfterValidator(_one_line)]
Path_ = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_one_line)]
Word = Annotated[str, StringConstraints(max_length=60, strip_whitespace=True, to_lower=True), AfterValidator(_one_line)]
Note = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_plain)]
Units = Annotated[str, StringConstraints(max_length=200), AfterValidator(_units)]
EventId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
FrameNumber = Annotated[int, Field(ge=0, lt=2**31)]
FaceNumber = Annotated[int, Field(ge=1, lt=10_000)]
