"""The page in a browser, with a robot that only writes down what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import DEADLINE_MS, Console, browser, console
from playwright.sync_api import Browser, Page, expect

from roboact_ros.console.board import Choice, Part

TOKEN = "correct-horse-battery-staple"
INJECTION = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("bags")) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: Browser, served: Console) -> Iterator[Page]:
    context = chromium.new_context()
    opened = context.new_page()
    opened.set_default_timeout(DEADLINE_MS)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto(served.url)
    expect(opened.locator("#link")).to_have_text("Connected")
    yield opened
    context.close()
    assert problems == []


def asked(page: Page, served: Console, wanted: tuple[str, str]) -> None:
    """Wait until the robot was asked something."""
    for _ in range(DEADLINE_MS // 20):
        if wanted in served.robot.asked:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"{wanted} is not in {served.robot.asked}")


def test_markup_in_texts_stays_text(page: Page, served: Console) -> None:
    page.fill("#say", INJECTION)
    expect(page.locator("#meaning")).to_have_text(f"I will {INJECTION}.")
    page.press("#say", "Enter")
    page.fill("#task", INJECTION)
    page.press("#task", "Enter")
    asked(page, served, ("instruct", INJECTION))
    served.board.put(
        "arm", Part("executor", "warn", INJECTION, {"state": "moving", "motion": INJECTION, "reason": "x"})
    )
    served.board.put("policy", Part("policy", "ok", INJECTION, {}))
    served.board.put("choice", Choice(INJECTION, ((INJECTION, 0.5), ("up", 0.25)), 1.0, True))
    served.board.put(f"health/{INJECTION}", Part(INJECTION, "error", INJECTION, {INJECTION: INJECTION}))
    expect(page.locator("#log .person .text").last).to_have_text(INJECTION)
    expect(page.locator("#scores li").first).to_contain_text(INJECTION)
    expect(page.locator("#arm-motion")).to_have_text(INJECTION)
    expect(page.locator("#health dd")).to_have_text(INJECTION)
    assert page.title() == "fake · roboact"
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("key", ["Space", "Escape"])
def test_keys_stop_whatever_has_the_focus(page: Page, served: Console, key: str) -> None:
    for focus in ("body", "[data-ask=home]", "nav button", "#check-first", *(["#say"] if key == "Escape" else [])):
        served.robot.asked.clear()
        served.robot.ask("resume")
        page.focus(focus) if focus != "body" else page.evaluate("document.activeElement.blur()")
        page.keyboard.press(key)
        asked(page, served, ("stop", ""))
        expect(page.locator("#arm-state")).to_have_text("Stopped")
        assert ("home", "") not in served.robot.asked


def test_a_space_in_a_sentence_is_a_space(page: Page, served: Console) -> None:
    served.robot.asked.clear()
    page.focus("#say")
    page.keyboard.type("up a bit")
    page.keyboard.press("Enter")
    asked(page, served, ("say", "up a bit"))
    assert ("stop", "") not in served.robot.asked


def test_a_lost_connection_is_shown_and_the_stop_goes_out_when_it_is_back(chromium: Browser, tmp_path: Path) -> None:
    with console(tmp_path) as first:
        page = chromium.new_page()
        page.goto(first.url)
        expect(page.locator("#link")).to_have_text("Connected")
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("NOT CONNECTED")
    page.keyboard.press("Space")
    expect(page.locator("#stop-note")).to_contain_text("not delivered")
    with console(tmp_path, port=first.server.port) as second:
        expect(page.locator("#link")).to_have_text("Connected", timeout=DEADLINE_MS)
        asked(page, second, ("stop", ""))
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator("#stop-note")).to_be_hidden()
    page.close()


def test_old_news_are_shown_as_old(page: Page, served: Console) -> None:
    expect(page.locator("#arm-why")).to_contain_text("has said nothing for", timeout=DEADLINE_MS)
    expect(page.locator("#arm-state")).to_have_text("Not known")


def test_the_token_comes_with_the_address_or_is_asked_for(chromium: Browser, tmp_path: Path) -> None:
    with console(tmp_path, token=TOKEN) as served:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(served.url)
        expect(page.locator("#token-form")).to_be_visible()
        page.fill("#token", "a-wrong-token-of-some-length")
        page.press("#token", "Enter")
        expect(page.locator("#token-why")).to_contain_text("wrong token")
        page.fill("#token", TOKEN)
        page.press("#token", "Enter")
        expect(page.locator("#link")).to_have_text("Connected")
        context.close()
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{served.url}/#token={TOKEN}")
        expect(page.locator("#link")).to_have_text("Connected")
        assert TOKEN not in page.url
        page.reload()
        expect(page.locator("#link")).to_have_text("Connected")
        context.close()


def test_speech_is_sent_at_sixteen_kilohertz(page: Page, served: Console) -> None:
    served.board.put("hearing", "")
    page.locator("#microphone").dispatch_event("pointerdown", {"pointerId": 1})
    expect(page.locator("#microphone.listening")).to_be_visible()
    expect(page.locator("#meaning")).to_have_text("Listening …")
    page.wait_for_timeout(600)
    page.locator("#microphone").dispatch_event("pointerup", {"pointerId": 1})
    expect(page.locator("#log .person .text").last).to_contain_text("seconds")
    seconds, _, _, rate, _ = page.locator("#log .person .text").last.inner_text().split()
    assert 0.5 <= float(seconds) < 5.0 and rate == "16000"


@pytest.mark.parametrize("size", [(1920, 1080), (1024, 768), (390, 844), (844, 390)])
def test_stop_is_in_sight_on_every_screen_and_view(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for view in ("operate", "episodes", "health"):
        page.click(f"[data-show={view}]")
        box = page.locator("#stop").bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["y"] >= 0 and box["width"] >= 150 and box["height"] >= 80
        assert box["x"] + box["width"] <= size[0] and box["y"] + box["height"] <= size[1]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('#stop') !== null", middle)


def test_the_keys_are_shown(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#key-list")).to_contain_text("Stop the arm")
