"""What `import fleeting` gives, and what it costs."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import fleeting

# Whoever adds a public name adds it here too: that is the moment to ask whether it is one.
PUBLIC = (
    "FDM",
    "FHOFO",
    "HDE",
    "HOG3D",
    "HOOF",
    "LBPMOP",
    "LBPSIP",
    "LBPTOP",
    "LODO",
    "LOSO",
    "MDMO",
    "STCLQP",
    "STLBPIP",
    "Align",
    "Analysis",
    "Apex",
    "BiWOOF",
    "Clip",
    "CodingError",
    "Colour",
    "Crop",
    "CrossDataset",
    "DatasetError",
    "FleetingError",
    "FlowImage",
    "FlowSpotter",
    "FlowStack",
    "Interpolate",
    "LeakageError",
    "LeakyClipKFold",
    "LeakyHoldOut",
    "Magnify",
    "MediaError",
    "ModelFileError",
    "OutputError",
    "Pictures",
    "Run",
    "SpottingRun",
    "StrainMap",
    "SubjectKFold",
    "TruncatedError",
    "UsageError",
    "Video",
    "analyze",
    "classifiers",
    "coding",
    "compare",
    "datasets",
    "evaluate",
    "features",
    "inflate",
    "label",
    "methods",
    "metrics",
    "models",
    "open_media",
    "preprocess",
    "read_analysis",
    "read_run",
    "read_spotting_run",
    "reproduce",
    "run_report",
    "spot",
    "spotting",
    "stats",
    "synthetic_interview",
    "train",
    "write_video",
)

SLOW = {"av", "matplotlib", "skimage", "sklearn", "torch"}


def test_the_public_names_are_these_and_sorted():
    """As ruff sorts them: abbreviations, classes, functions and rooms."""
    assert list(fleeting.__all__) == sorted(PUBLIC, key=lambda name: (not name.isupper(), name[0].islower(), name))


def test_each_public_name_resolves_and_is_the_same_the_second_time():
    first = {name: getattr(fleeting, name) for name in fleeting.__all__}
    assert not [name for name, thing in first.items() if getattr(fleeting, name) is not thing]
    assert set(first) <= set(dir(fleeting))
    with pytest.raises(AttributeError, match="'fleeting' has no attribute 'nothing'"):
        _ = fleeting.nothing


def test_the_type_checker_and_the_lazy_lookup_know_the_same_names():
    tree = ast.parse(Path(str(fleeting.__file__)).read_text("utf-8"))
    seen = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    assert {alias.name for node in seen.body for alias in node.names} == fleeting._ROOMS | set(fleeting._HOME)


def test_rooms_are_reached_from_the_package():
    code = "import fleeting as fl; print(fl.metrics.uf1([0, 1], [0, 1]), fl.datasets.CASME2.name, type(fl.methods.au_template()).__name__)"
    assert _python(code) == "1.0 casme2 Pipeline"


def test_no_public_function_is_named_like_a_file_or_folder():
    """Once the file is imported, the package would give the module where the function is meant."""
    functions = [name for name in fleeting.__all__ if inspect.isfunction(getattr(fleeting, name))]
    assert {"analyze", "evaluate", "reproduce", "train"} <= set(functions)
    assert not [name for name in functions if _is_a_file(name)]


def test_import_leaves_the_slow_libraries_alone():
    assert _python(f"import sys, fleeting; print(*sorted({SLOW!r} & set(sys.modules)))") == ""


def _is_a_file(name: str) -> bool:
    folder = Path(str(fleeting.__file__)).parent
    return (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
