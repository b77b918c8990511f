"""How a broker is reached: addresses, credentials, TLS; from the words of a command line."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from lineage_core.base.errors import BadInputError


class Access(NamedTuple):
    """How a broker is reached. servers: URLs; creds, nkey: files, as NATS has them; ca, cert, key: files, of TLS."""

    servers: tuple[str, ...]
    creds: str | None = None
    nkey: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    @property
    def shown(self) -> str:
        """The addresses without passwords."""
        return ",".join(f"{url.scheme}://{url.netloc.rpartition('@')[2]}" for url in map(urlsplit, self.servers))

    def tls(self) -> ssl.SSLContext | None:
        """The TLS settings; None where none are needed. Raises OSError for files that hold no keys."""
        if not (self.ca or self.cert or any(url.startswith(("tls:", "wss:")) for url in self.servers)):
            return None
        context = ssl.create_default_context(cafile=self.ca)
        if self.cert:
            context.load_cert_chain(self.cert, self.key)
        return context


def access_of(urls: str, **files: str | None) -> Access:
    """From the words of a command line. Raises BadInputError for what is no address, and a file that is missing."""
    servers = tuple(url.strip() for url in urls.split(","))
    for url in servers:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("nats", "tls", "ws", "wss") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise BadInputError(f"{url.rpartition('@')[2]!r} is no address of a broker: write it like nats://host:4222")
    for name, path in files.items():
        if path and not Path(path).is_file():
            raise BadInputError(f"--{name}: there is no file {path}")
    if files.get("key") and not files.get("cert"):
        raise BadInputError("--key is that of --cert")
    return Access(servers, **files)
