"""What the server's configuration in the README forbids, and what a mirror refuses all the same."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import nats
import nats.errors
import nkeys
import pytest

from lineage_core.hosts.broker_message import Piece, identity_of
from tests.conftest import ROOT
from tests.core.hosts.brokers import Field, Server, contents, event, field
from tests.wallclock import wait_until

DAY = "lineage-2026-11-22.jsonl"
TEXT = event(1) + event(2)


def configuration() -> str:
    """The server's configuration as the README has it."""
    page = (ROOT / "lineage_core" / "hosts" / "README.md").read_text()
    match = re.search(r"<!-- nats-server.conf -->\n```conf\n(.*?)```", page, re.DOTALL)
    assert match is not None
    return match[1]


def key_pair(folder: Path, name: str) -> str:
    """A new nkey: the seed goes into a file, the public key is given."""
    import base64
    import os

    prefix = bytes([(18 << 3) | (20 << 3 >> 5), (20 << 3 & 31) << 3])  # SEED of a USER
    body = prefix + os.urandom(32)
    crc = 0
    for byte in body:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    seed = base64.b32encode(body + crc.to_bytes(2, "little")).rstrip(b"=")
    (folder / name).write_bytes(seed)
    (folder / name).chmod(0o600)
    return str(nkeys.from_seed(bytearray(seed)).public_key.decode())


@pytest.fixture
def guarded(tmp_path: Path, binary: str, need_tool: Callable[[str], str]) -> Iterator[Field]:
    """A server with the README's configuration, its keys and certificates made anew; its hosts are web-1 and web-2."""
    openssl = need_tool("openssl")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30000", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    command += ["-keyout", str(tmp_path / "broker.key"), "-out", str(tmp_path / "broker.pem")]
    subprocess.run(command, check=True, capture_output=True)
    text = configuration()
    text = text.replace("/etc/nats/", f"{tmp_path}/").replace("/var/lib/nats", f"{tmp_path}/broker/store")
    text = text.replace("UMIRROR", key_pair(tmp_path, "mirror.nk")).replace("UWEB1", key_pair(tmp_path, "web-1.nk"))
    if "2.9" in subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout:
        conf = tmp_path / "as-it-is.conf"
        conf.write_text(text)
        told = subprocess.run([binary, "-t", "-c", str(conf)], capture_output=True, text=True, check=False)
        assert 'unknown field "sync_interval"' in told.stderr + told.stdout  # as the README says
        text = re.sub(r"^ *sync_interval.*\n", "", text, flags=re.MULTILINE)
    with field(tmp_path, binary) as one:
        one.server.kill()
        text = text.replace("port: 4222", f'host: 127.0.0.1\nport: {one.server.port}\npid_file: "{tmp_path}/pid"')
        (one.server.folder / "server.conf").write_text(text)
        one.server.url = one.server.url.replace("nats:", "tls:")
        one.server.start()
        yield one


def words(place: Field, name: str) -> list[str]:
    return ["--nkey", str(place.folder / f"{name}.nk"), "--ca", str(place.folder / "broker.pem")]


def test_with_this_configuration_a_host_can_ship_and_the_mirror_mirrors(guarded: Field) -> None:
    (guarded.journal("web-1") / DAY).write_bytes(TEXT)
    mirror = guarded.mirror(*words(guarded, "mirror"))
    ship = guarded.ship("web-1", *words(guarded, "web-1"))
    guarded.agrees("web-1")
    ship.end()
    with (guarded.journal("web-1") / DAY).open("ab") as file:
        file.write(event(3))
    (guarded.folder / "web-1.cursor").unlink()
    ship.start()  # asks for its last message
    guarded.agrees("web-1")
    (guarded.mirror_directory / "web-1" / DAY).write_bytes(event(1)[:5])  # a gap, which is asked for
    with (guarded.journal("web-1") / DAY).open("ab") as file:
        file.write(event(4))
    guarded.agrees("web-1")
    for service in (mirror, ship):
        assert "violation" not in service.lines(), service.lines()


@pytest.mark.first
def test_another_hosts_name_and_wrong_keys_are_refused_and_told(guarded: Field) -> None:
    (guarded.journal("web-2") / DAY).write_bytes(TEXT)
    guarded.mirror(*words(guarded, "mirror"))
    ship = guarded.ship("web-2", *words(guarded, "web-1"))
    ship.says("permissions violation for publish to")
    key_pair(guarded.folder, "stranger.nk")
    stranger = guarded.ship("web-3", *words(guarded, "stranger"))
    stranger.says(("Authorization Violation", "are the credentials right?"))
    nobody = guarded.ship("web-4", "--ca", str(guarded.folder / "broker.pem"))
    nobody.says(("Authorization Violation", "are the credentials right?"))
    untrusting = guarded.ship("web-5")
    untrusting.says("TLS: CERTIFICATE_VERIFY_FAILED")
    assert contents(guarded.mirror_directory) == {}


FORBIDDEN = (
    "lineage.journal.web-2",
    "lineage.status.web-2",
    "lineage.ask.web-1",
    "$JS.API.STREAM.DELETE.LINEAGE",
    "$JS.API.STREAM.PURGE.LINEAGE",
    "$JS.API.STREAM.INFO.LINEAGE",
    "$JS.API.STREAM.MSG.GET.LINEAGE",
    "$JS.API.STREAM.MSG.DELETE.LINEAGE",
    "$JS.API.DIRECT.GET.LINEAGE",
    "$JS.API.DIRECT.GET.LINEAGE.lineage.journal.web-2",
    "$JS.API.CONSUMER.CREATE.LINEAGE",
    "$JS.API.STREAM.CREATE.OTHER",
)
OVERHEARD = ("lineage.journal.>", "lineage.status.>", "_INBOX_mirror.>", "_INBOX_ship.web-2.>", ">")


def test_a_host_may_do_nothing_else(guarded: Field) -> None:
    """It can neither write to subjects of others, nor read or remove what others wrote, nor listen to their answers."""
    guarded.mirror(*words(guarded, "mirror"))
    troubles: list[str] = []

    async def trouble(error: Exception) -> None:
        troubles.append(str(error))

    async def tries() -> None:
        context = ssl.create_default_context(cafile=str(guarded.folder / "broker.pem"))
        seed = str(guarded.folder / "web-1.nk")
        client = await nats.connect(
            guarded.server.url, nkeys_seed=seed, tls=context, error_cb=trouble, allow_reconnect=False
        )
        for subject in FORBIDDEN:
            await client.publish(subject, b"{}")
        for subject in OVERHEARD:
            await client.subscribe(subject)
        await client.flush()
        await client.close()

    def refused() -> bool:
        """Whether each was; it is tried again if the connection ended before all answers were heard."""
        asyncio.run(tries())
        heard = " ".join(troubles).lower()
        listening = [f'subscription to "{subject}"' for subject in OVERHEARD]
        return all(words.lower() in heard for words in (*(f'publish to "{one}"' for one in FORBIDDEN), *listening))

    wait_until(refused)


def test_an_answer_that_is_led_to_another_host_is_refused(guarded: Field) -> None:
    """The server answers to any subject that is asked for: by that a host can write to another one's, but nothing that
    would be taken."""
    mirror = guarded.mirror(*words(guarded, "mirror"))
    one = Piece("web-1", identity_of(TEXT) or "", DAY, 0, len(TEXT), TEXT)

    async def tries() -> None:
        context = ssl.create_default_context(cafile=str(guarded.folder / "broker.pem"))
        client = await nats.connect(guarded.server.url, nkeys_seed=str(guarded.folder / "web-1.nk"), tls=context)
        await client.publish("lineage.journal.web-1", TEXT, reply="lineage.journal.web-2", headers=one.headers())
        question = "$JS.API.DIRECT.GET.LINEAGE.lineage.journal.web-1"
        await client.publish(question, b"", reply="lineage.journal.web-2")
        await client.flush()
        await client.close()

    asyncio.run(tries())
    mirror.says("refused from web-2: it says to come from")
    wait_until(lambda: contents(guarded.mirror_directory) == {f"web-1/{DAY}": TEXT})


def published(server: Server, subject: str, headers: dict[str, str], data: bytes) -> None:
    """Publish by somebody who may."""

    async def publish() -> None:
        client = await nats.connect(server.url)
        await client.publish(subject, data, headers=headers)
        await client.flush()
        await client.close()

    asyncio.run(publish())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"Lineage-End": "999"}, "are not the"),
        ({"Lineage-Host": "b"}, "it says to come from 'b'"),
        ({"Lineage-File": f"../../{DAY}"}, "no plain name of a journal file"),
        ({"Lineage-File": f".mirror/{DAY}"}, "no plain name of a journal file"),
        ({"Lineage-Journal": "0" * 16}, "its beginning is not that of the journal"),
    ],
)
def test_what_lies_is_told_and_nothing_is_written(hosts: Field, changed: dict[str, str], told: str) -> None:
    mirror = hosts.mirror()
    one = Piece("a", identity_of(TEXT) or "", DAY, 0, len(TEXT), TEXT)
    published(hosts.server, "lineage.journal.a", one.headers() | changed, TEXT)
    mirror.says(f"refused from a: {told}" if "says" in told or "plain" in told else told)
    published(hosts.server, "lineage.journal.a", one.headers(), TEXT)
    wait_until(lambda: contents(hosts.folder / "mirror") == {f"a/{DAY}": TEXT})
    assert {path.name for path in hosts.folder.iterdir()} == {"broker", "mirror", "mirror.log"}


HOSTILE = ("a/b", "-x", "archive", "~", "$HOME", "\x1b[31mred", "..%2f", "x" * 300, "\u202eevil")


def test_hosts_with_hostile_names_are_told_in_printable_words_and_nothing_is_written(hosts: Field) -> None:
    mirror = hosts.mirror()
    for host in HOSTILE:
        one = Piece(host, identity_of(TEXT) or "", DAY, 0, len(TEXT), TEXT)
        with suppress(ValueError, nats.errors.Error):  # what the client itself does not send
            published(hosts.server, f"lineage.journal.{host}", one.headers() | {"Lineage-Host": "a"}, TEXT)
            published(hosts.server, f"lineage.status.{host}", {}, b'{"behind":"\x1b[2J"}')
    far = Piece("a", identity_of(TEXT) or "", DAY, 10**14, 10**14 + len(TEXT), TEXT)
    published(hosts.server, "lineage.journal.a", far.headers(), TEXT)
    mirror.says(f"a: {DAY}: a gap: the bytes from 0 on are missing")
    for words in (
        "refused from a/b: no name of a host: 'a/b'",
        "refused from archive: no name of a host",
        "refused from -x",
    ):
        mirror.says(words)
    mirror.says("what it says of itself is not understood")
    assert mirror.lines().replace("\n", "").isprintable()
    assert all(len(line) < 400 for line in mirror.lines().splitlines())
    assert contents(hosts.folder) == {}
    assert {path.name for path in hosts.folder.iterdir()} == {"broker", "mirror", "mirror.log"}
    assert {path.name for path in hosts.mirror_directory.iterdir()} <= {".lineage-hosts", ".mirror"}


def test_a_message_of_100_mb_ends_the_connection_of_who_sends_it(hosts: Field) -> None:
    mirror = hosts.mirror()
    with socket.create_connection(("127.0.0.1", hosts.server.port)) as raw:
        raw.sendall(b'CONNECT {"verbose":false,"headers":true}\r\nPUB lineage.journal.a 100000000\r\n')
        answer = b""
        while data := raw.recv(1 << 16):
            answer += data
    assert b"maximum payload" in answer.lower()
    one = Piece("a", identity_of(TEXT) or "", DAY, 0, len(TEXT), TEXT)
    published(hosts.server, "lineage.journal.a", one.headers(), TEXT)
    wait_until(lambda: contents(hosts.mirror_directory))  # it went on
    assert mirror.lines().count("\n") == 1


def test_a_server_that_takes_longer_messages_does_not_store_them(tmp_path: Path, binary: str) -> None:
    with field(tmp_path, binary, "max_payload: 8MB\n") as place:
        place.mirror()
        long = TEXT + bytes(2_000_000)
        one = Piece("a", identity_of(TEXT) or "", DAY, 0, len(long), long)
        published(place.server, "lineage.journal.a", one.headers(), long)
        published(
            place.server, "lineage.journal.b", Piece(*("b", *one[1:])).headers() | {"Lineage-End": str(len(TEXT))}, TEXT
        )
        wait_until(lambda: contents(place.mirror_directory) == {f"b/{DAY}": TEXT})
