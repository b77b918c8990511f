"""The picture of the page in the README, made by Chromium: `python -m tests.core.web.picture`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lineage_core import demo
from lineage_core.base.clock import parse_timestamp
from tests.conftest import ROOT
from tests.core.web.browser import chromium, opened, until
from tests.core.web.conftest import serving

NOW = "2026-11-22T08:10:00Z"
FILE = ROOT / "screenshots" / "page-1440x900-dark.png"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cortex-") as name:
        directory = Path(name) / "lineage"
        end = parse_timestamp(NOW)
        assert end is not None
        demo.backfill(directory, 2600, days=0.12, seed=7, clock=lambda: end)
        with serving(directory, Path(name) / "server", LINEAGE_NOW=NOW) as one, chromium() as browser:
            options = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}
            with opened(browser, one.url, **options) as page:
                until(page, "() => window.lineage?.timeline.frames > 2")
                task = page.evaluate(
                    """() => { const tasks = [...window.lineage.store.tasks.values()];
                    const good = tasks.filter((task) => task.status === "completed" && (task.flags & 20) === 20);
                    return good.sort((a, b) => b.last - a.last)[0].id; }"""
                )
                page.goto(f"{one.url}task/{task}")
                until(page, "() => document.querySelectorAll('.lanes rect.bar').length > 3")
                until(page, "() => window.lineage.timeline.frames > 4")
                page.screenshot(path=FILE)


if __name__ == "__main__":
    main()
