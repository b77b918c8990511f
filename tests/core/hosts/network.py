"""Each host in a network namespace, with a cable to a bridge where the broker is; what is pulled out carries nothing.

All of it is in a network of its own (`unshare`), of which the machine outside sees nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys

ADDRESS = "10.9.0.1"
"""Of the bridge: where the broker listens."""

OPTIONS = "-rnm"
"""Of unshare(1): root of a network and of mounts of one's own."""

_BEGIN = "mount -t tmpfs none /run && ip link set lo up && ip link add br0 type bridge"
_BEGIN += f" && ip addr add {ADDRESS}/16 dev br0 && ip link set br0 up"

PROBE = f"{_BEGIN} && ip netns add one && ip link add v1 type veth peer name eth0 netns one && ip netns exec one true"
"""A shell command that works only where such a network is to be had."""


def go_inside(words: list[str]) -> None:
    """Become a Python program in a new network with a bridge."""
    os.execvp("unshare", ["unshare", OPTIONS, "sh", "-c", f'{_BEGIN} && exec "$@"', "sh", sys.executable, *words])


class Cable:
    """A host's namespace and its cable. url: of the broker as seen from there. prefix: the words before a command that
    run it there."""

    def __init__(self, number: int, port: int) -> None:
        self._name = f"h{number}"
        self.url = f"nats://{ADDRESS}:{port}"
        self.prefix = ("ip", "netns", "exec", self._name)
        _ip("netns", "add", self._name)
        _ip("link", "add", self._name, "type", "veth", "peer", "name", "eth0", "netns", self._name)
        _ip("link", "set", self._name, "master", "br0", "up")
        _ip("-n", self._name, "addr", "add", f"10.9.{1 + number // 200}.{1 + number % 200}/16", "dev", "eth0")
        _ip("-n", self._name, "link", "set", "eth0", "up")

    def cut(self) -> None:
        """Pull it out at the bridge: the host sees no carrier, and no connection ends."""
        _ip("link", "set", self._name, "down")

    def heal(self) -> None:
        _ip("link", "set", self._name, "up")

    def close(self) -> None:
        """Nothing: the network ends with the last process in it."""


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
