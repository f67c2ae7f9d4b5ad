"""``fleeting studio``: the page on which people look at what was found, correct it, and export it."""

from __future__ import annotations

import logging
import secrets
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UsageError
from ..extras import need
from .terminal import errors

PORT = 8377  # the same at each start, so that what a browser has kept for the page is found again
LEAST_TOKEN = 12


Port = Annotated[int | None, typer.Option(help=f"Port; default {PORT}, or any that is free.", min=0, max=65535)]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")]


def studio(
    folder: Annotated[
        list[Path] | None, typer.Option(help="Folder with videos and results; several may be given. New files go into the first.")
    ] = None,
    port: Port = None,
    browser: Browser = True,
    host: Annotated[str, typer.Option(help="Address to listen on; anything but this machine's own demands --token.")] = "127.0.0.1",
    token: Annotated[str | None, typer.Option(help="What the address must carry; default: a new one at each start.")] = None,
    data: Annotated[
        list[str] | None, typer.Option("--data", metavar="NAME=PATH", help="A dataset, to see the clips that runs got wrong.")
    ] = None,
    max_upload: Annotated[float, typer.Option(help="Largest video that may be uploaded, GB.", min=0)] = 64,
) -> None:
    """See what was found in videos, correct it and export it, in the browser; compare runs. Nothing leaves this machine."""
    upload_bytes, named = int(max_upload * 2**30), _data(data or [])
    serve(folder or [Path()], port=port, browser=browser, host=host, token=token, upload_bytes=upload_bytes, data=named)


def serve(
    folders: list[Path], path: str = "/", *, port: int | None, browser: bool, host: str = "127.0.0.1", token: str | None = None, **desk: Any
) -> None:
    """The studio, until it is interrupted; its address is printed, and opened at the given page. Further options go to its desk."""
    need("studio", "the studio")
    import uvicorn

    from ..studio.desk import Desk
    from ..studio.library import Library
    from ..studio.server import is_loopback, studio

    if not is_loopback(host):
        if token is None:
            raise UsageError(f"--host {host} lets other machines in. Choose a secret for those who may: --token SECRET.")
        errors.print(
            f"Whoever reaches {host} and knows the token sees and changes everything in the folders, recordings of people included. "
            "What is sent is not encrypted: use it in a network that you trust, or through a tunnel.",
            markup=False,
        )
    if token is not None and len(token) < LEAST_TOKEN:
        raise UsageError(f"--token must have {LEAST_TOKEN} characters or more, lest it be guessed.")
    opened = Desk(Library(folders), **desk)
    token = token or secrets.token_urlsafe(24)
    listening = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listening.getsockname()[1]}{path}?token={token}"
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    config = uvicorn.Config(
        studio(opened, token, host), log_config=None, log_level="warning", access_log=False, http="h11", ws="none", server_header=False,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    print(url, flush=True)
    if browser:
        threading.Timer(0.5, webbrowser.open, [url]).start()
    uvicorn.Server(config).run(sockets=[listening])


def _data(given: list[str]) -> dict[str, Path]:
    named = [each.partition("=") for each in given]
    for name, _, path in named:
        if not Path(path).expanduser().is_dir() or not path:
            raise UsageError(f"--data {name}={path}: there is no such folder. Write NAME=PATH, such as --data casme2=~/casme2.")
    return {name: Path(path).expanduser() for name, _, path in named}


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on the port; of any that is free where none was asked for and the usual one is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for number in [PORT, 0] if port is None else [port]:
        listening = socket.socket(family, socket.SOCK_STREAM)
        # What keeps others from the port on Windows; elsewhere, what takes it although it was let go of a moment ago.
        listening.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
        try:
            listening.bind((host, number))
            listening.listen(128)
            return listening
        except OSError as error:
            listening.close()
            reason = error.strerror or str(error)
    raise UsageError(f"{host}, port {port}, cannot be listened on: {reason}. Choose another --port, or leave it out.")
