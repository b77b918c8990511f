"""Which names of keys hold secrets, and which of their values are plainly none: placeholders, states, sentences.

Names are read without regard to case, `-`, `.` or camelCase. The words are those of everyday messages ("password:
required", "secret: not found"), so that these keep them.
"""

from __future__ import annotations

import re
from functools import lru_cache

REDACTED = "[redacted]"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CLUES = (
    *("token", "key", "pass", "pw", "secret", "auth", "credential", "cookie", "bearer", "sess", ".sid", "sig", "otp"),
    *("psk", "pswd", "mnemonic", "seedphrase", "seed_phrase", "seed-phrase", "seed.phrase"),
)
"""What at least one of stands in every secret name; lineage.sh asks for the same."""

_PASSWORDS = ("password", "passwd", "passwort", "passphrase", "passcode", "pswd", "pwd", "mnemonic", "seedphrase")
_SECRETS = ("secret", "credential", "bearer")
_KEYS = (
    *("apikey", "accesskey", "privatekey", "signingkey", "encryptionkey", "decryptionkey", "accountkey", "authkey"),
    *("masterkey", "subscriptionkey", "storagekey", "sharedkey", "sessionkey", "applicationkey", "appkey", "sshkey"),
    *("clientkey", "servicekey", "integrationkey", "hmackey", "functionskey"),
)
_KEY_WORDS = _words(
    """
    access account api app auth encryption master private secret session shared signing storage
    """
)
"""What stands before `key`, as a word of its own, where a secret one is meant."""

_WHOLE = {
    "password": _words("pw psk bindpw rootpw requirepass masterauth otp totp"),
    "secret": _words("phpsessid jsessionid connectsid aspnetsessionid"),
    "auth": _words("auth"),
    "signature": _words("sig signature xamzsignature xgoogsignature"),
}
"""Names that are secret only as a whole."""

_PASS_OWNERS = _words(
    """
    admin database db ftp ldap login mail mongo my mysql pg postgres proxy rabbitmq redis root smtp user
    """
)
_DESCRIPTIVE = _words(
    """
    age algorithm at banner budget changed class consent cost costs count counts cpp created cs css days dir
    directory disabled enabled endpoint env error errors estimate expiration expires expiry fd field fields file
    filename files folder format found go helper hint html index java js json jsx kind kt len length limit
    limits manager max md method min missing mjs mode name names on path paths php policies policy prompt
    provider py rate rb ref request requests required reset rotated rotation rs scanner scanning scope scopes
    sent sh size source sql state status stdin strength swift toml total ts tsx ttl txt type updated uri url
    usage used valid validity version yaml yml
    """
)
"""A name that ends so tells of a secret, and holds none."""

_HARMLESS_NAMES = ("secretary", "secretariat", "passwordless", "cookiecutter", "tokeniz")
_FOREIGN = re.compile(r"[^A-Za-z0-9_. -]+", re.ASCII)
"""What no name has in it."""

_OWNER = re.compile(r"^.*[:=]", re.ASCII | re.DOTALL)
"""What stands before a name, as the prefix in `db:password`."""

_SEAM = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Lower case for ASCII only: no other letter must fold into one of these, lineage.sh does not fold them either."""


@lru_cache(2048)
def kind(name: str) -> str:
    """What a key of this name holds: `password`, `secret`, `key`, `token`, `header`, `auth`, `signature`, `directory`
    (or a password, in ODBC); or `""`.
    """
    parts = _FOREIGN.split(_OWNER.sub("", name[:256]))
    if len(parts) > 1 or parts[0] != name:
        return next(filter(None, map(kind, parts)), "")
    if name in ("PWD", "OLDPWD"):
        return "directory"
    lower = name.translate(_LOWER)
    if not any(clue in lower for clue in _CLUES):
        return ""
    if lower == "sessionid":  # not our session_id
        return "secret"
    words = [word.translate(_LOWER) for word in _SEAM.split(name[:256]) if word]
    plain = "".join(words)
    if not words or any(harmless in plain for harmless in _HARMLESS_NAMES):
        return ""
    for sort, names in _WHOLE.items():
        if plain in names:
            return sort
    if len(words) > 1 and words[-1] in _DESCRIPTIVE:
        return ""
    if plain.endswith(("authorization", "cookie", "cookies")):
        return "header"
    if any(part in plain for part in _PASSWORDS) or (plain.endswith("pass") and plain[:-4] in _PASS_OWNERS):
        return "password"
    if any(part in plain for part in _SECRETS) or words[-1] == "pass" or "authorization" in plain or "cookie" in plain:
        return "secret"
    if any(part in plain for part in _KEYS):
        return "key"
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.endswith("token") and following not in _DESCRIPTIVE:
            return "token"
    if words[-1] == "tokens" and len(words) > 1 and words[-2] in ("access", "api", "auth", "bearer", "refresh"):
        return "token"
    return ""


def is_key_word(word: str) -> bool:
    """Whether `key` after this word is the name of a secret: `api key`."""
    return word.translate(_LOWER) in _KEY_WORDS


_STATES = _words(
    """
    absent accepted any ask await bool boolean bytes changed configured deleted denied disabled done empty
    enabled encrypted error exceeded exists expired failed failure false forbidden hashed hidden ignored
    inactive incorrect input int integer invalid locked malformed masked mismatch missing n/a needed nil no none
    null number object ok optional pending present prompt provided redacted rejected removed required reset
    revoked rotated sent set skipped str strict string true undefined unknown unset unsupported unused valid
    verified weak wrong yes
    """
)
"""Words that say how it stands with a secret."""

_WORDS = _STATES | _words(
    """
    a about access account accounts active added after again all already also an and are argument as at
    authentication authorization available banner be because been before being between blank both but by can
    cannot character characters chars check client cluster config configuration consent could credential
    credentials did digit digits do does doesn't during each either end entered eof exist expected expects
    export failing fails field flag for format found from generated given got granted had has have header helper
    holder how identifier if in insufficient into is isn't issued it its keep key keys least length letters
    limit limited line loaded longer manager mandatory match matches may mismatched more most must name named
    namespace neither never nor not of older on one only option or output over page parameter parse permission
    policy position provider read refused requires response role rule rules same scope scopes secret secrets
    server service session shorter should since so some specified still storage stored such supplied than that
    the their them then there these they this those to token tokens too two type unable unauthorized unavailable
    under unexpected unreadable until updated used user users uses using value values variable via was wasn't
    were what when where which while who whose why will with within without would you your
    """
)
_AMBIGUOUS = frozenset(("unexpected", "invalid", "illegal", "unknown", "bad", "expected", "next", "current", "last"))
_PLACEHOLDER = re.compile(
    r"\$\{[^}]*\}?|\$\([^)]*\)?|\$[A-Z_][A-Z0-9_]*|%[A-Z_]{2,}%|\{\{[^}]*(?:\}\}?)?|<[A-Za-z_ -]{1,40}>"
    r"|[*•]+|\.{2,}|[xX]{3,}|-|[A-Za-z_][A-Za-z_.]*[\[(].*",
    re.ASCII | re.DOTALL,
)
"""A reference to a variable, a blank to be filled in, asterisks, a call in source code."""

_LONGEST_NONE = 400
"""Characters of a value that is looked at for what it may be other than a secret."""

_ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_NUMBER = re.compile(r"-?\d{1,5}(?:[.:/,]\d{1,5})*+", re.ASCII)
_LETTERS = re.compile(r"[A-Za-z/'_-]+", re.ASCII)
_USUAL = _words(
    """
    base64 ec2 http2 ipv4 ipv6 k8s md5 oauth2 s3 sha1 sha256 sha512 utf8
    """
)


def is_random(value: str) -> bool:
    """Whether a word is not one of a language: of six letters or more with a digit among them, or long."""
    if len(value) < 6 or value.translate(_LOWER) in _USUAL or "://" in value or value.startswith(("/", ".", "~")):
        return False
    digits = any("0" <= letter <= "9" for letter in value)
    return digits or (len(value) >= 20 and "-" not in value and "/" not in value)


_CLASSES = {ord(letter): "A" if letter.isupper() else "a" if letter.islower() else "0" for letter in _ALPHANUMERIC}


def is_none(sort: str, value: str) -> bool:
    """Whether a value of a key of this kind holds no secret, wherever it stands."""
    if value == "" or value == REDACTED:
        return True
    if sort == "own" or len(value) > _LONGEST_NONE:
        return False
    if value.translate(_LOWER) in _STATES or _PLACEHOLDER.fullmatch(value):
        return True
    if sort == "directory" and value.startswith(("/", "~")):
        return True
    if sort == "auth":
        return not is_random(value) or len(value) < 8
    if sort == "signature":
        return not is_random(value) or len(value) < 16
    if sort == "mixed":
        return len(value) < 16 or not all(map(value.translate(_CLASSES).__contains__, "Aa0"))
    if sort not in ("password", "directory") and _NUMBER.fullmatch(value):
        return True
    return is_sentence(value)


def is_sentence(text: str) -> bool:
    """Whether a text begins with two everyday words."""
    first, _, rest = text[:80].partition(" ")
    return is_word(first) and is_word(rest.partition(" ")[0])


def is_prose(sort: str, value: str, after: str, before: str) -> bool:
    """Whether what follows `password: ` and the like, where nothing else marks it as a value, is part of a sentence.

    value: its first word. after: what follows on the line. before: what stands before the name.
    """
    if is_word(value) and (value.translate(_LOWER) in _STATES or after[:1] in (" ", ",") or sort == "header"):
        return True
    if sort in ("password", "directory"):
        return False
    if not _LETTERS.fullmatch(value):
        return sort != "secret" and not is_random(value)
    following = after.lstrip(" ").partition(" ")[0]
    if is_word(following) or before.rstrip(" ").rpartition(" ")[2].translate(_LOWER) in _AMBIGUOUS:
        return True
    return sort != "secret" and after[:1] == " " and following.isalpha()


def is_word(word: str) -> bool:
    """Whether a word is one of everyday messages."""
    return word.rstrip(".,:;!?)'\"").translate(_LOWER) in _WORDS
