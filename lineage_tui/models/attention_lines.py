"""The lines of the attention view: findings folded by their causes, each where it belongs or, while nothing may move,
where it stood when the operator last asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lineage_tui.models.attention_item import LONG_AGO, AttentionItem, Cause
from lineage_tui.models.grouped_list import GroupedList
from lineage_tui.settings.acknowledgements import Key

_STEP = 20


class AttentionLines:
    """Findings as lines.

    still: tells whether lines have to stay where they are. in_view: tells whether a finding has a line of its own that
    is seen now: only then does it stay when it is resolved or past, for nobody misses what nobody saw. Then what would
    move is held until `release`; but what was acknowledged, or has another cause, moves at once: its line would say
    what is not so. list: all of them. resolved: those that are no trouble any more, as they were last.
    """

    def __init__(self, still: Callable[[], bool], in_view: Callable[[Key], bool]) -> None:
        self.still = still
        self.in_view = in_view
        self.resolved: dict[Key, AttentionItem] = {}
        self._stands: dict[Key, AttentionItem] = {}  # each as it was when its line was put where it stands
        self._elsewhere: dict[Key, AttentionItem | None] = {}  # what became of those that belong elsewhere, or nowhere
        self.list = self._no_lines(self._stands)

    @property
    def held(self) -> int:
        """How many lines would stand elsewhere if they might move."""
        return len(self._elsewhere) + len(self.list.held)

    def put(self, key: Key, item: AttentionItem | None, wanted: bool) -> None:
        """Bring the line of a finding to where it belongs, or note that it belongs elsewhere.

        item: None if it is resolved. wanted: whether it is to be listed.
        """
        stands = self._stands.get(key)
        last = self.resolved.pop(key, None) or self._elsewhere.pop(key, None) or stands
        if stands is None or last is None or not self._stays(key, stands, item, wanted):
            self._move(key, item if wanted else None)
        elif item is None:
            self.resolved[key] = last
        elif not wanted or (item.rank, item.group) != (stands.rank, stands.group):
            self._elsewhere[key] = item if wanted else None
        else:
            self._stands[key] = item

    def _stays(self, key: Key, stands: AttentionItem, item: AttentionItem | None, wanted: bool) -> bool:
        """Whether a line stays where it is."""
        if item is None:
            return self.still() and self.in_view(key)
        if item.acknowledged != stands.acknowledged:
            return False
        if not wanted:
            return self.still() and self.in_view(key)
        if item.group == stands.group:
            return item.rank == stands.rank or self.still()
        ages = isinstance(stands.group, Cause) and item.group == stands.group._replace(band=LONG_AGO)
        return ages and self.still() and self.in_view(key)

    def _move(self, key: Key, item: AttentionItem | None) -> None:
        """Take a line out, and put it where it belongs now, if anywhere."""
        if key in self._stands:
            self.list.remove(key)
            del self._stands[key]
        if item is not None:
            self._stands[key] = item
            self.list.add(key, item.group)

    def release(self) -> None:
        """Bring what was held to where it belongs; what is resolved goes."""
        moved = self._elsewhere | dict.fromkeys(self.resolved)
        self._elsewhere, self.resolved = {}, {}
        for key, item in moved.items():
            self._move(key, item)
        self.list.settle()

    def refill(self, items: Iterable[AttentionItem]) -> Iterator[int]:
        """List these instead of what is listed now; a generator that does it in slices, giving the count done. Until it
        is through, the old ones stay, and nothing may be put."""
        self.release()
        stands: dict[Key, AttentionItem] = {}
        lines = self._no_lines(stands, self.list.opened)
        for number, item in enumerate(items, 1):
            stands[item.key] = item
            lines.add(item.key, item.group)
            if number % _STEP == 0:
                yield number
        self.list, self._stands = lines, stands

    def going_on(self, group: Cause | Key) -> Iterator[Key]:
        """The findings of a group that are not resolved, in order."""
        return (key for key in self.list.items(group) if key not in self.resolved)

    def how_many(self, group: Cause | Key) -> int:
        """How many findings of a group are not resolved."""
        return len(self.list.items(group)) - sum(self._stands[key].group == group for key in self.resolved)

    def _no_lines(
        self, stands: dict[Key, AttentionItem], opened: set[Cause | Key] | None = None
    ) -> GroupedList[Key, Cause | Key]:
        return GroupedList(lambda key: stands[key].rank, opened, lambda: self.still())
