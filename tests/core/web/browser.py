"""Debian's Chromium, driven by Playwright, and what it must not do on our pages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=120_000)  # the machine may have other work

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium of the system."""
    path = shutil.which("chromium")
    assert path is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, url: str, *, server_ends: bool = False, **options: Any) -> Iterator[Page]:
    """A page that must log nothing, ask nobody else, open no dialog, and run nothing that came as text.

    server_ends: the server is to go away; Chromium itself logs each time that the page looks whether it is back.
    """
    origin = url[: url.index("/", 8)] if url.startswith("http") else "file://"
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(120_000)
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws", "http", 1)))
    try:
        page.goto(url)
        yield page
        if server_ends:
            trouble = [text for text in trouble if "net::ERR_CONNECTION_REFUSED" not in text]
        assert trouble == []
        assert [url for url in asked if not url.startswith((origin, "about:"))] == []
    finally:
        context.close()


def until(page: Page, what: str, holds: Callable[[Any], bool] = bool) -> Any:
    """Wait until an expression in the page gives what is waited for; returns it. The page's policy forbids eval."""
    end = time.monotonic() + 120
    while not holds(value := page.evaluate(what)):
        assert time.monotonic() < end, f"{what} gives {value!r}"
        page.wait_for_timeout(25)
    return value
