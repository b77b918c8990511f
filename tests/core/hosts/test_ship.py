"""`lineage ship` and `lineage mirror` with a real broker: whoever is killed or away, the mirror has each byte."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
from functools import partial
from pathlib import Path

from lineage_core import Journal
from tests.core.hosts.brokers import LINEAGE, Field, event
from tests.wallclock import wait_until

DAY = "lineage-2026-11-22.jsonl"
NEXT = "lineage-2026-11-23.jsonl"


def append(path: Path, *numbers: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        for number in numbers:
            file.write(event(number))


def test_what_is_appended_stands_in_the_mirror_byte_for_byte(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, *range(3000))  # more than one message
    append(hosts.journal("a") / "archive" / "2026-10" / "lineage-2026-10-01.jsonl", 1)
    mirror, ship = hosts.mirror(), hosts.ship("a")
    hosts.agrees("a")
    append(hosts.journal("a") / DAY, 3000)
    append(hosts.journal("a") / NEXT, 1)
    with (hosts.journal("a") / DAY).open("ab") as file:
        file.write(b'{"torn')
    hosts.agrees("a")
    assert ship.end() == -signal.SIGTERM
    assert mirror.end() == -signal.SIGTERM
    said = (ship.lines() + mirror.lines()).splitlines()
    slow = ("it answers no more; trying again", "is there again")  # of a machine with much else to do
    assert len([line for line in said if not line.endswith(slow)]) == 2


def test_events_of_many_hosts_are_read_from_the_mirror(hosts: Field) -> None:
    for host in ("web-1", "db.example.org"):
        Journal(hosts.journal(host), environ={}).log("task_created", f"task-{host}", "user-kim")
        hosts.ship(host)
    hosts.mirror()
    hosts.agrees("web-1", "db.example.org")
    command = [*LINEAGE, "tasks", "--dir", str(hosts.mirror_directory), "--format", "csv"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "task-web-1" in out and "task-db.example.org" in out


def test_a_shipper_goes_on_where_the_broker_says_it_was(hosts: Field) -> None:
    """Also where its cursor knows less: it was killed before it could write it."""
    append(hosts.journal("a") / DAY, *range(10))
    hosts.mirror()
    ship = hosts.ship("a")
    hosts.agrees("a")
    ship.end()
    cursor = hosts.folder / "a.cursor"
    before = cursor.read_bytes()
    append(hosts.journal("a") / DAY, 10)
    ship.start()
    hosts.agrees("a")
    ship.kill()
    cursor.write_bytes(before)
    append(hosts.journal("a") / DAY, 11)
    ship.start()
    hosts.agrees("a")
    assert "gap" not in hosts.services[0].lines()


def test_a_shipper_that_has_lost_its_cursor_ships_again_and_changes_nothing(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, *range(10))
    append(hosts.journal("a") / NEXT, 1)
    mirror, ship = hosts.mirror(), hosts.ship("a")
    hosts.agrees("a")
    ship.kill()
    (hosts.folder / "a.cursor").unlink(missing_ok=True)
    append(hosts.journal("a") / NEXT, 2)
    ship.start()
    hosts.agrees("a")
    assert mirror.lines().count("\n") == 1


def test_a_broker_that_is_killed_loses_nothing(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, 1)
    mirror, ship = hosts.mirror(), hosts.ship("a")
    hosts.agrees("a")
    hosts.server.kill()
    ship.says("trying again; behind by ")
    mirror.says("trying again")
    append(hosts.journal("a") / DAY, *range(2, 2000))
    hosts.server.start()
    hosts.agrees("a")
    ship.says("is there again")


def test_a_broker_that_is_not_there_is_told_at_once_and_nobody_hangs(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, 1)
    hosts.server.kill()
    ship = hosts.ship("a")
    ship.says("connection refused; trying again; behind by 25 bytes")
    assert ship.end() == -signal.SIGTERM
    ship.start()
    hosts.server.start()
    hosts.mirror()
    hosts.agrees("a")


def test_a_broker_whose_disk_is_gone_gets_what_the_mirror_lacks(hosts: Field) -> None:
    """Also what it had taken and the mirror had not, of a file that nobody writes any more."""
    append(hosts.journal("a") / DAY, *range(2000))
    append(hosts.journal("a") / NEXT, 1)
    mirror, ship = hosts.mirror(), hosts.ship("a")
    hosts.agrees("a")
    mirror.kill()
    append(hosts.journal("a") / DAY, *range(2000, 4000))
    cursor, size = hosts.folder / "a.cursor", (hosts.journal("a") / DAY).stat().st_size
    wait_until(lambda: cursor.exists() and str(size) in cursor.read_text())  # it is written once a second
    hosts.server.kill()
    hosts.server.wipe()
    hosts.server.start()
    mirror.start()
    hosts.agrees("a")
    ship.says("the broker has lost what was shipped")
    mirror.says("a gap: the bytes from")
    mirror.says("is whole again")


def test_a_mirror_that_is_begun_anew_asks_for_what_the_broker_has_no_longer(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, *range(2000))
    mirror = hosts.mirror()
    hosts.ship("a")
    hosts.agrees("a")
    mirror.kill()
    subprocess.run(["rm", "-r", str(hosts.mirror_directory)], check=True)
    hosts.server.kill()
    hosts.server.wipe()
    hosts.server.start()
    mirror.start()
    hosts.agrees("a")


def test_a_mirror_that_is_killed_goes_on(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, *range(2000))
    mirror = hosts.mirror()
    hosts.ship("a")
    wait_until(lambda: (hosts.mirror_directory / "a" / DAY).exists())
    for number in range(5):
        mirror.kill()
        append(hosts.journal("a") / DAY, number)
        mirror.start()
    hosts.agrees("a")
    assert "gap" not in mirror.lines() and "replaced" not in mirror.lines()


def test_a_file_that_is_renamed_is_renamed_in_the_mirror(hosts: Field) -> None:
    """As logrotate does, with the next one in its place at once."""
    journal = hosts.journal("a")
    append(journal / DAY, *range(2000))
    hosts.mirror()
    hosts.ship("a")
    hosts.agrees("a")
    inode = (hosts.mirror_directory / "a" / DAY).stat().st_ino
    for turn in range(3):
        for number in range(turn, 0, -1):
            (journal / f"{DAY}.{number}").rename(journal / f"{DAY}.{number + 1}")
        (journal / DAY).rename(journal / f"{DAY}.1")
        append(journal / DAY, 10000 + turn)
        hosts.agrees("a")
    theirs = hosts.mirror_directory / "a"
    assert (theirs / f"{DAY}.3").stat().st_ino == inode
    names = {path.name for path in journal.iterdir()}
    wait_until(lambda: {path.name for path in theirs.iterdir()} == names)


def test_a_journal_that_was_replaced_stays_beside_the_new_one(hosts: Field) -> None:
    journal, theirs = hosts.journal("a"), hosts.mirror_directory / "a"
    append(journal / DAY, *range(100))
    mirror = hosts.mirror()
    hosts.ship("a")
    hosts.agrees("a")
    before = (journal / DAY).read_bytes()
    (journal / DAY).unlink()
    append(journal / DAY, *range(500, 700))
    hosts.agrees("a")
    mirror.says(f"a: {DAY} is of another journal now; what it was is set aside beside it")
    aside = [path for path in theirs.iterdir() if path.name.startswith(f"{DAY}.replaced-")]
    assert [path.read_bytes() for path in aside] == [before]


def test_a_backup_that_is_put_back_is_another_journal(hosts: Field) -> None:
    """It begins with the same line, and goes on otherwise."""
    journal = hosts.journal("a")
    append(journal / DAY, *range(100))
    hosts.mirror()
    hosts.ship("a")
    hosts.agrees("a")
    backup = (journal / DAY).read_bytes()[: 10 * len(event(1))]
    (journal / "new").write_bytes(backup + event(12345))
    (journal / "new").rename(journal / DAY)
    hosts.agrees("a")
    append(journal / DAY, 1)
    hosts.agrees("a")


def test_an_archived_file_comes_once_verified_and_takes_the_place_of_the_plain_one(hosts: Field) -> None:
    journal, theirs = hosts.journal("a"), hosts.mirror_directory / "a"
    append(journal / "lineage-2026-01-05.jsonl", *range(1000))
    append(journal / DAY, 1)
    mirror = hosts.mirror()
    hosts.ship("a")
    hosts.agrees("a")
    environ = os.environ | {"LINEAGE_NOW": "2026-11-23T08:00:00Z"}  # the month of the other file is not over
    archive = partial(
        subprocess.run, [*LINEAGE, "archive", "--dir", str(journal)], check=True, capture_output=True, env=environ
    )
    archive()
    packed = "archive/2026-01/lineage-2026-01-05.jsonl.gz"
    assert (journal / packed).exists()
    hosts.agrees("a")
    wait_until(lambda: not (theirs / "lineage-2026-01-05.jsonl").exists())
    mirror.says("is in another file now, byte for byte, and was removed")
    names = {path.relative_to(theirs).as_posix() for path in theirs.rglob("*") if path.is_file()}
    assert names == {DAY, packed}
    append(journal / "lineage-2026-01-05.jsonl", 1000)  # a late event of that day
    hosts.agrees("a")
    archive()
    hosts.agrees("a")
    wait_until(lambda: not (theirs / "lineage-2026-01-05.jsonl").exists())
    assert gzip.decompress((theirs / packed).read_bytes()).count(b"\n") == 1001


def test_a_packed_file_that_is_damaged_never_appears(hosts: Field) -> None:
    journal = hosts.journal("a")
    good = gzip.compress(event(1) * 1000)
    (journal / f"{DAY}.gz").write_bytes(good[:-10])
    append(journal / NEXT, 1)
    mirror = hosts.mirror()
    hosts.ship("a")
    mirror.says(f"refused from a: {DAY}.gz: it does not unpack")
    assert not (hosts.mirror_directory / "a" / f"{DAY}.gz").exists()
    (journal / "new").write_bytes(good)
    (journal / "new").rename(journal / f"{DAY}.gz")
    hosts.agrees("a")


def test_what_a_host_deletes_stays(hosts: Field) -> None:
    append(hosts.journal("a") / DAY, 1)
    append(hosts.journal("a") / NEXT, 1)
    hosts.mirror()
    hosts.ship("a")
    hosts.agrees("a")
    (hosts.journal("a") / DAY).unlink()
    append(hosts.journal("a") / NEXT, 2)
    hosts.agrees("a")
    assert (hosts.mirror_directory / "a" / DAY).read_bytes() == event(1)


def test_a_second_mirror_into_one_directory_is_refused(hosts: Field) -> None:
    hosts.mirror().says("goes into")
    wait_until(lambda: (hosts.mirror_directory / ".mirror" / "status.json").exists())
    command = [*LINEAGE, "mirror", "--from", hosts.server.url, str(hosts.mirror_directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 3
    assert done.stderr.endswith("position.json: one mirror for one directory\n")
