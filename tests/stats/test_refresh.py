"""Frames that are kept up to date equal frames that are read at once, however the files grew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.dataframes.reader import FrameReader, Frames
from tests.stats.strategies import directories
from tests.stats.test_kept_frames import assert_same, truth


def without_returns(frames: Frames, contents: dict[str, bytes]) -> Frames:
    """With the lengths of records without the CR of their lines: one that was read before its CR came is without it."""
    spans = frames.events.select(pl.col("file").cast(pl.String), "offset", "length").rows()
    returns = [contents[file].startswith(b"\r", offset + length - 1) for file, offset, length in spans]
    lengths = pl.col("length") - pl.Series(returns, dtype=pl.Boolean).cast(pl.UInt32)
    return replace(frames, events=frames.events.with_columns(lengths))


@settings(max_examples=80, deadline=None)
@given(directories(), st.data())
def test_refreshing_as_files_grow_gives_what_reading_at_once_gives(contents: dict[str, bytes], data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        reader = FrameReader(directory, cached=False)
        left = dict(contents)
        while any(left.values()):
            name = data.draw(st.sampled_from([name for name, rest in left.items() if rest]))
            size = data.draw(st.integers(1, len(left[name])) | st.just(len(left[name])))
            with (directory / name).open("ab") as file:
                file.write(left[name][:size])
            left[name] = left[name][size:]
            reader.refresh()
        reader.refresh()
        reader.close()
        assert_same(*(without_returns(one, contents) for one in (reader.frames, truth(directory))))


def test_a_refresh_with_nothing_new_says_so(tmp_path: Path) -> None:
    from lineage_core import demo

    demo.backfill(tmp_path, 500, days=1)
    reader = FrameReader(tmp_path, cached=False)
    assert reader.refresh()
    frames = reader.frames
    assert not reader.refresh()
    assert reader.frames is frames
    reader.close()
