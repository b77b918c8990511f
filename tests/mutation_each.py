"""The pytest plugin of `tests/mutation.py`: in place of running the tests once, it runs for each change those of it.

The tests are collected once; each change is tried in a fork of that process, which ends at the first test that fails.
So a change costs what its tests take, and no start of pytest. Two files stand beside the changed modules: TASKS says
which tests reach which change, ANSWERS is written, a line for each change.
"""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test

TASKS = "each-change.json"
ANSWERS = "each-answer.jsonl"
SECONDS = 10
"""Of CPU time for the tests of one change, beside ten times what they take without it; some changes never end."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Instead of pytest's own; True: it is done."""
    tasks = json.loads(Path(TASKS).read_text())
    items = {item.nodeid: item for item in session.items}
    with Path(ANSWERS).open("w") as answers:
        for change, (names, seconds) in tasks.items():
            child = os.fork()
            if child == 0:
                os._exit(tried(session, change, [items[name] for name in names if name in items], seconds))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(json.dumps([change, code]), file=answers, flush=True)
    return True


def tried(session: pytest.Session, change: str, items: list[pytest.Item], seconds: float) -> int:
    """In the child: 0 if all tests pass with the change, 1 if one fails, 5 if there are none."""
    limit = int(SECONDS + 10 * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    set_mutant_under_test(change)
    for item, following in zip(items, [*items[1:], None], strict=True):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0 if items else 5
