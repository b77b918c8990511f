"""What lineage.sh hands to Python: one call of a log_* function, over stdin, judged as leniently as bash judges it.

stdin: fields that end in NUL: `NAME=VALUE` settings, the field `--`, then EVENT_TYPE, TASK and the rest of the words.
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
    parent, lineage_id, began = (settings.pop(name).decode("utf-8", "replace") for name in (b"parent", b"id", b"began"))
    os.environb.update(settings)
    words = [word.decode("utf-8", "replace") for word in fields[split + 1 :]]
    event_type, task_id, *args = [*words, ""] if len(words) < 2 else words
    try:
        answer = "0 " + Journal().log(
            event_type,
            task_id,
            *args,
            parent=parent,
            lenient=os.environ.get("LINEAGE_STRICT") != "1",
            lineage_id=lineage_id or None,
            began=int(began) if began else None,
        )
    except LineageError as error:
        answer = f"{int(error.exit_code)} {error}"
    sys.stdout.buffer.write(answer.encode("utf-8", "replace"))
