"""Secrets taken out of event data before it reaches the disk, by the names of keys and by what values look like.

Names: `password`, `api_key`, `authorization`, `github_token`, … (see `_NAMES`), read without regard to case, `-`, `.`
or camelCase; `token_usage`, `token_budget`, `tokens` and `*_tokens` are no secrets. Looks: see `_LOOKS`. In free text,
`name: value`, `name=value` and the like count as a key and its value. What is found becomes `[redacted]`; ids are left
alone.

Settings, from the environment: `LINEAGE_REDACT=0` switches it off. `LINEAGE_REDACT_KEYS` adds names of keys, with
commas between them, `*` standing for anything. `LINEAGE_REDACT_PATTERNS` adds regular expressions, one a line (one
that is not valid is taken as plain text).

`lineage.sh` holds a superset of these rules, `__lineage_harmless`, and sends what it cannot clear to Python.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing costs as much as all the rest of `lineage log`
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from re import Pattern
    from typing import Any

REDACTED = "[redacted]"

_CLUES = (
    *("passw", "passphr", "pwd", "secret", "token", "key", "authoriz", "credential", "cookie", "bearer"),
    *("akia", "asia", "aiza", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "k_live_"),
    *("sk-", "xox", "eyj", "://"),
)
"""What at least one of stands, in lower case, in every text that has a secret: so that most are told at a glance."""

_NAMES = (
    *("password", "passwd", "passphrase", "pwd", "secret", "credential", "authorization", "cookie", "bearer"),
    *("apikey", "accesskey", "privatekey", "signingkey", "encryptionkey"),
)
"""A key is secret if its name, in lower case and without what is neither letter nor digit, has one of these in it."""

_COUNTED = ("usage", "budget", "count", "counts", "limit", "limits", "cost", "costs", "estimate", "type", "total")
"""What follows `token` in the name of a number of language-model tokens."""

_LOOKS = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    r"(?i:\bbearer\s++)[A-Za-z0-9._~+/=-]{8,}",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,})",
    r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}",
    r"\b[rs]k_live_[A-Za-z0-9]{10,}",
    r"\bxox[a-z]-[A-Za-z0-9-]{10,}",
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
)
_URL = r"(?<=://)([^\s:/]*+):[^\s/]*@"
_NAME = r"(?<![A-Za-z0-9_.-])([A-Za-z0-9_.-]++)\\?[\"']?\s*+[:=][:=>]*+\s*+"
"""A name and what stands between it and its value: `:`, `=`, `==`, `:=` or `=>`, perhaps with quotes and blanks."""

_QUOTED = r"\\\"(?:[^\"\\]|\\\\(?:\\.|[^\\])?|\\[^\"\\])*+(?:\\\")?|\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?"
"""Text in quotes, also in those of JSON inside a JSON string, to the end if they are not closed."""

_BARE = r"(?:\[redacted\]|[^\s\"',;&)}\]])++"
_VALUE = rf"(?i:(?:bearer|basic|token)\s++)?(?:{_QUOTED}|{_BARE})"
_PART = rf"[A-Za-z0-9_.-]++=(?:{_QUOTED}|{_BARE})?"
_HEADER = rf"(?:[A-Za-z][A-Za-z0-9_-]*+[ \t]++)?(?:{_PART}(?:[ \t]*+[,;][ \t]*+{_PART})*+|{_QUOTED}|{_BARE})"
"""The value of an `Authorization` or `Cookie` header: any scheme, then a list of parts or one value."""


def redactor(environ: Mapping[str, str]) -> Callable[[Any], Any]:
    """What takes the secrets out of a JSON value (text, object, list, …) under these settings. It changes nothing
    in place.
    """
    if environ.get("LINEAGE_REDACT") == "0":
        return lambda value: value
    names = environ.get("LINEAGE_REDACT_KEYS", "")
    patterns = environ.get("LINEAGE_REDACT_PATTERNS", "")
    if names or patterns:
        return _Rules(names, patterns).clean
    rules: list[_Rules] = []

    def clean(value: Any) -> Any:
        if not _suspicious(value):
            return value
        if not rules:
            rules.append(_Rules("", ""))
        return rules[0].clean(value)

    return clean


def _suspicious(value: Any) -> bool:
    if isinstance(value, str):
        lower = value.lower()
        return any(clue in lower for clue in _CLUES)
    if isinstance(value, dict):
        return any(_suspicious(part) for pair in value.items() for part in pair)
    return isinstance(value, (list, tuple)) and any(map(_suspicious, value))


class _Rules:
    """The rules, compiled. names, patterns: what the settings add."""

    def __init__(self, names: str, patterns: str) -> None:
        import re
        from functools import lru_cache

        self._is_secret = lru_cache(1024)(self.is_secret_name)
        self._looks: list[Pattern[str]] = [re.compile(look, re.ASCII) for look in _LOOKS]
        self._url = re.compile(_URL, re.ASCII)
        self._name = re.compile(_NAME, re.ASCII)
        self._value = re.compile(_VALUE, re.ASCII | re.DOTALL)
        self._header = re.compile(_HEADER, re.ASCII | re.DOTALL)
        self._seam = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
        for line in filter(None, patterns.split("\n")):
            try:
                self._looks.append(re.compile(line))
            except re.error:
                self._looks.append(re.compile(re.escape(line)))
        self._more = [
            re.compile(re.escape(name.strip()).replace(r"\*", ".*"), re.ASCII | re.IGNORECASE | re.DOTALL)
            for name in names.split(",")
            if name.strip()
        ]

    def is_secret_name(self, name: str) -> bool:
        """Whether the value of a key of this name is a secret."""
        words = [word.translate(_LOWER) for word in self._seam.split(name)]
        plain = "".join(words)
        if any(secret in plain for secret in _NAMES) or any(more.fullmatch(name) for more in self._more):
            return True
        return any(
            word.endswith("token") and following not in _COUNTED
            for word, following in zip(words, [*words[1:], ""], strict=True)
        )

    def clean(self, value: Any) -> Any:
        """The value without its secrets."""
        if isinstance(value, str):
            return value if type(value) is not str else self._clean_text(value)  # a Number keeps its spelling
        if isinstance(value, dict):
            return {
                key: REDACTED
                if isinstance(key, str) and _holds(item) and self.is_secret_name(key)
                else self.clean(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.clean(item) for item in value]
        return value

    def _clean_text(self, text: str) -> str:
        text = self._without_values(text)
        for look in self._looks:
            text = look.sub(REDACTED, text)
        return self._url.sub(rf"\1:{REDACTED}@", text)

    def _without_values(self, text: str) -> str:
        """The text without the values of secret names. What another name is given may itself be a name and a value."""
        kept, at = [], 0
        for name in self._name.finditer(text):
            if name.end() < at or not self._is_secret(name[1]):
                continue
            is_header = name[1].translate(_LOWER).endswith(("authorization", "cookie"))
            if value := (self._header if is_header else self._value).match(text, name.end()):
                kept += [text[at : name.end()], REDACTED]
                at = value.end()
        return "".join([*kept, text[at:]])


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Lower case for ASCII only: no other letter must fold into one of these, lineage.sh does not fold them either."""


def _holds(value: Any) -> bool:
    """Whether a value could be a secret: true, false, null and empty ones tell nothing."""
    return value is not None and value is not True and value is not False and value != "" and value != REDACTED
