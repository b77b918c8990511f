"""What exactly is cut out of a text, and the bounds within which a word counts as a secret."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_core.write import redaction, secret_names
from lineage_core.write.redaction import redactor
from lineage_core.write.secret_names import is_none, is_prose, is_random, kind
from lineage_core.write.secret_precheck import is_suspicious
from tests.conftest import DATA


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Each test asks anew, also where the same process has asked before (`tests/mutation.py`)."""
    redaction._made.clear()
    secret_names.kind.cache_clear()


def clean(value: Any) -> Any:
    return redactor({})(value)


LINES = (DATA / "redaction_exact.txt").read_text().splitlines()
"""A text; behind an arrow what becomes of it, if anything goes."""


@pytest.mark.parametrize("line", LINES)
def test_exactly_the_secret_is_cut_out_of_a_text(line: str) -> None:
    text, _, expected = line.partition("  →  ")
    assert clean(text) == (expected or text)
    assert clean(f"{text}\n") == f"{expected or text}\n"
    assert clean({"note": [text]}) == {"note": [expected or text]}


MANY_LINES = [
    ("password: |\n  a\n  b\nuser: kim", "password: [redacted]\nuser: kim"),
    ("password: >-\n  hunter2\n", "password: [redacted]\n"),
    ("x\npassword=hun;ter2\ny=1", "x\npassword=[redacted]\ny=1"),
    ("x=1\n  password=hun;ter2\ny=1", "x=1\n  password=[redacted]\ny=1"),
    ("a\nx password=hun;ter2", "a\nx password=[redacted];ter2"),
    ('password: "hunter2\n', "password: [redacted]"),
    ("password:\n  hunter2", "password:\n  [redacted]"),
    ("password = \\\n hunter2", "password = \\\n [redacted]"),
    ("password: correct horse\nbattery staple", "password: [redacted]\nbattery staple"),
    ("token: abc\nthe rest", "token: [redacted]\nthe rest"),
    ("set -x\n DB_PASS=a;b", "set -x\n DB_PASS=[redacted]"),
    ("z" * 60 + " DB_PASS=hun;ter2", "z" * 60 + " DB_PASS=[redacted]"),
    (" " * 60 + "db_pass=hun;ter2", " " * 60 + "db_pass=[redacted]"),
    ("unexpected" + " " * 20 + "token: foo", "unexpected" + " " * 20 + "token: [redacted]"),
    ("password: " + "ab " * 12, "password: [redacted] ab ab ab "),
    ("Cookie: " + "x" * 130 + "=1", "Cookie: [redacted]"),
]


@pytest.mark.parametrize(("text", "expected"), MANY_LINES)
def test_exactly_the_secret_is_cut_out_of_lines(text: str, expected: str) -> None:
    assert clean(text) == expected


OWN = {"LINEAGE_REDACT_KEYS": "zip,my_*", "LINEAGE_REDACT_PATTERNS": "ab+c\n(\nz{3}"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("zip: the code is 12", "zip: [redacted] code is 12"),
        ("zip = zip", "zip = [redacted]"),
        ("zip: none", "zip: [redacted]"),
        ("MY_X: required by law", "MY_X: [redacted] by law"),
        ("xabbbcx (y) zzz", "x[redacted]x [redacted]y) [redacted]"),
        ("a\nb", "a\nb"),
        ({"zip": ["none", 1, None, True], "password": ["none", 1]},
         {"zip": ["[redacted]", "[redacted]", None, True], "password": ["none", "[redacted]"]}),
        ({"zip": "none", "my_a": 5, "k": "abc", "abc": 1},
         {"zip": "[redacted]", "my_a": "[redacted]", "k": "[redacted]", "[redacted]": 1}),
    ],
)  # fmt: skip
def test_own_names_hide_whatever_they_hold_and_own_patterns_whatever_they_match(value: Any, expected: Any) -> None:
    assert redactor(OWN)(value) == expected
    assert redactor(OWN | {"LINEAGE_REDACT": "0"})(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["mysql", "-u", "kim", "-p", "hunter2"], ["mysql", "-u", "kim", "-p", "[redacted]"]),
        (["--password", "hunter2"], ["--password", "[redacted]"]),
        (["--password", *"yyyyyyyy", "hunter2"], ["--password", "[redacted]", *"yyyyyyy", "hunter2"]),
        ([*"xxxxxxxxx", "--password", "hunter2"], [*"xxxxxxxxx", "--password", "[redacted]"]),
        (["a", "password:", "hunter2"], ["a", "password:", "[redacted]"]),
        (["x" * 60 + " DB_PASS=", "hunter2", "c"], ["x" * 60 + " DB_PASS=", "[redacted]", "c"]),
        (["api_key", " = ", "hunter2"], ["api_key", " = ", "[redacted]"]),
        (["token:\n", "hunter2, the old one"], ["token:\n", "[redacted], the old one"]),
        (["Authorization:", "Bearer", "tangerine"], ["Authorization:", "Bearer", "[redacted]"]),
        (["Authorization: Bearer", "tangerine"], ["Authorization: Bearer", "[redacted]"]),
        (["password:", "required", "hunter2"], ["password:", "required", "hunter2"]),
        (["key=", "value", "token:", "unexpected end"], ["key=", "value", "token:", "unexpected end"]),
        (["total tokens:", "512", "colour=", "hunter2"], ["total tokens:", "512", "colour=", "hunter2"]),
        ({"name": "password", "value": "hunter2"}, {"name": "password", "value": "[redacted]"}),
        ({"key": "colour", "value": "hunter2"}, {"key": "colour", "value": "hunter2"}),
        ({5: "hunter2", "password": "hunter2"}, {5: "hunter2", "password": "[redacted]"}),
        (["x-amz-signature", "hello"], ["x-amz-signature", "hello"]),
        (["db password", "colour:", "hunter2"], ["db password", "colour:", "hunter2"]),
    ],
)
def test_a_value_that_stands_behind_its_name_in_a_list_or_beside_it_in_an_object(value: Any, expected: Any) -> None:
    assert clean(value) == expected


def test_a_pattern_of_ones_own_is_a_line_with_its_blanks() -> None:
    clean = redactor({"LINEAGE_REDACT_PATTERNS": "code \\d+\nx y"})
    assert clean("code 12, code, 7, x, x y, y") == "[redacted], code, 7, x, [redacted], y"


HARMLESS = ["", "fixed the form in src/app.ts", {"priority": "high", "n": [1, None, "two"]}, "a" * 50, "SG SK."]
DOUBTFUL = ["a token", {"PASSWORD": 1}, [{"a": "Secret"}], "x" * 9 + "ghp_" + "x" * 9, "x" * 20 + "SG." + "x" * 20]


def test_most_data_is_told_at_a_glance_to_hold_no_secret() -> None:
    assert [value for value in HARMLESS if is_suspicious(value)] == []
    assert [value for value in DOUBTFUL if not is_suspicious(value)] == []


RANDOM = ["abc123", "123456", "a" * 20, "SHA2567", "k8s123", "a-" * 9 + "a1", "a/b1c2"]
PLAIN = ["md5", "SHA256", "abc12", "12345", "a" * 19, "a" * 19 + "-", "a" * 19 + "/", "/abc123", "~abc123", ".abc123"]


def test_a_word_of_letters_and_digits_or_a_long_one_is_random() -> None:
    assert [word for word in RANDOM if not is_random(word)] == []
    assert [word for word in [*PLAIN, "x://abc123", ""] if is_random(word)] == []


KINDS = """
password: password db_password DB_PASSWORD passwd pwd pswd passcode my.passphrase seed_phrase pw psk otp
password: db_pass dbpass my_pass
directory: PWD OLDPWD
secret: sessionid secret client-secret credentials PHPSESSID pass kims_pass bearer_id cookie_value
key: apiKey api_key API-KEY accessKey private.key ssh_key
token: token accessToken auth_token token_id access_tokens api_tokens
auth: auth AUTH
header: Authorization Proxy-Authorization cookie Set-Cookie cookies
signature: sig signature X-Amz-Signature
none: name session_id secretary tokenizer passwordless cookiecutter token_count tokens
none: my_tokens password_hint monkey key
none: author compass bypass keyboard public_key secret_name auth_url passed design
"""
NAMES = [
    (sort, name)
    for line in KINDS.split("\n")[1:-1]
    for sort, _, names in [line.partition(": ")]
    for name in names.split()
]


@pytest.mark.parametrize(("sort", "name"), NAMES)
def test_what_a_key_of_a_name_holds(sort: str, name: str) -> None:
    assert kind(name) == sort.replace("none", "")
    assert kind(f"db:{name}") == sort.replace("none", "")


NONE = [
    *[
        ("password", value)
        for value in ("", "[redacted]", "required", "REQUIRED", "n/a", "$DB_PASS", "${x}", "$(x)", "<x>")
    ],
    *[
        ("password", value)
        for value in ("%PASS%", "{{x}}", "***", "...", "xxx", "-", "getpass(9)", "not found", "*" * 400)
    ],
    *[
        ("directory", "/home/kim9"),
        ("directory", "~/x9"),
        ("auth", "abcdef1"),
        ("auth", "abcdefghi"),
        ("token", "12345"),
    ],
    *[("signature", "a1b2c3d4e5f6g7h"), ("signature", "abcdefghijklmnop"), ("mixed", "a1b2c3d4e5f6g7h8")],
    *[("password", "not, found."), ("mixed", "A1B2C3D4E5F6G7H8")],
    *[("mixed", "A1b2C3d4E5f6G7h"), ("key", "1.5/2"), ("token", "-12"), ("secret", "12:30"), ("token", "not found")],
]
SOME = [
    *[
        ("password", value)
        for value in ("hunter2", "12345", "x", "xx", ".", "a b", "not", "notfound x", "*" * 401, "$pass")
    ],
    *[("own", value) for value in ("required", "***", "12")],
    *[("password", ",not found"), ("password", "notX found"), ("directory", "Xhome9")],
    *[("directory", "home9"), ("directory", "12345"), ("auth", "abcdefg1"), ("signature", "a1b2c3d4e5f6g7h8")],
    *[("mixed", "A1b2C3d4E5f6G7h8"), ("token", "123456"), ("token", "12x"), ("key", "1..2"), ("secret", "required9")],
]


@pytest.mark.parametrize(("sort", "value", "none"), [*[(*one, True) for one in NONE], *[(*one, False) for one in SOME]])
def test_a_placeholder_a_state_and_a_sentence_are_no_secret(sort: str, value: str, none: bool) -> None:
    assert is_none(sort, value) is none


PROSE = [
    ("password", "required", "", ""),
    ("password", "the", " door", ""),
    ("password", "the", ", x", ""),
    ("header", "the", "", ""),
    ("token", "abc", " the", ""),
    ("token", "abc", " def", ""),
    ("secret", "abc", "  the", ""),
    ("token", "abc", "", "unexpected "),
    ("token", "abc", "", "Next"),
    ("token", "a1", "", ""),
    ("secret", "The", " x", ""),
    ("token", "REQUIRED.", "", ""),
    ("key", "12345", "", ""),
]
VALUES = [
    ("password", "the", "", ""),
    ("password", "the", ".", ""),
    ("password", "abc", " the", ""),
    ("directory", "abc", " x", ""),
    ("secret", "abc", " def", ""),
    ("token", "abc", "", "see "),
    ("token", "abc123", " the", ""),
    ("secret", "a1", "", ""),
    ("token", "abc", " 9ef", ""),
    ("token", "abc", ".def", ""),
    ("token", "abc", "", ""),
    ("secret", "abc", "", "my "),
    ("token", "abc", "\tthe", ""),
    ("secret", "abc", " Xthe", ""),
    ("token", "abc", "", "unexpected\n"),
    ("token", "abc", "", "badX "),
]


@pytest.mark.parametrize("words", [*[(*one, True) for one in PROSE], *[(*one, False) for one in VALUES]])
def test_what_follows_a_name_is_a_sentence_or_a_value(words: tuple[str, str, str, str, bool]) -> None:
    sort, value, after, before, prose = words
    assert is_prose(sort, value, after, before) is prose
