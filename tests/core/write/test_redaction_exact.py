"""What exactly is cut out of a text, and the bounds within which a word counts as a secret."""

from __future__ import annotations

import pytest

from lineage_core.write.redaction import redactor
from lineage_core.write.secret_names import is_none, is_prose, is_random, kind
from tests.conftest import DATA

clean = redactor({})
LINES = (DATA / "redaction_exact.txt").read_text().splitlines()
"""A text; behind an arrow what becomes of it, if anything goes."""


@pytest.mark.parametrize("line", LINES)
def test_exactly_the_secret_is_cut_out_of_a_text(line: str) -> None:
    text, _, expected = line.partition("  →  ")
    assert clean(text) == (expected or text)
    assert clean(f"{text}\n") == f"{expected or text}\n"
    assert clean({"note": [text]}) == {"note": [expected or text]}


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
    *[("mixed", "A1b2C3d4E5f6G7h"), ("key", "1.5/2"), ("token", "-12"), ("secret", "12:30"), ("token", "not found")],
]
SOME = [
    *[
        ("password", value)
        for value in ("hunter2", "12345", "x", "xx", ".", "a b", "not", "notfound x", "*" * 401, "$pass")
    ],
    *[("own", value) for value in ("required", "***", "12")],
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
]


@pytest.mark.parametrize("words", [*[(*one, True) for one in PROSE], *[(*one, False) for one in VALUES]])
def test_what_follows_a_name_is_a_sentence_or_a_value(words: tuple[str, str, str, str, bool]) -> None:
    sort, value, after, before, prose = words
    assert is_prose(sort, value, after, before) is prose
