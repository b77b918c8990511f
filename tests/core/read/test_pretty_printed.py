"""Reading what the legacy library wrote: pretty-printed records, whole and tangled (reliability cases 11 and 12)."""

import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage_core.model.limits import MAX_LINE
from lineage_core.read import interleaved_lines as traits
from lineage_core.read.compact_record import record_bytes
from lineage_core.read.decoder import Decoder
from tests.build import compact, pretty, record
from tests.conftest import DATA
from tests.core.read.decoded import decode, records, tangled_original

TANGLED = (DATA / "legacy-tangled.jsonl").read_bytes()
ORIGINALS = [tangled_original("a", writer, number) for writer in range(1, 7) for number in range(40)]
ONE, TWO, THREE = (record(number) for number in (1, 2, 3))


def legacy(number: int = 1) -> dict[str, Any]:
    """A record with the fields of the legacy library."""
    return tangled_original("a", 1 + number // 40, number % 40)


# Case 11


@pytest.mark.parametrize("name", ["lineage-2026-11-22.jsonl", "task-lineage.jsonl"])
def test_a_legacy_file_gives_all_its_events(name: str) -> None:
    text = (DATA / "legacy" / name).read_bytes()
    found, rejected = decode(text)
    assert (len(found), rejected) == (30, [])
    assert text.count(b'"lineage_id"') == 30
    assert b"".join(text[one.offset : one.offset + one.length] + b"\n" for one in found) == text


@pytest.mark.parametrize("indent", [1, 2, 4, "\t"])
def test_pretty_printed_and_compact_records_are_equal(indent: int | str) -> None:
    data = {"a": [], "b": {}, "c": [{"d": [1, {}]}], "é": "}\n{", "f": '{"lineage_id":'}
    originals = [record(number, event_data=data) for number in range(9)]
    text = b"".join(pretty(one, indent) for one in originals)
    assert records(text) == records(b"".join(map(compact, originals))) == originals
    for one in decode(text)[0]:
        assert record_bytes(text[one.offset : one.offset + one.length]) == compact(one.record).rstrip()


def test_numbers_keep_their_spelling() -> None:
    text = pretty(ONE).replace(b"12.5", b"1.50e1")
    (one,) = decode(text)[0]
    assert b'"progress_percentage":1.50e1,' in record_bytes(text[one.offset : one.offset + one.length])


def test_pretty_and_compact_records_may_follow_each_other() -> None:
    text = pretty(ONE) + compact(TWO) + pretty(THREE) + b"\n" + pretty(record(4)) + compact(record(5))
    assert records(text) == [ONE, TWO, THREE, record(4), record(5)]


def test_a_record_nested_in_a_pretty_printed_one_is_no_event() -> None:
    outer = record(1, event_data={"copies": [record(0), record(0)], "copy": {"of": record(0)}})
    lines = pretty(outer).splitlines(keepends=True)
    assert records(b"".join(lines)) == [outer]
    for cut in range(1, len(lines)):
        assert records(b"".join(lines[:cut]) + compact(TWO)) == [TWO]  # the end is lost
        assert records(b"".join(lines[cut:]) + compact(TWO)) == [TWO]  # the beginning is lost
        without = records(b"".join(lines[:cut] + lines[cut + 1 :]))  # a line is lost, whichever
        assert all(one["lineage_id"] == outer["lineage_id"] for one in without)


def test_records_on_one_line_each_inside_a_pretty_printed_one_are_no_events() -> None:
    inner = b"    " + compact(TWO).rstrip()
    text = b'{\n  "history": [\n' + inner + b",\n" + inner + b"\n  ],\n" + pretty(ONE)[2:]
    assert [one["task_id"] for one in records(text)] == ["task-1"]
    assert records(text[: text.index(b"  ]")]) == []


# Case 12


def test_of_the_tangled_sample_every_intact_event_is_found_and_none_is_invented() -> None:
    found, rejected = decode(TANGLED)
    assert len(found) == 236
    assert len(rejected) == 4
    lost = [one for one in ORIGINALS if one not in [f.record for f in found]]
    assert sorted(one["lineage_id"] for one in lost) == [
        "lineage-179534011005",
        "lineage-179534021000",
        "lineage-179534041006",
        "lineage-179534061000",
    ]
    assert all(f.record in ORIGINALS for f in found)
    assert {bad.reason.partition(":")[0] for bad in rejected} == {"tangled"}


def test_a_record_around_others_is_read_again_from_disk_without_them() -> None:
    for one in decode(TANGLED)[0]:
        raw = TANGLED[one.offset : one.offset + one.length]
        assert json.loads(record_bytes(raw)) == one.record


def test_the_tangled_sample_cut_in_two_anywhere_gives_the_same() -> None:
    for part in (TANGLED[1700:3000], TANGLED[36_500:37_800]):
        whole = decode(part)
        assert whole[1]
        for cut in range(len(part)):
            assert decode(part[:cut], part[cut:]) == whole
    whole = decode(TANGLED)
    for cut in range(0, len(TANGLED), 997):
        assert decode(TANGLED[:cut], TANGLED[cut:]) == whole


def test_the_tangled_sample_fed_in_small_pieces_gives_the_same() -> None:
    rng, whole = random.Random(12), decode(TANGLED)
    for most in (1, 3, 50, 5000):
        cuts = [0]
        while cuts[-1] < len(TANGLED):
            cuts.append(cuts[-1] + rng.randint(1, most))
        assert decode(*(TANGLED[a:b] for a, b in pairwise(cuts))) == whole


def test_truncated_anywhere_the_tangled_sample_gives_what_was_closed_before() -> None:
    whole, _ = decode(TANGLED)
    for cut in range(0, len(TANGLED), 499):
        assert decode(TANGLED[:cut])[0] == [one for one in whole if one.offset + one.length < cut]


def test_whole_records_between_the_lines_of_another_are_lifted_out() -> None:
    lines = pretty(legacy(1)).splitlines(keepends=True)
    for cut in range(1, len(lines)):
        inside = pretty(legacy(2)) + compact(TWO) + pretty(legacy(3))
        text = b"".join(lines[:cut]) + inside + b"".join(lines[cut:])
        found, rejected = decode(text)
        assert [one.record for one in found] == [legacy(2), TWO, legacy(3), legacy(1)]
        assert rejected == []
        assert (found[-1].offset, found[-1].length) == (0, len(text) - 1)
        assert json.loads(record_bytes(text)) == legacy(1)


def test_a_record_with_a_foreign_line_in_it_and_the_one_that_misses_the_line_are_both_counted() -> None:
    outer, inner = pretty(legacy(1)).splitlines(keepends=True), pretty(legacy(45)).splitlines(keepends=True)
    for at in range(1, len(outer)):
        for into in range(1, len(inner) - 1):
            mixed = outer[:at] + inner[:into] + outer[at : at + 1] + inner[into:] + outer[at + 1 :]
            found, rejected = decode(b"".join(mixed) + pretty(legacy(3)))
            assert all(one.record in (legacy(1), legacy(45), legacy(3)) for one in found)
            assert found[-1].record == legacy(3)
            assert len(found) + len(rejected) >= 2


def test_of_many_writers_tangled_as_in_the_sample_hardly_an_event_is_mixed() -> None:
    """Two writers cut off at the same line may exchange their endings; where only the id of the event tells, a
    mixture passes. The sample has none; at its rate of changes between writers there is one in thousands."""
    rng = random.Random(1)
    intact = mixed = 0
    for _ in range(12):
        queues = [
            [line for number in range(40) for line in pretty(tangled_original("a", writer, number)).splitlines(True)]
            for writer in range(1, 7)
        ]
        for queue in queues:
            queue.reverse()
        text, writer = b"", queues[0]
        while any(queues):
            if not writer or rng.random() < 0.005:
                writer = rng.choice([queue for queue in queues if queue])
            text += writer.pop()
        found, rejected = decode(text)
        assert len(found) + len(rejected) >= 240
        intact += sum(one.record in ORIGINALS for one in found)
        mixed += sum(one.record not in ORIGINALS for one in found)
    assert intact > 12 * 220
    assert mixed <= 3


@pytest.mark.parametrize("name", [b"worker-tangle-a-%d", b"scan-%d"], ids=["named like its task", "named otherwise"])
def test_endings_exchanged_between_two_records_are_noticed_by_the_worker(name: bytes) -> None:
    def written(writer: int, number: int) -> bytes:
        return pretty(tangled_original("a", writer, number)).replace(b"worker-tangle-a-%d" % writer, name % writer)

    before = b"".join(written(writer, number) for writer in (1, 2) for number in (1, 2))
    first, second = (written(writer, 5).splitlines(True) for writer in (1, 2))
    for cut in range(3, 12):
        text = b"".join(first[:cut] + second[:cut] + first[cut:] + second[cut:])
        assert len(records(before + text)) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'    "session_id": "s"\n', b""),  # jq writes an empty object as {}
        (b'  "version"', b'    "version"'),
        (b'    "worker_id"', b'  "worker_id"'),
        (b'  "version": "1.0.0"\n', b'  "version": "1.0.0",\n  "priority": "low"\n'),
        (b'    "session_id": "s"\n', b'    "session_id": "s",\n    "worker_id": "w"\n'),
        (b'    "worker_id"', b'    "principal": "system",\n    "worker_id"'),
        (b'    "worker_id"', b'    "type": "worker",\n    "worker_id"'),
        (b'    "id": "worker-tangle-a-1"', b'    "id": "worker-tangle-a-2"'),
        (b'"worker_progress"', b'"task_failed"'),
        (b'"worker_progress"', b'"handoff_created"'),
    ],
)
def test_lines_of_two_writers_in_what_looks_like_one_record_are_noticed(old: bytes, new: bytes) -> None:
    whole = pretty(legacy(2))
    mixed = whole.replace(old, new)
    assert mixed != whole
    inside = compact(ONE)
    for text, intact in ((whole, True), (mixed, False)):
        at = text.index(b"\n  ") + 1
        found = records(pretty(legacy(3)) + text[:at] + inside + text[at:])
        assert found == [legacy(3), ONE] + ([legacy(2)] if intact else [])


def test_a_writer_that_died_in_the_middle_costs_one_record() -> None:
    lines = pretty(legacy(1)).splitlines(keepends=True)
    later = b"".join(pretty(legacy(number)) for number in range(2, 12)) * 20
    for cut in range(1, len(lines)):
        found, rejected = decode(b"".join(lines[:cut]) + later)
        assert len(found) == 200
        assert [(bad.offset, bad.reason) for bad in rejected] == [(0, "unfinished")]
        assert rejected[0].length == len(b"".join(lines[:cut])) - 1


def test_a_record_glued_to_the_torn_line_of_another_is_found() -> None:
    torn = pretty(legacy(1))
    for cut in range(2, len(torn) - 2):
        if torn[cut - 1 : cut] != b"\n":
            found, rejected = decode(torn[:cut] + pretty(legacy(3)) + pretty(legacy(4)))
            assert [one.record for one in found] == [legacy(3), legacy(4)]
            assert [(bad.offset, bad.length) for bad in rejected] == [(0, cut)]
        found, rejected = decode(torn[:cut] + compact(legacy(3)) + pretty(legacy(4)))
        assert found[-1].record == legacy(4)
        if torn[:cut].rstrip(b" ")[-1:] not in b":,[\n":  # there the record could be nested
            assert [one.record for one in found] == [legacy(3), legacy(4)]


def test_lines_whose_beginning_is_lost_count_as_one() -> None:
    lines = pretty(legacy(1)).splitlines(keepends=True)
    for cut in range(1, len(lines)):
        found, rejected = decode(b"".join(lines[cut:]) + pretty(legacy(2)) + compact(ONE))
        assert [one.record for one in found] == [legacy(2), ONE]
        assert [bad.length for bad in rejected] == [len(b"".join(lines[cut:])) - 1]


def test_a_record_in_progress_is_held_while_others_pass_but_not_for_ever() -> None:
    decoder = Decoder()
    decoder.feed(pretty(legacy(1))[:-2])
    passed, rejected = 0, []
    while not rejected and passed < 2 * traits.PATIENCE:
        assert decoder.settled == 0
        found, rejected = decoder.feed(compact(ONE))
        assert len(found) == 1
        passed += len(compact(ONE))
    assert [bad.reason for bad in rejected] == ["unfinished"]
    assert traits.PATIENCE < passed < traits.PATIENCE + 2000
    while decoder.settled == 0 and passed < 2 * traits.WINDOW:  # what was learned from it still counts
        passed += len(compact(ONE))
        assert len(decoder.feed(compact(ONE))[0]) == 1
    assert passed < traits.PATIENCE + traits.WINDOW + 4000
    assert decoder.settled == decoder.end
    assert decoder.fresh


def test_a_pretty_printed_record_over_the_bound_is_quarantined_in_bounded_memory() -> None:
    line = b'    "' + b"x" * 1_000_000 + b'",\n'
    text = b'{\n  "lineage_id": [\n' + line * (MAX_LINE // len(line) + 3) + b"  ]\n}\n"
    found, rejected = decode(text + compact(ONE))
    assert [one.record for one in found] == [ONE]
    assert rejected[0].reason == "longer than 16 MiB"


def test_no_key_is_taken_from_two_writers() -> None:
    text = pretty(ONE).replace(b'  "version"', b'  "task_id": "task-9",\n  "version"')
    found, rejected = decode(text)
    assert not found
    assert "twice" in rejected[0].reason


@given(st.data())
def test_any_mixture_of_lines_is_decoded_alike_in_any_pieces(data: st.DataObject) -> None:
    """Fuzzing of the state machine: lines that open, close, belong inside, are whole or broken, in any order."""
    lines = [
        b"{\n",
        b"}\n",
        b"},\n",
        b"}{\n",
        b"\n",
        b"\r\n",
        b"\0\0",
        b'  "a": {\n',
        b"  }\n",
        b"{",
        b'{"lineage_id":"x"',
    ]
    lines += [compact(ONE), compact(TWO)[:-9], pretty(THREE), pretty(legacy(1)), b"junk\n", b'  "task_id": "t",\n']
    lines += pretty(legacy(2)).splitlines(keepends=True)
    text = b"".join(data.draw(st.lists(st.sampled_from(lines), max_size=40)))
    cut = data.draw(st.integers(0, len(text)))
    whole = decode(text)
    assert decode(text[:cut], text[cut:]) == whole
    for one in whole[0]:
        assert json.loads(record_bytes(text[one.offset : one.offset + one.length])) == one.record
    decoder = Decoder()
    decoder.feed(text)
    decoder.flush()
    assert decoder.settled == decoder.end == len(text)


# Item by item: damage costs what is damaged, and no more


def plain(number: int) -> dict[str, Any]:
    """A record without `context`, which is optional."""
    return {key: value for key, value in legacy(number).items() if key != "context"}


@pytest.mark.parametrize("make", [legacy, plain, record], ids=["legacy", "without a context", "ours"])
@pytest.mark.parametrize(
    "damage",
    [
        b"}\n",
        b'  "version": "1.0.0"\n}\n',
        b'{\n  "lineage_id": 1\n}\n',
        b"{\n}\n",
        b"{\njunk\n}\n",
        b'{\n  "a": {\n}\n',
    ],
)
def test_a_torn_record_does_not_cost_the_intact_ones_after_it(make: Callable[[int], Any], damage: bytes) -> None:
    text = b"".join(pretty(make(number)) for number in range(1, 240))
    found, rejected = decode(damage + text)
    assert [one.record for one in found] == [make(number) for number in range(1, 240)]
    assert len(rejected) >= 1


@pytest.mark.parametrize("make", [legacy, plain], ids=["legacy", "without a context"])
def test_in_the_shadow_of_a_writer_that_died_the_records_of_the_others_are_found(make: Callable[[int], Any]) -> None:
    torn = b"".join(pretty(make(1)).splitlines(keepends=True)[:4])
    written = [make(number) for number in range(2, 400)]
    found = records(torn + b"".join(map(pretty, written)))
    assert all(one in written for one in found)
    assert len(found) >= len(written) - (make is plain)  # one of a shape that nobody knows yet may be a mixture


def test_near_damage_a_record_that_lacks_fields_of_the_others_is_a_mixture_unless_others_lack_them_too() -> None:
    before = b"".join(pretty(legacy(number)) for number in range(1, 5))
    found = records(before + b"}\n" + pretty(plain(5)) + pretty(plain(6)) + pretty(record(7, tags=["a"])))
    assert [one["task_id"] for one in found[4:]] == [plain(6)["task_id"], "task-7"]
    assert records(before + pretty(plain(5)))[4:] == [plain(5)]  # where nothing is damaged it is what it is


@pytest.mark.parametrize("within", ["actor", "event_data"])
def test_no_key_is_taken_twice_within_a_part_of_a_record(within: str) -> None:
    text = pretty(ONE).replace(b'"%b": {\n' % within.encode(), b'"%b": {\n    "x": 1,\n    "x": 2,\n' % within.encode())
    found, rejected = decode(text + pretty(TWO))
    assert [one.record for one in found] == [TWO]
    assert "twice" in rejected[0].reason
