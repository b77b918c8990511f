"""What secrets look like, whatever their name: keys of services, private keys, tokens, web hooks.

The formats are those that the services document, and that gitleaks and detect-secrets publish; a text is searched
for one only if it has the clue of it. All take time linear in the text: each repetition is bounded, possessive, or of
characters that cannot begin another match.
"""

from __future__ import annotations

_B62, _WORD, _HEX = "[A-Za-z0-9]", "[A-Za-z0-9_-]", "[0-9a-fA-F]"
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))"
"""Where a token may begin: not within a word, but after an escape, be it of JSON or of an address."""

_STARTS = {
    "akia": "AKIA[0-9A-Z]{16}",
    "asia": "ASIA[0-9A-Z]{16}",
    "abia": "ABIA[0-9A-Z]{16}",
    "aiza": rf"AIza{_WORD}{{30,}}",
    "ya29.": rf"ya29\.{_WORD}{{16,}}",
    "gocspx-": rf"GOCSPX-{_WORD}{{16,}}",
    "1//0": rf"1//0{_WORD}{{24,}}",
    "ghp_": rf"ghp_{_B62}{{20,}}",
    "gho_": rf"gho_{_B62}{{20,}}",
    "ghu_": rf"ghu_{_B62}{{20,}}",
    "ghs_": rf"ghs_{_B62}{{20,}}",
    "ghr_": rf"ghr_{_B62}{{20,}}",
    "pat_": rf"(?:github|dckr)_pat_{_WORD}{{20,}}",
    "glpat-": rf"glpat-{_WORD}{{16,}}(?:\.{_WORD}++)*+",
    "gldt-": rf"gldt-{_WORD}{{16,}}",
    "glrt-": rf"glrt-{_WORD}{{16,}}(?:\.{_WORD}++)*+",
    "glptt-": rf"glptt-{_WORD}{{16,}}",
    "glcbt-": rf"glcbt-{_WORD}{{16,}}",
    "glsoat-": rf"glsoat-{_WORD}{{16,}}",
    "sk-ant-": rf"sk-ant-{_WORD}{{16,}}",
    "sk-proj-": rf"sk-proj-{_WORD}{{16,}}",
    "sk-": rf"sk-(?=[a-z_-]{{0,199}}[A-Z0-9]){_WORD}{{20,}}",
    "k_live_": rf"[rs]k_live_{_B62}{{10,}}",
    "k_test_": rf"[rs]k_test_{_B62}{{10,}}",
    "whsec_": r"whsec_[A-Za-z0-9+/=]{20,}",
    "xox": rf"xox[a-z]-{_WORD}{{10,}}",
    "xapp-": rf"xapp-{_WORD}{{20,}}",
    "eyj": rf"eyJ{_WORD}{{8,}}\.{_WORD}{{8,}}(?:\.{_WORD}*+)*+",
    "npm_": rf"npm_{_B62}{{30,}}",
    "pypi-": rf"pypi-(?=[a-z_-]{{0,99}}[A-Z0-9]){_WORD}{{30,}}",
    "rubygems_": rf"rubygems_{_HEX}{{32,}}",
    "hvs.": rf"hvs\.{_WORD}{{20,}}",
    "hvb.": rf"hvb\.{_WORD}{{20,}}",
    "hvr.": rf"hvr\.{_WORD}{{20,}}",
    ".atlasv1.": rf"{_B62}{{14}}\.atlasv1\.{_WORD}{{40,}}",
    "sg.": rf"SG\.{_WORD}{{16,}}\.{_WORD}{{16,}}",
    "key-": r"key-[0-9a-z]{32}(?![0-9A-Za-z])",
    "-us": rf"{_HEX}{{32}}-us\d{{1,2}}(?!\d)",
    "xkeysib-": rf"xkeysib-{_WORD}{{20,}}",
    "sk": rf"SK{_HEX}{{32}}(?![0-9A-Za-z])",
    "_v1_": rf"do[opr]_v1_{_HEX}{{32,}}",
    "hrku-": rf"HRKU-{_WORD}{{30,}}",
    "dapi": rf"dapi{_HEX}{{32}}",
    "nrak-": r"NRAK-[A-Z0-9]{20,}",
    "glsa_": rf"glsa_{_WORD}{{20,}}",
    "glc_": r"glc_[A-Za-z0-9+/=]{20,}",
    "sntry": r"sntry[su]_[A-Za-z0-9+/=_-]{20,}",
    "lin_api_": rf"lin_api_{_B62}{{20,}}",
    "ntn_": rf"ntn_{_B62}{{20,}}",
    "figd_": rf"figd_{_WORD}{{20,}}",
    "pmak-": rf"PMAK-{_WORD}{{20,}}",
    "dp.": rf"dp\.(?:pt|st|ct|sa|scim|audit)\.{_WORD}{{20,}}(?:\.{_WORD}++)*+",
    "pul-": rf"pul-{_HEX}{{32,}}",
    "sbp_": rf"sbp_{_HEX}{{32,}}",
    "pscale_": rf"pscale_(?:tkn|oauth|pw)_{_WORD}{{20,}}",
    "shp": rf"shp(?:at|ca|pa|ss)_{_HEX}{{32}}",
    "sq0": rf"sq0[a-z]{{3}}-{_WORD}{{20,}}",
    "hf_": rf"hf_{_B62}{{30,}}",
    "gsk_": rf"gsk_{_B62}{{30,}}",
    "r8_": rf"r8_{_B62}{{30,}}",
    "pplx-": rf"pplx-{_B62}{{30,}}",
    "xai-": rf"xai-{_B62}{{30,}}",
    "atatt": rf"ATATT3{_WORD}{{30,}}(?:=[0-9A-F]{{8}})?",
    "atbb": rf"ATBB{_B62}{{24,}}",
    "akcp": rf"AKCp{_B62}{{60,}}",
    "age-secret-key-": r"AGE-SECRET-KEY-1[0-9A-Z]{40,}",
    ":aa": rf"\d{{8,10}}:AA{_WORD}{{33}}",
    "q~": r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}",
    "==": r"(?<![A-Za-z0-9+/=-])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])",
    "$": r"\$(?:2[abxy]?|[156y]|apr1|argon2id?|argon2d)\$[./A-Za-z0-9=,$+]{20,}",
}
"""Clue, in lower case -> regular expression of a token from its first character on."""

BLOCKS = {
    "private key": r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)"
    r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    "private-lines": r"(?s:(?<=Private-Lines:).*?)(?:Private-MAC:\s*+[0-9a-f]++|\Z)",
}
"""Clue -> what goes whole: private keys, to the end if it is missing."""

_REST = r"[^\s\"'<>\\]"
HOOKS = {
    "hooks.slack.com": rf"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/{_REST}++",
    "api/webhooks/": rf"(?<=/api/webhooks/){_REST}++",
    "webhook.office.com/": rf"(?<=webhook\.office\.com/){_REST}++",
    "hooks.zapier.com/": rf"(?<=hooks\.zapier\.com/hooks/){_REST}++",
    "api.telegram.org/bot": rf"(?<=api\.telegram\.org/bot)\d++:{_WORD}++",
}
"""Clue -> the part of a web hook's address that lets anyone post to it."""

FORMATS = HOOKS | {clue: _START + look for clue, look in _STARTS.items()}
