"""Ctrl-C while the command line is starting: one line, exit code 130, and not a word of where it struck."""

from __future__ import annotations

import subprocess
import sys

import pytest

DONE, INTERRUPTED = 0, 130
GOODBYE = "Interrupted. Nothing half-written was left behind."

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")


def struck(when: str, *arguments: str, first: str = "") -> subprocess.CompletedProcess[str]:
    """``fleeting ARGUMENTS``, which is interrupted, as by a terminal, at the moment at which it begins to import ``when``."""
    code = f"""
import os, signal, sys
{first}
from fleeting.cli import main

def strike(event, arguments, left=[1]):
    if event == "import" and arguments[0] == {when!r} and left:
        left.clear()
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(strike)
main()
"""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    "when",
    [
        *("fleeting.cli.app", "typer.main", "rich.progress", "numpy._core._multiarray_umath", "pandas._libs.missing", "fleeting.cli.train"),
        *("fleeting.analysis.analyze", "fleeting.methods"),  # within the command
    ],
)
def test_wherever_it_strikes(when, tmp_path):
    ended = struck(when, "analyze", str(tmp_path / "gone.mp4"), "--out", str(tmp_path / "out"))
    assert (ended.returncode, ended.stderr.split("\n"), ended.stdout) == (INTERRUPTED, [GOODBYE, ""], "")
    assert not list(tmp_path.iterdir())


def test_between_start_and_command():
    """Typer puts the commands together before it looks out for Ctrl-C."""
    ended = struck("", first="import typer.main; typer.main.get_command = lambda app: os.kill(os.getpid(), signal.SIGINT)")
    assert (ended.returncode, ended.stderr) == (INTERRUPTED, f"{GOODBYE}\n")


def test_where_the_shell_has_it_ignored_it_is():
    """As ``nohup`` and ``&`` of a script do."""
    ended = struck("pandas", "--help", first="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert (ended.returncode, ended.stderr) == (DONE, "")


def test_what_it_cannot_look_out_for_is_short():
    """What is imported before ``main`` begins is next to nothing."""
    code = "import sys; before = set(sys.modules); import fleeting.cli; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} - set(sys.stdlib_module_names) == {"fleeting"}
    assert [name for name in done.stdout.split() if name.startswith("fleeting")] == ["fleeting", "fleeting.cli", "fleeting.cli.codes"]
