"""A studio that runs in a process of its own, on a synthetic interview that was really analysed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

TOKEN = "a-token-for-tests"
SLOW_MS = 120_000
CAMERA_FPS = 12  # of the camera that the browser is made to believe in: slow, so that a busy machine keeps up


@dataclass
class Studio:
    """``fleeting studio`` on a folder: started, killed, started again."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    token: str = TOKEN
    process: Any = None
    url: str = ""
    _clients: list[httpx.Client] = field(default_factory=list)

    def start(self) -> Studio:
        code = "from fleeting.cli import main; main()"
        options = ["--folder", str(self.folder), "--no-browser", "--port", str(self.port), "--token", self.token, *self.options]
        self.process = subprocess.Popen([sys.executable, "-c", code, "studio", *options], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.port = httpx.URL(self.url).port or 0
        return self

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **options: Any) -> httpx.Client:
        """A client that has opened the address, and says where it comes from as a page does."""
        client = httpx.Client(base_url=self.base, timeout=60, headers={"origin": self.base}, trust_env=False, **options)
        assert client.get("/", params={"token": TOKEN}).status_code == 303
        self._clients.append(client)
        return client

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture(scope="session")
def analysed(recording: Path, face_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of the synthetic interview, its video beside it. Not to be changed: :func:`results` is a copy."""
    from fleeting.analysis.analyze import analyze

    home = tmp_path_factory.mktemp("analysed")
    video = shutil.copy(recording, home / "interview.mp4")
    return analyze(video).save(home / "interview")


@pytest.fixture
def results(analysed: Path, tmp_path: Path) -> Path:
    """A copy of :func:`analysed` that may be changed; its video is at ``../interview.mp4``."""
    shutil.copy(analysed.parent / "interview.mp4", tmp_path)
    folder = Path(shutil.copytree(analysed, tmp_path / "interview"))
    text = (folder / "analysis.json").read_text().replace(str(analysed.parent), str(tmp_path))
    (folder / "analysis.json").write_text(text)
    return folder


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """What starts a studio on the test's folder."""
    running: list[Studio] = []

    def start(*options: str, folder: Path = tmp_path) -> Studio:
        running.append(Studio(folder, options).start())
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture(scope="session")
def camera(frames: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interview as a camera would see it: every second frame, at half the speed, there and back so that its end is no cut."""
    some = frames[::2]
    height, width = some.shape[1:3]
    path = tmp_path_factory.mktemp("camera") / "interview.y4m"
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{CAMERA_FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in (*some, *some[::-1]):
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


@pytest.fixture(scope="session")
def browser(camera: Path) -> Iterator[Any]:
    """Debian's chromium, with a camera that sees the synthetic interview. Absent, the test is skipped; on CI it fails."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        absent = "needs chromium: scripts/test installs it on Debian"
        pytest.fail(absent) if os.environ.get("CI") == "true" else pytest.skip(absent)
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    film = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*quiet, *film])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """What opens a studio's page in a browser of its own, and sees to it that nothing is asked of anybody else."""
    contexts, foreign, faults = [], [], []

    @contextmanager
    def opened(studio, path="/", size=(1280, 800), context=None, **options):
        if context is None:
            context = browser.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=True, **options)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SLOW_MS)
        page.on("request", lambda request: None if request.url.startswith((studio.base, "blob:")) else foreign.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{studio.base}{path}{'&' if '?' in path else '?'}token={studio.token}")
        yield page
        page.close()

    yield opened
    for context in contexts:
        context.close()
    assert foreign == []
    assert faults == []


def until(page, expression):
    """Wait; not in the page itself, whose security policy forbids to evaluate text."""
    end = time.monotonic() + SLOW_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)
