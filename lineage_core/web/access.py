"""Who may ask what: the host that is called, the site that asks, the token, and the size of a request.

One ASGI layer around everything else, so that no endpoint can be forgotten. What is refused is answered with one clear
line and told once in the log, without query strings, headers or bodies: no token and no event text gets there.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterable
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlsplit

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lineage_core.base.escaping import visible
from lineage_core.web.settings import MAX_BODY, MAX_TARGET, ServerSettings

log = logging.getLogger("lineage.serve")

COOKIE = "lineage"
OPEN_PATHS = frozenset(("/healthz", "/login", "/static/page.css", "/static/icon.svg"))
"""What is told without a token: that the server lives, and what the login needs."""

POSTS = frozenset(("/graphql", "/login", "/logout"))
_SECRETS = frozenset(("token", "access_token", "password", "auth", "authorization"))

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # with none at all, forms of ours would come with the origin `null`
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class RefusedError(Exception):
    """A request that is not answered: an HTTP status and one line that says what to do."""

    def __init__(self, status: int, text: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = list(headers)


class Access:
    """The layer around an ASGI app."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self.settings = settings
        self.session = session_of(settings.token) if settings.token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        try:
            self._check(scope, headers)
            await self.app(scope, _Bounded(receive) if scope["type"] == "http" else receive, sending)
        except RefusedError as refusal:
            tell(scope, refusal)
            await refuse(scope, refusal, sending)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raises RefusedError."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            raise RefusedError(414, f"the request is too long: path and query may have {MAX_TARGET >> 10} KiB")
        if headers.getlist("host")[1:] or host_of(headers.get("host", "")) not in self.settings.names:
            raise RefusedError(421, "not called by a name of this server: see `lineage serve --name`")
        path = scope["path"]
        if scope["type"] == "http":
            allowed = ("GET", "HEAD", "POST") if path in POSTS else ("GET", "HEAD")
            if scope["method"] not in allowed:
                raise RefusedError(405, "reading is all there is here", [("allow", ", ".join(allowed))])
            if int(headers.get("content-length") or 0) > MAX_BODY:
                raise RefusedError(413, f"the request is too long: its body may have {MAX_BODY >> 10} KiB")
        self._check_site(scope, headers)
        names = {name.lower() for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=10_000)}
        if names & _SECRETS:
            raise RefusedError(400, "a token never stands in an address, which is logged: send `Authorization: Bearer`")
        if self.session is not None and path not in OPEN_PATHS and not self._knows(headers):
            raise RefusedError(401, "a token is needed: `Authorization: Bearer TOKEN`, or the login page", [_BEARER])

    def _check_site(self, scope: Scope, headers: Headers) -> None:
        """A page of another site may link here, and nothing else."""
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != headers["host"].lower():
            raise RefusedError(403, "a page of another site asks: only pages of this server may")
        navigates = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") in ("GET", "HEAD")
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and not navigates:
            raise RefusedError(403, "a page of another site asks: only pages of this server may")

    def _knows(self, headers: Headers) -> bool:
        """Whether the request brings the token, or the cookie that the login gave for it."""
        assert self.settings.token is not None and self.session is not None
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and same(token.strip(), self.settings.token):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and same(cookie.value, self.session)


_BEARER = ("www-authenticate", 'Bearer realm="lineage"')


class _Bounded:
    """Receives no more of a body than is allowed, whatever its length is said to be."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > MAX_BODY:
            raise RefusedError(413, f"the request is too long: its body may have {MAX_BODY >> 10} KiB")
        return message


def host_of(header: str) -> str:
    """The name in a Host header, without its port, in lower case."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far they are."""
    return hmac.compare_digest(hashlib.sha256(one.encode()).digest(), hashlib.sha256(other.encode()).digest())


def session_of(token: str) -> str:
    """What the cookie of a login holds: it proves the token, and does not tell it."""
    return hmac.new(token.encode(), b"lineage serve: session", hashlib.sha256).hexdigest()


def tell(scope: Scope, refusal: RefusedError) -> None:
    """Log that something was refused."""
    client = (scope.get("client") or ("?", 0))[0]
    method = scope.get("method", "WebSocket")
    log.warning(visible(f"refused {refusal.status} {client} {method} {scope['path']}: {refusal.text}", 300))


async def refuse(scope: Scope, refusal: RefusedError, send: Send) -> None:
    """Answer with the refusal, in plain HTTP also to what asks for a WebSocket."""
    body, kind = orjson.dumps({"error": refusal.text}), b"application/json"
    if refusal.status == 401 and scope.get("method") == "GET" and _for_people(scope):
        body, kind = login_page(scope["path"]), b"text/html; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    headers += [(name.encode(), value.encode()) for name, value in refusal.headers]
    if refusal.status in (413, 414):
        headers.append((b"connection", b"close"))
    answer = "http.response" if scope["type"] == "http" else "websocket.http.response"
    await send({"type": f"{answer}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{answer}.body", "body": b"" if scope.get("method") == "HEAD" else body})


def _for_people(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


def login_page(path: str, wrong: bool = False) -> bytes:
    """The page that asks for the token, and leads back to a path of ours."""
    said = '<p role="alert">That is not the token.</p>' if wrong else ""
    return _LOGIN.replace("SAID", said).replace("NEXT", escape(path_of_ours(path), quote=True)).encode()


def path_of_ours(path: str) -> str:
    """A path of this server, for a redirection: never another host."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


_LOGIN = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>lineage: token</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/page.css"></head>
<body class="login"><main><h1>lineage</h1>SAID
<form method="post" action="/login"><input type="hidden" name="next" value="NEXT">
<label>Token <input type="password" name="password" autocomplete="current-password" autofocus required></label>
<button>Show the journal</button></form></main></body></html>
"""
