"""Secrets in free text that stand after their names: `name: value`, `name=value`, `--name value`, headers.

All patterns take time linear in the text, whatever it is: repetitions are possessive or bounded, and what a search
looks back or ahead at is bounded too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from re import Match

from lineage_core.write.secret_names import REDACTED, is_key_word, is_none, is_prose, is_random, is_sentence, is_word
from lineage_core.write.secret_names import kind as usual_kind


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled where it is first needed: to compile all takes longer than to log an event."""
    return re.compile(pattern, re.ASCII | re.DOTALL)


Kind = Callable[[str], str]
"""Tells by its name what a key holds; see `secret_names.kind`."""

_NEAR = 120
"""Characters before an option in which its command may stand."""

_CLOSE = r"(?:\\{0,4}[\"'`]|%22)?\]?"
_SEPARATOR = r"[ \t]*+(?:[:=][:=>]*+|%3[AaDd])(?:%22)?(?:\s|\\\n)*+"
_NAME = rf"(?:(?<![A-Za-z0-9_.-])|(?<=%3[AaDd]))([A-Za-z0-9_.-]++)({_CLOSE})({_SEPARATOR})"
"""A name, its closing quote, and what stands between it and its value: `:`, `=`, `==`, `:=`, `=>`, perhaps encoded."""

_QUOTED = (
    r"\\\\\\\"(?s:.*?)(?:\\\\\\\"|\Z)|\\\"(?:[^\"\\]|\\\\(?:\\.|[^\\])?|\\[^\"\\])*+(?:\\\")?"
    r"|\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|`[^`]*+`?"
)
"""Text in quotes, also in those of JSON inside a JSON string, to the end if they are not closed."""

_BARE = r"(?:\[redacted\]|[^\s\"',;&)}\]<%]|%(?!22|26))++"
_BLOCK = r"[|>][+-]?\d?[ \t]*+\n(?:[ \t]++[^\n]*+(?:\n|\Z))++"
"""A block of lines in YAML."""

_VALUE = rf"({_BLOCK})|(?i:(?:bearer|basic|token)\s++)?(?:({_QUOTED})|{_BARE})"
_LINE_VALUE = rf"({_BLOCK})|(?i:(?:bearer|basic)\s++)?(?:({_QUOTED})|(?:\[redacted\]|[^\s\"'])++)"
"""The value of an assignment that begins a line, or to a variable of the environment."""

_WORD_VALUE = rf"({_BLOCK})|(?i:(?:bearer|basic|token)\s++)?(?:({_QUOTED})|(?:\[redacted\]|[^\s\"'<])++)"
"""The value after `name: `, where a comma, a bracket and the like may be part of it."""

_PART = rf"[A-Za-z0-9_.-]++=(?:{_QUOTED}|{_BARE})?"
_SCHEME = r"[A-Za-z][A-Za-z0-9_-]*+[ \t]++"
_HEADER = rf"({_SCHEME})?(?:{_PART}(?:[ \t]*+[,;][ \t]*+{_PART})*+|({_QUOTED})|({_BARE}))"
"""The value of an `Authorization` header: any scheme, then a list of parts or one value."""

_SCHEMES = frozenset(["bearer", "basic", "digest", "token", "apikey", "key", "negotiate", "ntlm", "hmac"])
_COOKIES = rf"({_QUOTED})|[^\r\n\"']++"
_MORE_WORDS = re.compile(r"[ ]([^\s\"',;:]++)")
_SINGLE = frozenset(
    (
        *("password", "passwd", "passphrase", "passcode", "pwd", "pass", "secret", "secrets", "token"),
        *("credential", "credentials", "cookie", "cookies", "bearer"),
    )
)
"""Names that are words of everyday messages too."""
_LAST_WORD = re.compile(r"([A-Za-z]++)[ _-]\Z", re.ASCII)
_NAMES = re.compile(_NAME, re.ASCII)
_ENCODED = re.compile(r"\A[0-9A-Fa-f]{2}", re.ASCII)


def without_values(text: str, kind: Kind) -> str:
    """The text without the values of secret names. What another name is given may itself be a name and a value."""
    pieces, at = [], 0
    for found in _NAMES.finditer(text):
        if found.end() < at:
            continue
        name = found[1]
        if text[max(0, found.start() - 1) : found.start()] == "%":  # %22name, %26name, %3Dname: encoded
            name = _ENCODED.sub("", name)
        sort = kind(name)
        if not sort and name.lower() == "key":
            before = _LAST_WORD.search(text, max(0, found.start() - 16), found.start())
            sort = "key" if before and is_key_word(before[1]) else "mixed" if found[3] == "=" else ""
        if sort and (stop := _value_end(text, found, name, sort)) > max(at, found.end()):
            pieces += [text[at : found.end()], REDACTED]
            at = stop
    return "".join([*pieces, text[at:]])


def _value_end(text: str, found: Match[str], name: str, sort: str) -> int:
    """Where the value of a name ends; where it begins if it is no secret."""
    start, separator = found.end(), found[3]
    if sort == "signature" and "=" not in separator and "%3" not in separator:
        return start
    spaced = ":" in separator and separator[-1:].isspace() and not found[2]
    if sort == "header":
        return _header_end(text, start, name, spaced)
    line = text[max(0, found.start() - 40) : found.start()].rpartition("\n")[2]
    is_line = line.strip() in ("", "export", "set") or (name.isupper() and line[-1:] in " \t\"'[(")
    is_line = is_line and separator[:1] == "="
    shape = _LINE_VALUE if is_line else _WORD_VALUE if spaced else _VALUE
    value = _compiled(shape).match(text, start)
    if not value:
        return start
    if value[1]:
        return value.end() - value[1].endswith("\n")
    word = value[0].strip("\"'`\\") if value[2] else value[0]
    end = value.end()
    if (spaced or (is_line and line)) and not value[2]:
        word = word.rstrip(",;.)}]") or word
        end = start + len(word)
    after = text[end : end + 80].partition("\n")[0]
    if is_none(sort, word) or (not value[2] and is_none(sort, word + after[:1])):
        return start
    if sort == "own":
        return end
    if separator == " = " and _is_variable(name, word):
        return start
    if not spaced:
        return end
    if name == "PASS" and not is_random(word):
        return start  # a test that passed
    if not value[2] and is_sentence(word + after):
        return start
    single = name.lower() in _SINGLE or name.lower() == "key"
    if single and is_prose(sort, word, after, text[max(0, found.start() - 24) : found.start()]):
        return start
    if sort == "password" and not value[2]:
        for _ in range(8):  # a pass phrase
            more = _MORE_WORDS.match(text, end)
            if not more or is_word(more[1]):
                break
            end = more.end()
    return end


def _is_variable(name: str, value: str) -> bool:
    """Whether a value is a variable of source code: `self.token = token`, `key = settings.API_KEY`."""
    owner, dot, last = value.rpartition(".")
    return (owner + last).replace(".", "").replace("_", "").isalpha() and (
        bool(dot and usual_kind(last)) or last == name.rpartition(".")[2]
    )


def _header_end(text: str, start: int, name: str, spaced: bool) -> int:
    if name.lower().endswith(("cookie", "cookies")):
        line = text[start : start + _NEAR].partition("\n")[0]
        pairs = "=" in line or line[:1] in "\"'`\\" or not spaced or is_random(line.partition(" ")[0])
        value = _compiled(_COOKIES).match(text, start) if pairs else None
        return value.end() if value and not is_none("secret", value[0].strip("\"'`\\ ")) else start
    value = _compiled(_HEADER).match(text, start)
    if not value:
        return start
    scheme, quoted, bare = (value[1] or "").strip(), value[2], value[3]
    if value[0] == REDACTED or is_none("secret", (quoted or bare or "=").strip("\"'`\\")):
        return start
    if bare and not scheme and bare.lower() in _SCHEMES:
        return start
    if (
        bare
        and spaced
        and not is_random(bare)
        and (is_word(bare) or (scheme.lower() not in _SCHEMES and is_word(scheme)))
    ):
        return start
    return value.end()


_FLAGS = (
    rf"(?<![A-Za-z0-9_.-])(--?[A-Za-z][A-Za-z0-9_.-]*+)((?:[\"'],?)?(?:[ \t\n]|\\\n)++)({_QUOTED}|[^\s\"'-][^\s\"']*+)"
)


def without_flags(text: str, kind: Kind) -> str:
    """The text without the values of options: `--password X`."""

    def value(found: Match[str]) -> str:
        sort, word = kind(found[1]), found[3].strip("\"'`\\,;)]}")
        if not sort or is_none(sort, word) or is_word(word):
            return found[0]
        return f"{found[1]}{found[2]}{REDACTED}"

    return _compiled(_FLAGS).sub(value, text)
