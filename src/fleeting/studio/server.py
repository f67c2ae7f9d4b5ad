"""The studio's server: who may ask, what is served to whom, and what is said when something goes wrong.

It listens on this machine alone, unless told otherwise. Whoever holds the token of its address gets a cookie, and everybody else 403. A
page of another site can neither read nor write here: host and origin of each request are checked, and the pages may load nothing from
anywhere else (Content-Security-Policy).
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import __version__
from ..errors import FleetingError, OutputError, UsageError
from . import intake, live, review, runs, together
from .desk import Desk
from .store import StaleError

BODY_BYTES = 16 * 2**20  # of anything but an upload
PAGES = {"/": "index.html", "/review": "review.html", "/agreement": "agreement.html", "/runs": "runs.html", "/live": "live.html"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def studio(desk: Desk, token: str, host: str = "127.0.0.1") -> ASGIApp:
    """The application, guarded.

    Parameters
    ----------
    desk : Desk
    token : str
        What the first address must carry.
    host : str, default='127.0.0.1'
        The address it will listen on, which decides which names it answers to.
    """
    static = Path(str(files("fleeting") / "studio" / "static"))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(title="Fleeting", version=__version__, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    for room in (intake, review, together, runs, live):
        app.include_router(room.routes(desk), prefix="/api")
    for path, name in PAGES.items():
        app.add_api_route(path, _page(static / name), methods=["GET"])
    app.mount("/static", StaticFiles(directory=static), name="static")
    app.add_exception_handler(FleetingError, _said)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _broken)
    return Guard(app, token, host)


class Guard:
    """What stands before the application: token, cookie, host, origin, size, and the headers of every answer.

    Parameters
    ----------
    app : ASGI application
    token : str
    host : str
        As in :func:`studio`.
    """

    def __init__(self, app: ASGIApp, token: str, host: str):
        self.app, self.token, self.local = app, token, is_loopback(host)
        self.session = secrets.token_urlsafe(32)
        self.names = {"localhost"} if self.local else {host.lower(), socket.gethostname().lower(), socket.getfqdn().lower(), "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await (self._refusal(scope) or self._limited)(scope, receive, _with_headers(send))
        else:  # there is no websocket
            await send({"type": "websocket.close", "code": 1008, "reason": ""})

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == intake.UPLOAD:
            await self.app(scope, receive, send)  # which counts for itself
            return
        read = 0
        body: list[Message] = []
        while True:  # all of it at once: it is small, or refused
            message = await receive()
            body.append(message)
            read += len(message.get("body", b""))
            if read > BODY_BYTES:
                await _error(413, "That is more than a correction can be.")(scope, receive, send)
                return
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        body.reverse()

        async def again() -> Message:
            return body.pop() if body else await receive()

        await self.app(scope, again, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return PlainTextResponse("This server answers to its own address only.", 403)
        origin = headers.get("origin")
        safe = scope["method"] in ("GET", "HEAD")
        if (origin is not None or not safe) and origin != f"http://{hosts[0]}":
            return PlainTextResponse("Only the studio's own pages may ask this.", 403)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        name = f"fleeting_{(scope.get('server') or ('', 0))[1]}"
        given = (query.get("token") or [""])[0]
        if given and safe and scope["path"] in PAGES and hmac.compare_digest(given.encode(), self.token.encode()):
            rest = urlencode([(key, value) for key, values in query.items() if key != "token" for value in values])
            answer = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(name, self.session, httponly=True, samesite="strict", path="/")
            return answer
        cookies = [part.strip().partition("=") for line in headers.getlist("cookie") for part in line.split(";")]
        if not any(key == name and hmac.compare_digest(value.encode(), self.session.encode()) for key, _, value in cookies):
            return PlainTextResponse("Open the address that `fleeting studio` has printed: it holds the token that is needed here.", 403)
        return None

    def _is_ours(self, host: str) -> bool:
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        name = name.strip("[]").lower()
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self.names
        return address.is_loopback or not self.local  # a name could be made to point here, a bare address cannot


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _page(path: Path) -> Callable[[], FileResponse]:
    return lambda: FileResponse(path, media_type="text/html; charset=utf-8")


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text.encode("utf-8", "replace").decode()}, status)


def _said(_: Request, error: Exception) -> Response:
    kinds = {StaleError: 409, UsageError: 400, OutputError: 507}
    return _error(next((status for kind, status in kinds.items() if isinstance(error, kind)), 422), str(error))


def _not_understood(_: Request, error: Exception) -> Response:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    place = ".".join(str(part) for part in first.get("loc", ())[1:])
    return _error(422, f"{place or 'The request'}: {first.get('msg', 'not understood')}.")


def _refused(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return _error(status, str(getattr(error, "detail", "")) or "Not found.")


def _broken(request: Request, error: Exception) -> Response:
    logging.getLogger("fleeting.studio").error("%s %s", request.method, request.url.path, exc_info=error)
    return _error(500, "Something went wrong inside Fleeting; the terminal says more. Please report it.")
