"""The template `trace_url`: what is put in is escaped, and what is none is told with its line."""

from pathlib import Path

import pytest

from lineage_core.base.errors import BadInputError
from lineage_core.settings.config_file import read_config
from lineage_core.settings.trace_url import url_of

RIGHT = "http://localhost:16686/trace/{trace_id}?tab=spans#{trace_id}"


def read(tmp_path: Path, value: str) -> dict[str, object]:
    path = tmp_path / "config.toml"
    path.write_text(f'theme = "light"\ntrace_url = {value}\n')
    return read_config(path)


def test_a_template_is_taken_as_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, f'"{RIGHT}"')["trace_url"] == RIGHT


@pytest.mark.parametrize(
    "value",
    [
        *(
            "7",
            '"javascript:alert({trace_id})"',
            '"http://host/trace"',
            '"file:///etc/{trace_id}"',
            '"http:///{trace_id}"',
        ),
        *('"http://host/{trace_id} x"', '"http://host/\\u001b]8;;{trace_id}"', '"http://hóst/{trace_id}"', '""'),
        '"http://{trace_id}/"',
    ],
)
def test_what_is_no_template_is_told_with_its_line(value: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"config\.toml: line 2: trace_url"):
        read(tmp_path, value)


def test_what_is_put_in_can_be_nothing_else() -> None:
    assert url_of("http://h/{trace_id}", "../x?y#z\x1b\\ é{trace_id}") == (
        "http://h/..%2Fx%3Fy%23z%1B%5C%20%C3%A9%7Btrace_id%7D"
    )
