"""Frames that are kept up to date equal frames that are read at once, however the files grew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_core.dataframes.reader import FrameReader
from tests.stats.strategies import directories
from tests.stats.test_kept_frames import assert_same, truth


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
        assert_same(reader.frames, truth(directory))


def test_a_refresh_with_nothing_new_says_so(tmp_path: Path) -> None:
    from lineage_core import demo

    demo.backfill(tmp_path, 500, days=1)
    reader = FrameReader(tmp_path, cached=False)
    assert reader.refresh()
    frames = reader.frames
    assert not reader.refresh()
    assert reader.frames is frames
    reader.close()
