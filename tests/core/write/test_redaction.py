"""Redaction: no secret gets through, what is harmless stays, and no text makes it slow."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.write import redaction
from lineage_core.write.redaction import redactor
from lineage_core.write.secret_rules import Rules
from tests.core.write.redaction_corpus import EXPECTED, harmless, left_of, mixtures, secrets

SEEDS = range(5)
clean = redactor({})


def test_the_corpus_is_large() -> None:
    assert sum(1 for _ in secrets(0)) >= 150
    assert sum(1 for _ in harmless(0)) >= 100


@pytest.mark.parametrize("seed", SEEDS)
def test_no_secret_gets_through(seed: int) -> None:
    through = {sample.text: clean(sample.value) for sample in secrets(seed) if left_of(sample, clean(sample.value))}
    assert through == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_harmless_is_cut(seed: int) -> None:
    cut = {sample.text: clean(sample.value) for sample in harmless(seed) if clean(sample.value) != sample.value}
    assert cut == {}


def test_the_rates_that_the_documentation_tells_are_those_of_the_corpus() -> None:
    shapes, texts = sum(1 for _ in secrets(0)), sum(1 for _ in harmless(0))
    assert f"of the {shapes} shapes of secrets" in redaction.__doc__.replace("\n", " ")
    assert f"of the {texts} harmless texts" in redaction.__doc__.replace("\n", " ")


@pytest.mark.parametrize(
    "around", ["failed: {} (attempt 2)", "{}\nretrying", "[{}]", '"{}"', "x\t{}", "see: {}, then stop"]
)
def test_no_secret_gets_through_within_a_longer_text(around: str) -> None:
    # a line of a file is one only where it begins a line
    samples = [sample for sample in secrets(7) if sample.name.startswith("text.") and "\n" not in sample.text]
    for sample in samples:
        text = around.format(sample.value)
        if '"' in around and '"' in sample.text:
            continue  # its quotes are no longer what they were
        assert left_of(sample, clean({"note": text})) == [], text


def test_of_each_shape_exactly_the_secret_goes() -> None:
    """What is left of the corpus, as it was looked through; to be written anew by `redaction_corpus.py --write`."""
    kept = json.loads(EXPECTED.read_text())
    assert {sample.name: clean(sample.value) for sample in secrets(0)} == kept


READABLE = {
    "login failed with password: hunter2 for user kim": "login failed with password: [redacted] for user kim",
    "cannot log in with password 'hunter2', stopping": "cannot log in with password [redacted], stopping",
    "the password is hunter2.": "the password is [redacted].",
    "curl -u kim:hunter2 https://host/a failed": "curl -u kim:[redacted] https://host/a failed",
    "curl -b sid=hunter2 https://host": "curl -b [redacted] https://host",
    "mysql -u root -phunter2 shop: exit 1": "mysql -u root -p[redacted] shop: exit 1",
    "backup --password hunter2 --host db": "backup --password [redacted] --host db",
    "DB_PASS=hunter2 ./deploy.sh": "DB_PASS=[redacted] ./deploy.sh",
    "postgres://u:p/w@h refused": "postgres://u:[redacted]@h refused",
    "GET /a?access_token=hunter2&page=2 403": "GET /a?access_token=[redacted]&page=2 403",
    "<password>hunter2</password><user>kim</user>": "<password>[redacted]</password><user>kim</user>",
    "machine h login kim password hunter2 macdef": "machine h login kim password [redacted] macdef",
    "Server=db;Password=hunter2;Encrypt=true": "Server=db;Password=[redacted];Encrypt=true",
    "root:hunter2@tcp(db:3306)/shop": "root:[redacted]@tcp(db:3306)/shop",
    "Authorization: Basic a2ltOmh1bnRlcjI= rejected": "Authorization: [redacted] rejected",
    "password: |\n  hunter2\nuser: kim": "password: [redacted]\nuser: kim",
    "user=kim&password%3Dhunter2%26x": "user=kim&password%3D[redacted]%26x",
    "https%3A%2F%2Fkim%3Ahunter2%40host": "https%3A%2F%2Fkim%3A[redacted]%40host",
    "htpasswd -b users kim hunter2 done": "htpasswd -b users kim [redacted] done",
    "pass: hunter2, retrying": "pass: [redacted], retrying",
}
"""Texts, and what is left of them: the sentence."""


@pytest.mark.parametrize("text", READABLE)
def test_only_the_secret_goes(text: str) -> None:
    assert clean(text) == READABLE[text]


DATA: dict[str, tuple[Any, Any]] = {
    "below a secret name": (
        {"credentials": {"user": "kim", "n": 3, "ok": True}},
        {"credentials": {"user": "[redacted]", "n": 3, "ok": True}},
    ),
    "a number": ({"password": 12345, "token": 12345, "otp": 123456}, {"password": "[redacted]", "token": 12345,
                                                                    "otp": "[redacted]"}),
    "a name below another": (
        {"token": {"password": 12345, "n": 12345, "list": [12345, True, None, "hunter2"], 1: "x"}},
        {"token": {"password": "[redacted]", "n": 12345, "list": [12345, True, None, "[redacted]"], 1: "[redacted]"}},
    ),
    "a signature, which is secret only in an address": (
        {"sig": "abcdef0123456789abcdef", "url": "https://h/a?sig=abcdef0123456789abcdef"},
        {"sig": "abcdef0123456789abcdef", "url": "https://h/a?sig=[redacted]"},
    ),
    "a header that is missing": ({"Authorization": "missing", "Cookie": 0}, {"Authorization": "missing", "Cookie": 0}),
    "an option and no word": (["-p", 1, "hunter22"], ["-p", 1, "hunter22"]),
    "nothing": ({"password": "", "secret": None, "api_key": False}, {"password": "", "secret": None, "api_key": False}),
    "name and value": (
        [{"name": "DB_PASS", "value": "x"}, {"name": "DB_USER", "value": "x"}],
        [{"name": "DB_PASS", "value": "[redacted]"}, {"name": "DB_USER", "value": "x"}],
    ),
    "another option of a command": (["deploy", "-p", "--yes"], ["deploy", "-p", "--yes"]),
    "words of a command": (["mysql", "-u", "root", "-phunter2", "shop"],
                           ["mysql", "-u", "root", "-p[redacted]", "shop"]),
    "a tuple": (("--token", "hunter2"), ["--token", "[redacted]"]),
    "a header": ([["X-Auth-Token", "hunter2"], ["user", "password"]],
                 [["X-Auth-Token", "[redacted]"], ["user", "password"]]),
    "a directory": ({"PWD": "/home/kim", "OLDPWD": "/"}, {"PWD": "/home/kim", "OLDPWD": "/"}),
    "a name with a prefix": ({"db:password": "x", "note": "x"}, {"db:password": "[redacted]", "note": "x"}),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA)
def test_data_is_searched_by_its_names(case: str) -> None:
    before, after = DATA[case]
    assert clean(before) == after


@pytest.mark.parametrize("seed", range(3))
def test_to_redact_again_changes_nothing(seed: int) -> None:
    for value in mixtures(seed, 3000):
        once = clean(value)
        assert clean(once) == once, value


WORDS = [
    "password",
    "token=",
    ": ",
    "=",
    " ",
    "\n",
    '"',
    "'",
    "\\",
    "-p",
    "-u",
    "a:b",
    "@",
    "://",
    "hunter22",
    "[redacted]",
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*WORDS, "is", "<key>", "</", "Bearer ", "%3A", "cookie", "x", ";", "[", "]"]), max_size=12
    )
)
def test_to_redact_any_words_again_changes_nothing(words: list[str]) -> None:
    once = clean("".join(words))
    assert clean(once) == once


@pytest.mark.parametrize("seed", range(3))
def test_what_is_passed_over_at_a_glance_is_what_the_rules_leave(seed: int) -> None:
    rules = Rules("", "")
    for value in mixtures(seed, 3000):
        assert clean(value) == rules.clean(value), value


def test_names_and_patterns_of_the_settings_are_added() -> None:
    own = redactor({"LINEAGE_REDACT_KEYS": "zip, my_*", "LINEAGE_REDACT_PATTERNS": "ab+c\n(\n^z*$"})
    data = {"zip": "12345", "my_house": "blue", "note": "zip: 12345; abbbc ( x", "other": "blue", "password": "x"}
    told = {"zip": "[redacted]", "my_house": "[redacted]", "note": "zip: [redacted]; [redacted] [redacted] x",
            "other": "blue", "password": "[redacted]"}  # fmt: skip
    assert own(data) == told
    assert own(told) == told
    assert own("") == ""


@pytest.mark.parametrize(
    ("pattern", "text", "told"),
    [
        ("red", "red [redacted] [redacted]", "[redacted] [redacted] [redacted]"),
        (".+", "all of it", "[redacted]"),
        ("x*", "axxb", "a[redacted]b"),
        ("^a", "aab", "[redacted]ab"),
        ("(?i)kim|lee", "KIM and Lee", "[redacted] and [redacted]"),
        ("(a)(b)\\2", "abb", "[redacted]"),
        ("(", "f(x)", "f[redacted]x)"),
        ("a|)", "a|) b", "[redacted] b"),
    ],
)
def test_a_pattern_of_the_settings_leaves_what_is_redacted_already(pattern: str, text: str, told: str) -> None:
    own = redactor({"LINEAGE_REDACT_PATTERNS": pattern})
    assert own(text) == told
    assert own(told) == told


def test_names_of_the_settings_count_alone() -> None:
    own = redactor({"LINEAGE_REDACT_KEYS": "zip"})
    assert own({"ZIP": "blue", "zip_code": "blue", "note": "zip = blue"}) == {
        "ZIP": "[redacted]", "zip_code": "blue", "note": "zip = [redacted]"
    }  # fmt: skip


def test_numbers_keep_their_spelling() -> None:
    from lineage_core.write.json_encoder import parse_object

    data = parse_object('{"a": 1.50, "tokens": 1e3, "b": {"n": 12345678901234567890}}')
    assert clean(data) == data
    assert type(clean(data)["a"]) is type(data["a"])


UNITS = (
    'a', 'password', 'password=', 'password: ', 'password: x ', 'password=${', 'password=a[', 'password="',
    'token "', '://', '://a:', '://a:b@', '-p ', ' -p a', '-u a:', '--a ', '--password "', 'eyJ',
    'eyJaaaaaaaa.', 'sk-', 'sk-a', '-----BEGIN ', '-----BEGIN PRIVATE KEY', '\\"', '\\', "'",
    'Authorization: a=b, ', 'cookie: ', 'cookie: "a', '<password>', '<a v', '<key>', 'name="a" ', '%3A%2F%2F',
    '%3a%2f%2fa%3a', 'machine a login b ', 'echo a | ', '[redacted]', 'basic ', 'bearer ', 'password is ',
    '$2b$', '=', '\n', 'password: |\n a\n', 'github_pat_', 'é', ' ', '\t', '0123456789:AA', 'password\t',
    'key key ', 'set ', 'sqlplus -a ', 'api/webhooks/', 'xxxxxxxxxxxxxxxxxxxx.',
    "A" * 85, "f" * 31,
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear_whatever_the_text(unit: str) -> None:
    rules = Rules("", "")

    def cost(size: int) -> float:
        text = unit * (size // len(unit))
        costs = []
        for _ in range(3):
            start = time.thread_time()
            rules.clean(text)
            costs.append(time.thread_time() - start)
        return min(costs)

    # Twice the text takes twice the time where it is linear, four times where it is quadratic.
    assert cost(40_000) < 3.2 * max(cost(20_000), 0.004)


@pytest.mark.parametrize("unit", ["password=${", "://a:", "cookie: ", "sk-a", " -p a"])
def test_a_megabyte_is_no_problem(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert len(clean({"note": text})["note"]) > 0


def test_random_bytes_do_no_harm() -> None:
    source = random.Random(1)
    for _ in range(300):
        text = "".join(chr(source.choice((source.randrange(128), source.randrange(0x3000)))) for _ in range(200))
        assert isinstance(clean(text), str)
        json.dumps(clean({text: text}))
