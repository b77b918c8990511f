"""`lineage zombies`: of what `lineage attention` lists, the workers that are silent or dead."""

from __future__ import annotations

import argparse

from lineage_core.cli.commands import attention
from lineage_core.cli.output import Answer
from lineage_core.model.expectations import Finding
from lineage_core.rules.feed_health import FEED
from lineage_core.rules.stuck_work import RULES

EXAMPLES = (
    "lineage zombies",
    "lineage zombies --zombie-after 10m --fail-empty",
    "lineage zombies --rule handoff-unaccepted",
    "lineage zombies --json | jq -r '.findings[].sentence'",
)

KEYS = attention.KEYS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `lineage zombies`."""
    parser.add_argument("--all", action="store_true", help="all that `lineage attention` lists")
    attention.add_shared(parser)


def answer(args: argparse.Namespace) -> Answer:
    """The silent and dead workers; an unsound feed too, for then there may be others."""

    def usual(one: Finding) -> bool:
        return args.all or one.rule == FEED or RULES[one.rule].zombie

    return attention.findings_answer(args, usual, "Zombies")
