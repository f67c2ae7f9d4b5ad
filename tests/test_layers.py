"""Imports go one way: from a file's own layer and those before it, also inside functions, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import fleeting

# Each file or folder directly in src/fleeting has its place in docs/architecture.md; a new one is given one there.
PAGE = (Path(__file__).resolve().parents[1] / "docs" / "architecture.md").read_text("utf-8")


def _listed(kind: str) -> list[str]:
    """The lines of the page's block of that kind."""
    return PAGE.split(f"```{kind}\n")[1].split("\n```")[0].split("\n")


LEVEL = {room: level for level, line in enumerate(_listed("layers")) for room in line.split(", ")}
NEVER = [tuple(line.split(" -> ")) for line in _listed("never")]
ON_BOTH_WINGS = {"reproduction", "cli", "studio"}  # no other room reaches analysis and evaluation
BELOW_SYNTHETIC = {"datasets.base", "datasets.new_folder", "datasets.packed"}  # synthetic uses these of datasets, and what they use
SOURCE = Path(str(fleeting.__file__)).parent
FILES = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in sorted(SOURCE.rglob("*.py"))}


def test_each_file_has_a_layer():
    assert {_room(name) for name in FILES} <= set(LEVEL), "place the new file in docs/architecture.md"
    assert {room for room in LEVEL if "." in room} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_imports_go_one_way(name):
    upwards = [
        f"{name}.py:{line} imports {target}"
        for line, target in _imports(name)
        if _level(target) > _level(name)
    ]
    assert not upwards


@pytest.mark.parametrize(("lower", "upper"), NEVER)
def test_what_must_never_be_reached_is_not(lower, upper):
    assert not [f"{name} reaches {end}" for name in _files_of(lower) for end in _reached(name) if _room(end) == upper]


def test_only_those_who_show_both_stand_on_both_wings():
    both = {_room(name) for name in FILES if {"analysis", "evaluation"} <= {_room(each) for each in {*_reached(name), name}}}
    assert both <= ON_BOTH_WINGS


def test_what_draws_needs_no_reader_of_a_release():
    allowed = BELOW_SYNTHETIC.union(*(_reached(name) for name in BELOW_SYNTHETIC))
    used = {target for name in _files_of("synthetic") for target in _reached(name) if _room(target) == "datasets"}
    assert used <= allowed


def test_no_file_imports_itself_in_a_circle():
    graph = {name: {target for _, target in _imports(name)} - {name} for name in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_an_import_is_understood_in_each_way_it_can_be_written():
    def found(code, name="spotting.flow_spotter"):
        return [target for _, target in _targets(ast.parse(code), name)]

    assert found("import numpy\nfrom scipy import signal") == []
    assert found("import fleeting.flow") == found("from fleeting.flow import strain") == ["flow"]
    assert found("def f():\n    from ..flow import strain") == ["flow"]
    assert found("from .. import errors, flow") == ["errors", "flow"]
    assert found("from ..analysis import analyze") == ["analysis.analyze"]
    assert found("from ..faces import mesh") == ["faces.mesh"]
    assert found("if TYPE_CHECKING:\n    from ..analysis import analyze\nelse:\n    from .. import clip") == ["clip"]
    assert found("from .. import __version__") == []
    assert found("from . import base", "cli") == ["base"]


def _room(name: str) -> str:
    return name.partition(".")[0]


def _level(name: str) -> int:
    return LEVEL.get(name, LEVEL[_room(name)])


def _files_of(room: str) -> list[str]:
    return [name for name in FILES if _room(name) == room]


@cache
def _reached(name: str) -> frozenset[str]:
    """All files that a file needs at run time, directly or through others."""
    found, ahead = set(), [name]
    while ahead:
        more = {target for _, target in _imports(ahead.pop()) if target in FILES} - found
        found |= more
        ahead += more
    return frozenset(found)


@cache
def _imports(name: str) -> list[tuple[int, str]]:
    """Line and name of each file of the package which the file `name` imports at run time."""
    return _targets(ast.parse(FILES[name].read_text("utf-8")), name)


def _targets(tree: ast.AST, name: str) -> list[tuple[int, str]]:
    package = ["fleeting", *name.split(".")[:-1]]
    found = []
    for node in _at_run_time(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            stem = ".".join(package[: len(package) - node.level + 1] if node.level else [])
            stem = ".".join(filter(None, (stem, node.module)))
            # The version stands above all imports in __init__.py, so that any file can read it.
            wanted = [alias.name for alias in node.names if (stem, alias.name) != ("fleeting", "__version__")]
            found += [(node.lineno, f"{stem}.{each}") for each in wanted]
    return [(line, _file(dotted)) for line, dotted in found if dotted.split(".")[0] == "fleeting"]


def _file(dotted: str) -> str:
    """The file behind a dotted name: fleeting.media.Video -> media, fleeting.faces.FaceMesh -> faces.__init__."""
    parts = dotted.split(".")[1:]
    for end in range(len(parts), 0, -1):
        for name in (".".join(parts[:end]), ".".join([*parts[:end], "__init__"])):
            if name in FILES:
                return name
    return parts[0] if parts and parts[0] in LEVEL else "__init__"  # a file to come, or a name of the package itself


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, those left out that only the type checker sees."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in child.orelse:
                yield from _at_run_time(other)
        else:
            yield from _at_run_time(child)
