"""Ports for servers that tests start."""

from __future__ import annotations

import random
import socket


def unused_port() -> int:
    """A port of 127.0.0.1 that nobody has, below those that systems give to connections by themselves: while its server
    is away, no connection of another test gets it.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)  # not the same ones in each process of pytest
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
