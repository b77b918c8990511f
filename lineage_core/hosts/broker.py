"""The connection to NATS: what is sent, asked and taken there, and what goes wrong, in words.

It does not reconnect by itself: who uses it begins again, from what the broker and the disk say then.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import nats
import nats.errors
import nats.js.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    PubAck,
    StorageType,
    StreamConfig,
    StreamInfo,
)

from lineage_core.base.clock import SECOND
from lineage_core.hosts.broker_access import Access
from lineage_core.hosts.broker_message import Piece
from lineage_core.hosts.message_limits import MAX_MESSAGE
from lineage_core.hosts.subjects import JOURNAL, STREAM

TIMEOUT = 10.0
"""Seconds in which the broker has to answer."""

_PATIENCE = 3.0  # the same for the question after the last message, which nobody answers where there is no stream
_PING = 5  # seconds; a broker that does not answer two of them is away
_PENDING = 8 << 20  # bytes that wait to be written to the socket
_WAIT = 2.0  # seconds that one request for messages stands
_BATCH = 200  # messages that one request asks for

MAX_AGE = 7 * 86_400
"""Seconds that a stream of our making stores a message: so long a mirror may be away without asking hosts again."""

_ROOM = 4096  # bytes of headers and of the protocol


class BrokerError(Exception):
    """The broker is away, or refuses. Says why, in words."""


class Last(NamedTuple):
    """The last message of a subject. number: in the stream. stored_at: by the broker's clock, in microseconds."""

    number: int
    headers: dict[str, str]
    data: bytes
    stored_at: int


class Broker:
    """A connection. gone: set when it is lost. limit: bytes that a message may have."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stream = client.jetstream(timeout=TIMEOUT)
        self._ask = client.jetstream(timeout=_PATIENCE)
        self._pending: set[asyncio.Future[PubAck]] = set()
        self.gone = asyncio.Event()
        self.trouble = ""
        self.limit = MAX_MESSAGE

    async def failed(self, error: Exception) -> None:
        """Called by the client for what the server refuses."""
        self.trouble = words_of(error)

    async def lost(self) -> None:
        """Called by the client when the connection ends."""
        self.gone.set()
        for future in self._pending:
            future.cancel()

    async def last(self, subject: str) -> Last | None:
        """The last stored message of a subject; None if there is none."""
        try:
            found = await self._ask.get_last_msg(STREAM, subject, direct=True)
        except nats.js.errors.NotFoundError:
            return None
        except nats.errors.TimeoutError:  # who asks about a stream that is not there gets no answer
            raise BrokerError(
                self.trouble or f"no answer about the stream {STREAM}, which `lineage mirror` makes"
            ) from None
        stored_at = int(found.time.timestamp() * SECOND) if found.time else 0
        return Last(found.seq or 0, dict(found.headers or {}), found.data or b"", stored_at)

    async def send(self, piece: Piece) -> asyncio.Future[PubAck]:
        """Send a piece; what is given is done when it is stored."""
        future = await self._stream.publish_async(
            f"{JOURNAL}.{piece.host}", piece.data, wait_stall=TIMEOUT, stream=STREAM, headers=piece.headers()
        )
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)
        return future

    async def stored(self, future: asyncio.Future[PubAck]) -> int:
        """Wait until a piece is stored; its number in the stream."""
        done, _ = await asyncio.wait([future], timeout=TIMEOUT)
        if not done or future.cancelled():
            raise BrokerError(self.trouble or ("the connection was lost" if self.gone.is_set() else "no answer"))
        return future.result().seq

    async def say(self, subject: str, data: bytes = b"") -> None:
        """Publish what is not stored."""
        await self._client.publish(subject, data)

    async def hear(self, subject: str, take: Callable[[Msg], Awaitable[None]]) -> None:
        """Have a function called with each message of a subject."""
        await self._client.subscribe(subject, cb=take)

    async def stream(self, *, make: bool) -> StreamInfo:
        """The stream, made if it is missing."""
        try:
            return await self._stream.stream_info(STREAM)
        except nats.js.errors.NotFoundError:
            if not make:
                raise
        return await self._stream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=[f"{JOURNAL}.>"],
                storage=StorageType.FILE,
                discard=DiscardPolicy.OLD,
                max_age=MAX_AGE,
                max_msg_size=MAX_MESSAGE + _ROOM,
                allow_direct=True,
            )
        )

    async def messages(self, first: int) -> AsyncIterator[list[Msg]]:
        """What is stored, from a number in the stream on, and what comes, in batches as large as they are there at
        once; an empty one while nothing comes. Raises BrokerError when it cannot go on."""
        info = await self._stream.add_consumer(
            STREAM,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=max(first, 1),
                ack_policy=AckPolicy.NONE,
                inactive_threshold=300,
            ),
        )
        inbox = self._client.new_inbox()
        arrivals = await self._client.subscribe(inbox)
        request = orjson.dumps({"batch": _BATCH, "expires": int(_WAIT * 1e9)})
        due = 0  # messages that the standing request may still bring
        expected = 1
        while True:
            if not due:
                await self._client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{info.name}", request, reply=inbox)
                due = _BATCH
            batch: list[Msg] = []
            with suppress(asyncio.TimeoutError):
                message = await self._next(arrivals, _WAIT + TIMEOUT)
                while True:
                    status = (message.headers or {}).get("Status") if not message.data else None
                    if status in ("404", "408"):
                        due = 0
                    elif status:
                        raise BrokerError(f"{status} {(message.headers or {}).get('Description', '')}".strip())
                    else:
                        due -= 1
                        if message.metadata.sequence.consumer != expected:
                            raise BrokerError("messages were lost on the way")
                        expected += 1
                        batch.append(message)
                    if not arrivals.pending_msgs or len(batch) >= _BATCH:
                        break
                    message = await arrivals.next_msg(0.1)
            yield batch

    async def _next(self, arrivals: Subscription, seconds: float) -> Msg:
        """The next message. Raises BrokerError when the connection is lost meanwhile, or nothing comes."""
        coming = asyncio.ensure_future(arrivals.next_msg(seconds))
        gone = asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait([coming, gone], return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise BrokerError(self.trouble or "the connection was lost")
            try:
                return await coming
            except nats.errors.TimeoutError:
                raise BrokerError(self.trouble or "it answers no more") from None
        finally:
            for task in (coming, gone):
                task.cancel()


@asynccontextmanager
async def connected(access: Access, name: str, inbox: str) -> AsyncIterator[Broker]:
    """A connection, for the time of the block. name: shown by the server. inbox: what subjects of answers begin with.

    Raises BrokerError for whatever goes wrong with the broker in it.
    """
    client = Client()
    broker = Broker(client)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each TLS connection that ends
    try:
        try:
            await _connect(
                broker,
                client,
                list(access.servers),
                name=name,
                inbox_prefix=inbox,
                allow_reconnect=False,
                max_reconnect_attempts=1,  # else it tries for minutes to connect, silently
                reconnect_time_wait=0.01,
                connect_timeout=5,
                ping_interval=_PING,
                max_outstanding_pings=2,
                pending_size=_PENDING,
                user_credentials=access.creds,
                nkeys_seed=access.nkey,
                tls=access.tls(),
                error_cb=broker.failed,
                disconnected_cb=broker.lost,
                closed_cb=broker.lost,
            )
            broker.limit = min(MAX_MESSAGE, client.max_payload - _ROOM)
            yield broker
        finally:
            await _closed(client)
    except (TimeoutError, nats.errors.Error, OSError, asyncio.InvalidStateError) as error:
        raise BrokerError(broker.trouble or words_of(error)) from error


async def _connect(broker: Broker, client: Client, servers: list[str], **options: Any) -> None:
    """Connect. A server that does not let somebody in may be gone before it was heard why."""
    try:
        await client.connect(servers, **options)
    except (nats.errors.Error, OSError, TimeoutError) as error:
        words = broker.trouble or words_of(error)
        ended = any(end in words.lower() for end in ("reset by peer", "broken pipe", "unexpected eof"))
        raise BrokerError(f"{words}; are the credentials right?" if ended else words) from error


async def _closed(client: Client) -> None:
    """Close a connection, however it stands."""
    with suppress(nats.errors.Error, OSError, asyncio.TimeoutError, asyncio.InvalidStateError):
        await asyncio.wait_for(client.close(), TIMEOUT)


def words_of(error: BaseException) -> str:
    """What went wrong, in one line for people."""
    if isinstance(error, nats.js.errors.APIError) and error.description:
        return str(error.description)
    if isinstance(error, nats.errors.NoRespondersError | nats.js.errors.NoStreamResponseError):
        return f"it has no stream {STREAM} yet, which `lineage mirror` makes"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno).lower()
    text = str(error).removeprefix("nats: ").strip("' ")
    return " ".join(text.split()) or type(error).__name__
