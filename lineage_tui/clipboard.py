"""Copying: into the buffer of tmux where the screen is shown by it, else by the terminal's own clipboard (OSC 52)."""

from __future__ import annotations

import asyncio
import base64
import os
from contextlib import suppress

PATIENCE = 2.0
"""Seconds that tmux may take."""

OSC_52_MOST = 74_994
"""Bytes of Base64 above which terminals drop a copy; xterm takes no more in one control sequence."""


def osc_52(text: str) -> str:
    """The control sequence that asks a terminal to put a text on the clipboard (xterm's ctlseqs, OSC 52)."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def in_tmux() -> bool:
    """Whether tmux shows us."""
    return bool(os.environ.get("TMUX"))


async def load_buffer(text: str) -> bool:
    """Put a text into a new buffer of the tmux that shows us, which hands it on to its terminal; whether it has it.

    By the command, since tmux by its default (`set-clipboard external`) ignores the OSC 52 of programs inside it.
    """
    for words in (("load-buffer", "-w", "-"), ("load-buffer", "-")):  # -w: since tmux 3.2
        try:
            tmux = await asyncio.create_subprocess_exec(
                "tmux",
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError:
            return False
        try:
            await asyncio.wait_for(tmux.communicate(text.encode()), PATIENCE)
        except (TimeoutError, OSError):
            with suppress(ProcessLookupError):
                tmux.kill()
            return False
        if tmux.returncode == 0:
            return True
    return False
