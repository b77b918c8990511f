"""The page of the server as one file with its data inside, readable offline: `lineage export --format html`.

From data and rows to text. Script and style stand in the file and are named in its policy by their hashes; nothing is
fetched, and the text of events is data or escaped text, never markup.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import orjson

from lineage_core.base.escaping import json_safe, visible
from lineage_core.write.json_encoder import dumps

BUILT = Path(__file__).parent / "page" / "built"


def page(
    title: str, paragraph: str, data: Mapping[str, Any], columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """The page, piece by piece. data: what it draws (see `store.js`); rows: a table that needs no script."""
    script, style = ((BUILT / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    )
    yield f'<script type="application/json" id="lineage-data">{_json(data)}</script>\n'
    yield f'<section id="lineage-tables" aria-label="{_text(title)}">\n<h2>{_text(title)}</h2>\n'
    if paragraph:
        yield f"<p>{_text(paragraph)}</p>\n"
    yield from _table(columns, rows)
    yield f"</section>\n<script>{script}</script>\n</body>\n</html>\n"


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _json(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element."""
    return json_safe(orjson.dumps(data).decode()).replace("<", "\\u003c")


def _text(text: str) -> str:
    return escape(visible(text))


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield '<div class="wide" tabindex="0" role="region" aria-label="rows">\n<table>\n<thead><tr>'
    yield "".join(f'<th scope="col">{_text(name)}</th>' for name in columns) + "</tr></thead>\n<tbody>\n"
    for row in rows:
        yield "<tr>" + "".join(_cell(row.get(name)) for name in columns) + "</tr>\n"
    yield "</tbody>\n</table>\n</div>\n"


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
