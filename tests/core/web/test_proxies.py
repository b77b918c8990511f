"""The proxies of the README before a real server: page, login and live events through TLS, by the name of the host."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests.build import compact, record
from tests.conftest import ROOT
from tests.core.web.conftest import TOKEN, Served, serving
from tests.ports import unused_port
from tests.wallclock import wait_until

NAME = "cortex.example.org"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The daily file of a journal of one event."""
    path = tmp_path_factory.mktemp("proxied") / "lineage" / "lineage-2026-11-22.jsonl"
    path.parent.mkdir()
    path.write_bytes(compact(record(1)))
    return path


@pytest.fixture(scope="module")
def one(journal: Path) -> Iterator[Served]:
    token = journal.parents[1] / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    words = ("--token-file", str(token), "--name", NAME)
    with serving(journal.parent, journal.parents[1] / "server", *words) as served:
        yield served


def snippet(language: str) -> str:
    """What the README gives in this language."""
    text = (ROOT / "lineage_core/web/README.md").read_text()
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(params=["nginx", "caddy"])
def proxied(
    request: pytest.FixtureRequest, need_tool: Callable[[str], str], tmp_path: Path, one: Served
) -> Iterator[int]:
    """The port of a proxy that is configured as the README says, with other ports and certificates."""
    port = unused_port()
    if request.param == "nginx":
        program = need_tool("nginx")
        key, certificate = tmp_path / "cortex.key", tmp_path / "cortex.pem"
        subprocess.run(
            [need_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}",
             "-keyout", str(key), "-out", str(certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        text = (
            snippet("nginx").replace("/etc/ssl/cortex.pem", str(certificate)).replace("/etc/ssl/cortex.key", str(key))
        )
        folders = "".join(
            f"{name}_temp_path {tmp_path / name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;" if os.geteuid() == 0 else ""
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        text = f"{user} daemon off; pid {tmp_path}/pid; events {{}}\nhttp {{ access_log off; {folders}\n{text} }}"
        command = [program, "-c", str(tmp_path / "config"), "-e", str(tmp_path / "errors")]
    else:
        program = need_tool("caddy")
        text = f"{{\nadmin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\nhttps_port {port}\n}}\n"
        text += snippet("caddyfile")
        command = [program, "run", "--adapter", "caddyfile", "--config", str(tmp_path / "config")]
    text = text.replace("127.0.0.1:8765", f"127.0.0.1:{one.port}")
    (tmp_path / "config").write_text(text)
    with (tmp_path / "out").open("wb") as out:
        environment = os.environ | {
            "HOME": str(tmp_path),
            "XDG_DATA_HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
        }
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        wait_until(lambda: process.poll() is not None or _answers(port))
        assert process.poll() is None, (tmp_path / "out").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(120)


def _context() -> ssl.SSLContext:
    """TLS that takes any certificate: whose it is, is not what is asked here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _answers(port: int) -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            _context().wrap_socket(plain, server_hostname=NAME),
        ):
            return True
    except OSError:
        return False


async def test_page_login_and_live_events_come_through_a_proxy(proxied: int, journal: Path, one: Served) -> None:
    at = f"{NAME}:{proxied}"
    sni = {"sni_hostname": NAME}
    with httpx.Client(base_url=f"https://127.0.0.1:{proxied}", verify=False, headers={"Host": at}) as client:
        assert client.get("/healthz", extensions=sni).status_code == 200
        assert client.get("/", extensions=sni).status_code == 401
        login = client.post(
            "/login", data={"password": TOKEN, "next": "/"}, headers={"Origin": f"https://{at}"}, extensions=sni
        )
        assert login.status_code == 303 and login.headers["location"] == "/"
        cookie = login.headers["set-cookie"]
        assert "Secure" in cookie and "HttpOnly" in cookie, "the server knows that it is asked by TLS"
        cookie = cookie.partition(";")[0]
        page = client.get("/", headers={"Cookie": cookie}, extensions=sni)
        assert page.status_code == 200 and "content-security-policy" in page.headers
        tasks = client.get("/api/v1/tasks", headers={"Authorization": f"Bearer {TOKEN}"}, extensions=sni).json()
        assert record(1)["task_id"] in [task["task_id"] for task in tasks]
        elsewhere = client.get("/healthz", headers={"Host": "evil.example"}, extensions=sni)
        assert elsewhere.status_code != 200 or not elsewhere.content, "another name reaches nothing"
    # No thread reads here while another one writes: OpenSSL may lose what is sent then.
    async with connect(
        f"wss://{at}/ws/events", host="127.0.0.1", port=proxied, ssl=_context(), server_hostname=NAME,
        additional_headers={"Cookie": cookie}, origin=Origin(f"https://{at}"), open_timeout=120,
    ) as live:  # fmt: skip
        first = orjson.loads(await live.recv())
        assert first["events"] == [] and first["cursor"]
        number = os.getpid() + proxied
        with journal.open("ab") as file:
            file.write(compact(record(number)))
        seen: list[str] = []
        while not seen:
            seen += [event["lineage_id"] for event in orjson.loads(await live.recv())["events"]]
        assert seen == [record(number)["lineage_id"]]
