"""Plain lines -> the events frame, without a JSON parser: the fast way where there is no cutter in C.

A line is plain if a regular expression, the whole grammar of such a record, matches it from end to end: compact
JSON, fields in the writers' order, values of the right types, no backslashes. In such a line a quote always begins or
ends a string, so each value can be cut out by its key; a key that stands twice, or where it does not belong, shows in
a count. Whatever is not plain goes the general way (`dataframes/records.py`), which gives the same; a property test
holds the two together. This way takes half the time, uses all cores and leaves the interpreter to other threads.
"""

from __future__ import annotations

import polars as pl
from polars import col, lit, when

from lineage_core.dataframes.parsed_block import Lines
from lineage_core.dataframes.records import CONTEXT, MOST, MOST_PERCENT, NUMBERS, TEXTS
from lineage_core.dataframes.schema import LINEAGE_ID, NAME, TIME, schema_of
from lineage_core.model.facts import MAX_ID, longest
from lineage_core.model.lineage_id import OUR_LENGTH

_C = r'[^"\\\x00-\x1f]*'
_S = f'"{_C}"'
_N = r"(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,16})?"
_SCALAR = rf"(?:{_S}|-?{_N}|true|false|null)"


def _members(member: str) -> str:
    return rf"(?:{member}(?:,{member})*)?"


_DETAIL = rf'"(?:error_type|error_message|stack_trace)":{_S}'
_PART = rf'"(?:input|output|total)_tokens":{_N}'
_VALUES = (
    rf'"error_details":\{{{_members(_DETAIL)}\}}',
    rf'"token_usage":\{{{_PART}(?:,{_PART})*\}}',
    rf'"metadata":\{{(?:"log_us":{_N})?\}}',
    rf"{_S}:{_SCALAR}",
    rf"{_S}:\[{_members(_SCALAR)}\]",
)
_CONTEXT = rf'"(?:session_id|trace_id|parent_span_id|master_type|repository|branch|execution_environment)":{_S}'
_STAMP = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?Z$"
_HEAD = (
    rf'^\{{"lineage_id":"(?<lineage_id>lineage-[0-9]+)","task_id":"(?<task_id>{_C})","event_type":"(?<event_type>{_C})",'
    rf'"timestamp":"(?<at>{_C})","actor":\{{"type":"(?<actor_type>{_C})","id":"(?<actor_id>{_C})"'
    rf'(?:,"principal":{_S})?\}},"event_data":\{{'
)
_REST = (
    rf'^"event_data":\{{{_members("(?:" + "|".join(_VALUES) + ")")}\}}'
    rf'(?:,"parent_lineage_id":(?:null|{_S}))?(?:,"related_task_ids":\[{_members(_S)}\])?'
    rf'(?:,"context":\{{{_members(_CONTEXT)}\}})?(?:,"tags":\[{_members(_S)}\])?(?:,"version":{_S})?\}}$'
)
_HINT = b'{"lineage_id":"'
_PARTS = ("token_usage", "total_tokens", "input_tokens", "output_tokens")
_DETAILS = ("error_details", "error_message", "error_type")
_ONCE = (
    *TEXTS.values(),
    *NUMBERS.values(),
    *_PARTS,
    *_DETAILS,
    "log_us",
    *CONTEXT.values(),
    "priority_given",
    "blocked_by",
)
_KNOWN = (
    '"(?:(?:' + "|".join(_ONCE) + ')":|parent_lineage_id":")'
)  # of which `blocked_by` is never cut out here: such lines are few
_PARENT = r'\},"parent_lineage_id":"([^"]*)"(?:,"related_task_ids":\[|,"context":\{|,"tags":\[|,"version":"|\}$)'


def by_expressions(block: bytes, offset: int, ids: bool) -> Lines | None:
    """As `lines.ReadLines` has it. None if the block cannot be cut into lines here (it is not UTF-8, or lines end
    otherwise), or none of our writers wrote it."""
    if _HINT not in block:
        return None
    try:
        lines = pl.read_lines(block, name="line")
    except pl.exceptions.ComputeError:
        return None
    lines = lines.with_columns(length=col("line").str.len_bytes().cast(pl.Int64))
    if lines["length"].sum() + lines.height != len(block):
        return None
    lines = lines.with_columns(start=col("length").cum_sum() - col("length") + pl.int_range(pl.len()) + offset)
    cut = _cut(lines)
    good = cut["plain"]
    odd = lines.filter(~good & (lines["length"] > 0)).select(start=col("start") - offset, length="length")
    events = _events(cut if good.all() else cut.filter(good))
    return Lines(events if ids else events.drop(LINEAGE_ID.name), [(start, start + size) for start, size in odd.rows()])


def _text(where: str, key: str) -> pl.Expr:
    return col(where).str.extract(rf'"{key}":"([^"]*)"')


def _number(where: str, key: str) -> pl.Expr:
    return col(where).str.extract(rf'"{key}":({_N})')


def _cut(lines: pl.DataFrame) -> pl.DataFrame:
    """The values of each line, and whether the line is plain."""
    line, rest = col("line"), col("rest")
    rows = lines.lazy().with_columns(rest=line.str.slice(line.str.find('"event_data":{', literal=True)))
    rows = rows.select(
        "start",
        "length",
        line.str.extract_groups(_HEAD).struct.unnest(),
        plain=rest.str.contains(_REST),
        known=rest.str.count_matches(_KNOWN),
        line_hash=line.cast(pl.Binary).hash(),
        **{name: _text("rest", key) for name, key in TEXTS.items()},
        **{name: _number("rest", key) for name, key in NUMBERS.items()},
        priority_given=when(rest.str.contains('"priority_given":true', literal=True)).then(True),
        parent_hash=rest.str.extract(_PARENT),
        session=rest.str.extract(r'"context":\{"session_id":"([^"]*)"'),
        trace=rest.str.extract(r'"context":\{(?:"session_id":"[^"]*",)?"trace_id":"([^"]*)"'),
        usage=rest.str.extract(rf'"token_usage":({_N}|\{{[^{{}}]*\}})'),
        details=rest.str.extract(r'"error_details":("[^"]*"|\{[^{}]*\})'),
        log_us=rest.str.extract(rf'"metadata":\{{"log_us":({_N})\}}'),
    )
    rows = rows.with_columns(
        stamped=col("at").str.contains(_STAMP),
        at=col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False),
        total=_number("usage", "total_tokens"),
        input=_number("usage", "input_tokens"),
        output=_number("usage", "output_tokens"),
        message=_text("details", "error_message"),
        kind=_text("details", "error_type"),
    )
    parts = ("log_us", "total", "input", "output")
    counted = (
        *TEXTS,
        *NUMBERS,
        *parts,
        "priority_given",
        "parent_hash",
        *CONTEXT,
        "usage",
        "details",
        "message",
        "kind",
    )
    numbers = (*NUMBERS, *parts, "bare")
    rows = rows.with_columns(
        *(col(name).cast(pl.Float64) for name in (*NUMBERS, *parts)),
        bare=col("usage").cast(pl.Float64, strict=False),
        said=pl.sum_horizontal(col(name).is_not_null().cast(pl.UInt8) for name in counted),
    )
    true = [col(name).fill_null(0) <= (MOST_PERCENT if name == "percent" else MOST) for name in numbers]
    true.append(col("input").fill_null(0) + col("output").fill_null(0) <= MOST)
    fine = pl.all_horizontal(col("known") == col("said"), col("stamped"), col("at").is_not_null(), *true)
    return rows.with_columns(plain=(col("plain") & fine).fill_null(False)).collect()


def _events(cut: pl.DataFrame) -> pl.DataFrame:
    """The events of plain lines with their lineage_id, but for the file's name."""
    text = when(col("details").str.starts_with('"')).then(col("details").str.strip_chars('"'))
    error = pl.coalesce(*(when(value != "").then(value) for value in (col("message"), col("kind"), text)))
    parts = when(col("input").is_not_null() | col("output").is_not_null()).then(
        col("input").fill_null(0).cast(pl.Int64) + col("output").fill_null(0).cast(pl.Int64)
    )
    ours = when(col("lineage_id").str.len_bytes() == OUR_LENGTH).then(col("lineage_id").str.slice(8, 16))
    events = cut.with_columns(error=error)
    most = {
        **dict.fromkeys(CONTEXT, MAX_ID),
        "error": longest("error"),
        **{name: longest(TEXTS[name]) for name in TEXTS},
    }
    events = events.with_columns(
        *(when(col(name) != "").then(_cut_off(events[name], most[name])) for name in most),
        at=col("at").dt.replace_time_zone("UTC"),
        tokens=pl.coalesce(col("bare").cast(pl.Int64), col("total").cast(pl.Int64), parts),
        written_at=ours.cast(pl.Int64).cast(TIME),
        wrong=lit(None, NAME),
        file=lit(None, NAME),
        offset=col("start"),
        blocked_by=lit(None, pl.String),
        id_hash=col("lineage_id").hash(),
        parent_hash=when(col("parent_hash").is_not_null()).then(col("parent_hash").hash()),
    )
    return events.select("lineage_id", *(col(name).cast(kind) for name, kind in schema_of("events").items()))


def _cut_off(texts: pl.Series, most: int) -> pl.Expr:
    """A text as facts keep it: a long one is cut."""
    size = texts.str.len_bytes().max()
    text = col(texts.name)
    return text.str.head(most) if isinstance(size, int) and size > most else text
