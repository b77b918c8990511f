"""lineage.sh decides by itself that most texts hold no secret, and never of one from which Python would cut."""

from __future__ import annotations

import json
import random
import subprocess
from tempfile import TemporaryFile
from typing import Any

import pytest

from lineage_core.write.redaction import redactor
from tests.core.write.redaction_corpus import harmless, mixtures, secrets
from tests.shell.bash_writer import LIBRARY

# A text is the reason of a failure or, where it is data, DATA. What would be written without Python is sure; what bash
# redacts by itself is told.
_LOOP = """
source "$1"
set -f
__lineage_append() {
  sure=1
  case $text/$__l_line in data*'[redacted]'*) sure={$__l_fields} ;; esac
  return 9
}
while IFS= read -r -d '' text; do
  sure=0
  case $text in
    data*) __lineage_native task_created '' 1 1 '%.0s%.0s%.0s' task-1 kim "${text#data}" ;;
    *) __lineage_native task_failed master 1 2 '%.0s"reason":"%s"%.0s' task-1 kim "${text#text}" '{"a":1}' ;;
  esac 2>/dev/null
  printf '%s\\0' "$sure"
done
"""
clean = redactor({})


def cleared(values: list[Any], texts: list[str], locale: str = "C.UTF-8") -> list[bool]:
    """Of each value as it is written, whether bash is sure that it holds no secret."""
    kinds = ["text" if isinstance(value, str) else "data" for value in values]
    fields = b"".join(f"{kind}{text}\0".encode() for kind, text in zip(kinds, texts, strict=True))
    command = ["bash", "-c", _LOOP, "x", str(LIBRARY)]
    with TemporaryFile() as file:  # from a pipe bash reads byte by byte
        file.write(fields)
        file.seek(0)
        done = subprocess.run(
            command, stdin=file, capture_output=True, check=True, env={"LC_ALL": locale, "LINEAGE_DIR": "/nowhere"}
        )
    assert done.stderr == b""
    signs = done.stdout.decode().split("\0")[:-1]
    for value, sign in zip(values, signs, strict=True):
        if sign[0] == "{":
            assert json.loads(sign) == clean(value)
    return [sign == "1" for sign in signs]


def value_of(text: str) -> Any:
    """What a text is as JSON, else itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


_ODD = (
    *('"', "\\", '\\"', "\n", "\t", "\\n", "/", "\\u", "\\\\", "\\u0041", "'", "`", ":", "=", " ", "^", "\x1b", "\x7f"),
    *("é", "ü", "\u00a0", "\u2003", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")),
)
"""What JSON escapes, what stands for something in bash, and what is no ASCII."""


def sprinkled(value: Any, source: random.Random) -> Any:
    """The value with some of these in its texts and names."""
    if isinstance(value, str):
        for _ in range(source.randrange(4)):
            at = source.randrange(len(value) + 1)
            value = value[:at] + source.choice(_ODD) + value[at:]
        return value
    if isinstance(value, dict):
        return {sprinkled(key, source): sprinkled(item, source) for key, item in value.items()}
    return [sprinkled(item, source) for item in value] if isinstance(value, list) else value


def spellings(value: Any, source: random.Random) -> str:
    """A value as it comes to bash: a reason as it is, data as JSON, whose slashes and letters may be escaped."""
    if isinstance(value, str):
        return value.replace("\0", "")
    text = json.dumps(value, ensure_ascii=source.random() < 0.5)
    return text.replace("/", "\\/") if source.random() < 0.3 else text


@pytest.mark.parametrize("seed", range(5))
def test_bash_is_sure_of_no_secret_of_the_corpus(seed: int) -> None:
    samples = list(secrets(seed))
    sure = cleared([sample.value for sample in samples], [sample.text for sample in samples])
    assert [sample.name for sample, is_sure in zip(samples, sure, strict=True) if is_sure] == []


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize("seed", range(2))
def test_bash_is_sure_of_nothing_from_which_python_cuts(seed: int, locale: str) -> None:
    source = random.Random(seed)
    values = list(mixtures(seed, 5000))
    values += [sprinkled(value, source) for value in values]
    each = {(type(value), spellings(value, source)): value for value in values}  # twice it would tell nothing more
    sure = cleared([*each.values()], [text for _, text in each], locale)
    assert [one for one, is_sure in zip(each.values(), sure, strict=True) if is_sure and clean(one) != one] == []
    assert sum(sure) > 1000


HIDDEN = [
    '{"p\\u0061ssword":"hunter2"}',
    '{"pass\\"word":"hunter2"}',
    '{"note":"new:\\n-p hunter22"}',
    '{"note":"x\\nsk-0123456789abcdefghijkl"}',
    '{"url":"https:\\/\\/kim:hunter2@host"}',
    "C:\\token=hunter2",
    "PASSWORD\t=\thunter2",
    '{"x": {"password" : "hunter2"}}',
    '{"note":"say \\"password\\": hunter2"}',
    '{"cmd":"mysql \\"-phunter22\\" shop"}',
    '{"passéx":"hunter2"}',
    '{"pass\\u00e9x":"hunter2"}',
    '{"note":"x\\\\u password=hunter2"}',
    '{"note":"\\\\usr --password hunter2"}',
    '["--password", "hunter2"]',
    '["-\\\\u0041-\\\\token", "5zopWL3vw9LvC3DzCFpV"]',
    '{"url":"https://kim:hünter2@host"}',
    'KEY"="ZGEONYlgCtjfIZ4SOcMz9',
    '{"name":"DB_PASS","value":"x"}',
    '{"seed_phrase":"correct horse battery"}',
    '[["X-Auth-Token", "hunter2"]]',
]


@pytest.mark.parametrize("text", HIDDEN)
def test_bash_is_not_sure_where_a_secret_is_hidden(text: str) -> None:
    assert cleared([value_of(text)], [text]) == [False]


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
    '{"note":"report \\"final\\".txt: \\"not found\\""}',
    '{"error_message":"cannot open \\"tokens.txt\\" in \\"C:\\\\users\\\\kim\\"\\n","exit_code":1}',
    '{"stack":"File \\"src\\/auth.py\\", line 3\\n\\tin run"}',
    '{"note":"l\\u00e4uft \\ud83d\\ude00, \\"caf\\u00e9\\"","token_usage":{"total_tokens":1}}',
    '{"außen":"the token is \\"gone\\""}',
]


@pytest.mark.parametrize("text", USUAL)
def test_bash_is_sure_of_usual_texts(text: str) -> None:
    assert cleared([value_of(text)], [text]) == [True]


def test_bash_is_sure_of_half_the_harmless_texts_that_look_like_secrets() -> None:
    samples = list(harmless(0))
    sure = cleared([sample.value for sample in samples], [sample.text for sample in samples])
    assert sum(sure) >= len(sure) / 2
