"""DATA in all shapes: what JSON parsers disagree on, and what Hypothesis makes."""

import json
from typing import Any

from hypothesis import strategies as st

_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
_LIKELY = st.text(st.sampled_from('ab1 "\\/{}[]:,.\n\t\rnu-eé€😀\x01\x1b\x7f\u2028'), max_size=20)
_KEYS = st.sampled_from(
    ["priority", "type", "worker_id", "reason", "metadata", "error_details", "error_type", "master_id", "token_usage"]
)
TEXTS = _TEXT | _LIKELY
"""Text without NUL, which no argument can hold."""

_USUAL = ["task-1", "worker-7", "dev-master", "a=b", "*", "-n", "%s", "é", "$(id)", "`id`", "!", "~"]
WORDS = st.sampled_from(_USUAL) | TEXTS

_NUMBERS = st.integers(-(10**20), 10**20).map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
_SPACE = st.sampled_from(["", "", "", " ", "\n  ", "\t", "\r\n"])


class _Raw(str):
    """JSON text, to stand as it is."""


_VALUES = st.recursive(
    st.sampled_from([_Raw("true"), _Raw("false"), _Raw("null"), _Raw("{}"), _Raw("[]")]) | _NUMBERS.map(_Raw) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS | _KEYS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def objects(draw: st.DrawFn) -> str:
    """The text of a JSON object, spelled in one of many ways."""
    ascii_only = draw(st.booleans())
    space = draw(_SPACE)

    def spell(value: Any) -> str:
        if isinstance(value, _Raw):
            return value
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=ascii_only)
        comma = f"{space},{space}"
        if isinstance(value, dict):
            return "{" + space + comma.join(f"{spell(k)}{space}:{space}{spell(v)}" for k, v in value.items()) + "}"
        return "[" + comma.join(map(spell, value)) + space + "]"

    return spell(draw(st.dictionaries(TEXTS | _KEYS, _VALUES, max_size=5))) + space


_BREAKERS = [*"{}[]\",:\\ 0.-+eE\n\tx'", "", "true", "\\u00e9", "\\ud800", "\x01", "\ufeff"]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The text of an object with one character taken out, put in or doubled: JSON or not."""
    text = draw(objects())
    at = draw(st.integers(0, len(text) - 1))
    put = draw(st.sampled_from([*_BREAKERS, text[at] * 2]))
    return text[:at] + put + text[at + draw(st.integers(0, 1)) :]


DATA = objects() | damaged() | TEXTS


def _cases(text: str) -> list[str]:
    """The cases of a table, with ␊ ␍ ␉ for a newline, a carriage return and a tab."""
    cases = [case for line in text.strip("\n").split("\n") for case in line.split(" | ")]
    return [case.translate({0x240A: "\n", 0x240D: "\r", 0x2409: "\t"}) for case in cases]


def _deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


_VALID = r"""
{} | { } | {"a":1} | {"a":-0} | {"a":0.5} | {"a":-1.50} | {"a":1e3} | {"a":1E+3} | {"a":1e-3} | {"a":1e-400}
{"a":123456789012345678901234567890} | {"a":100000000000000000000000000000001} | {"a":1.7976931348623157e308}
{"":0} | {"a":{}} | {"a":[]} | {"a":[[]]} | {"a":[1,"b",null,true,false,{"c":[]}]} | {"a":[{"b":1},{"b":2}]}
{"a":[1,2],"b":[3]} | {"a":["x","y"],"b":"z"} | {"a":["x"],"b":["y"],"c":{}} | {"a":[[1],[2]],"b":[{}]}
{"a" : 1 , "b" : [ 1 , 2 ] } | ␉␊␍ {"a":1}␉␊␍  | {␊  "a": "b",␊  "c": [␊    1␊  ]␊} | {"a":"{"} | {"a":"1 2"}
{"a":"\u00e9"} | {"\u0061":1,"b":2} | {"a":"\/"} | {"a\/b":1,"a/b":2} | {"a":"\ud83d\ude00"} | {"a":"\ud800"}
{"a":"\udc00\ud800"} | {"\ud800":1,"\udfff":2} | {"a":"\b\f\n\r\t\"\\"} | {"a":"\u0000"} | {"a":"\u001b"}
{"a":"x\\"} | {"a\"b":1} | {"a":"}\",\"b\":"} | {"é":"è"} | {"a":"€😀"} | {"a":"\\u0061"} | {"a":"\\\\\""}
{"a":1,"a":2} | {"a":{"b":1,"b":2}} | {"a":1,"\u0061":2} | {"a":1,"b":{"a":2}} | {"|":1} | {"a|b":1,"b":2}
{"worker_id":"x"} | {"metadata":{"raw_data":"y"}} | {"error_type":"t"} | {"error_type":null}
{"error_details":{"error_type":"t"}} | {"error_details":"text"} | {"error_details":[1,{"a":"b"}]}
{"error_details":7} | {"error_details":null} | {"error_details":"say \"x\"","error_type":"t"} | {"reason":null}
{"a":{"metadata":"text"}} | {"a":{"metadata":1},"metadata":{"b":2}} | {"progress_percentage":5}
{"K":1,"V":"M","W":[]} | {"token_usage":{"input_tokens":1,"total_tokens":2},"token_budget":3}
{"password":"x"} | {"n":{"apiKey":"y"}} | {"note":"password=x"} | {"accessToken":"z","tokens":1}
{"url":"https:\/\/kim:x@host"} | {"a":"b\nsk-0123456789abcdefghijkl"} | {"a":"task-1\/2"}
{"note":"x: \"secret\" : \"y\\\"z\""}
"""
_INVALID = r"""
[] | [1] | 1 | "a" | null | true | x | { | } | {} {} | {}} | {}x | {,} | {"a"} | {"a":} | {"a":1,} | {,"a":1}
{"a":1 "b":2} | {"a":1,,"b":2} | {"a"::1} | {a:1} | {'a':1} | {"a":'b'} | {1:2} | {"a":{"b"}} | {"a":{]}
{"a":01} | {"a":-01} | {"a":1.} | {"a":.5} | {"a":+1} | {"a":1e} | {"a":1e+} | {"a":-} | {"a":--1} | {"a":0x1}
{"a":1_0} | {"a":1 2} | {"a":1.2.3} | {"a":00} | {"a":0-0} | {"a":0.-0} | {"a":1e5.5} | {"a":- 1} | {"a":1 .5}
{"a":NaN} | {"a":nan} | {"a":Infinity} | {"a":-Infinity} | {"a":1e999} | {"a":-1e999} | {"a":True} | {"a":TRUE}
{"a":False} | {"a":None} | {"a":Null} | {"a":nul} | {"a":truefalse} | {"a":tru e} | {"a":nullnull} | {"a":true1}
{"a":[1,]} | {"a":[,1]} | {"a":[1 2]} | {"a":[1:2]} | {"a":["b":1]} | {"a":[} | {"a":]} | {"a":[1}} | {"a":[1,,2]}
{"a":"b} | {"a":b"} | {"a""b"} | {"a":"b" "c"} | {"a":"b":"c"} | {"a","b":1} | {"a":"\x"} | {"a":"\"} | {"a":"\u12"}
{"a":"\u12g4"} | {"a":"\U0061"} | {"a":"x␉y"} | {"a":"x␊y"} | {"a":"␍"} | {"a":1}// | /**/{} | {"a":1}#
{"a":V} | {"a":"b"V} | V | M | {M} | {K"} | {"a":[W]} | {"password":"x",}
"""
VALID = [
    *_cases(_VALID),
    *('{"a":"\x7f"}', '{"a":"\u2028\u2029"}', '{"a":"\U0010ffff\ufffe"}', '{"a":"\ufeff"}', '{"to\u212aen":1}'),
    _deep(5),
    _deep(99),
    '{"error_type":' + _deep(98) + "}",
    '{"error_type":["t"],"error_details":{"error_message":"m"}}',
    '{"error_details":' + _deep(98) + "}",
    '{"metadata":' + _deep(98) + "}",
    '{"a":' + "[" * 98 + "]" * 98 + "}",
]
INVALID = [
    *_cases(_INVALID),
    *('\ufeff{"a":1}', '{"a":\u00a01}', '{"a":\uff11}', '{"a":\x0b1}', '{"a":\x0c1}', '{"a":"\x01"}', '{"a":"\x1f"}'),
    *('{"a":"\x02"}', '{"a":"\x03"}', '{"\x02":1}', '{"a":1}\x0b', '{"a":1}\u2028', '{"\u0664":\u0664}'),
    '{"a":' + "9" * 401 + "}",
    _deep(100),
    '{"a":1}"',
    '{"a":' + "[" * 1030,
    '{"a":' + "[" * 1030 + "]" * 1030 + "}",
    _deep(100_000),
]
