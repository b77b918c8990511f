"""What tells at a glance that data holds no secret: each secret comes with one of these clues.

Nothing is imported here, since every event is looked at. `lineage.sh` has the same clues (`__lineage_harmless`).
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing costs as much as all the rest of `lineage log`
if TYPE_CHECKING:
    from typing import Any

CLUES = (
    # names of keys
    *("pass", "pwd", "pswd", "secret", "token", "key", "auth", "credential", "cookie", "bearer", "basic ", "sessid"),
    *("sessionid", ".sid", "sig=", "signature", "otp", "pw", "psk", "mnemonic"),
    *("seedphrase", "seed_phrase", "seed-phrase", "seed.phrase"),
    # commands and addresses
    *(" -u", " -p", " -a", " -w", " -b", "-user", "\n-", "\t-", "\"-", "'-", ":\\/", "://", "%3"),
    *("identified by", "sudo -s", "sqlplus", "thin:", "machine", ":5432:", ":5433:", ":6432:", ":*:"),
    *("webhook", "hooks.", "@tcp(", "@unix("),
)  # fmt: skip
"""What at least one of stands, in lower case, in every text that has a secret, but for a token: see FORMAT_CLUES."""

FORMAT_CLUES = (
    *("akia", "asia", "abia", "aiza", "ya29.", "gocspx-", "1//0", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "pat_"),
    *("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-", "sk-", "k_live_", "k_test_", "whsec_", "xox", "xapp-"),
    *("eyj", "npm_", "pypi-", "rubygems_", "hvs.", "hvb.", "hvr.", ".atlasv1.", "sg.", "-us", "_v1_", "hrku-", "dapi"),
    *("nrak-", "glsa_", "glc_", "sntry", "lin_api_", "ntn_", "figd_", "pmak-", "dp.", "pul-", "sbp_", "pscale_", "shp"),
    *("sq0", "hf_", "gsk_", "r8_", "pplx-", "xai-", "atatt", "atbb", "akcp", ":aa", "q~", "==", "$", "telegram"),
)  # fmt: skip
"""Clues of tokens, which are words of at least SHORTEST characters."""

SHORTEST = 15

CASED_CLUES = ("SK", "SG.")
"""Clues that are too common in lower case."""


def is_suspicious(value: Any) -> bool:
    """Whether a JSON value could hold a secret; most do not."""
    if isinstance(value, str):
        text = value
    else:
        parts: list[str] = []
        _texts(value, parts)
        text = "\n".join(parts)
    lower = f" {text.lower()}"
    for clue in CLUES:
        if clue in lower:
            return True
    words = long_words(lower)
    if not words:
        return False
    for clue in FORMAT_CLUES:
        if clue in words:
            return True
    return any(clue in text for clue in CASED_CLUES)


def long_words(text: str) -> str:
    """The words that are as long as a token."""
    return " ".join([word for word in text.split() if len(word) >= SHORTEST])


def _texts(value: Any, parts: list[str]) -> None:
    """Add all texts in a value to `parts`."""
    if isinstance(value, str):
        parts.append(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                parts.append(key)
            _texts(item, parts)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _texts(item, parts)
