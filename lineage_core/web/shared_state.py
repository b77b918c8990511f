"""What the endpoints share while the server runs: the feed, the stream of events, room for a few queries at once."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette

from lineage_core.base import clock
from lineage_core.model.facts import Fact
from lineage_core.query.event_query import own_ids
from lineage_core.query.ids_with_host import NamedTasks
from lineage_core.web import openapi
from lineage_core.web.access import RefusedError
from lineage_core.web.changes_since import Live
from lineage_core.web.event_frames import Wanted
from lineage_core.web.event_stream import EventStream
from lineage_core.web.metrics import Measured, SpentTokens, text
from lineage_core.web.queries import Follow, Pairs, Query
from lineage_core.web.settings import ServerSettings

QUERIES_AT_ONCE = 3
QUERIES_WAITING = 32
METRICS_AGE = 3.0


class Service:
    """What the endpoints share, for as long as the server runs."""

    live: Live
    stream: EventStream

    def __init__(self, settings: ServerSettings, queries: Sequence[Query], follow: Follow, version: str) -> None:
        self.settings = settings
        self.follow = follow
        self.queries = {query.name: query for query in queries}
        self.description = openapi.document(queries, version, with_token=settings.token is not None)
        self.limiter = CapacityLimiter(QUERIES_AT_ONCE)
        self.waiting = 0
        self._measuring = threading.Lock()
        self._measured = b""
        self._spent = SpentTokens()
        self._measured_until = 0.0

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Follow the directory."""
        self.live = Live(self.settings.directory)
        self.stream = EventStream(self.settings.directory)
        self.live.feed.start()
        self.stream.start()
        try:
            yield
        finally:
            self.stream.stop()
            self.live.feed.stop()

    def wanted(self, pairs: Pairs) -> Wanted:
        """Which live events some parameters ask for. Raises BadInputError."""
        query = self.follow(pairs)
        named = NamedTasks(query.tasks, self._known) if own_ids(query.tasks) and self.live.state.hosts else None
        return Wanted(query.search(by_names=named is not None), repr(sorted(pairs)), named)

    def _known(self, ids: frozenset[str]) -> list[tuple[str, Fact]]:
        """The facts of some ids that the feed has folded."""
        state = self.live.state
        with state.lock:
            names = [(own, name) for own in ids for name in state.names.names(own) if name in state.rows]
            return [(own, fact) for own, name in names for fact in state.facts(name)]

    def metrics(self) -> bytes:
        """The metrics, made anew every METRICS_AGE seconds at most."""
        with self._measuring:
            if time.monotonic() >= self._measured_until:
                feed, state = self.live.feed, self.live.state
                for row in list(state.rows.values()):  # the first time this takes long: the feed goes on between
                    with state.lock:
                        self._spent.of(state, row)
                with state.lock:
                    self._measured = text(
                        Measured(
                            feed.loaded(),
                            self.settings.directory,
                            self.settings.limits,
                            clock.now(),
                            feed.health.backlog,
                            feed.health.mode == "live",
                            self._spent,
                        )
                    )
                self._measured_until = time.monotonic() + METRICS_AGE
            return self._measured

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Do what takes a while in a thread; raises RefusedError when too many wait already."""
        if self.waiting >= QUERIES_WAITING:
            raise RefusedError(503, "too much is asked at once: ask again later", [("retry-after", "2")])
        self.waiting += 1
        try:
            return await to_thread.run_sync(work, limiter=self.limiter)
        finally:
            self.waiting -= 1
