"""Records on one compact line, as they were spelled, and what of deep nesting is left."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from lineage_core.model.limits import MAX_DEPTH
from lineage_core.model.record import SURELY_SHALLOW
from lineage_core.read.compact_record import record_bytes
from tests.build import compact, pretty, record
from tests.core.read.decoded import decode, records


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@pytest.mark.parametrize("layout", [compact, pretty], ids=["compact", "pretty"])
def test_what_is_nested_too_deeply_is_cut_for_whoever_draws_or_exports_it(layout: Callable[[Any], bytes]) -> None:
    for levels in (90, 96, 98, 300, 900):
        deep: Any = "deep"
        for _ in range(levels // 2):
            deep = [1, {"next": deep, "text": "[[[{{{", "list": [2]}]
        text = layout(record(event_data={"deep": deep, "after": 1}))
        found = decode(text)[0][0]
        assert depth(found.record) <= MAX_DEPTH
        assert found.record["event_data"]["after"] == 1
        assert json.loads(record_bytes(text)) == found.record
        assert (levels > 97) == (found.record["event_data"]["deep"] != deep)


def test_a_record_that_is_too_short_to_be_looked_at_can_still_be_written_and_hashed() -> None:
    shortest = {"lineage_id": "", "task_id": "", "event_type": "", "timestamp": "20261122T00Z"}
    line = compact({**shortest, "actor": {"type": "", "id": ""}, "a": 0})
    levels = (SURELY_SHALLOW - len(line)) // 2
    (found,) = records(line.replace(b"0}\n", b"[" * levels + b"]" * levels + b"}\n"))
    assert depth(found) > 200
    assert orjson.dumps(found)


def test_the_spelling_of_a_record_is_kept() -> None:
    text = b'{ "lineage_id" : "a b", "n": 1.50, "m": [ 1e3, -0.0 ], "s": "\\u00e9 \\" {  } ,", "e": { } }'
    assert record_bytes(text) == b'{"lineage_id":"a b","n":1.50,"m":[1e3,-0.0],"s":"\\u00e9 \\" {  } ,","e":{}}'
    one = record(1)
    assert record_bytes(compact(one)) == record_bytes(pretty(one)) == compact(one).rstrip()
