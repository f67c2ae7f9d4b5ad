"""A studio that runs in a process of its own, on a synthetic interview that was really analysed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

TOKEN = "a-token-for-tests"


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
def browser() -> Iterator[Any]:
    """Debian's chromium. Absent, the test is skipped; on CI it fails."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        absent = "needs chromium: scripts/test installs it on Debian"
        pytest.fail(absent) if os.environ.get("CI") == "true" else pytest.skip(absent)
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=quiet)
        yield chromium
        chromium.close()
