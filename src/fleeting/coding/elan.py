"""ELAN annotations read as a coding: our own files after a coder's work, and those that began in ELAN.

Which tier holds what is told by its name in the spellings coders use (``Micro-expression``, ``ME``, ``AUs``, ``emotion@Anna``), or said by
the user. A tier below a tier of events says something of them through the links between annotations; one that stands alone, of the event
that it overlaps most.

References
----------
The Language Archive, EAF Annotation Format (2017), Max Planck Institute for Psycholinguistics. ELAN shows a recording's second
``t + TIME_ORIGIN`` at the annotations' second ``t``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ..analysis.clock import Clock
from ..analysis.elan import EMOTIONS
from ..errors import CodingError, UsageError
from .coding import Coding, event_table, named_aus
from .recording import clock_of, find_media, local_path, name_of

if TYPE_CHECKING:
    from pympi.Elan import Eaf

HOLDS = ("micro", "macro", "expression", "apex", "emotion", "aus", "kind", "note", "skip")
_EVENTS = HOLDS[:3]

# What words of a tier's name tell, those first that say more: "micro emotion" holds emotions, "micro blink" blinks.
_WORDS = {
    "skip": "blink blinks closed other speech talk talking speaking head gaze score scores confidence",
    "apex": "apex apices peak peaks",
    "aus": "au aus facs actionunit actionunits",
    "emotion": "emotion emotions emo affect valence feeling",
    "note": "note notes comment comments remark remarks",
    "kind": "kind type",
    "micro": "micro microexpression microexpressions me mes mikro mikroexpression",
    "macro": "macro macroexpression macroexpressions mae maes makro makroexpression",
    "expression": "expression expressions event events fe",
}
_AUDIO = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".aif", ".aiff")


class _Tier(NamedTuple):
    name: str
    holds: str  # one of HOLDS
    kind: str  # micro, macro, or "" where its name does not say
    face: int
    coder: str


@dataclass
class _Event:
    tier: _Tier
    begin: int  # ms
    end: int
    said: dict[str, list[str]] = field(default_factory=dict)  # by what it is: emotion, aus, kind, note
    apex: tuple[int, int] | None = None


def read_eaf(
    path: Path, *, coder: str | None = None, video: str | Path | None = None, clock: Clock | None = None, tiers: Mapping[str, str]
) -> Coding:
    """The coding in an ELAN file; see :func:`.reading.read_coding`.

    Of several linked recordings it is about the first video, or the one called like ``video``. An event without text is an event; its own
    text may give its emotion and action units where no tier does. What belongs to no event is left out with a warning.
    """
    eaf = _open(path)
    link, links, origin = _recording(eaf, path, video)
    media = find_media(links, path.parent)
    known, unread = _tiers(eaf, path, tiers)
    known, whose = _of_coder(known, path, coder)
    if clock is None and (clock := clock_of(media, path.parent, name_of(link))) is None:
        raise CodingError(
            f"{path} links {link or 'no video'}, which is not on this machine, and its times are to become frames. Give the recording "
            "(video=), or its frames a second (clock=)."
        )
    events = _events(eaf, path, known)
    for tier in known:
        if tier.holds not in (*_EVENTS, "skip"):
            _tell(eaf, path, tier, events)
    origin -= round(1000 * clock.start_s)  # ELAN counts from the beginning of the file, a clock from the first frame
    rows = [_row(path, event, origin, clock) for event in events.values()]
    author = eaf.adocument.get("AUTHOR", "").strip()
    coder = coder or whose or ("" if author.startswith("Fleeting") else author) or path.stem
    return Coding(local_path(link), coder, event_table(rows, clock, str(path)), clock, media, str(path), tuple(unread))


def tier_names(path: Path) -> list[str]:
    """The tiers of an ELAN file, in its order."""
    return list(_open(path).tiers)


def _open(path: Path) -> Eaf:
    from pympi.Elan import Eaf

    try:
        return Eaf(str(path), suppress_version_warning=True)
    except OSError as error:
        raise CodingError(f"{path} may not be read: {error.strerror}. Close it in ELAN, or copy it.") from error
    except Exception as error:  # pympi's own, and whatever a broken file makes of it
        what = f"{type(error).__name__}: {error}"
        raise CodingError(f"{path} is not an ELAN file that can be read ({what}). Open and save it in ELAN.") from error


def _recording(eaf: Eaf, path: Path, video: str | Path | None) -> tuple[str, list[str], int]:
    """The link of the recording, where to look for it, and its TIME_ORIGIN, ms."""
    linked = [item for item in eaf.media_descriptors if not _is_sound(item)]
    own = [str(video)] if video and Path(video).exists() else []
    if video is not None:
        named = [item for item in linked if name_of(item.get("MEDIA_URL", "")).casefold() == name_of(str(video)).casefold()]
        if not named and not own:
            names = ", ".join(name_of(item.get("MEDIA_URL", "")) for item in linked) or "no video"
            raise CodingError(f"{path} links {names}, and {video} does not exist. Name one of these, or a file that is there.")
        linked = named or linked
    if not linked:
        return "".join(own), own, 0
    item = linked[0]
    near, far = item.get("RELATIVE_MEDIA_URL") or "", item.get("MEDIA_URL") or ""
    return far or near, own or [near, unquote(near), far], int(item.get("TIME_ORIGIN") or 0)  # relative ones are escaped, or not


def _is_sound(item: Mapping[str, str]) -> bool:
    return item.get("MIME_TYPE", "").startswith("audio") or name_of(item.get("MEDIA_URL", "")).casefold().endswith(_AUDIO)


def _tiers(eaf: Eaf, path: Path, given: Mapping[str, str]) -> tuple[list[_Tier], list[str]]:
    """What each tier holds, by its name or by what the user says, and the names of those of which nobody knows."""
    for name, word in given.items():
        if name not in eaf.tiers:
            raise UsageError(f"{path} has no tier {name!r}; it has {', '.join(eaf.tiers) or 'none'}.")
        if word not in HOLDS:
            raise UsageError(f"tier {name!r} cannot hold {word!r}; it can hold {', '.join(HOLDS)}.")
    known, unread = [], []
    for name, (_, _, about, _) in eaf.tiers.items():
        words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.partition("@")[0]).casefold())
        words += [first + second for first, second in pairwise(words)]
        told = [holds for holds, vocabulary in _WORDS.items() if {*words} & {*vocabulary.split()}]
        holds = given.get(name) or next(iter(told), "")
        kind = next((kind for kind in (holds, *told) if kind in _EVENTS[:2]), "")
        number = re.search(r"face\W*(\d+)", f"{name} {about.get('PARTICIPANT') or ''}", re.IGNORECASE)
        if not holds:
            unread.append(name)
        known.append(_Tier(name, holds or "skip", kind, int(number[1]) if number else 1, (about.get("ANNOTATOR") or "").strip()))
    if not any(tier.holds in _EVENTS for tier in known):
        raise CodingError(
            f"{path} has no tier whose name says that it holds expressions; it has {', '.join(eaf.tiers) or 'none'}. Say what they hold "
            "(tiers={'NAME': 'micro'})."
        )
    return known, unread


def _of_coder(known: list[_Tier], path: Path, coder: str | None) -> tuple[list[_Tier], str]:
    """The tiers of the coder that is wanted, where the tiers of events name several."""
    names = list(dict.fromkeys(tier.coder for tier in known if tier.holds in _EVENTS and tier.coder))
    if len(names) < 2:
        return known, "".join(names)
    if coder not in names:
        raise CodingError(f"{path} has tiers of {', '.join(names)}. Say whose to take (coder=).")
    return [tier for tier in known if tier.coder in (coder, "")], coder


def _events(eaf: Eaf, path: Path, known: list[_Tier]) -> dict[str, _Event]:
    """The events by the identity of their annotations."""
    events = {}
    for tier in known:
        if tier.holds in _EVENTS:
            for number, value in _annotations(eaf, tier.name):
                begin, end = _interval(eaf, path, tier, number)
                events[number] = _Event(tier, begin, end, {"": [value.strip()]})
    return events


def _annotations(eaf: Eaf, tier: str) -> Iterator[tuple[str, str]]:
    """Identity and text of each annotation; of those that divide one, each after that which precedes it."""
    aligned, referring = eaf.tiers[tier][:2]
    yield from ((number, value) for number, (_, _, value, _) in aligned.items())
    after = {previous: number for number, (_, _, previous, _) in referring.items() if previous in referring}
    for number, (_, _, previous, _) in referring.items():
        if previous not in referring:
            current: str | None = number
            while current is not None:
                yield current, referring[current][1]
                current = after.pop(current, None)  # popped: a circle of them ends


def _upwards(eaf: Eaf, number: str) -> Iterator[str]:
    """An annotation, that to which it refers, and so on to the one on the time line, if there is one."""
    seen = set()
    while number in eaf.annotations and number not in seen:
        yield number
        seen.add(number)
        number = eaf.tiers[eaf.annotations[number]][1].get(number, ("",))[0]


def _interval(eaf: Eaf, path: Path, tier: _Tier, number: str) -> tuple[int, int]:
    """Begin and end of an annotation, or of that to which it refers, ms."""
    *_, top = _upwards(eaf, number)
    spans = eaf.tiers[eaf.annotations[top]][0]
    if top not in spans:
        raise CodingError(f"{path}, tier {tier.name}: annotation {number} refers to one that is not there. Open and save it in ELAN.")
    begin, end = (_time(eaf, spans, slot) for slot in spans[top][:2])
    if begin is None or end is None or end <= begin:
        raise CodingError(f"{path}, tier {tier.name}: annotation {number} has no time of its own. Align it in ELAN, or delete it.")
    return begin, end


def _time(eaf: Eaf, spans: Mapping[str, tuple[str, ...]], slot: str) -> int | None:
    """When a time slot is, ms; where annotations of a tier meet at slots without times, they have equal parts, as ELAN draws them."""
    if (time := eaf.timeslots.get(slot)) is not None:
        return int(time)
    ends: list[tuple[int, int]] = []  # how many parts away the next slot with a time is, and its time
    for step in ({span[1]: span[0] for span in spans.values()}, {span[0]: span[1] for span in spans.values()}):
        current, parts = slot, 0
        while eaf.timeslots.get(current) is None and current in step and parts <= len(spans):
            current, parts = step[current], parts + 1
        if (time := eaf.timeslots.get(current)) is None:
            return None
        ends.append((parts, int(time)))
    (before, low), (after, high) = ends
    return round(low + (high - low) * before / (before + after))


def _tell(eaf: Eaf, path: Path, tier: _Tier, events: dict[str, _Event]) -> None:
    """Give each event what the annotations of a tier say of it."""
    for number, value in _annotations(eaf, tier.name):
        begin, end = _interval(eaf, path, tier, number)
        if not value.strip() and tier.holds != "apex":
            continue
        above = next((events[each] for each in _upwards(eaf, number) if each in events), None)
        event = above or _overlapped(eaf, tier, begin, end, events)
        what = f"{path}, tier {tier.name}: {value.strip() or 'the annotation'!r} at {begin / 1000:.3f} s"
        if event is None:
            warnings.warn(f"{what} belongs to no expression and is left out.", UserWarning, stacklevel=2)
        elif tier.holds != "apex":
            event.said.setdefault(tier.holds, []).append(value.strip())
        elif event.apex is None:
            event.apex = begin, end
        else:
            warnings.warn(f"{what} is a second apex of one expression and is left out.", UserWarning, stacklevel=2)


def _overlapped(eaf: Eaf, tier: _Tier, begin: int, end: int, events: dict[str, _Event]) -> _Event | None:
    """The event which a stretch of time overlaps most: of the tier above, if there are events in it, or else of the same face and kind."""
    parent = eaf.tiers[tier.name][2].get("PARENT_REF")
    below = [event for event in events.values() if event.tier.name == parent]
    alike = [event for event in events.values() if event.tier.face == tier.face and tier.kind in ("", event.tier.kind)]
    shared = [(min(end, event.end) - max(begin, event.begin), -event.begin, event) for event in below or alike]
    best = max(shared, key=lambda item: item[:2], default=None)
    return best[2] if best and best[0] > 0 else None


def _row(path: Path, event: _Event, origin: int, clock: Clock) -> dict[str, Any]:
    """An event as :func:`.coding.event_table` takes it."""
    where = f"tier {event.tier.name}, {event.begin / 1000:.3f} to {event.end / 1000:.3f} s"
    begin_s, end_s = (event.begin + origin) / 1000, (event.end + origin) / 1000
    if end_s <= 0 or begin_s >= clock.end_s:
        raise CodingError(
            f"{path}, {where}: lies outside of the recording, which ends at {clock.end_s:.3f} s and is shown from {origin / 1000:g} s on. "
            "Is it the right recording (video=)? Otherwise delete the annotation in ELAN."
        )
    onset, offset = clock.shown(begin_s), clock.last(end_s)
    row: dict[str, Any] = {"where": where, "onset_frame": onset, "offset_frame": max(offset, onset), "face": event.tier.face}
    if event.apex:
        first_s, last_s = ((time + origin) / 1000 for time in event.apex)
        point = last_s - first_s < 1.5 * clock.frame_s  # one frame; of a longer one, the middle
        row["apex_frame"] = min(max(clock.shown(first_s if point else (first_s + last_s) / 2), onset), row["offset_frame"])
    own = _own_words(event.said.pop("")[0])
    said = {**own, **{name: words for name, words in event.said.items() if words}}
    for name in ("emotion", "kind"):
        words = list(dict.fromkeys(said.get(name, ())))
        if len(words) > 1:
            warnings.warn(f"{path}, {where}: of the {name}s {', '.join(words)} the first is taken.", UserWarning, stacklevel=2)
        row[name] = words[0] if words else ""
    row["kind"] = event.tier.kind or next((kind for kind in _EVENTS[:2] if row["kind"].casefold().startswith(kind)), row["kind"])
    units = [named_aus(word) for word in said.get("aus", ())]
    if None in units:
        wrong = said["aus"][units.index(None)]
        raise CodingError(f"{path}, {where}: {wrong!r} is no action unit. Write AU4+L10, or none, where none was seen; correct it in ELAN.")
    row["aus"] = "+".join(dict.fromkeys(unit for word in units if word for unit in word.split("+")))
    row["note"] = "; ".join(said.get("note", ()))
    return row


def _own_words(value: str) -> dict[str, list[str]]:
    """What an event's own text says: its place in our table (nothing), a kind, an emotion, action units, or else a note."""
    plain = value.casefold()
    if not value or re.fullmatch(r"#\d+", value):
        return {}
    if kind := next((kind for kind in _EVENTS[:2] if plain.startswith(kind)), ""):
        return {"kind": [kind]}
    words = re.findall(r"[^\s,;]+", plain)
    emotion = [word for word in words if word in EMOTIONS][:1]
    aus = [word for word in words if re.fullmatch(r"(?:(?:au|l|r)\d+[a-e]?)(?:\+(?:au|l|r)?\d+[a-e]?)*", word)]
    return {"emotion": emotion, "aus": [word.upper() for word in aus]} if emotion or aus else {"note": [value]}
