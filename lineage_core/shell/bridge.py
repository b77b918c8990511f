"""What lineage.sh hands to Python: one call of a log_* function, over stdin, judged as leniently as bash judges it.

stdin: fields that end in NUL: `NAME=VALUE` settings, the field `--`, then EVENT_TYPE, TASK and the rest of the words.
`began` is EPOCHREALTIME when the call began.
stdout: one line, `0 LINEAGE_ID`, or `2 MESSAGE` or `3 MESSAGE` (an exit code and why nothing was written). Anything
else means to lineage.sh that there is no interpreter to rely on.
"""

from __future__ import annotations

import os
import sys

from lineage_core.base.errors import LineageError
from lineage_core.write.journal import Journal


def main() -> None:
    """Serve one call."""
    fields = sys.stdin.buffer.read().split(b"\0")[:-1]
    split = fields.index(b"--")
    settings = dict(field.split(b"=", 1) for field in fields[:split])
    began = bytes(byte for byte in settings.pop(b"began") if byte in b"0123456789")
    os.environb.update(settings)
    words = [field.decode("utf-8", "surrogateescape") for field in fields[split + 1 :]]
    event_type, task_id, *args = [*words, ""] if len(words) < 2 else words
    try:
        answer = "0 " + Journal().log(
            event_type,
            task_id,
            *args,
            parent=os.environ["LINEAGE_PARENT_ID"],
            lenient=os.environ.get("LINEAGE_STRICT") != "1",
            began=int(began) if began else None,
        )
    except LineageError as error:
        answer = f"{int(error.exit_code)} {error}"
    sys.stdout.buffer.write(answer.encode("utf-8", "replace"))
