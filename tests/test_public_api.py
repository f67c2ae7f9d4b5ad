"""What `import fleeting` gives, and what it costs."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import fleeting

# Whoever adds a public name adds it here too: that is the moment to ask whether it is one.
PUBLIC = (
    "Analysis",
    "Clip",
    "FleetingError",
    "FlowSpotter",
    "MediaError",
    "ModelFileError",
    "OutputError",
    "Pictures",
    "TruncatedError",
    "UsageError",
    "analyze",
    "open_media",
    "synthetic_interview",
    "write_video",
)

SLOW = {"av", "matplotlib", "skimage", "sklearn", "torch"}


def test_the_public_names_are_these_and_sorted():
    assert list(fleeting.__all__) == sorted(PUBLIC)


def test_each_public_name_resolves():
    missing = [name for name in fleeting.__all__ if not hasattr(fleeting, name)]
    assert not missing


def test_a_function_named_like_its_file_stays_a_function_once_the_file_is_imported():
    shared = [name for name in fleeting.__all__ if inspect.isfunction(getattr(fleeting, name)) and _is_a_file(name)]
    assert "analyze" in shared
    for name in shared:
        function = getattr(fleeting, name)
        module = importlib.import_module(f"fleeting.{name}")
        assert inspect.ismodule(module)
        assert getattr(fleeting, name) is function


def test_a_function_named_like_its_file_survives_its_imports_in_any_order():
    names = [name for name in fleeting.__all__ if _is_a_file(name) and inspect.isfunction(getattr(fleeting, name))]
    code = "; ".join(
        ["import fleeting.analyze, fleeting.export", "import fleeting"]
        + [f"assert callable(fleeting.{name}), type(fleeting.{name})" for name in names]
    )
    assert _python(code) == ""


def test_import_is_quick_and_leaves_the_slow_libraries_alone():
    code = (
        "import sys, time; start = time.perf_counter(); import fleeting; took = time.perf_counter() - start; "
        f"print(took, *sorted({SLOW!r} & set(sys.modules)))"
    )
    runs = [_python(code).split() for _ in range(3)]
    assert all(len(run) == 1 for run in runs), f"imported: {runs[0][1:]}"
    assert min(float(run[0]) for run in runs) < 1.0


def _is_a_file(name: str) -> bool:
    folder = Path(str(fleeting.__file__)).parent
    return (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
