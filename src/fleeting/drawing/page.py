"""A page from its template, pictures within it, and the file it becomes."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import OutputError
from ..whole import whole_file


def page(template: str, **values: Any) -> str:
    """A template of the package, filled in: what it is given is escaped, and it has the style that all pages share.

    Parameters
    ----------
    template : str
        Path of the file within the package, such as ``analysis/report.html.j2``. It puts ``{{ style }}`` into its head, and
        ``{{ script_hash }}`` into its security policy if it has a script, which is then the only one that the page may run.
    **values
        What the template asks for; ``Markup`` is not escaped.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    def text(name: str) -> str:
        return (files("fleeting") / name).read_text(encoding="utf-8")

    source, style = text(template), text("drawing/page.css")
    script = source.partition("<script>")[2].partition("</script>")[0]
    values["script_hash"] = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=FunctionLoader(text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(style=Markup(style.strip()), **values)


def picture(rgb: np.ndarray, form: str = ".jpg") -> str:
    """A data address of the picture, (h, w, 3) uint8 RGB, as JPEG at quality 88 or as PNG."""
    how, kind = ([cv2.IMWRITE_JPEG_QUALITY, 88], "jpeg") if form == ".jpg" else ([], "png")
    _, data = cv2.imencode(form, np.ascontiguousarray(rgb[..., ::-1]), how)
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}"


def write_text(path: Path, text: str) -> None:
    """A text file that appears whole or not at all; an older one is replaced.

    Raises
    ------
    OutputError
        If it could not be written.
    """
    try:
        with whole_file(path) as draft:
            write_plainly(draft, text)
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror or error}. Make room or choose another "
                          "folder, then run it again.") from error


def write_plainly(path: Path, text: str) -> None:
    """A text file in UTF-8 with plain line ends, whatever the system's custom is."""
    # A file name that is not UTF-8 arrives as lone surrogates: written as '?', better than no result at all.
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
