"""The texts of tests/data/redaction.toml with secrets made up for them; as a program, it counts what redaction does.

python -m tests.core.write.redaction_corpus [--write]
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
import sys
import tomllib
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from lineage_core.write.redaction import redactor
from tests.conftest import ROOT

_FILE = ROOT / "tests" / "data" / "redaction.toml"
EXPECTED = ROOT / "tests" / "data" / "redaction_expected.json"
"""What is left of each shape of secret, of the first seed."""

_BLANK = re.compile(r"<(<?)(num|hex|HEX|b62|up|low|b64of|b64|url64|uuid|word|plain)(?: ([^<>]+))?>>?")
_B62 = string.ascii_letters + string.digits
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "b62": _B62,
    "up": string.ascii_uppercase + string.digits,
    "low": string.ascii_lowercase + string.digits,
    "b64": _B62 + "+/",
    "url64": _B62 + "-_",
}
_PLAIN = ("swordfish", "opensesame", "correcthorse", "letmein", "tangerine", "Walrus", "qwertz")


class Sample(NamedTuple):
    """A text, or event data, with what is secret in it. name: of its shape."""

    name: str
    value: Any
    secrets: tuple[str, ...]
    text: str


def _made(kind: str, size: str, source: random.Random) -> str:
    if kind == "uuid":
        return str(uuid.UUID(int=source.getrandbits(128)))
    if kind == "plain":
        return source.choice(_PLAIN)
    if kind == "word":
        return source.choice(_PLAIN) + source.choice("-_!.+^") * source.randrange(2) + str(source.randrange(10, 9999))
    if kind == "num":
        return str(source.randrange(10 ** (int(size) - 1), 10 ** int(size)))
    if kind == "b64of":
        return base64.b64encode(size.replace("word", _made("word", "", source)).encode()).decode()
    return "".join(source.choice(_ALPHABETS[kind]) for _ in range(int(size)))


def _sample(name: str, template: str, source: random.Random, *, is_data: bool) -> Sample:
    secrets: list[str] = []

    def fill(blank: re.Match[str]) -> str:
        made = _made(blank[2], blank[3] or "", source)
        if blank[1]:
            secrets.append(made)
        return made

    text = _BLANK.sub(fill, template)
    return Sample(name, json.loads(text) if is_data else text, tuple(secrets), text)


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text())


def secrets(seed: int) -> Iterator[Sample]:
    """Each shape of secret, once."""
    source = random.Random(seed)
    for table in ("text", "data"):
        for name, template in _file()[table].items():
            yield _sample(f"{table}.{name}", template, source, is_data=table == "data")


def harmless(seed: int) -> Iterator[Sample]:
    """Each harmless text and piece of data, once."""
    source = random.Random(seed)
    for table in ("messages", "data"):
        for template in _file()["harmless"][table]:
            yield _sample(template[:60], template, source, is_data=table == "data")


_GLUE = (" ", "\n", ": ", "=", ", ", '"', "'", "", "; ", "\t", " is ", " -p ", "&", "\\n", "(", ")", "://", "@")
_MORE = ("password", "token", "key", "secret", "value", "name", "-u", "kim:x9", "--token", "hunter22", "is", "the")
_KEYS = ("note", "message", "password", "x", "api key", "value", "name", "token_count", "argv")


def mixtures(seed: int, count: int) -> Iterator[Any]:
    """Texts and data put together from pieces of the corpus."""
    source = random.Random(seed)
    pool = [sample.text for sample in (*secrets(seed), *harmless(seed))]

    def piece() -> str:
        if source.random() < 0.2:
            return source.choice(_MORE)
        text = source.choice(pool)
        start, stop = sorted((source.randrange(len(text) + 1), source.randrange(len(text) + 1)))
        return text[start:stop] if source.random() < 0.5 else text

    for _ in range(count):
        text = piece()
        for _ in range(source.randrange(3)):
            text += source.choice(_GLUE) + piece()
        key = source.choice(_KEYS)
        shapes = ({key: text}, {"a": [text, "b"]}, {"argv": text.split(" ")}, {"name": text[:20], "value": text},
                  {key: {"x": text}}, {text: 1})  # fmt: skip
        yield text if source.random() < 0.5 else source.choice(shapes)


def left_of(sample: Sample, cleaned: Any) -> list[str]:
    """The secrets of a sample of which eight characters in a row, or all of fewer, are left in what it became."""
    text = cleaned if isinstance(cleaned, str) else json.dumps(cleaned, ensure_ascii=False)
    return [
        secret for secret in sample.secrets if any(secret[at : at + 8] in text for at in range(max(1, len(secret) - 7)))
    ]


def rates(seeds: range) -> tuple[int, int, list[Sample], list[Sample]]:
    """How many secrets and harmless texts there are, and which got through or were cut, over some seeds."""
    clean = redactor({})
    through = [sample for seed in seeds for sample in secrets(seed) if left_of(sample, clean(sample.value))]
    cut = [sample for seed in seeds for sample in harmless(seed) if clean(sample.value) != sample.value]
    return sum(1 for _ in secrets(0)), sum(1 for _ in harmless(0)), through, cut


def main() -> None:
    """Print both rates, and what is wrong. With `--write`, keep what is left of each shape, to be looked through."""
    if sys.argv[1:] == ["--write"]:
        left = {sample.name: redactor({})(sample.value) for sample in secrets(0)}
        EXPECTED.write_text(json.dumps(left, ensure_ascii=False, indent=1) + "\n")
    seeds = range(20)
    shapes, texts, through, cut = rates(seeds)
    print(f"{shapes} shapes of secrets, {len(seeds)} times: {len(through)} got through")
    print(f"{texts} harmless texts, {len(seeds)} times: {len(cut)} were cut")
    clean = redactor({})
    for sample in {sample.name: sample for sample in through + cut}.values():
        print(f"  {sample.name}: {sample.text!r} became {clean(sample.value)!r}")


if __name__ == "__main__":
    main()
