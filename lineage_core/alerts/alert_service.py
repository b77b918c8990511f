"""`lineage alert` as a service: tails the journal, looks at set times, and delivers what fires and resolves."""

from __future__ import annotations

import fcntl
import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

from lineage_core.alerts.alert_state import AlertBook, AlertMessage, Delivery
from lineage_core.alerts.delivery import deliver, request, to_alertmanager
from lineage_core.alerts.periodic_checks import Looks, first_look, go_through
from lineage_core.alerts.settings import AlertSettings, Heartbeat, Hook
from lineage_core.base import clock, user_files
from lineage_core.base.clock import DAY, HOUR, MINUTE, SECOND, format_timestamp
from lineage_core.base.errors import JournalError
from lineage_core.read.tailer import Tailer
from lineage_core.rules.feed_health import FeedHealth, feed_findings
from lineage_core.rules.thresholds import Thresholds

GRACE = SECOND // 2
"""A look is made so long after its time: by then what was written has been read."""

CATCH_UP = HOUR
"""After a restart, looks that were missed are made up for, if they are not older than that."""

GIVE_UP = DAY
"""A message that no try delivered in that time is given up, and told."""

AGAIN = MINUTE
"""What fires is told to an Alertmanager again so often; it forgets after three times of that."""

_LONGEST_WAIT = 5 * MINUTE  # between two tries

Say = Callable[[str], None]


class AlertService:
    """One directory, one file of settings, one book. say: called with each line for people; fired: with each message
    that fires or resolves."""

    def __init__(
        self,
        directory: Path,
        settings: AlertSettings,
        book_path: Path,
        limits: Thresholds,
        say: Say,
        fired: Callable[[AlertMessage], None] = lambda message: None,
    ) -> None:
        self._directory = directory
        self._settings = settings
        self._path = book_path
        self._looks = Looks(settings, limits)
        self._say = say
        self._fired = fired
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._more = {name: threading.Event() for name in settings.hooks}
        self._lock_of_book = _only_one(book_path)
        self._book = AlertBook.load(book_path)
        self._book.outbox = [one for one in self._book.outbox if one.hook in settings.hooks]
        self._quarantined: Counter[str] = Counter()
        self._tailer = Tailer(directory)
        self._beaten_at = self._saved_at = 0
        self._logged: set[str] = set()

    def run(self) -> None:
        """Look and deliver until `stop`. Raises JournalError where the book cannot be written."""
        threads = [threading.Thread(target=self._serve, args=(hook,), daemon=True) for hook in self._hooks()]
        every = self._settings.every
        now = clock.now()
        self._read()
        missed = self._book.looked_at
        start = missed + every if missed and now - missed <= CATCH_UP else now - now % every
        self._looks.begin(start - 1)
        for looked, missed_ones in go_through(self._looks, self._book, start, now - GRACE):
            self._after(looked, missed_ones)
        for thread in threads:
            thread.start()
        at = first_look(max(self._book.looked_at + 1, clock.now() - GRACE), every)
        while not self._stop.wait(max(0, at + GRACE - clock.now()) / SECOND):
            self._read()
            feed = feed_findings(self._health(), at)
            holding = self._looks.look(at, feed)
            with self._lock:
                messages = self._book.look(self._looks.rules, holding, self._looks.labels, at)
            self._after(at, messages)
            self._beat()
            at = max(at + every, first_look(clock.now() - GRACE - 10 * every, every))
        for event in self._more.values():
            event.set()
        for thread in threads:
            thread.join(max((hook.timeout for hook in self._hooks()), default=0) / SECOND + 1)
        with self._lock:
            self._save()
        self._tailer.close()
        self._lock_of_book.close()

    def stop(self) -> None:
        """End it soon: what is being delivered is waited for."""
        self._stop.set()

    def _hooks(self) -> list[Hook]:
        return list(self._settings.hooks.values())

    def _read(self) -> None:
        for batch in self._tailer.scan():
            self._looks.put(batch.file, batch.found)
            self._quarantined[batch.file] += len(batch.rejected)
        for name, why in self._tailer.problems.items():
            self._once(f"cannot read {name}: {why}")
        if self._tailer.missing:
            self._once(f"{self._directory} does not exist yet; waiting for it")

    def _health(self) -> FeedHealth:
        missing = f"{self._directory} does not exist" if self._tailer.missing else ""
        quarantined = {name: number for name, number in self._quarantined.items() if number}
        return FeedHealth(self._directory, missing, self._tailer.problems, quarantined, self._tailer.backlog)

    def _after(self, at: int, messages: list[AlertMessage]) -> None:
        """Put what fired on disk, then let the hooks know."""
        with self._lock:
            if messages or at - self._saved_at >= MINUTE:
                self._save()
        for message in messages:
            self._fired(message)
        if messages:
            for event in self._more.values():
                event.set()

    def _save(self) -> None:
        try:
            self._book.save(self._path)
        except OSError as error:
            raise JournalError(f"{self._path}: {error.strerror}: what fires could be forgotten") from None
        self._saved_at = self._book.looked_at

    def _once(self, text: str) -> None:
        if text not in self._logged:
            self._logged.add(text)
            self._say(text)

    def _beat(self) -> None:
        beat = self._settings.heartbeat
        if beat is None or self._tailer.missing or clock.now() - self._beaten_at < beat.every:
            return
        self._beaten_at = clock.now()
        threading.Thread(target=self._beat_once, args=(beat,), daemon=True).start()

    def _beat_once(self, beat: Heartbeat) -> None:
        trouble = ""
        if beat.url:
            trouble = request(beat.url, None, {"User-Agent": "lineage-alert"}, 10 * SECOND)
        else:
            try:
                with user_files.replacing(Path(beat.file)) as file:
                    file.write(f"{format_timestamp(clock.now())}\n".encode())
            except OSError as error:
                trouble = f"{beat.file}: {error.strerror}"
        if trouble:
            self._say(f"heartbeat: {trouble}")

    # What delivers, a thread for each hook, so that one that hangs delays no other.

    def _serve(self, hook: Hook) -> None:
        more = self._more[hook.name]
        again_at = 0
        while not self._stop.is_set():
            now = clock.now()
            if hook.kind == "alertmanager":
                again_at = self._tell_alertmanager(hook, now, again_at)
                wait = again_at - clock.now()
            else:
                wait = self._deliver_due(hook, now)
            more.wait(min(MINUTE, max(SECOND // 20, wait)) / SECOND)
            more.clear()

    def _deliver_due(self, hook: Hook, now: int) -> int:
        """Deliver what is due for a hook; how long until more is."""
        with self._lock:
            mine = [one for one in self._book.outbox if one.hook == hook.name]
        for one in mine:
            if self._stop.is_set():
                break
            if one.next_at <= now:
                self._delivered(hook, [one], deliver(hook, one.message))
        with self._lock:
            left = [one.next_at for one in self._book.outbox if one.hook == hook.name]
        return min(left, default=now + MINUTE) - clock.now()

    def _tell_alertmanager(self, hook: Hook, now: int, again_at: int) -> int:
        """Tell what is new, and once in a while all that fires; when to tell again."""
        with self._lock:
            mine = [one for one in self._book.outbox if one.hook == hook.name]
            due = [one for one in mine if one.next_at <= now]
            firing = [one.message() for one in self._book.firing if hook.name in one.hooks]
        resolved = [one.message for one in due if one.message["status"] == "resolved"]
        if now >= again_at or due:
            if firing or resolved:
                until = format_timestamp(now + 3 * AGAIN)
                self._delivered(hook, due, to_alertmanager(hook, [*firing, *resolved], until))
            again_at = now + AGAIN
        with self._lock:
            left = [one.next_at for one in self._book.outbox if one.hook == hook.name]
        return min([again_at, *left])

    def _delivered(self, hook: Hook, messages: list[Delivery], trouble: str) -> None:
        """Note what became of a try."""
        now = clock.now()
        if trouble:
            self._say(f"hook {hook.name}: {trouble}")
        with self._lock:
            for one in messages:
                if not trouble:
                    self._book.outbox.remove(one)
                    continue
                one.tries += 1
                one.next_at = now + min(_LONGEST_WAIT, SECOND << min(one.tries - 1, 20))
                if now - one.first_at > GIVE_UP:
                    self._book.outbox.remove(one)
                    self._say(f"hook {hook.name}: given up after {one.tries} tries: {one.message['sentence']}")
            if messages:
                self._save()


def _only_one(path: Path) -> IO[bytes]:
    """Hold the lock of a book. Raises JournalError if another process has it."""
    fd = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    file = open(fd, "rb")  # noqa: SIM115 (it is held as long as the service runs)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise JournalError(f"another lineage alert runs with {path}") from None
    return file
