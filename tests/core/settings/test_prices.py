"""The table of prices in the config file, and what the commands say by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lineage_core.base.errors import BadInputError
from lineage_core.cli import main
from lineage_core.meaning.money import Money, Prices
from lineage_core.settings.config_file import read_config
from lineage_core.settings.prices import prices_of
from tests.build import record, write, write_config

PRICES = '[prices]\ncurrency = "EUR"\nbuild-worker = 2\n'


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A worker of a type that has a price, one of another type, and a task that used more than both."""
    ends = [
        record(number, task_id="task-1", event_type="worker_completed",
               event_data={"worker_id": f"w-{kind}", "worker_type": kind, "completion_status": "success",
                           "token_usage": tokens})
        for number, kind, tokens in ((1, "build-worker", 400_000), (2, "scan-worker", {"total_tokens": 100_000}))
    ]  # fmt: skip
    actor = {"type": "master", "id": "dev-master", "principal": "p"}
    end = record(3, task_id="task-1", event_type="task_completed", actor=actor,
                 event_data={"completion_status": "success", "token_usage": 600_000})  # fmt: skip
    return write(tmp_path / "lineage", *ends, end)


def asked(capsys: pytest.CaptureFixture[str], directory: Path, *words: str) -> str:
    assert main([*words, "--dir", str(directory)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "text", "money"),
    [
        ("", "600000\n", None),
        (PRICES, "600000, at least 0.80 EUR\n", {"amount": 0.8, "currency": "EUR", "unpriced_tokens": 200_000}),
        (PRICES + "default = 10\n", "600000, 2.80 EUR\n", {"amount": 2.8, "currency": "EUR", "unpriced_tokens": 0}),
    ],
)
def test_a_task_says_what_its_tokens_cost(
    directory: Path, capsys: pytest.CaptureFixture[str], config: str, text: str, money: object
) -> None:
    write_config(config)
    assert f"tokens     {text}" in asked(capsys, directory, "task", "task-1")
    document = json.loads(asked(capsys, directory, "task", "task-1", "--json"))
    assert ("money" in document, document.get("money")) == (bool(config), money)


def test_figures_have_the_cost_beside_the_tokens(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "EUR" not in asked(capsys, directory, "stats")
    assert "cost" not in json.loads(asked(capsys, directory, "stats", "--json"))["tokens"]["master"][0]
    write_config(PRICES)
    assert "at least 0.80 EUR" in asked(capsys, directory, "stats")
    tokens = json.loads(asked(capsys, directory, "stats", "--json"))["tokens"]
    (row,) = tokens["master"]
    assert (row["cost"], row["currency"], row["unpriced"]) == (0.8, "EUR", 200_000)
    assert {row["key"]: row["cost"] for row in tokens["worker_type"]} == {"build-worker": 0.8, "scan-worker": None}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('[prices]\ncurrency = "USD"\nbuild-worker = "much"', 3, "prices.build-worker must be what a million tokens"),
        ('[prices]\ncurrency = "USD"\ndefault = -1', 3, "prices.default must be"),
        ('[prices]\ncurrency = "USD"\ndefault = nan', 3, "prices.default must be"),
        ('[prices]\ncurrency = "USD"\ndefault = inf', 3, "prices.default must be"),
        ('[prices]\ncurrency = "USD"\ndefault = true', 3, "prices.default must be"),
        (f'[prices]\ncurrency = "USD"\ndefault = {"9" * 400}', 3, "prices.default must be"),
        ('[prices]\ncurrency = "USD"\n[prices.default]\ninput = 3', 3, "prices.default must be"),
        ("[prices]\ndefault = 1", 1, "prices.currency must be the name of one"),
        ('[prices]\ncurrency = "\\u001b[31m"\ndefault = 1', 2, "prices.currency must be the name of one"),
        ("prices = 3", 1, "prices must be a table"),
    ],
)
def test_what_is_no_price_is_named_with_its_line(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(BadInputError) as error:
        read_config(path)
    assert str(error.value).startswith(f"{path}: line {line}: {problem}")
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value)


def test_a_table_without_prices_is_none() -> None:
    assert prices_of({}) is None
    assert prices_of({"prices": {"currency": "USD"}}) is None
    assert prices_of({"prices": {"currency": "USD", "a": 0}}) == Prices("USD", None, {"a": 0})


@pytest.mark.parametrize(
    ("money", "text"),
    [(Money(), "0.00 X"), (Money(1234.5), "1,234.50 X"), (Money(0.0123), "0.0123 X"), (Money(2, 1), "at least 2.00 X")],
)
def test_an_amount_in_words(money: Money, text: str) -> None:
    assert money.text("X") == text
