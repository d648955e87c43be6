"""A browser without a screen, to measure and to take pictures of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from roboact_ros.errors import RoboactError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")

# Nothing but the page is loaded, and nobody is called.
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")


class NoBrowserError(RoboactError):
    """Neither Chromium nor Chrome is installed."""


@contextmanager
def running_browser(options: Sequence[str] = ()) -> Iterator[Browser]:
    """Run Chromium, the system's own or Playwright's.

    Args:
        options: Further options of its command line.

    Raises:
        NoBrowserError: There is none.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoBrowserError("a browser is driven with Playwright: pip install playwright") from error
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            raise NoBrowserError(f"no browser; one of {', '.join(BROWSERS)} is needed, or: playwright install chromium")
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=[*_QUIET, *root, *options])
        try:
            yield browser
        finally:
            browser.close()
