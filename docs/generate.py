"""Pages that are made when the site is built, so that they cannot drift.

The API reference and the command line come from the code; what a newcomer reads first, what comes out and what Fleeting cannot do,
from the README.
"""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.errors import ExtensionError

import fleeting

# What stands in `fleeting.__all__`, and in those of these files and folders, is public.
ROOMS = ("base", "flow", "labels", "media", *sorted(fleeting._ROOMS))
README = Path(__file__).parents[1] / "README.md"
# Where its sections are in the site; pages link to them as they are on the code host.
SECTIONS = {"use": "start", "what-comes-out": "results", "what-it-cannot-do": "about", "privacy": "about"}
# Of constants about which autodoc finds no words.
NOTES = {
    "SPOTTERS": "The spotters of ``analyze``, over the signals of a face.",
    "DATASETS": "The reader of each dataset, by its name on the command line.",
    "FEW": "Persons; of fewer, intervals leave each out once instead of drawing them with replacement.",
}
COMMANDS = "commands.md"
REFERENCE = "reference"


def write_pages(folder: Path) -> None:
    """Write what is made of the code into a folder; pages that are as they were keep their time, and are not built again."""
    _write(folder / COMMANDS, command_line())
    for name, text in of_the_readme().items():
        _write(folder / f"{name}.md", text)
    for name, text in reference().items():
        _write(folder / REFERENCE / f"{name}.rst", text)


def modules() -> dict[str, ModuleType]:
    """The package and its public rooms, by the name that one imports."""
    return {name: importlib.import_module(name) for name in ("fleeting", *(f"fleeting.{room}" for room in ROOMS))}


def public_objects() -> dict[str, Any]:
    """Each public class, function and constant once, by its shortest public name that is its own, such as ``fleeting.evaluate``."""
    found: dict[str, Any] = {}
    known: set[int] = set()
    for module in modules().values():
        for name in module.__all__:
            thing = getattr(module, name)
            if not inspect.ismodule(thing) and id(thing) not in known and getattr(thing, "__name__", name) == name:
                known.add(id(thing))
                found[f"{module.__name__}.{name}"] = thing
    return found


def reference() -> dict[str, str]:
    """The pages of the API reference, a page for each module, in reStructuredText."""
    names = {id(thing): name for name, thing in public_objects().items()}
    pages = {name: _module_page(module, names) for name, module in modules().items()}
    contents = "".join(f"   {name}\n" for name in pages)
    intro = (
        "``import fleeting as fl`` gives what most need; each room below has more. Images are (H, W, 3) uint8 RGB with x to the right\n"
        "and y down, frames count from 0 and both ends of an interval belong to it, and sizes on the face are in eye distances.\n"
    )
    return {"index": f"API reference\n=============\n\n{intro}\n.. toctree::\n   :maxdepth: 1\n\n{contents}"} | pages


def _module_page(module: ModuleType, names: dict[int, str]) -> str:
    title = module.__name__
    parts = [f"{title}\n{'=' * len(title)}\n", f".. automodule:: {title}\n   :no-members:\n", f".. currentmodule:: {title}\n"]
    things = [(name, getattr(module, name)) for name in module.__all__]
    groups = {
        "Functions": [(name, thing) for name, thing in things if inspect.isroutine(thing)],
        "Classes": [(name, thing) for name, thing in things if inspect.isclass(thing) and not issubclass(thing, Exception)],
        "Errors": [(name, thing) for name, thing in things if inspect.isclass(thing) and issubclass(thing, Exception)],
    }
    for heading, members in groups.items():
        here = [name for name, thing in members if names[id(thing)] == f"{title}.{name}"]
        elsewhere = [names[id(thing)] for name, thing in members if names[id(thing)].rpartition(".")[0] != title]
        if members:
            parts.append(f"{heading}\n{'-' * len(heading)}\n")
        for listed, options in ((here, "   :nosignatures:\n   :toctree: objects\n"), (elsewhere, "   :nosignatures:\n")):
            if listed:
                entries = "".join(f"   {'~' * ('.' in name)}{name}\n" for name in listed)
                parts.append(f".. autosummary::\n{options}\n{entries}")
    grouped = {name for members in groups.values() for name, _ in members}
    if constants := [name for name, thing in things if name not in grouped and not inspect.ismodule(thing)]:
        parts.append("Constants\n---------\n")
        parts += [f".. autodata:: {name}\n   :no-value:\n\n   {NOTES.get(name, '')}\n" for name in constants]
    return "\n".join(parts)


def command_line() -> str:
    """The reference of the command line: its own help texts, by Typer's own generator."""
    command = [sys.executable, "-m", "typer", "fleeting.cli.app", "utils", "docs", "--name", "fleeting"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    text = re.sub(r"\*\*Commands\*\*:\n\n(?:\* .*\n)+\n", "", text)  # cut off in the middle; the page's own contents list them
    text = re.sub(r'<span style="font-weight: bold">(.*?)</span>', r"`\1`", text)
    text = re.sub(r"^(#+) `(.*)`$", r"\1 \2", text, flags=re.MULTILINE)
    return text.replace("# fleeting\n", "# Command line\n", 1)


def of_the_readme() -> dict[str, str]:
    """The sections of the README as pages of the site, in Markdown. What links to ``docs/`` finds its way."""
    text = README.read_text("utf-8")
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    by_title = {section.partition("\n")[0]: f"## {section}" for section in sections}
    install = head[head.index("```sh") :]
    pages = {
        "start": f"# Getting started\n\n{install}{by_title['Use']}",
        "results": by_title["What comes out"].replace("## ", "# ", 1),
        "about": "# Limits, privacy, licence\n\n"
        + by_title["What it cannot do"]
        + by_title["Privacy"]
        + by_title["Licence, citation, contributing"],
    }
    return {name: _links(page) for name, page in pages.items()}


def _links(text: str) -> str:
    text = re.sub(r"\]\(docs/([^)]+)\)", r"](../\1)", text)
    return re.sub(r"\[([^]]+)\]\((?!\.\./|http|#)[^)]+\)", r"\1", text)  # files beside the README are not in the site


def point_to_the_site(_app: Any, _page: str, source: list[str]) -> None:
    """Lead links to sections of the README to the pages that are made of them."""
    source[0] = re.sub(r"\]\(\.\./README\.md#([\w-]+)\)", lambda link: f"](generated/{SECTIONS[link[1]]}.md)", source[0])


def skip_member(_app: Any, _what: str, _name: str, thing: Any, skip: bool, _options: Any) -> bool | None:
    """Leave out what a class inherits from scikit-learn, PyTorch, Python: their own pages tell it."""
    thing = getattr(thing, "fget", getattr(thing, "func", thing))  # what stands behind a property, and one that is kept
    home = getattr(thing, "__module__", None)
    return True if home and not home.startswith("fleeting") else None


def resolve(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Find what a docstring names in short (``:func:`lbp_top```, ``:class:`.base.Dataset```), if it is public by that name."""
    if node.get("refdomain") != "py":
        return None
    wanted = node["reftarget"].rpartition(".")[2]
    domain = env.get_domain("py")
    candidates = [name for name in domain.objects if name.rpartition(".")[2] == wanted and name.count(".") <= 2]
    if len({domain.objects[name].node_id for name in candidates}) != 1:
        return None
    entry = domain.objects[candidates[0]]
    from sphinx.util.nodes import make_refnode

    return make_refnode(app.builder, node.get("refdoc", env.docname), entry.docname, entry.node_id, contnode, candidates[0])


def check_offline(app: Any, failure: Exception | None) -> None:
    """Refuse a site of which any page would load something from elsewhere: a script, a style, a font, a picture."""
    if failure or app.builder.format != "html":
        return
    found = []
    for page in (path for path in Path(app.outdir).rglob("*") if path.suffix in (".html", ".css", ".js")):
        text = page.read_text("utf-8", "replace")
        found += [f"{page.relative_to(app.outdir)}: {address}" for address in outside(text, page.suffix)]
    if found:
        raise ExtensionError("the site must not need the network:\n" + "\n".join(sorted(set(found))))


def outside(text: str, suffix: str) -> list[str]:
    """The addresses elsewhere that a browser would load for a page or a style sheet; links that a reader may follow are none."""
    if suffix == ".css":
        return re.findall(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", text)
    if suffix == ".js":
        return re.findall(r"""(?:import|from|fetch\()\s*["'](https?://[^"']+)""", text)
    tags = re.findall(r"<(?:script|link|img|iframe|source|video|audio|embed|object)\b[^>]*>", text)
    loaded = [tag for tag in tags if not re.search(r"""rel=["'](?:canonical|author|license|copyright|next|prev|search|index)""", tag)]
    return [address for tag in loaded for address in re.findall(r"""(?:src|href|data|srcset)=["']((?:https?:)?//[^"']+)""", tag)]


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
