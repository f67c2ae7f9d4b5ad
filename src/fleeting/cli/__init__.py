"""The command line: the same names as the Python functions, one file a group of commands; ``app.py`` has them together."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

from .codes import INTERRUPTED


def main() -> None:
    """Run the command line; exits with the codes documented in the README."""
    # Most of a second goes into imports, which do not take an interruption: some swallow it, others show where it struck.
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # it is not where the shell has us ignore Ctrl-C
        signal.signal(signal.SIGINT, _leave)
    from .app import run

    try:
        signal.signal(signal.SIGINT, usual)
        run()
    except SystemExit as end:  # Typer ends with it on Ctrl-C within a command, without a word
        if end.code == INTERRUPTED:
            _say_goodbye()
        raise
    except KeyboardInterrupt:  # just before the command, or just after it
        _say_goodbye()
        sys.exit(INTERRUPTED)


def _leave(*_: object) -> None:
    """End at once: nothing has been begun yet."""
    try:
        _say_goodbye()
    finally:
        os._exit(INTERRUPTED)


def _say_goodbye() -> None:
    with suppress(OSError):
        os.write(2, b"Interrupted. Nothing half-written was left behind.\n")
