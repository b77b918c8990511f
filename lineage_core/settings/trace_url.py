"""Where a trace can be seen: the template `trace_url` of the config file, as `http://host/trace/{trace_id}`."""

from __future__ import annotations

import re
from urllib.parse import quote

PLACEHOLDER = "{trace_id}"


def fault_of(template: object) -> str:
    """What is wrong with a template, or an empty string."""
    if not isinstance(template, str) or not re.match(r"https?://[^/\s{}]", template) or PLACEHOLDER not in template:
        return f"trace_url must be like http://localhost:16686/trace/{PLACEHOLDER}, not {template!r}"
    if not template.isascii() or not template.isprintable() or " " in template:
        return "trace_url holds a blank or another character that no URL has: write it as %20 and the like"
    return ""


def url_of(template: str, trace_id: str) -> str:
    """The address of a trace. What is put in is escaped, whatever it is."""
    return template.replace(PLACEHOLDER, quote(trace_id, safe=""))
