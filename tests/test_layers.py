"""Imports go one way: from a file's own layer and those before it, also inside functions, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import fleeting

# Lowest first. Each file or folder directly in src/fleeting has its place; a new one is given one here.
LAYERS = (
    {"errors", "clip"},
    {"base", "identity", "cache", "labels", "media", "flow"},
    {"faces"},
    {"signals"},
    {"datasets", "preprocess", "features", "classifiers", "models", "spotting", "quality"},
    {"protocols", "metrics", "stats", "run", "tables"},
    {"workers"},
    {"prefix"},
    {"evaluate"},
    {"inflate", "pairing", "compare"},
    {"methods", "papers"},
    {"train"},
    {"plot", "run_plot"},
    {"report"},
    {"export"},
    {"analyze", "run_report"},
    {"reproduce", "reproduce_data", "reproduce_figures", "reproduce_learned", "reproduce_page", "demo"},
    {"__init__"},  # the public face binds what is below, and is used only by those who are outside
    {"cli", "studio", "__main__"},
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
SOURCE = Path(str(fleeting.__file__)).parent
FILES = {".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in sorted(SOURCE.rglob("*.py"))}


def test_each_file_has_a_layer():
    assert {_room(name) for name in FILES} <= set(LEVEL), "place the new file in LAYERS"


@pytest.mark.parametrize("name", FILES)
def test_imports_go_one_way(name):
    upwards = [
        f"{name}.py:{line} imports {target}"
        for line, target in _imports(name)
        if LEVEL[_room(target)] > LEVEL[_room(name)]
    ]
    assert not upwards


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
    assert found("from .. import analyze") == ["analyze"]
    assert found("from ..faces import mesh") == ["faces.mesh"]
    assert found("if TYPE_CHECKING:\n    from ..analyze import Analysis\nelse:\n    from .. import clip") == ["clip"]
    assert found("from .. import __version__") == []
    assert found("from . import base", "cli") == ["base"]


def _room(name: str) -> str:
    return name.partition(".")[0]


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
