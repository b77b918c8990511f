"""The ways out: a program, an HTTP address, an Alertmanager, a file. Each is bounded in time and in what it may say.

A delivery gives an empty text, or in one line why it failed. Text from events is data in all of them: JSON on standard
input, JSON in a body, labels; never an argument, never a shell.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import selectors
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any

from lineage_core.alerts.alert_state import AlertMessage
from lineage_core.alerts.settings import Hook
from lineage_core.base.clock import SECOND

MOST_OUTPUT = 65_536
"""Bytes that a program or an answer may have; of the first 200 of standard error one line is told."""


def deliver(hook: Hook, message: AlertMessage) -> str:
    """Deliver one message; why it failed, or an empty text."""
    body = json.dumps(message, ensure_ascii=True).encode()
    if hook.kind == "exec":
        return run(hook, body)
    if hook.kind == "file":
        return append(hook.target[0], body + b"\n")
    return post(hook.target[0], body, hook)


def run(hook: Hook, body: bytes) -> str:
    """Start a program with the message on its standard input; its whole process group ends with its time."""
    try:
        process = subprocess.Popen(  # noqa: S603 (the operator's own words, as they stand in the file of settings)
            hook.target,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        return f"{hook.target[0]}: {error.strerror}"
    deadline = time.monotonic() + hook.timeout / SECOND
    try:
        said, trouble = _talk(process, body, deadline)
        if not trouble:
            try:
                code = process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                trouble = f"still ran after {hook.timeout / SECOND:g} s and was ended"
            else:
                lines = said.decode("utf-8", "replace").strip().splitlines() or [""]
                trouble = f"ended with {code}{': ' + lines[0][:200] if lines[0] else ''}" if code else ""
        elif trouble == "time":
            trouble = f"still ran after {hook.timeout / SECOND:g} s and was ended"
        return trouble
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _talk(process: subprocess.Popen[bytes], body: bytes, deadline: float) -> tuple[bytes, str]:
    """Write the body and read what is said, until both ends are closed; the standard error, and what went wrong."""
    said: dict[int, bytes] = {}
    total = 0
    with selectors.DefaultSelector() as selector:
        pipes: list[IO[bytes]] = [pipe for pipe in (process.stdin, process.stdout, process.stderr) if pipe is not None]
        for pipe in pipes:
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ)
        while selector.get_map():
            if (left := deadline - time.monotonic()) <= 0:
                return b"", "time"
            for key, _ in selector.select(left):
                if key.fileobj is process.stdin:
                    try:
                        body = body[os.write(key.fd, body) :]
                    except BrokenPipeError:
                        body = b""
                    except BlockingIOError:
                        continue
                    if not body:
                        selector.unregister(key.fileobj)
                        process.stdin.close()
                    continue
                data = os.read(key.fd, 8192)
                total += len(data)
                if total > MOST_OUTPUT:
                    return b"", f"said more than {MOST_OUTPUT:,} bytes and was ended"
                if data:
                    said[key.fd] = said.get(key.fd, b"") + data
                else:
                    selector.unregister(key.fileobj)
    return said.get(process.stderr.fileno() if process.stderr is not None else -1, b""), ""


def append(path: str, line: bytes) -> str:
    """Append a line to a file, in one write, and let it reach the disk."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o640)
        try:
            if os.write(fd, line) != len(line):
                return f"{path}: only a part could be written"
            with suppress(OSError):  # a pipe cannot
                os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def post(url: str, body: bytes, hook: Hook) -> str:
    """POST a body as JSON. With a secret it is signed: X-Lineage-Signature is `t=SECONDS,v1=HEX`, of which HEX is the
    HMAC-SHA256 of `SECONDS.BODY`. X-Lineage-Delivery is the same for each try."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "lineage-alert",
        "X-Lineage-Delivery": hashlib.sha256(body).hexdigest()[:32],
    }
    if hook.secret:
        at = str(int(time.time()))
        mac = hmac.new(hook.secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers["X-Lineage-Signature"] = f"t={at},v1={mac}"
    return request(url, body, headers, hook.timeout)


def request(url: str, body: bytes | None, headers: dict[str, str], timeout: int) -> str:
    """One HTTP request without redirects; why it failed, or an empty text. The time is that of each wait."""
    asked = urllib.request.Request(url, body, headers)  # noqa: S310 (settings take http and https only)
    try:
        with _OPENER.open(asked, timeout=timeout / SECOND) as answer:
            answer.read(MOST_OUTPUT)
    except urllib.error.HTTPError as error:
        with error:
            return f"{url}: {error.code} {error.reason}"[:300]
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"{url}: {reason}"[:300]
    except Exception as error:  # noqa: BLE001 (http.client has its own: an answer that is no HTTP)
        return f"{url}: {type(error).__name__}"
    return ""


def to_alertmanager(hook: Hook, messages: Iterable[AlertMessage], until: str) -> str:
    """Tell an Alertmanager (API v2) what fires, to be told again before `until`, and what has been resolved."""
    alerts = []
    for one in messages:
        labels = {
            "alertname": one["rule"],
            "alert_id": one["alert_id"],
            "finding": one["finding"],
            "severity": one["severity"],
            "task_id": one["task_id"],
            "master": one["master"],
            "priority": one["priority"],
        }
        alerts.append(
            {
                "labels": {name: value for name, value in labels.items() if value},
                "annotations": {"summary": one["sentence"], "since": one["since"]},
                "startsAt": one["fired_at"],
                "endsAt": one["resolved_at"] or until,
            }
        )
    body = json.dumps(alerts).encode()
    return request(f"{hook.target[0]}/api/v2/alerts", body, {"Content-Type": "application/json"}, hook.timeout)
