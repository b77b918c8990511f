"""lineage.sh decides by itself that most texts hold no secret, and never of one from which Python would cut."""

from __future__ import annotations

import json
import random
import subprocess
from typing import Any

import pytest

from lineage_core.write.redaction import redactor
from tests.core.write.redaction_corpus import harmless, mixtures, secrets
from tests.shell.bash_writer import LIBRARY

_LOOP = """
source "$1"
set -f
while IFS= read -r -d '' text; do
  if __lineage_harmless " $text"; then printf 1; else printf 0; fi
done
"""
clean = redactor({})


def cleared(texts: list[str], locale: str = "C.UTF-8") -> list[bool]:
    """Of each text, whether bash is sure that it holds no secret."""
    fields = b"".join(text.encode() + b"\0" for text in texts)
    command = ["bash", "-c", _LOOP, "x", str(LIBRARY)]
    done = subprocess.run(command, input=fields, capture_output=True, check=True, env={"LC_ALL": locale})
    assert done.stderr == b""
    return [sign == "1" for sign in done.stdout.decode()]


def spellings(value: Any, source: random.Random) -> str:
    """A value as it comes to bash: a reason as it is, data as JSON, whose slashes and letters may be escaped."""
    if isinstance(value, str):
        return value.replace("\0", "")
    text = json.dumps(value, ensure_ascii=source.random() < 0.5)
    return text.replace("/", "\\/") if source.random() < 0.3 else text


@pytest.mark.parametrize("seed", range(5))
def test_bash_is_sure_of_no_secret_of_the_corpus(seed: int) -> None:
    samples = list(secrets(seed))
    sure = cleared([sample.text for sample in samples])
    assert [sample.name for sample, is_sure in zip(samples, sure, strict=True) if is_sure] == []


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("seed", range(2))
def test_bash_is_sure_of_nothing_from_which_python_cuts(seed: int, locale: str) -> None:
    source = random.Random(seed)
    values = list(mixtures(seed, 5000))
    sure = cleared([spellings(value, source) for value in values], locale)
    assert [value for value, is_sure in zip(values, sure, strict=True) if is_sure and clean(value) != value] == []
    assert sum(sure) > 500


HIDDEN = [
    '{"p\\u0061ssword":"hunter2"}',
    '{"pass\\"word":"hunter2"}',
    '{"note":"new:\\n-p hunter22"}',
    '{"note":"x\\nsk-0123456789abcdefghijkl"}',
    '{"url":"https:\\/\\/kim:hunter2@host"}',
    "C:\\token=hunter2",
    "PASSWORD\t=\thunter2",
    '{"x": {"password" : "hunter2"}}',
    '["--password", "hunter2"]',
    '{"name":"DB_PASS","value":"x"}',
    '[["X-Auth-Token", "hunter2"]]',
]


@pytest.mark.parametrize("text", HIDDEN)
def test_bash_is_not_sure_where_a_secret_is_hidden(text: str) -> None:
    assert cleared([text]) == [False]


USUAL = [
    "token limit exceeded: 210000 of 200000",
    "password reset email sent",
    '{"error_type":"timeout","error_message":"token limit exceeded","attempts":3}',
    '{"token_usage":{"input_tokens":900,"output_tokens":300,"total_tokens":1200},"token_budget":50000}',
    "authorization failed for user kim",
    "blocked by task-20261122-080348-a1b2",
    "the token is invalid or has expired",
    'secret "db-creds" not found',
    '{"url":"https://host/a","owner":"kim@corp.example"}',
    "lib/auth.py has no tests\\n12 passed, 3 failed",
    '{"primary_key":"id","author":"kim","passed":12}',
]


@pytest.mark.parametrize("text", USUAL)
def test_bash_is_sure_of_usual_texts(text: str) -> None:
    assert cleared([text]) == [True]


def test_bash_is_sure_of_half_the_harmless_texts_that_look_like_secrets() -> None:
    sure = cleared([sample.text for sample in harmless(0)])
    assert sum(sure) >= len(sure) / 2
