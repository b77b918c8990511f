"""The page in Debian's Chromium: live growth, zoom, keyboard, links, hostile text, who can use it, and what it asks."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from lineage_core.cli import main
from lineage_core.model.event_types import EVENTS
from lineage_core.web.offline_page import BUILT
from tests.build import compact, record
from tests.cli.conftest import LEGACY
from tests.conftest import DATA, made_once
from tests.core.web.browser import chromium, opened, until
from tests.core.web.conftest import TOKEN, Served, serving
from tests.faults.hostile import HTML, MARKUP, NOW, TERMINAL, hostile_directory, records

TASK = "task-a-rollout"
SOURCES = BUILT.parent
READY = "() => window.lineage?.timeline.frames > 0 && !window.lineage.timeline.pending"
DOMAIN = "() => window.lineage.timeline.domain()"


@pytest.fixture(scope="module")  # while it is open, an event loop runs, beside which no asynchronous test can
def browser() -> Iterator[Browser]:
    if shutil.which("chromium") is None:
        pytest.skip("needs chromium")
    with chromium() as one:
        yield one


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the page beside the packages of its lock file."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")

    def make(folder: Path) -> None:
        shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("built"))
        command = ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", "--silent"]
        subprocess.run(command, cwd=folder, check=True, timeout=250)

    return made_once(tmp_path_factory, "page", make)


def test_what_is_built_is_what_the_sources_build(packages: Path) -> None:
    subprocess.run(["node", "build.mjs"], cwd=packages, check=True, timeout=250)
    names = sorted(path.name for path in BUILT.iterdir())
    assert sorted(path.name for path in (packages / "built").iterdir()) == names
    assert filecmp.cmpfiles(BUILT, packages / "built", names, shallow=False)[0] == names, "lineage_core/web/page/build"


def test_the_lock_file_names_no_registry_and_the_notices_are_kept() -> None:
    assert "resolved" not in (SOURCES / "package-lock.json").read_text()
    notices = (BUILT / "NOTICES.txt").read_text()
    for name in ("d3-axis", "d3-scale", "d3-selection", "d3-time-format", "d3-zoom"):
        assert f"{name} " in notices
    assert notices.count("Copyright") >= 10


def test_the_page_grows_while_events_come(browser: Browser, tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    path = directory / "lineage-2026-11-22.jsonl"
    context = {"context": {"session_id": "session-1"}}
    path.write_bytes(compact(record(1, event_type="task_created", **context)))
    with serving(directory, tmp_path / "server") as one, opened(browser, one.url, server_ends=True) as page:
        until(page, READY)
        expect(page.locator(".tree .line.task")).to_have_count(1)
        expect(page.locator(".chip.queued b")).to_have_text("1")
        expect(page.locator(".tree .few.running")).to_have_count(0)  # of what is open without running
        with path.open("ab") as file:
            file.write(compact(record(2, event_type="task_started", **context)))
            file.write(compact(record(1, event_type="task_started", **context)))
        expect(page.locator(".tree .line.task")).to_have_count(2)
        expect(page.locator(".chip.running b")).to_have_text("2")
        expect(page.locator(".tree .few.running")).to_have_text("▶ 2")
        until(page, "() => window.lineage.timeline.layout.lines.length", lambda lines: lines >= 2)
        page.goto(one.url + "task/task-2")
        expect(page.locator(".detail .pill")).to_have_text("▶ running")
        with path.open("ab") as file:
            file.write(
                compact(record(9, task_id="task-2", event_type="task_failed", event_data={"reason": "disk full"}))
            )
        expect(page.locator(".detail .pill")).to_have_text("✗ failed")
        expect(page.locator(".detail .now")).to_contain_text("disk full")
        one.process.kill()
        expect(page.locator(".health")).to_contain_text("the server is away")
        page.goto("about:blank")


def test_zoom_by_wheel_and_keys_and_drag(browser: Browser, served: Served) -> None:
    with opened(browser, served.url) as page:
        until(page, READY)
        before = page.evaluate(DOMAIN)
        box = page.locator(".plot").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.wheel(0, -400)
        after = until(page, DOMAIN, lambda now: now[1] - now[0] < (before[1] - before[0]) * 0.8)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 + 200, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        until(page, DOMAIN, lambda now: now[0] < after[0] - 1)
        page.keyboard.press("3")
        moved = page.evaluate(DOMAIN)
        page.keyboard.press("-")
        until(page, DOMAIN, lambda now: now[1] - now[0] > (moved[1] - moved[0]) * 1.3)
        page.keyboard.press("Home")
        start = until(page, "() => window.lineage.timeline.start")
        until(page, DOMAIN, lambda now: now[0] <= start)
        page.keyboard.press("End")
        until(page, DOMAIN, lambda now: now[1] > page.evaluate("() => window.lineage.store.now()") > now[0])
        expect(page.locator("#said")).to_contain_text(" to ")


def test_a_task_is_chosen_by_mouse_and_keys_and_the_address_says_which(browser: Browser, served_legacy: Served) -> None:
    with opened(browser, served_legacy.url) as page:
        until(page, READY)
        page.get_by_role("treeitem").filter(has_text=TASK).click()
        expect(page.locator(".detail .id")).to_have_text(TASK)
        assert page.url.endswith(f"/task/{TASK}")
        page.keyboard.press("Escape")
        expect(page.locator(".detail")).to_be_hidden()
        assert page.url == served_legacy.url
        page.go_back()
        expect(page.locator(".detail .id")).to_have_text(TASK)
        page.keyboard.press("2")
        page.keyboard.press("Home")
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        expect(page.locator(".tree")).to_have_attribute("aria-activedescendant", re.compile("."))
        page.keyboard.press("/")
        page.keyboard.type("no-such-task")
        expect(page.locator(".tree .line")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.locator(".tree .line.task").first).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        bar = page.evaluate(
            """() => { const t = window.lineage.timeline, task = window.lineage.store.tasks.get("task-a-rollout");
            t.show(task); const box = t.plot.getBoundingClientRect();
            return [box.left + t.scale()(task.start + 500), box.top + task.lane.y * 20 + 24 - t.scroll + 8]; }"""
        )
        page.mouse.click(*bar)
        expect(page.locator(".detail .id")).to_have_text(TASK)


def test_a_link_leads_to_a_moment_of_a_task(browser: Browser, served_legacy: Served) -> None:
    at = "2026-11-22T08:03:48.000Z"
    with opened(browser, f"{served_legacy.url}task/{TASK}?at={quote(at)}") as page:
        until(page, READY)
        expect(page.locator(".detail .id")).to_have_text(TASK)
        moment = page.evaluate(f"() => Date.parse('{at}')")
        assert page.evaluate("() => window.lineage.timeline.at") == moment
        until(page, DOMAIN, lambda now: now[0] < moment < now[1])
        page.locator(".events button.time").first.click()
        until(page, "() => location.search", lambda search: "?at=2026-11-22T" in search and quote(at) not in search)
        expect(page.locator(".lanes rect.bar").nth(3)).to_be_attached()
        expect(page.locator(".failures li").first).to_be_attached()
        page.locator("summary", has_text="Why it stands so").click()
        expect(page.locator("details[open] li").first).to_be_visible()
    with opened(browser, f"{served_legacy.url}task/no-such-task") as page:
        expect(page.get_by_role("alert")).to_have_text("no task no-such-task yet")


INERT = """() => [
  document.querySelectorAll("img, iframe, object, embed, base, form:not([method=dialog]), link[href*='PWN']").length,
  document.querySelectorAll("script").length,
  Object.keys(window).filter((name) => name.includes("PWN")).length,
  [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((each) => /^on/.test(each.name))).length,
]"""


NAUGHTY = json.loads((DATA / "naughty_strings.json").read_text())
"""The big list of naughty strings (Max Woolf and others, MIT), https://github.com/minimaxir/big-list-of-naughty-strings."""


class InTurn:
    """Gives for each field the strings one after the other."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def __call__(self, field: str) -> str:
        self._asked[field] += 1
        return str(NAUGHTY[self._asked[field] % len(NAUGHTY)])


@pytest.mark.first
def test_each_naughty_string_is_text_in_each_field(browser: Browser, tmp_path: Path) -> None:
    """As the name of a task and of an event type, and in each field of events of every type."""
    (tmp_path / "lineage").mkdir()
    in_turn, made = InTurn(), []
    for number in range(len(NAUGHTY) // len(EVENTS) + 1):
        made += [one | {"task_id": f"all-{number}"} for one in records(in_turn)[: len(EVENTS) + 1]]
    made += [made[0] | {"task_id": string, "event_type": string} for string in NAUGHTY]
    made += [made[0] | {"task_id": string} for string in NAUGHTY]
    lines = [json.dumps(one | {"lineage_id": f"lineage-{n:026d}"}, ensure_ascii=False) for n, one in enumerate(made)]
    (tmp_path / "lineage/lineage-2026-03-14.jsonl").write_text("\n".join(lines) + "\n")
    with serving(tmp_path / "lineage", tmp_path / "server", LINEAGE_NOW=NOW) as one, opened(browser, one.url) as page:
        until(page, READY)
        count = len({one["task_id"] for one in made})  # the server may still read when the page is there
        until(page, "() => window.lineage.store.tasks.size", lambda size: size >= count)
        known = page.evaluate("() => [...window.lineage.store.tasks.keys()]")
        names = [name for name in known if name.startswith("all-")]
        assert set(known) - set(names) == set(NAUGHTY), "each id as it was written"
        for name in (
            *names,
            ".",
            "</textarea><script>alert(123)</script>",
            "../../../../../../../../../../../etc/passwd%00",
        ):
            page.evaluate("(id) => window.lineage.choose(id)", name)
            expect(page.locator(".detail h2 .id")).to_have_text(name)
            assert page.evaluate(INERT) == [0, 1, 0, 0], name
            if name not in names:
                page.reload()
                expect(page.locator(".detail h2 .id")).to_have_text(name)


@pytest.mark.parametrize("filling", [HTML, MARKUP, TERMINAL], ids=["html", "markup", "terminal"])
def test_hostile_text_is_text_on_the_page_and_in_the_file(
    filling: str, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = hostile_directory(tmp_path, filling)
    with serving(directory, tmp_path / "server", LINEAGE_NOW=NOW) as one, opened(browser, one.url) as page:
        until(page, READY)
        ids = until(page, "() => [...window.lineage.store.tasks.keys()]", lambda names: len(names) >= 3)
        for task_id in ids[:3]:
            page.get_by_role("treeitem").filter(has=page.locator(".status")).nth(ids.index(task_id) % 3).click()
            expect(page.locator(".detail .events td").first).to_be_visible()
            assert page.evaluate(INERT) == [0, 1, 0, 0]
        page.locator(".plot").hover(position={"x": 300, "y": 40})
        assert "PWN\x1b" not in page.content()
    monkeypatch.setenv("LINEAGE_NOW", NOW)
    file = tmp_path / "answer.html"
    code = main(["export", "tasks", "--dir", str(directory), "-o", str(file)])
    assert code == (3 if filling is TERMINAL else 0)  # a FIFO there is named like a journal file
    with opened(browser, file.as_uri()) as page:
        until(page, READY)
        page.get_by_role("treeitem").filter(has=page.locator(".status")).first.click()
        expect(page.locator(".lanes rect.bar").first).to_be_attached()
        assert page.evaluate(INERT) == [0, 1, 0, 0]


AXE = """async () => (await axe.run({ resultTypes: ["violations"] })).violations.map(
  (one) => `${one.impact} ${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    scheme: str, browser: Browser, served_legacy: Served, guarded: Served, packages: Path
) -> None:
    axe = (packages / "node_modules" / "axe-core" / "axe.min.js").read_text()

    def checked(page: Page) -> list[str]:
        page.evaluate(axe)
        found: list[str] = page.evaluate(AXE)
        return found

    options = {"color_scheme": scheme, "bypass_csp": True}
    with opened(browser, f"{served_legacy.url}task/{TASK}", **options) as page:
        expect(page.locator(".detail .events td").first).to_be_visible()
        until(page, READY)
        assert checked(page) == []
        page.keyboard.press("?")
        assert checked(page) == []
    with browser.new_context(color_scheme=scheme, bypass_csp=True) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(guarded.url)
        assert checked(page) == []


def test_light_dark_small_and_on_paper(browser: Browser, served_legacy: Served) -> None:
    back = "() => getComputedStyle(document.body).backgroundColor"
    with opened(browser, f"{served_legacy.url}task/{TASK}", color_scheme="dark") as page:
        until(page, READY)
        dark = page.evaluate(back)
        page.keyboard.press("d")
        light = until(page, back, lambda colour: colour != dark)
        page.reload()
        until(page, READY)
        assert page.evaluate(back) == light
        page.emulate_media(media="print")
        expect(page.locator(".tools")).to_be_hidden()
        expect(page.locator(".tree")).to_be_hidden()
        expect(page.locator(".lanes svg")).to_be_visible()
        assert page.evaluate(back) == "rgb(255, 255, 255)"
    for width, height in ((320, 600), (768, 1024), (1920, 1080)):
        with opened(browser, f"{served_legacy.url}task/{TASK}", viewport={"width": width, "height": height}) as page:
            expect(page.locator(".lanes rect.bar").first).to_be_attached()
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), width


WIDTH = "() => Math.round(document.querySelector('.plot canvas').getBoundingClientRect().width)"
PRINTED = """() => {
  dispatchEvent(new Event("beforeprint"));
  const canvas = document.querySelector(".plot canvas");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
}"""
"""Tell the page that printing begins; whether anything is drawn on the timeline at once."""


def test_the_timeline_is_drawn_at_the_size_of_the_paper(browser: Browser, served_legacy: Served) -> None:
    with opened(browser, served_legacy.url) as page:
        until(page, READY)
        on_screen = page.evaluate(WIDTH)
        assert page.evaluate(PRINTED)
        assert 670 < page.evaluate(WIDTH) <= 680  # 18 cm
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(WIDTH) == on_screen


def test_of_a_task_nothing_is_told_that_is_not_there(browser: Browser, tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    (directory / "lineage-2026-11-22.jsonl").write_bytes(compact(record(1, event_type="task_created")))
    with serving(directory, tmp_path / "server") as one, opened(browser, one.url + "task/task-1") as page:
        expect(page.locator(".detail .events h3")).to_have_text("1 event")
        assert page.locator(".detail .body").evaluate(
            "(body) => [...body.childNodes].every((one) => one.nodeType === 1)"
        )


def test_long_names_that_differ_in_their_ends_are_told_apart(browser: Browser, tmp_path: Path) -> None:
    directory = tmp_path / "lineage"
    directory.mkdir()
    workers = [f"worker-documentation-census-{number:04}" for number in (176, 177)]
    events = [
        record(number, task_id="task-1", event_type="worker_spawned", event_data={"worker_id": worker})
        for number, worker in enumerate(workers, 1)
    ]
    (directory / "lineage-2026-11-22.jsonl").write_bytes(b"".join(map(compact, events)))
    with serving(directory, tmp_path / "server") as one, opened(browser, one.url + "task/task-1") as page:
        labels = page.locator(".detail text.label").filter(has_text="worker")
        expect(labels).to_have_count(2)
        drawn = labels.evaluate_all("(all) => all.map((one) => one.firstChild.data)")
        assert [(name[:8], name[-4:]) for name in drawn] == [("worker-d", worker[-4:]) for worker in workers]
        assert labels.locator("title").all_text_contents() == workers


def test_the_token_is_asked_for_once(browser: Browser, guarded: Served) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{guarded.url}task/{TASK}")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button").click()
        expect(page.locator(".detail .id")).to_have_text(TASK)
        assert TOKEN not in page.url
        page.goto(guarded.url)
        expect(page.locator(".health")).to_contain_text("live")


@pytest.mark.parametrize("query", ["tasks", "task", "attention", "stats"])
def test_an_exported_page_is_whole_by_itself(
    query: str, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEAGE_NOW", "2026-11-22T08:10:00Z")
    file = tmp_path / "answer.html"
    words = [query, *([TASK] if query == "task" else [])]
    assert main(["export", *words, "--dir", str(LEGACY), "-o", str(file)]) == 0
    with opened(browser, file.as_uri()) as page:
        expect(page.locator("#lineage-tables tbody tr").first).to_be_visible()
        if query == "stats":
            return
        until(page, READY)
        page.get_by_role("treeitem").filter(has_text=TASK).click()
        expect(page.locator(".lanes rect.bar").first).to_be_attached()
        assert page.evaluate("() => decodeURIComponent(location.hash)") == f"#/task/{TASK}"
        if query == "task":
            expect(page.locator(".detail .events tbody tr").nth(10)).to_be_attached()
        if query == "attention":
            expect(page.locator(".findings li").first).to_be_visible()
