"""What the server lets through: nobody without the token, nothing from another page or out of the folders, and no fault."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fleeting.studio.library import Library
from fleeting.studio.server import BODY_BYTES, Guard, is_loopback

from .conftest import TOKEN

HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc\\passwd",
    "....//....//etc/passwd",
    "file:///etc/passwd", "\x00", "a\x00.mp4", "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "<img src=x onerror=alert(1)>.mp4", "'; DROP TABLE log; --", "${7*7}", "{{7*7}}", "a" * 5000, "𝕳" * 300, "\u202e4pm.exe", "NaN", "-1",
    "1e999", "9" * 400, "", " ", "\r\nset-cookie: x=1",
]  # fmt: skip


@pytest.fixture
def running(studio, results):
    return studio()


@pytest.fixture
def analysis(running):
    client = running.client()
    return client, client.get("/api/library").json()["analyses"][0]["id"]


def test_the_address_stands_alone_on_a_line_and_nobody_comes_in_without_its_token(running):
    assert running.url == f"http://127.0.0.1:{running.port}/?token={TOKEN}"
    with httpx.Client(base_url=running.base, trust_env=False) as client:
        for path in ("/", "/review", "/api/library", "/static/style.css", "/?token=wrong", "/?token=", "/api/library?token=" + TOKEN):
            answer = client.get(path)
            assert (answer.status_code, "Traceback" in answer.text) == (403, False)
        answer = client.get("/", params={"token": TOKEN, "x": "<&>"})
        assert answer.headers["location"] == "/?x=%3C%26%3E"
        assert all(word in answer.headers["set-cookie"] for word in ("HttpOnly", "SameSite=strict"))
        assert client.get("/").status_code == 200
        assert "default-src 'none'" in client.get("/").headers["content-security-policy"]


def test_other_hosts_and_other_pages_are_refused(running):
    client = running.client()
    for headers in (
        {"host": "evil.example"},
        {"host": f"evil.example:{running.port}"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "8.8.8.8"},
    ):
        assert client.get("/api/library", headers=headers).status_code == 403
    for origin in (
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        f"https://127.0.0.1:{running.port}",
        f"{running.base}.evil.example",
    ):
        assert client.get("/api/library", headers={"origin": origin}).status_code == 403
        assert client.post("/api/jobs", json={}, headers={"origin": origin}).status_code == 403
    client.headers.pop("origin")
    assert client.post("/api/jobs", json={}).status_code == 403  # a page always says where it comes from
    assert client.get("/api/library").status_code == 200


def test_there_is_no_websocket(running):
    client = running.client()
    cookie = "; ".join(f"{key}={value}" for key, value in client.cookies.items())
    lines = ["GET /api/library HTTP/1.1", f"Host: 127.0.0.1:{running.port}", f"Origin: {running.base}", f"Cookie: {cookie}",
             "Upgrade: websocket",
             "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]  # fmt: skip
    with socket.create_connection(("127.0.0.1", running.port), 10) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\x81\xff" + os.urandom(200))
        answer = connection.recv(4096)
    assert b"101" not in answer.split(b"\r\n")[0]
    assert client.get("/api/library").status_code == 200


def test_nothing_outside_the_folders_is_reached(running, results, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    shutil.copy(results.parent / "interview.mp4", outside / "secret.mp4")
    (results.parent / "link.mp4").symlink_to(outside / "secret.mp4")
    (results.parent / "folder").symlink_to(outside)
    shutil.copytree(results, outside / "other")
    (results.parent / "linked").symlink_to(outside / "other")
    client = running.client()
    library = client.get("/api/library").json()
    assert [each["name"] for each in library["analyses"]] == ["interview"]
    assert "link.mp4" not in [each["name"] for each in library["videos"]]
    tries = [str(outside / "secret.mp4"), "link.mp4", "folder/secret.mp4", f"../{outside.name}/secret.mp4", "interview/../../x", *HOSTILE]
    for path in tries:
        answer = client.post("/api/jobs", json={"path": path})
        assert answer.status_code in (404, 422), path
    for path in ("../../server.py", "..%2f..%2fserver.py", "%2e%2e/server.py", "/etc/passwd", "vendor/../../server.py", "....//server.py"):
        connection = socket.create_connection(("127.0.0.1", running.port), 10)
        cookie = "; ".join(f"{key}={value}" for key, value in client.cookies.items())
        connection.sendall(
            f"GET /static/{path} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
        )
        assert b"404" in connection.recv(100).split(b"\r\n")[0]
        connection.close()
    assert client.get("/api/jobs").json() == []


def test_an_analysis_that_points_elsewhere_shows_nothing_of_it(running, results, tmp_path_factory):
    outside = tmp_path_factory.mktemp("elsewhere") / "elsewhere.mp4"
    shutil.copy(results.parent / "interview.mp4", outside)
    about = json.loads((results / "analysis.json").read_text())
    (results / "analysis.json").write_text(json.dumps(about | {"path": str(outside)}))
    client = running.client()
    id = client.get("/api/library").json()["analyses"][0]["id"]
    answer = client.get(f"/api/analyses/{id}/frames?start=0&stop=1")
    assert answer.status_code == 404
    assert "--folder" in answer.json()["error"]


def test_uploads_are_bounded_in_size_and_kind_and_their_names_are_harmless(studio, results):
    running = studio("--max-upload", "0.001")
    client = running.client()
    video = (results.parent / "interview.mp4").read_bytes()
    assert len(video) < 0.001 * 2**30
    post = lambda name, content: client.post("/api/uploads", params={"name": name}, content=content)  # noqa: E731
    assert post("big.mp4", video + bytes(2**21)).status_code == 413
    assert post("page.html", video).status_code == 415
    assert post(".mp4", video).status_code == 415
    assert post("text.mp4", b"<script>alert(1)</script>" * 100).status_code == 415
    for name in HOSTILE:
        assert post(name, b"no video").status_code in (400, 413, 415, 422)
    kept = {path.name for path in results.parent.iterdir()}
    assert post("../<img src=x onerror=alert(1)>.mp4", video).status_code == 200
    (new,) = {path.name for path in results.parent.iterdir()} - kept - {".fleeting-studio.sqlite-wal", ".fleeting-studio.sqlite-shm"}
    assert new == "__img src=x onerror=alert(1)_.mp4"
    kept.add(new)
    assert post("con.mp4", video).status_code == 200  # on Windows a device
    assert "_con.mp4" in {path.name for path in results.parent.iterdir()} - kept
    assert client.post("/api/jobs/1/cancel", json={}).status_code == 200
    assert not [path.name for path in results.parent.iterdir() if "upload" in path.name]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["coder", "id", "act", "after", "revision", "onset"]) | st.text(), inner)
    ),
    max_leaves=8,
)
_said = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(["accepted", "x"]) | _json, "kind": st.just("micro") | _json, "face": st.integers() | st.just(1),
        "onset": st.integers(-5, 300), "apex": st.integers(-5, 300) | _json, "offset": st.integers(-5, 300) | st.integers(),
        "emotion": st.text() | _json, "aus": st.text() | _json, "note": st.text() | _json,
    }
)  # fmt: skip
_change = st.fixed_dictionaries(
    {"coder": st.text() | _json, "id": st.just("c-1") | _json, "revision": st.integers() | _json, "after": _said | _json}
)


def test_no_body_makes_a_fault(analysis):
    client, id = analysis

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.sampled_from(
            [f"/api/analyses/{id}/changes", f"/api/analyses/{id}/acts", "/api/jobs", "/api/datasets", f"/api/analyses/{id}/arbitration"]
        ),
        (_change | _json).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=300) | st.just(b'{"coder": "\\ud800"}'),
    )
    def check(path, body):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code < 500
        assert "Traceback" not in answer.text
        assert isinstance(answer.json(), dict | list)

    check()
    assert client.post(f"/api/analyses/{id}/changes", content=b"x" * (BODY_BYTES + 1)).status_code == 413
    assert client.get(f"/api/analyses/{id}").status_code == 200


def test_no_path_or_query_makes_a_fault(analysis):
    client, id = analysis
    what = [
        "",
        "/frames",
        "/timeline",
        "/crop",
        "/sound",
        "/look",
        "/overlay",
        "/units",
        "/coding",
        "/export/csv",
        "/agreement",
        "/settled",
        "/candidates",
    ]
    names = [
        "start",
        "stop",
        "step",
        "width",
        "face",
        "frame",
        "onset",
        "apex",
        "offset",
        "alpha",
        "coder",
        "kept",
        "a",
        "b",
        "ids",
        "dataset",
        "clip",
    ]
    values = st.sampled_from(HOSTILE) | st.text(max_size=20) | st.integers(-2, 260).map(str)

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.sampled_from(
            [f"/api/analyses/{id}{each}" for each in what] + ["/api/runs", "/api/runs/report", "/api/runs/clip", "/api/runs/x/wrong"]
        ),
        st.dictionaries(st.sampled_from(names), values, max_size=6),
        st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    )
    def check(path, query, method):
        answer = client.request(method, path, params=query)
        assert answer.status_code < 500
        assert b"Traceback" not in answer.content

    check()
    for name in HOSTILE:
        for path in (f"/api/analyses/{name}", f"/api/jobs/{name}/cancel", f"/{name}", f"/api/analyses/{id}/export/{name}"):
            try:
                answer = client.get(path)
            except httpx.InvalidURL:
                continue
            assert answer.status_code < 500


def test_no_frame_makes_a_fault(running):
    client = running.client()
    assert client.post("/api/live/frames", params={"session": "0" * 16}, content=b"").status_code == 409
    assert client.post("/api/live/end", params={"session": "0" * 16}).status_code == 409
    huge = b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff" + bytes(20)  # a JPEG that says it is of 65535 px a side
    frame = lambda time, picture: struct.pack("<dI", time, len(picture)) + picture  # noqa: E731

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.binary(max_size=80) | st.builds(frame, st.floats(), st.binary(max_size=60) | st.just(huge)))
    @example(frame(1.0, huge))
    @example(frame(1.0, b""))
    @example(struct.pack("<dI", 1.0, 2**32 - 1))
    def check(body):
        answer = client.post("/api/live/frames", params={"session": "0" * 16}, content=body)
        assert answer.status_code == (422 if body else 409)

    check()
    for query in ({}, {"session": "x"}, {"session": "../../etc/passwd"}):
        assert client.post("/api/live/frames", params=query, content=b"").status_code == 422
    assert client.post("/api/live/begin", json={"record": "/etc/passwd"}).status_code == 422


STRANGE = ["", "[]", "{", '{"format": 1}', '{"format": 1, "events": [{}], "quality": {"frames": 10}}',
                '{"format": 1, "events": 3, "quality": {}}',
                '{"format": 1, "path": "\\u0000", "events": [], "quality": {"frames": -3}}',
                '{"format": 1, "name": 3, "path": 5, "events": [7], "quality": []}']  # fmt: skip


def test_a_strange_analysis_is_an_answer_and_no_fault(analysis, results):
    client, id = analysis
    sound = (results / "analysis.json").read_text()
    for signals in ("frame,time_s\nx,y\n", "frame,time_s,face\n900,1,1\n", "", "frame,time_s,face\n1,1,1\n"):
        (results / "signals.csv").write_text(signals)
        _ask_all(client, id)
    for content in STRANGE:
        (results / "analysis.json").write_text(content)
        _ask_all(client, id)
    (results / "analysis.json").write_text(sound)
    assert client.get(f"/api/analyses/{id}").status_code == 200


def _ask_all(client, id):
    for path in ("", "/coding?coder=A", "/candidates", "/timeline", "/frames?start=0&stop=1", "/export/csv?coder=A", "/crop?frame=0"):
        answer = client.get(f"/api/analyses/{id}{path}")
        assert answer.status_code < 500, (path, answer.text)
    assert client.get("/api/library").status_code == 200


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"], ["--token", "short"], ["--data", "casme2=/nowhere"], ["--folder", "/nowhere"]])
def test_what_would_be_unsafe_or_useless_is_refused(options, tmp_path):
    refused("studio", tmp_path, options)


def test_live_refuses_what_is_no_folder_no_camera_and_no_spotter(tmp_path):
    refused("live", tmp_path, ["--folder", "/nowhere"])
    refused("live", tmp_path, ["--camera", "front"])
    refused("live", tmp_path, ["--spotter", "nobody"])


def refused(command, folder, options):
    code = "from fleeting.cli import main; main()"
    command = [sys.executable, "-c", code, command, "--no-browser", "--folder", str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert options[0].strip("-") in done.stderr
    assert "Traceback" not in done.stderr


def test_which_addresses_are_only_this_machines():
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.168.1.4", "example.org")] == [True] * 3 + [
        False
    ] * 3


def test_a_server_for_others_answers_to_its_addresses_only():
    guard = Guard(None, TOKEN, "0.0.0.0")
    assert guard._is_ours("192.168.1.4:8377")
    assert guard._is_ours("localhost:8377")
    assert not guard._is_ours("evil.example:8377")
    assert not Guard(None, TOKEN, "127.0.0.1")._is_ours("192.168.1.4:8377")


def test_the_library_finds_what_is_there_by_identifiers_that_are_no_paths(results):
    library = Library([results.parent])
    (place,) = library.places("analysis")
    assert (place.path, place.name) == (results, "interview")
    assert library.place(place.id, "analysis") == place
    assert library.place(place.id, "run") is library.place("../interview", "analysis") is None
    assert library.within("interview.mp4") == results.parent / "interview.mp4"
    assert library.within("/etc/passwd") is library.within("../x") is library.within("\0") is None
    assert library.video_of(place)[0] == results.parent / "interview.mp4"
