"""What the tree says while it has no line: that it reads, that nothing matches, what cannot be read, how to begin."""

from __future__ import annotations

from pathlib import Path

from lineage_core.state.feed import Health


def empty_text(directory: Path, health: Health, no_hits: str) -> str:
    """The text for an empty tree. no_hits: what to say if a filter hides all that there is, else empty."""
    if not health.loaded:
        return "reading…"
    if no_hits:
        return no_hits
    if health.problems:
        here = directory
        named = [(here / name, why.rpartition(f"{here}: ")[2]) for name, why in list(health.problems.items())[:5]]
        lines = [f"  {path}\n    {why}" for path, why in named]
        return "\n".join(("", "Cannot be read:", *lines, "", "`lineage doctor` tells what to do."))
    if health.mode == "past":
        return f"\nNothing had been written by then into\n  {directory}\n\n}} goes on in time, R back to now"
    what = "This directory does not exist yet; waiting for it:" if health.missing else "No events yet in"
    return "\n".join(
        (
            "",
            what,
            f"  {directory}",
            "",
            "To see something at once:    lineage-tui --demo",
            "To log one event:            lineage log task_created task-1 $USER",
            'From a bash script:          source "$(lineage shell path)"; log_task_created task-1 "$USER"',
        )
    )
