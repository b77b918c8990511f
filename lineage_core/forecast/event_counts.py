"""What happened when, by key, for comparisons of now with before: times in order, counted between any two. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort


class Times:
    """Moments in order (microseconds since the epoch)."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times = array("q")

    def __len__(self) -> int:
        return len(self._times)

    def put(self, at: int, task_id: str = "", value: int = 0) -> None:
        """Put in a moment. task_id, value: as `Series` has them; here they are not kept."""
        if not self._times or at >= self._times[-1]:
            self._times.append(at)
        else:
            insort(self._times, at)

    def remove(self, at: int, task_id: str = "", value: int = 0) -> None:
        """Take a moment out that was put in."""
        slot = bisect_left(self._times, at)
        if slot < len(self._times) and self._times[slot] == at:
            del self._times[slot]

    def count(self, since: int, until: int) -> int:
        """How many lie in [since, until)."""
        return bisect_left(self._times, until) - bisect_left(self._times, since)

    def times(self, since: int, until: int) -> list[int]:
        """The moments in [since, until)."""
        return list(self._times[bisect_left(self._times, since) : bisect_left(self._times, until)])

    @property
    def first(self) -> int:
        """The first moment; there must be one."""
        return self._times[0]

    def last(self, until: int) -> int | None:
        """The last moment before a time."""
        slot = bisect_left(self._times, until)
        return self._times[slot - 1] if slot else None


class Series(Times):
    """Moments in order, each of a task and with a value."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        super().__init__()
        self._values: list[tuple[str, int]] = []

    def put(self, at: int, task_id: str = "", value: int = 0) -> None:
        """Put in a moment, of a task, with a value."""
        slot = len(self._times)
        if slot and at < self._times[-1]:
            slot = bisect_left(self._times, at)
        self._times.insert(slot, at)
        self._values.insert(slot, (task_id, value))

    def remove(self, at: int, task_id: str = "", value: int = 0) -> None:
        """Take a moment out that was put in."""
        slot = bisect_left(self._times, at)
        while slot < len(self._times) and self._times[slot] == at:
            if self._values[slot] == (task_id, value):
                del self._times[slot]
                del self._values[slot]
                return
            slot += 1

    def between(self, since: int, until: int) -> list[tuple[str, int]]:
        """Tasks and values of those that lie in [since, until)."""
        return self._values[bisect_left(self._times, since) : bisect_left(self._times, until)]
