"""`lineage doctor` asks the broker: is it there, who is behind, are there gaps, are the clocks right."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from lineage_core.hosts.broker_message import Piece, identity_of
from tests.core.hosts.brokers import LINEAGE, Field, event
from tests.core.hosts.test_security import published
from tests.wallclock import SHIFT, wait_until

DAY = "lineage-2026-11-22.jsonl"
CHECKS = [word for name in ("broker", "behind", "gaps", "hosts", "clocks") for word in ("--check", name)]


def asked(*words: str, **environ: str) -> dict[str, list[dict[str, Any]]]:
    """The results by check."""
    command = [*LINEAGE, "doctor", "--json", *CHECKS, *words]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(out)["checks"]:
        found.setdefault(one["check"], []).append(one)
    return found


def test_of_a_host(hosts: Field) -> None:
    journal = hosts.journal("a")
    (journal / DAY).write_bytes(event(1))
    words = ["--to", hosts.server.url, "--host", "a", "--dir", str(journal), "--cursor", str(hosts.folder / "a.cursor")]
    hosts.mirror()
    (problem,) = asked(*words)["behind"]
    assert (problem["word"], problem["text"]) == ("problem", "nothing of a is at the broker yet")
    ship = hosts.ship("a")
    hosts.agrees("a")
    ship.end()
    with (journal / DAY).open("ab") as file:
        file.write(event(2))
    found = asked(*words)
    assert found["broker"][0]["word"] == "ok"
    assert found["behind"][0]["values"]["behind"] == len(event(2))
    if not SHIFT:  # libfaketime does not shift the broker's
        assert found["clocks"][0]["text"] == "the clock of a agrees with the broker's"
    hosts.server.kill()
    (problem,) = asked(*words)["broker"]
    assert problem["word"] == "problem"
    assert problem["text"].startswith(f"{hosts.server.url}: ")


def test_of_a_mirror(hosts: Field) -> None:
    (hosts.journal("a") / DAY).write_bytes(event(1))
    words = ["--from", hosts.server.url, "--dir", str(hosts.mirror_directory)]
    mirror = hosts.mirror()
    ship = hosts.ship("a")
    hosts.agrees("a")
    status = hosts.mirror_directory / ".mirror" / "status.json"
    wait_until(lambda: status.exists() and '"a"' in status.read_text())
    found = asked(*words)
    assert [one["word"] for one in found["broker"] + found["behind"] + found["gaps"]] == ["ok", "ok", "ok"]
    assert found["hosts"][-1]["text"] == "1 host said how they stand"
    assert found["clocks"][-1]["text"] == "the clocks of 1 host agree with the mirror's"
    ship.kill()
    text = event(5) + event(6)
    one = Piece("b", identity_of(text) or "", DAY, 30, 30 + len(text[30:]), text[30:])
    published(hosts.server, "lineage.journal.b", one.headers(), one.data)
    mirror.says(f"b: {DAY}: a gap: the bytes from 0 on are missing")
    mirror.says("a: not heard of for")
    wait_until(lambda: asked(*words)["hosts"][0]["text"].startswith("a was not heard of for"))
    assert asked(*words)["gaps"][0]["text"] == f"b: {DAY} lacks its bytes from 0 to {len(text)}"
