"""Secrets in free text that no name of a key announces: on command lines, in addresses, in markup, in sentences.

All patterns take time linear in the text, as those of `secrets_after_name.py` do.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Callable
from functools import cache
from re import Match

from lineage_core.write.secret_names import REDACTED, is_none, is_random
from lineage_core.write.secrets_after_name import Kind


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled where it is first needed."""
    return re.compile(pattern, re.ASCII)


_NEAR = 120
"""Characters before an option in which its command may stand."""

_USER = (
    r"(?<![\w-])((?:-[uUa]|--user|--proxy-user|--auth)(?:[ =]|[\"'],[ \t]*+)?"
    r"[\"']?[^\s:%\"'=-][^\s:%\"'=]*+[:%])([^\s\"']++)"
)
_P = r"(?<![^\s\"'])(-[pPawb])([ =]|[\"'],[ \t]*+)?([\"']?)([^\s\"'-][^\s\"']*+)"
_TAKES_P = r"\b(?:mysql\w*|mariadb\w*|sshpass|login|mongo\w*|7z|unzip|zip|psexec|rabbitmq\w*|impacket\w*|keytool)\b"
_OTHER_VALUE = r"[/:,]|\.[A-Za-z]{1,5}$|^\d+$"
"""Paths, ports, names of files."""

_OTHER_P = frozenset(
    (
        *("mkdir", "cp", "cargo", "ssh", "scp", "tar", "ps", "kill", "rsync"),
        *("pytest", "test", "build", "run", "npm", "git", "make", "python"),
    )
)
"""Commands whose -p takes something else."""
_TAKES = {"-a": ("redis-cli",), "-w": ("ldap",), "-P": ("zip", "sqlcmd"), "-b": ("curl",)}


def _user(found: Match[str]) -> str:
    """`curl -u NAME:PASSWORD`; not `docker run -u 1000:1000`."""
    if found[2].startswith(REDACTED):
        return found[0]
    line = found.string[max(0, found.start() - _NEAR) : found.start()].rpartition("\n")[2]
    known = "curl" in line or "http" in line or "wget" in line
    user = re.split(r"[ =\"']", found[1])[-1][:-1]
    if found[1].endswith("%") and "smb" not in line:
        return found[0]
    if not known and (found[2].isdigit() or user == found[2] or "/" in found[1]):
        return found[0]
    return f"{found[1]}{REDACTED}"


def _p(found: Match[str]) -> str:
    """`mysql -pPASSWORD`, `login -p PASSWORD`, `redis-cli -a PASSWORD`; not `mkdir -p DIRECTORY`."""
    option, space, quote, whole = found.groups()
    value = whole.rstrip(",;)]}.")
    near = found.string[max(0, found.start() - _NEAR) : found.start()].rpartition("\n")[2].rpartition("|")[2]
    if REDACTED in whole:
        return found[0]
    if option != "-p":
        secret = bool(space) and any(command in near for command in _TAKES[option])
    elif space:
        words = near.split()
        usual = any(word.strip("\"',[") in _OTHER_P for word in words[-2:])
        mixed = is_random(value) and not compiled(_OTHER_VALUE).search(value)
        secret = bool(compiled(_TAKES_P).search(near)) or (mixed and not usual)
    else:
        secret = bool(re.search(r"\b(?:mysql\w*|mariadb\w*|sshpass|7z)\b", near))
    return f"{option}{space or ''}{quote}{REDACTED}{whole[len(value) :]}" if secret else found[0]


def _basic(found: Match[str]) -> str:
    """`Basic` and the base64 of a name and a password."""
    try:
        decoded = a2b_base64(found[2] + "=" * (-len(found[2]) % 4))
    except Error:
        return found[0]
    return f"{found[1]}{REDACTED}" if b":" in decoded and decoded.isascii() else found[0]


def _bearer(found: Match[str]) -> str:
    return f"{found[1]}{REDACTED}" if is_random(found[2]) or len(found[2]) >= 16 else found[0]


def _said(found: Match[str]) -> str:
    """`the password is hunter2`, `password 'hunter2'`."""
    value = found[3].rstrip(".,;:!?)")
    if (
        not is_random(value)
        or not any("0" <= letter <= "9" for letter in value[:_SAID])
        or value.startswith(REDACTED[:9])
    ):
        return found[0]
    return f"{found[1]}{found[2]}{REDACTED}{found[3][len(value) :]}"


def _address(found: Match[str]) -> str:
    user, secret = found[2], found[3]
    if secret.startswith(f"{REDACTED}@"):
        return found[0]  # its password is gone, this is the path
    if len(user) >= 16 and is_random(user):
        user = REDACTED
    return f"{found[1]}{user}:{REDACTED if secret else ''}@"


def _token_address(found: Match[str]) -> str:
    return f"{found[1]}{REDACTED}@" if is_random(found[2]) else found[0]


def _markup(found: Match[str], kind: Kind) -> str:
    sort = kind(found[2].rpartition(":")[2])
    return f"{found[1]}{REDACTED}" if sort and not is_none(sort, found[3].strip()) else found[0]


def _second(found: Match[str]) -> str:
    return found[0] if found[2].startswith(REDACTED[:-1]) else f"{found[1]}{REDACTED}"


_SAID = 60
"""Characters of a word in which a digit tells that it may be a password; lineage.sh looks as far."""

_ADDRESS = r"(:\\?/\\?/)"
_USERINFO = rf"{_ADDRESS}([^\s/?#\"'<>:\\]*+):"
Replace = Callable[[Match[str]], str]

PATTERNS: tuple[tuple[str, str, Replace], ...] = tuple(
    (clue, pattern, replace)
    for clues, pattern, replace in (
        ((" -", "\n-", "\t-", '"-', "'-"), _USER, _user),
        ((" -", "\n-", "\t-", '"-', "'-"), _P, _p),
        (("basic ",), r"((?i:\bbasic)[ \t]++)([A-Za-z0-9+/]{8,}={0,2})", _basic),
        (("bearer",), r"((?i:\bbearer)\s++)([A-Za-z0-9._~+/=-]++)", _bearer),
        (
            ("passw", "passphrase", "token", "key", "secret"),
            r"\b((?i:password|passwd|passphrase|token|secret|(?:api|access)[ _-]?key)\s{1,8}"
            r"(?:is|was|are):?\s{1,8})([\"']?)([^\s\"']++)",
            _said,
        ),
        (("@tcp(", "@unix("), r"((?<!\S)\w++:)([^\s:/@]++)(?=@(?:tcp|unix)\()", _second),
        (("token", "key"), r"\b((?i:token|api[ _-]?key)\s{1,8})([\"']?)([^\s\"']{12,})", _said),
        (("passw", "passphrase"), r"\b((?i:password|passwd|passphrase)\s{1,8})([\"']?)([^\s\"']++)", _said),
        (("://", ":\\/"), rf"{_USERINFO}([^\s/?#\"'<>\\]*)@", _address),
        (("://", ":\\/"), rf"{_USERINFO}(?!\d{{1,5}}(?:[/?#\s\"'<>\\]|\Z))((?:[^\s\"'<>:]|:(?!\\?/\\?/))*)@", _address),
        (("://", ":\\/"), rf"{_ADDRESS}([^\s/?#\"'<>:@\\]{{16,}})@", _token_address),
        (
            ("%3a",),
            r"((?i:%3a%2f%2f)[^\s%&]*+(?i:%3a))((?:[^\s%&\"']|%(?!40|(?i:3a%2f)))++)(?=%40)",
            _second,
        ),
        (("identified by", "password "), r"((?i:\bidentified\s++by|\bpassword)\s++)('[^']++'|\"[^\"]++\")", _second),
        (("thin:",), r"(:thin:[^\s/@:]++/)([^\s@]++)(?=@)", _second),
        (("sqlplus",), r"(\bsqlplus\s++(?:-\S++\s++){0,4}[^\s/@-][^\s/@]*+/)([^\s@]++)", _second),
        (("requirepass", "masterauth"), r"(\b(?:requirepass|masterauth)[ \t]++)([^\s\"']++)", _second),
        (("pass:",), r"((?<!\w)-pass(?:in|out)?[ =]pass:)(\S++)", _second),
        (("htpasswd",), r"(\bhtpasswd\s++(?=-\w*n)-\w*b\w*\s++(?:-\S++\s++){0,3}\S++\s++)(\S++)", _second),
        (("htpasswd",), r"(\bhtpasswd\s++(?!-\w*n)-\w*b\w*\s++(?:-\S++\s++){0,3}\S++\s++\S++\s++)(\S++)", _second),
        (
            ("sudo -s", "-stdin"),
            r"(\becho\s++(?:-n\s++)?)([^\s|]++)(?=\s*+\|[^\n|]{0,200}?(?:sudo -S|-stdin))",
            _second,
        ),
        (("machine",), r"(\bmachine\s++\S++\s++(?:(?:login|account)\s++\S++\s++){0,2}password\s++)(\S++)", _second),
        (
            (":5432:", ":5433:", ":6432:", ":*:"),
            r"((?<![\w.*:/@-])[\w.*-]++:(?:5432|5433|6432|\*):[\w*-]++:[\w.*-]++:)([^\s\"'\]]++)",
            _second,
        ),
    )
    for clue in clues
)
"""A clue, the pattern of a place, and what to put there."""

MARKUP: tuple[tuple[str, str], ...] = tuple(
    (clue, pattern)
    for clues, pattern in (
        (("</",), r"(<([A-Za-z0-9_.:-]++)(?:\s[^<>]*+)?>(?:<!\[CDATA\[)?)([^<]++)"),
        (("value=",), r"(<([A-Za-z0-9_.:-]++)\s(?:[^<>v]|\Bv|v(?!alue=))*+value=[\"'])([^\"'<>]++)"),
        (("<string",), r"(<key>([^<>]*+)</key>\s*+<string>)([^<]++)(?=</)"),
        (
            ("value",),
            r"(\b(?i:name|key)\\?[\"']?\s*+[:=]\s*+\\?[\"']([A-Za-z0-9_.-]++)\\?[\"']\s*+,?\s*+\\?[\"']?(?i:value)"
            r"\\?[\"']?\s*+[:=]\s*+\\?[\"']?)([^\s\"'\\<>,}]++)",
        ),
        (("<property", "<param", "<entry"), r"(<\w++\s++(?:name|key)=[\"']([^\"'<>]++)[\"'][^<>]*+>)([^<]++)(?=</)"),
        (
            ("set", "env"),
            r"(\b(?:set(?:env)?|export)[ \t]++(?:-\w++[ \t]++)?([A-Za-z_][A-Za-z0-9_]*+)[ \t]++)([^\s\"'=-][^\s]*+)",
        ),
    )
    for clue in clues
)


def without_matches(text: str, lower: str, kind: Kind) -> str:
    """The text without what stands where commands, addresses and markup have secrets. lower: it in lower case."""
    for clue, pattern in MARKUP:
        if clue in lower:
            text = compiled(pattern).sub(lambda found: _markup(found, kind), text)
    done = ""
    for clue, pattern, replace in PATTERNS:
        if pattern is not done and clue in lower:
            text, done = compiled(pattern).sub(replace, text), pattern
    return text
