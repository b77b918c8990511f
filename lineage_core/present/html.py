"""An answer as one self-contained HTML page: timelines as bars, tables, no script and nothing from elsewhere.

Pure: from timelines and rows to text. Every text of an event is made visible and escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from lineage_core.base.clock import format_duration, format_timestamp
from lineage_core.base.escaping import visible
from lineage_core.present.timeline import Bar, Lane, Timeline
from lineage_core.present.timeline_text import BARS, MARKS, parts
from lineage_core.write.json_encoder import dumps

MAX_TIMELINES = 50
"""Timelines on one page; the tables hold the rest."""

_STYLE = """
:root { color-scheme: light dark; --line: #d8d5cc; --muted: #6e7a8c; --back: #fbfaf7; --text: #22272e; }
@media (prefers-color-scheme: dark) { :root { --line: #2c3543; --back: #11151c; --text: #d5dbe5; } }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem; background: var(--back); color: var(--text); }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p.note, .axis, .lane small { color: var(--muted); }
.lane, .axis { display: grid; grid-template-columns: minmax(9rem, 18rem) 1fr 5rem; gap: .75rem; align-items: center; }
.lane > b { font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lane.phases > b { font-weight: 600; }
.track { position: relative; height: 1.2rem; border-bottom: 1px solid var(--line); }
.axis .track { border: 0; } .axis span { position: absolute; white-space: nowrap; }
.bar, .mark { position: absolute; top: .15rem; height: .9rem; border-radius: 2px; min-width: 3px; overflow: hidden;
  font-size: .7rem; line-height: .9rem; color: #fff; padding-left: 2px; box-sizing: border-box; white-space: nowrap; }
.mark { width: 3px; padding: 0; background: #d0a215; top: 0; height: 1.2rem; }
.open { border-right: 2px dotted currentColor; }
.queued, .spawn, .unknown { background: #8a94a3; } .assigned { background: #7a5fc4; }
.running, .run { background: #1f7f9c; } .blocked, .partial { background: #b07a1e; }
.success { background: #3d8b40; } .failed { background: #c9243f; } .zombie { background: #a8328a; }
.handoff-wait { background: #9db4d0; } .handoff { background: #0b5cad; } .escalated { background: #ff7a1a; }
table { border-collapse: collapse; margin-top: 1rem; font-size: .85rem; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem; border-bottom: 1px solid var(--line); }
td { max-width: 40rem; overflow-wrap: anywhere; } td.number { text-align: right; }
"""


def page(
    title: str,
    paragraph: str,
    timelines: Iterable[Timeline],
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    now: int,
) -> Iterator[str]:
    """The page, piece by piece. told: a paragraph under the heading."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{_text(title)}</h1>\n"
    )
    yield f'<p class="note">lineage, {format_timestamp(now)[:19].replace("T", " ")} UTC</p>\n'
    if paragraph:
        yield f"<p>{_text(paragraph)}</p>\n"
    for line in timelines:
        yield from _timeline(line, now)
    yield from _table(columns, rows)
    yield "</body>\n</html>\n"


def _text(text: str) -> str:
    return escape(visible(text))


def _timeline(line: Timeline, now: int) -> Iterator[str]:
    end = max(now if line.end is None else line.end, line.start + 1)
    name, status = line.lanes[0].name, line.lanes[0].note
    yield f"<section>\n<h2>{_text(name)} <small>{_text(status)}, {format_duration(end - line.start)}</small></h2>\n"
    yield '<div class="axis"><b></b><div class="track">'
    for quarter in range(4):
        offset = (end - line.start) * quarter // 4
        yield f'<span style="left:{quarter * 25}%">+{format_duration(offset)}</span>'
    yield "</div><small></small></div>\n"
    for lane in line.lanes:
        yield from _lane(lane, line.start, end)
    yield f"<details><summary>{len(parts(line))} bars and marks</summary>\n"
    yield from _table(("offset", "duration", "what", "name", "text"), _parts(line, now))
    yield "</details>\n</section>\n"


def _lane(lane: Lane, start: int, end: int) -> Iterator[str]:
    yield f'<div class="lane {lane.kind}"><b title="{_text(lane.note)}">{_text(lane.name)}</b><div class="track">'
    for bar in lane.bars:
        stop = end if bar.end is None else bar.end
        word = BARS[bar.kind].word if bar.kind in BARS else bar.kind
        tip = f"{word}, {format_duration(stop - bar.start)} from {format_timestamp(bar.start)}"
        css = bar.kind.replace(" ", "-") + (" open" if bar.end is None else "")
        left, width = _percent(bar.start - start, end - start), _percent(stop - bar.start, end - start)
        attributes = f'class="bar {_text(css)}" style="left:{left};width:{width}"'
        yield f'<span {attributes} title="{_text(tip)}">{_text(word)}</span>'
    for tick in lane.ticks:
        word = MARKS[tick.kind].word if tick.kind in MARKS else tick.kind
        tip = f"{word} {tick.text} at {format_timestamp(tick.at)}"
        css, left = _text(tick.kind), _percent(tick.at - start, end - start)
        yield f'<span class="mark {css}" style="left:{left}" title="{_text(tip)}"></span>'
    length = max((end if bar.end is None else bar.end for bar in lane.bars), default=0)
    length -= min((bar.start for bar in lane.bars), default=0)
    yield f"</div><small>{format_duration(length)}</small></div>\n"


def _percent(part: int, whole: int) -> str:
    return f"{100 * min(max(part, 0), whole) / whole:.3f}%"


def _parts(line: Timeline, now: int) -> Iterator[dict[str, Any]]:
    for lane, part in parts(line):
        if isinstance(part, Bar):
            start, stop = part.start, now if part.end is None else part.end
            length = format_duration(stop - start) + ("…" if part.end is None else "")
        else:
            start, length = part.at, ""
        yield {
            "offset": "+" + format_duration(start - line.start),
            "duration": length,
            "what": part.kind,
            "name": lane.name,
            "text": part.text,
        }


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "<table>\n<thead><tr>" + "".join(f"<th>{_text(name)}</th>" for name in columns) + "</tr></thead>\n<tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(_cell(row.get(name)) for name in columns) + "</tr>\n"
    yield "</tbody>\n</table>\n"


def _cell(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "<td></td>"
    if isinstance(value, bool):
        return f"<td>{'yes' if value else 'no'}</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{value}</td>'
    if isinstance(value, str):
        return f"<td>{_text(value)}</td>"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return f"<td>{_text(', '.join(value))}</td>"
    return f"<td>{_text(dumps(value))}</td>"
