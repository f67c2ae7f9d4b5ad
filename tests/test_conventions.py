"""Habits of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

import fleeting

SOURCE = Path(str(fleeting.__file__)).parent
ROOT = Path(__file__).resolve().parents[1]
FILES = {path.relative_to(SOURCE).as_posix(): path for path in sorted(SOURCE.rglob("*.py"))}
MAX_LINES = 400

# In two parts, so that this file does not hold what it looks for.
PATHS = ("/wo" "rk/", "/ro" "ot/", "/ho" "me/", "/Us" "ers/", "/fa" "rm/", "/o" "pt/", "/tm" "p/dev")
HOSTS = ("py" "pi.org", "pythonho" "sted.org", "download.py" "torch.org", "ana" "conda.org")
FORBIDDEN = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, PATHS))})|{'|'.join(map(re.escape, HOSTS))}")


@pytest.mark.parametrize("name", FILES)
def test_what_is_public_says_in_a_sentence_what_it_is(name):
    tree = ast.parse(FILES[name].read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    wrong = []
    for node in [tree, *public]:
        first = (ast.get_docstring(node) or "").partition("\n")[0]
        if not first.endswith(".") or len(first.split()) < 3:
            wrong.append(f"{getattr(node, 'name', 'the file')}: {first!r}")
    assert not wrong


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_long(name):
    """A docstring counts as one line: it is a page of the reference."""
    text = FILES[name].read_text("utf-8")
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    told = [node.body[0] for node in ast.walk(ast.parse(text)) if isinstance(node, kinds) and ast.get_docstring(node)]
    assert text.count("\n") - sum(each.end_lineno - each.lineno for each in told) < MAX_LINES


@pytest.mark.parametrize("name", FILES)
def test_only_the_command_line_prints(name):
    if name == "cli.py" or name.startswith("cli/"):
        return
    tree = ast.parse(FILES[name].read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"]
    assert not [f"{name}:{node.lineno}" for node in calls]


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_is_read_can_run_code(name):
    """Weights are safetensors, caches arrays or tables: what unpickles runs whatever the file says."""
    tree = ast.parse(FILES[name].read_text("utf-8"))
    assert not [f"{name}:{line} {what}" for line, what in _unpickling(tree)]


@pytest.mark.parametrize(
    "code",
    [
        "torch.load(path, weights_only=True)",
        "joblib.load(path)",
        "import pickle",
        "from joblib import Parallel, load",
        "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_code_that_unpickles_is_noticed(code):
    assert _unpickling(ast.parse(code))


def test_code_that_loads_plain_data_is_allowed():
    assert not _unpickling(ast.parse("np.load(path, allow_pickle=False)\njson.load(file)\nfrom joblib import Parallel"))


def test_no_file_is_a_drawer_for_odds_and_ends():
    assert not [name for name in FILES if Path(name).stem in {"utils", "util", "helpers", "misc", "common"}]


def test_no_text_names_a_machine_or_a_package_registry():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    wrong = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if not path.is_file() or b"\0" in (data := path.read_bytes()):
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if found := FORBIDDEN.search(line):
                wrong.append(f"{name}:{number} {found.group()}")
    assert not wrong


def _unpickling(tree: ast.AST) -> list[tuple[int, str]]:
    modules = {"pickle", "cloudpickle", "dill", "shelve", "marshal"}
    loaders = {"torch.load", "joblib.load", "pd.read_pickle", "pandas.read_pickle"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name in modules]
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found += [(node.lineno, name) for name in names if node.module in modules or name in loaders]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in loaders or any(ast.unparse(word) == "allow_pickle=True" for word in node.keywords):
                found.append((node.lineno, name))
    return found
