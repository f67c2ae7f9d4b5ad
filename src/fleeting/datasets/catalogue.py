"""The catalogue: every dataset by its name on the command line, beside what the survey's Table 1 says of it."""

from __future__ import annotations

import re
from inspect import getdoc, signature
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import FleetingError, UsageError
from .base import Dataset
from .cas_me_2 import CAS_ME_2
from .cas_me_3 import CAS_ME_3
from .casme import CASME
from .casme2 import CASME2
from .correct import read_corrections
from .dfme import DFME
from .expressions import FER2013, KDEF, MMI, TFEID, ClassFolders, RaFD
from .flow_maps import FlowMaps
from .folder import FolderDataset
from .four_dme import FourDME
from .meview import MEVIEW
from .mmew import MMEW
from .polikovsky import Polikovsky
from .samm import SAMM
from .samm_lv import SAMMLV
from .smic import CAMERAS, SMIC
from .synthetic_release import Synthetic
from .usf_hd import USFHD

_MICRO = (SMIC, CASME, CASME2, CAS_ME_2, CAS_ME_3, SAMM, SAMMLV, MMEW, MEVIEW, FourDME, DFME, USFHD, Polikovsky)
_YOURS = (FolderDataset, ClassFolders, FlowMaps)  # readers of any such folder
_OTHERS = (FER2013, KDEF, MMI, RaFD, TFEID, *_YOURS, Synthetic)
DATASETS: dict[str, type[Dataset]] = {kind.name: kind for kind in (*_MICRO, *_OTHERS)}

# The survey's Table 1: resolution, frames a second, samples, participants, action units, classes; and what is wrong there.
# SMIC's three cameras are rows of their own there, and so here.
# It calls CASME II "CASME3" (its frames, samples and participants are those of CASME II) and has no CASME II of its own.
_SURVEY: dict[str, tuple[str, int | None, int | None, int | None, str, int | None, str]] = {
    "smic HS": ("640x480", 100, 164, 16, "N", 3, ""),
    "smic VIS": ("640x480", 25, 71, 8, "N", 3, ""),
    "smic NIR": ("640x480", 25, 71, 8, "N", 3, ""),
    "casme": ("640x480", 60, 195, 35, "Y", 8, "resolution is section B's; 35 were recorded, 19 are shown"),
    "casme2": ("640x480", 200, 247, 35, "Y", 5, "listed as CASME3; 35 were recorded, 26 are shown"),
    "cas-me-2": ("640x480", 30, 57, 22, "Y", 4, "22 were recorded, 14 show micro-expressions"),
    "samm": ("2040x1088", 200, 159, 32, "Y", 7, "32 were recorded, 29 are shown; 8 classes with other"),
    "mmew": ("1920x1080", 90, 300, 36, "Y", 7, "36 were recorded, 30 are shown"),
    "meview": ("1280x720", 25, 40, 16, "Y", 7, "the paper has 31 samples; not all have action units"),
    "usf-hd": ("1280x720", 30, 100, None, "N", 6, "29.7 frames/s"),
    "polikovsky": ("640x480", 200, 42, 10, "N", 7, ""),
}
# What the papers name and nobody can be given a reader for.
_UNREADABLE: dict[str, tuple[str, int | None, int | None, str, float, str, str]] = {
    "yorkddt": ("YorkDDT", 18, 9, "320x240", 25.0, "on request of its authors", ""),
    "avec": ("AVEC", None, None, "", 50.0, "", "continuous affect, no micro-expressions: listed wrongly as a set of those"),
}
_WITH_AUS = {"casme", "casme2", "cas-me-2", "cas-me-3", "samm", "samm-lv", "mmew", "4dme", "dfme", "meview", "synthetic"}


def open_dataset(name: str, root: str | Path | None = None, /, **settings: Any) -> Dataset:
    """The dataset of that name on the command line, such as ``casme2``, with settings of its reader's own.

    Parameters
    ----------
    name : str
        One of :data:`DATASETS`.
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    **settings
        Of the reader, such as ``layout="raw"``.

    Returns
    -------
    Dataset
        Nothing of it is read yet.

    Raises
    ------
    UsageError
        There is none of that name, or its reader has no such setting, or not with that value.
    DatasetError
        The folder is not there.
    """
    if name not in DATASETS:
        raise UsageError(f"No dataset is called {name!r}; there are {', '.join(DATASETS)}.")
    kind = DATASETS[name]
    known: list[str] = []
    for one in kind.__mro__:  # up to the constructor that hands nothing on
        parameters = signature(vars(one)["__init__"]).parameters.values() if "__init__" in vars(one) else ()
        known += [each.name for each in parameters if each.kind != each.VAR_KEYWORD and each.name not in ("self", "root")]
        if parameters and not any(each.kind == each.VAR_KEYWORD for each in parameters):
            break
    if unknown := [key for key in settings if key not in known]:
        raise UsageError(f"{kind.title} has no setting {unknown[0]!r}; it has {', '.join(dict.fromkeys(known)) or 'none'}.")
    try:
        return kind(root, **settings)
    except FleetingError:
        raise
    except (TypeError, ValueError) as error:  # a number for a file's name, a word for a number
        given = ", ".join(f"{key}={value}" for key, value in settings.items())
        raise UsageError(f"{kind.title} cannot be read with {given}: {error}. Text that looks like a number goes in quotes.") from error


def catalogue() -> pd.DataFrame:
    """One row a dataset (of SMIC one a camera), ours beside the survey's numbers (``survey_*``); ``remark`` says what is wrong there.

    Returns
    -------
    DataFrame
        ``name camera title clips subjects fps resolution classes aus doi request_url reader survey_clips survey_subjects
        survey_fps survey_resolution survey_aus survey_classes remark``; <NA> where nothing is known. ``clips`` counts
        micro-expressions, or stills, which have no ``fps``.
    """
    rows = []
    for name, kind in DATASETS.items():
        if kind in _YOURS:
            continue
        cameras = {f" {camera}": told for camera, told in CAMERAS.items()} if kind is SMIC else {"": (kind.fps, kind.expected)}
        for camera, (rate, expected) in cameras.items():
            resolution, fps, clips, subjects, aus, classes, remark = _SURVEY.get(name + camera, ("", None, None, None, "", None, ""))
            rows.append(
                {
                    "name": name, "camera": camera.strip(), "title": kind.title + camera,
                    "clips": expected.get("clips"), "subjects": expected.get("subjects"),
                    "fps": rate if rate > 1 else None, "resolution": kind.resolution, "classes": len(kind.classes) or None,
                    "aus": name in _WITH_AUS, "doi": kind.doi, "request_url": kind.request_url, "reader": True,
                    "survey_clips": clips, "survey_subjects": subjects, "survey_fps": fps, "survey_resolution": resolution,
                    "survey_aus": aus, "survey_classes": classes, "remark": remark,
                }
            )  # fmt: skip
    for name, (title, samples, people, size, rate, url, remark) in _UNREADABLE.items():
        rows.append(
            {"name": name, "title": title, "clips": samples, "subjects": people, "fps": rate, "resolution": size,
             "aus": False, "request_url": url, "reader": False, "remark": remark}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    counts = ["clips", "subjects", "classes", "survey_clips", "survey_subjects", "survey_fps", "survey_classes"]
    return table.astype(dict.fromkeys(counts, "Int64")).fillna({"camera": "", "doi": "", "survey_resolution": "", "survey_aus": ""})


def catalogue_page() -> str:
    """Markdown: the table of all datasets, and for each with a reader what its class says: files, counts, oddities, leaks, corrections."""
    lines = ["| name | dataset | samples | people | frames/s | px | AUs | where to ask |", "|---|---|---|---|---|---|---|---|"]
    for row in catalogue().to_dict("records"):
        numbers = ("" if pd.isna(row[key]) else f"{row[key]:g}" for key in ("clips", "subjects", "fps"))
        name = f"`{row['name']}`" if row["reader"] else "(no reader)"
        cells = [name, str(row["title"]), *numbers, str(row["resolution"]), "yes" if row["aus"] else "no", str(row["request_url"])]
        lines.append(f"| {' | '.join(cells)} |")
    for name, kind in DATASETS.items():
        if kind is FolderDataset:
            continue
        paragraphs = [" ".join(part.split()) for part in (getdoc(kind) or "").split("\n\n")]
        kept = [part for part in paragraphs[1:] if part.startswith(("Files expected:", "Counts:", "Label oddities:", "Known leaks:"))]
        if known := read_corrections(name):
            rows = known[0].to_dict("records")
            cells = [f"{row['clip']} {row['column']} {row['published']} to {row['corrected'] or 'not coded'}" for row in rows]
            kept.append(f"Corrected: {'; '.join(cells)}.")
        lines += ["", f"### `{name}`", "", _markdown(paragraphs[0]), *(f"- {_markdown(part)}" for part in kept)]
        if kind.doi:
            lines.append(f"- Paper: doi:{kind.doi}")
    return "\n".join(lines) + "\n"


def _markdown(text: str) -> str:
    """A docstring's marks as Markdown's, which would take ``<x>`` for a tag."""
    text = re.sub(r":(?:class|func|meth|mod):`~?(?:[.\w]*\.)?(\w+)`", r"`\1`", text).replace("``", "`").replace("<NA>", "`<NA>`")
    return re.sub(r"^(\w[\w ]*):", r"*\1:*", text) if text.startswith(("Files", "Counts", "Label", "Known", "Corrected")) else text
