"""What fires: a state machine from looks to alerts, and what is still to be delivered. Pure but for its file.

Each alert fires once, after its condition has held for the rule's time at every look, and resolves once when it no
longer holds. What fires is on disk before a hook hears of it, and stays in the outbox until the hook took it: so a
restart, or a kill at any moment, delivers at least once, and the same alert has the same id.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from lineage_core.alerts.conditions import Holding
from lineage_core.alerts.settings import Rule
from lineage_core.base import user_files
from lineage_core.base.clock import format_timestamp
from lineage_core.base.errors import JournalError

FORMAT = 1
MAX_BYTES = 256 << 20


class AlertMessage(TypedDict):
    """What hooks are told, as a JSON object: by KEYS of `lineage alert`, and the version of this form. Times: ISO-8601
    in UTC."""

    version: int
    alert_id: str
    status: Literal["firing", "resolved"]
    rule: str
    finding: str | None
    severity: str | None
    task_id: str | None
    master: str | None
    priority: str | None
    session: str | None
    sentence: str
    since: str
    fired_at: str
    resolved_at: str | None


@dataclass
class Alert:
    """One alert. pending_since: the first look at which it held. fired_at: at which it fired; None: it did not yet.
    hooks: to which it went."""

    rule: str
    key: str
    task_id: str
    sentence: str
    severity: str
    found: str
    since: int
    pending_since: int
    fired_at: int | None = None
    labels: dict[str, str] = field(default_factory=dict)
    hooks: list[str] = field(default_factory=list)

    @property
    def alert_id(self) -> str:
        """The same for its firing and its resolution, and for nothing else."""
        text = "\0".join((self.rule, self.key, str(self.fired_at)))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def message(self, resolved_at: int | None = None) -> AlertMessage:
        """What hooks are told. resolved_at: microseconds since the epoch; None while it fires."""
        return {
            "version": FORMAT,
            "alert_id": self.alert_id,
            "status": "firing" if resolved_at is None else "resolved",
            "rule": self.rule,
            "finding": self.found or None,
            "severity": self.severity or None,
            "task_id": self.task_id or None,
            "master": self.labels.get("master") or None,
            "priority": self.labels.get("priority") or None,
            "session": self.labels.get("session") or None,
            "sentence": self.sentence,
            "since": format_timestamp(self.since),
            "fired_at": format_timestamp(self.fired_at or 0),
            "resolved_at": None if resolved_at is None else format_timestamp(resolved_at),
        }


@dataclass
class Delivery:
    """A message that a hook is to get. tries: how often that failed; next_at: when it is tried again."""

    hook: str
    message: AlertMessage
    tries: int = 0
    next_at: int = 0
    first_at: int = 0


class AlertBook:
    """All alerts that are pending or fire, and the outbox. looked_at: the last look."""

    def __init__(self) -> None:
        self.alerts: dict[tuple[str, str], Alert] = {}
        self.outbox: list[Delivery] = []
        self.looked_at = 0

    def look(
        self,
        rules: Mapping[str, Rule],
        holding: Mapping[str, Mapping[str, Holding]],
        labels: Callable[[str], dict[str, str]],
        at: int,
    ) -> list[AlertMessage]:
        """Take in what holds by rule at a look; returns the messages of what fires and resolves now.

        labels: gives the labels of a task by its id.
        """
        sent: list[AlertMessage] = []
        for known in [known for known in self.alerts if known[1] not in holding.get(known[0], {})]:
            alert = self.alerts.pop(known)
            if alert.fired_at is not None:
                sent.append(self._send(alert.hooks, alert.message(at), at))
        for name, found in holding.items():
            for key, one in found.items():
                fresh = Alert(name, key, one.task_id, one.sentence, one.severity, one.found, one.since, at)
                alert = self.alerts.setdefault((name, key), fresh)
                if alert.fired_at is None:
                    alert.sentence, alert.severity = one.sentence, one.severity
                    if at - alert.pending_since >= rules[name].hold:
                        alert.fired_at = at
                        alert.labels = labels(one.task_id)
                        alert.hooks = list(rules[name].hooks)
                        sent.append(self._send(alert.hooks, alert.message(), at))
        self.looked_at = at
        return sent

    def _send(self, hooks: list[str], message: AlertMessage, at: int) -> AlertMessage:
        self.outbox += [Delivery(hook, message, first_at=at) for hook in hooks]
        return message

    @property
    def firing(self) -> list[Alert]:
        """The alerts that fire."""
        return [one for one in self.alerts.values() if one.fired_at is not None]

    def save(self, path: Path) -> None:
        """Put it on disk, whole or not at all. Raises OSError."""
        document = {
            "format": FORMAT,
            "looked_at": self.looked_at,
            "alerts": [asdict(one) for one in self.alerts.values()],
            "outbox": [asdict(one) for one in self.outbox],
        }
        with user_files.replacing(path) as file:
            file.write(json.dumps(document).encode("utf-8", "surrogatepass"))
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> AlertBook:
        """The one of a file; an empty one if there is none. Raises JournalError for a file that is damaged: to begin
        anew would fire again what fires."""
        book = cls()
        try:
            data = user_files.read_own(path, MAX_BYTES)
        except FileNotFoundError:
            return book
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from None
        try:
            found = json.loads(data.decode("utf-8", "surrogatepass"))
            alerts = [Alert(**one) for one in found["alerts"]]
            book.alerts = {(one.rule, one.key): one for one in alerts}
            book.outbox = [Delivery(**one) for one in found["outbox"]]
            book.looked_at = int(found["looked_at"])
        except (ValueError, KeyError, TypeError) as error:
            text = f"{path} is damaged ({error}); move it away to begin anew: what fires then fires again"
            raise JournalError(text) from None
        return book
