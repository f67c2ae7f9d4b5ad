"""The command line within a test's own process."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from typing import NamedTuple

import pytest

from fleeting import cli


class Ended(NamedTuple):
    """How a command has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams, without line breaks, which depend on the width of the terminal."""
        return " ".join(f"{self.out} {self.err}".split())


@pytest.fixture
def fleeting(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """``fleeting ARGUMENTS``, away from a terminal."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["fleeting", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            with pytest.raises(SystemExit) as end:
                cli.main()
        ended = Ended(end.value.code or 0, *capfd.readouterr())
        assert "Traceback" not in ended.err
        return ended

    return run
