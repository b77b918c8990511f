"""What is refused: with a clear word, told in the log without secrets, and others are served on."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from lineage_core.base.errors import BadInputError
from lineage_core.cli.commands import serve
from lineage_core.web.access import host_of, path_of_ours
from lineage_core.web.settings import names_of
from tests.cli.conftest import LEGACY
from tests.core.web.conftest import TOKEN, Served, serving
from tests.wallclock import wait_until

BEARER = {"authorization": f"Bearer {TOKEN}"}

REFUSED = {
    "another host": ("GET", "/api/v1/tasks", {"host": "evil.example"}, 421, "not called by a name"),
    "a host that begins like ours": ("GET", "/", {"host": "localhost.evil.example"}, 421, "not called by a name"),
    "no host": ("GET", "/", {"host": ""}, 421, "not called by a name"),
    "a page of another site": ("GET", "/api/v1/tasks", {"origin": "http://evil.example"}, 403, "another site"),
    "a page of no site": ("GET", "/api/v1/tasks", {"origin": "null"}, 403, "another site"),
    "what another site embeds": ("GET", "/page/tasks", {"sec-fetch-site": "cross-site"}, 403, "another site"),
    "another port's page": ("GET", "/page/tasks", {"sec-fetch-site": "same-site"}, 403, "another site"),
    "writing": ("DELETE", "/api/v1/tasks", {}, 405, "reading is all"),
    "posting": ("POST", "/api/v1/tasks", {}, 405, "reading is all"),
    "a way out of the folder": ("GET", "/static/../../settings.py", {}, 404, "no such"),
    "a coded way out": ("GET", "/static/%2e%2e%2fapp.js", {}, 404, "no such"),
    "a doubly coded way out": ("GET", "/static/%252e%252e%252fsettings.py", {}, 404, "no such"),
    "a file of the system": ("GET", "/static//etc/passwd", {}, 404, "no such"),
    "a directory of the asker": ("GET", "/api/v1/tasks?dir=/etc", {}, 400, "no parameter"),
    "a long query": ("GET", "/api/v1/tasks?filter=" + "x" * 40_000, {}, 414, "too long"),
    "a token in the address": ("GET", f"/api/v1/tasks?token={TOKEN}", {}, 400, "never stands in an address"),
    "ten thousand parameters": ("GET", "/api/v1/tasks?" + "f=1&" * 8_000, {}, 400, "no parameter"),
    "a search for ever": ("GET", "/api/v1/events?grep=(((a{100}){100}){100}){100}", {}, 400, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_and_the_next_request_is_answered(name: str, served_legacy: Served) -> None:
    method, path, headers, status, word = REFUSED[name]
    answer = served_legacy.client.request(method, path, headers=headers)
    assert answer.status_code == status, answer.text
    assert word in answer.json()["error"]
    assert "content-security-policy" in answer.headers
    assert served_legacy.client.get("/api/v1/summary?task=task-a-rollout").status_code == 200


def test_a_body_of_ten_megabytes_is_refused_with_and_without_its_length(served_legacy: Served) -> None:
    body = b"x" * 10_000_000
    for content in (body, iter([body[: 1 << 20]] * 10)):
        try:
            answer = served_legacy.client.post("/login", content=content)
        except (OSError, httpx.TransportError):
            continue  # the connection was closed while we were still sending
        assert answer.status_code == 413
        assert "too long" in answer.json()["error"]
    assert served_legacy.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}, {"sec-fetch-site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["ws/events", "ws/tasks", "graphql"])
def test_a_websocket_of_another_site_is_refused(path: str, headers: dict[str, str], served_legacy: Served) -> None:
    origin, host = headers.get("origin"), headers.get("host")
    headers = {name: value for name, value in headers.items() if name.startswith("sec-")}
    address = served_legacy.websocket + path
    where = address.replace("127.0.0.1", host) if host else address
    with (
        socket.create_connection(("127.0.0.1", served_legacy.port)) as opened,
        pytest.raises(InvalidStatus) as refused,
        connect(where, sock=opened, origin=origin, additional_headers=headers, open_timeout=120),  # type: ignore[arg-type]
    ):
        pass
    assert refused.value.response.status_code in (403, 421)


def test_without_the_token_nothing_is_told(guarded: Served) -> None:
    ask = guarded.client.get
    for path in (
        "/",
        "/api/v1/tasks",
        "/page/tasks",
        "/metrics",
        "/api/v1/openapi.json",
        "/static/page.js",
        "/nothing",
    ):
        for headers in (
            {},
            {"authorization": "Bearer wrong"},
            {"cookie": "lineage=wrong"},
            {"cookie": "lineage=;;=\x01"},
        ):
            answer = ask(path, headers=headers)
            assert answer.status_code == 401
            assert "token" in answer.text
            assert "task-a-rollout" not in answer.text
    assert ask("/healthz").json() == {"status": "ok"}
    assert ask("/api/v1/tasks", headers=BEARER).status_code == 200
    assert ask("/api/v1/tasks", headers={"host": "cortex.example", **BEARER}).status_code == 200
    with pytest.raises(InvalidStatus) as refused, connect(guarded.websocket + "ws/events", open_timeout=120):
        pass
    assert refused.value.response.status_code == 401
    with connect(guarded.websocket + "ws/events", additional_headers=BEARER, open_timeout=120) as opened:
        assert "cursor" in opened.recv(timeout=120)


def test_a_login_gives_a_cookie_that_tells_no_token_and_leads_back(guarded: Served) -> None:
    asked = guarded.client.get("/task/task-a-rollout?at=x", headers={"accept": "text/html"})
    assert asked.status_code == 401
    assert 'name="next" value="/task/task-a-rollout"' in asked.text
    wrong = guarded.client.post("/login", data={"password": "wrong", "next": "/"})
    assert (wrong.status_code, "That is not the token." in wrong.text) == (401, True)
    for where, to in (("/task/x", "/task/x"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")):
        right = guarded.client.post("/login", data={"password": TOKEN, "next": where})
        assert (right.status_code, right.headers["location"]) == (303, to)
    cookie = right.headers["set-cookie"]
    assert TOKEN not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    session = {"cookie": cookie.partition(";")[0]}
    guarded.client.cookies.clear()
    assert guarded.client.get("/api/v1/tasks", headers=session).status_code == 200
    assert guarded.client.get("/api/v1/tasks").status_code == 401
    other = guarded.client.post("/login", data={"password": TOKEN}, headers={"origin": "http://evil.example"})
    assert other.status_code == 403


def test_the_log_tells_what_was_refused_and_no_secret(guarded: Served) -> None:
    for path, headers in (
        (f"/api/v1/tasks?token={TOKEN}", {}),
        ("/api/v1/tasks", {"authorization": f"Basic {TOKEN}"}),
        ("/api/v1/tasks?grep=SECRET-TEXT", {"host": "evil.example"}),
        ("/%1b]0;title%07", BEARER),
    ):
        guarded.client.get(path, headers=headers)
    guarded.client.post("/login", data={"password": TOKEN + "x"})
    wait_until(lambda: "refused a login from 127.0.0.1" in guarded.log.read_text())
    told = guarded.log.read_text()
    assert "refused 400 127.0.0.1 GET /api/v1/tasks" in told
    assert "refused 421 127.0.0.1 GET" in told
    assert "refused a login from 127.0.0.1" in told
    assert TOKEN not in told
    assert "SECRET-TEXT" not in told
    assert "\x1b" not in told


def test_a_head_that_comes_too_slowly_is_ended_and_others_are_served(tmp_path: Path) -> None:
    program = (
        "import lineage_core.web.server as s, sys; s.HEADER_SECONDS = 5; from lineage_core.cli import main; "
        f"sys.exit(main(['serve', '--port', '0', '--dir', {str(LEGACY)!r}]))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        while not (found := re.search(r"127\.0\.0\.1:(\d+)/", process.stderr.readline())):
            pass
        where = ("127.0.0.1", int(found[1]))
        slow = [socket.create_connection(where) for _ in range(50)]
        for one in slow[1:]:
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        with socket.create_connection(where) as quick:
            quick.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert quick.recv(100)[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 503")
        for one in slow:
            told = b""
            while piece := one.recv(1000):
                told += piece
            assert told.startswith(b"HTTP/1.1 408 ")
            length = int(re.findall(rb"content-length: (\d+)", told)[0])
            assert len(told.partition(b"\r\n\r\n")[2]) == length
            one.close()
    finally:
        process.terminate()
        process.communicate(timeout=120)
    assert process.returncode == 0


def test_without_its_packages_it_says_in_a_line_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PACKAGES", ("starlette", "no_such_package"))
    with pytest.raises(serve.MissingExtraError, match=r"needs no_such_package: pip install 'lineage-tui\[web\]'"):
        serve.need_extra()


def test_other_hosts_may_ask_only_with_a_token() -> None:
    with pytest.raises(BadInputError, match="--token-file"):
        names_of("0.0.0.0", [], None)
    with pytest.raises(BadInputError, match="--token-file"):
        names_of("127.0.0.1", ["cortex.example"], None)
    assert names_of("10.0.0.1", ["Cortex.example"], TOKEN) >= {"10.0.0.1", "cortex.example", "localhost"}


@pytest.mark.parametrize(
    ("content", "mode", "word"),
    [
        ("short", 0o600, "16 or more"),
        ("a token of words", 0o600, "blanks"),
        (TOKEN, 0o644, "chmod 600"),
        (None, 0, "cannot"),
    ],
)
def test_a_token_file_that_is_none_is_refused(content: str | None, mode: int, word: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    command = [sys.executable, "-m", "lineage_core.cli", "serve", "--dir", str(LEGACY), "--token-file", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode in (2, 3)
    assert word in done.stderr
    assert content is None or content not in done.stderr.replace(str(file), "")


def test_a_port_that_is_taken_is_told(served_legacy: Served) -> None:
    command = [sys.executable, "-m", "lineage_core.cli", "serve", "--dir", str(LEGACY)]
    done = subprocess.run([*command, "--port", str(served_legacy.port)], capture_output=True, text=True, timeout=120)
    assert (done.returncode, "cannot listen on 127.0.0.1 port" in done.stderr) == (3, True)


def test_hosts_and_paths_are_taken_apart() -> None:
    assert [host_of(one) for one in ("LocalHost:80", "[::1]:80", "[::1]", "a.b")] == ["localhost", "::1", "::1", "a.b"]
    assert [path_of_ours(one) for one in ("/x?y", "//x", "x", "/\n")] == ["/x?y", "/", "/", "/"]


def test_tls_by_a_certificate_of_ours(tmp_path: Path, need_tool: object) -> None:
    openssl = need_tool("openssl")  # type: ignore[operator]
    both = tmp_path / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run([*command, "-keyout", both, "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    both.write_text(both.read_text() + (tmp_path / "cert.pem").read_text())
    with serving(LEGACY, tmp_path / "server", "--tls-cert", str(both)) as one:
        assert one.url.startswith("https://")
        assert one.client.get("/api/v1/tasks").status_code == 200
