"""The rules of redaction, applied to JSON values; `redaction.py` says what they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from re import Match, Pattern
from typing import Any

from lineage_core.write import secret_names
from lineage_core.write.secret_names import REDACTED, is_none
from lineage_core.write.secret_precheck import CLUES, long_words
from lineage_core.write.secret_token_formats import BLOCKS, FORMATS
from lineage_core.write.secrets_after_name import without_flags, without_values
from lineage_core.write.secrets_without_name import compiled, without_matches

_ROUNDS = 4
"""Times that a text is gone over until nothing is found any more, so that to redact again changes nothing."""

_LONGEST_WORD = 40
"""Characters at the end of a word of a command that tell what the next one is."""

_HEADERS = re.compile(r"x-.*|private-token|(?:proxy-)?authorization|(?:set-)?cookie", re.ASCII | re.IGNORECASE)
"""Names of headers, which stand in lists of two with their values."""

_UNFINISHED = re.compile(r"(.*?)(?:[:=]\s*|(?<![a-z0-9])(?:bearer|basic))\Z", re.ASCII | re.DOTALL | re.IGNORECASE)
"""An item whose value may be the next one: `password:`, `Authorization: Bearer`, or after a name `=`, `Bearer`."""

_FLAGS = re.compile(r"(?:\(\?[aiLmsux]+\))+")
"""Flags of a regular expression, which must stand first."""

_PAIR_NAMES = ("name", "Name", "key", "Key")
_PAIR_VALUES = ("value", "Value")


class Rules:
    """The rules with what the settings add: names of keys and regular expressions, see `redactor`."""

    def __init__(self, names: str, patterns: str) -> None:
        self._more = [
            re.compile(re.escape(name.strip()).replace(r"\*", ".*"), re.ASCII | re.IGNORECASE | re.DOTALL)
            for name in names.split(",")
            if name.strip()
        ]
        self._looks = [_compiled(line) for line in filter(None, patterns.split("\n"))]
        self._clean_key = lru_cache(2048)(self._clean_text)
        self._kind: Callable[[str], str] = lru_cache(2048)(self._own_kind) if self._more else secret_names.kind

    def _own_kind(self, name: str) -> str:
        return "own" if any(more.fullmatch(name) for more in self._more) else secret_names.kind(name)

    def clean(self, value: Any) -> Any:
        """The value without its secrets."""
        if isinstance(value, str):
            return value if type(value) is not str else self._clean_text(value)  # a Number keeps its spelling
        if isinstance(value, dict):
            return self._clean_object(value)
        if isinstance(value, (list, tuple)):
            return self._clean_list(value)
        return value

    def _clean_object(self, value: dict[Any, Any]) -> dict[Any, Any]:
        cleaned = {}
        named = next((self._clean_text(value[key]) for key in _PAIR_NAMES if type(value.get(key)) is str), "")
        for key, item in value.items():
            name = self._clean_key(key) if type(key) is str else key
            clue = named if key in _PAIR_VALUES else name
            sort = self._kind(clue) if isinstance(clue, str) else ""
            cleaned[name] = self._below(item, sort) if sort else self.clean(item)
        return cleaned

    def _below(self, value: Any, sort: str) -> Any:
        """A value under a secret name: every text and number in it may be the secret."""
        if isinstance(value, dict):
            return {
                key: self._below(item, self._kind(key) or sort if isinstance(key, str) else sort)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self._below(item, sort) for item in value]
        if value is None or isinstance(value, bool) or sort == "signature":
            return self.clean(value)
        none = is_none(sort, str(value)) and self.clean(value) == value
        return value if none else REDACTED

    def _clean_list(self, values: list[Any] | tuple[Any, ...]) -> list[Any]:
        """A list, in which a word may be the option or the name whose value is the next one."""
        cleaned: list[Any] = []
        before = ""
        for value in values:
            if type(value) is str and "-" in (before[:1], value[:1]):
                value = self._clean_word(value, cleaned[-8:])
            elif type(value) is str and (found := _UNFINISHED.match(before[-_LONGEST_WORD:])):
                value = self._clean_word(value, cleaned[-1:] if found[1].strip(":= ") else cleaned[-2:])
            elif (
                len(values) == 2 and type(value) is str and _HEADERS.fullmatch(before) and (sort := self._kind(before))
            ):
                value = self._below(value, sort)
            before = value if type(value) is str else ""
            cleaned.append(self.clean(value))
        return cleaned

    def _clean_word(self, word: str, before: list[Any]) -> str:
        """A word of a command, without what the words before it tell to be a secret."""
        words = [item[-_LONGEST_WORD:] for item in before if type(item) is str]
        for line in (" ".join(words), words[-1] if words else ""):
            cleaned = self._clean_text(f"{line} {word}")
            if cleaned.startswith(f"{line} "):
                return cleaned[len(line) + 1 :]
            if not cleaned.endswith(f" {word}") and self._clean_text(line) == line:
                return REDACTED  # together with the end of the line: `Bearer TOKEN`
        return word

    def _clean_text(self, text: str) -> str:
        for _ in range(_ROUNDS):
            before, text = text, self._once(text)
            if text == before:
                break
        return text

    def _once(self, text: str) -> str:
        lower = f" {text.lower()}"
        if self._more or any(clue in lower for clue in CLUES):
            text = self._without_named(text, lower)
        if words := long_words(lower):
            for clue, look in FORMATS.items():
                if clue in words:
                    text = compiled(look).sub(REDACTED, text)
        for own in self._looks:
            text = own.sub(_own, text)
        return text

    def _without_named(self, text: str, lower: str) -> str:
        for clue, look in BLOCKS.items():
            if clue in lower:
                text = compiled(look).sub(REDACTED, text)
        if ":" in text or "=" in text or "%3" in text:
            text = without_values(text, self._kind)
        if "-" in text:
            text = without_flags(text, self._kind)
        return without_matches(text, lower, self._kind)


def _compiled(line: str) -> Pattern[str]:
    """A pattern of the settings; what is redacted already comes before it, so that it does not match in there."""
    try:
        re.compile(line)
    except re.error:
        line = re.escape(line)
    flags = _FLAGS.match(line)
    head = flags[0] if flags else ""
    return re.compile(rf"{head}{re.escape(REDACTED)}|(?:{line[len(head) :]})")


def _own(found: Match[str]) -> str:
    """What stands in place of what a pattern of the settings finds, which may be nothing."""
    return REDACTED if found[0] else ""
