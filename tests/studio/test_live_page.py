"""The live page in a real browser, whose camera sees a synthetic interview: a smile, lowered brows, blinks, again and again."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import TimeoutError

from fleeting.media import open_media

from .conftest import until


def begun(page):
    page.get_by_role("button", name="Start").click()
    try:
        page.wait_for_selector("body[data-state=running]")
    except TimeoutError as error:
        raise AssertionError(f"the page says: {page.inner_text('#absent')}") from error


def test_a_camera_is_watched_and_events_appear(studio, open_page, face_model, tmp_path):
    running = studio()
    with open_page(running, "/live") as page:
        assert not page.is_checked("#record")
        begun(page)
        until(page, "document.body.dataset.face === 'yes'")
        page.wait_for_selector("#events li.micro, #events li.macro")
        shown = page.inner_text("#events li >> nth=0")
        assert "after its end" in shown
        # Later it is looked at again, and nothing is told twice.
        page.wait_for_selector("#events li:not([data-state=new])")
        ids = page.locator("#events li").evaluate_all("rows => rows.map(row => row.dataset.id)")
        assert len(ids) == len(set(ids))
        until(page, "Number(document.getElementById('rate').textContent) > 0")
        measured, dropped = (int(page.evaluate(f"document.body.dataset.{name}")) for name in ("measured", "dropped"))
        assert measured > 30
        assert dropped >= 0
        page.get_by_role("button", name="Stop").click()
        page.wait_for_selector("body[data-state=ended]")
        assert not page.is_visible("#recording")
    assert not list(tmp_path.glob("live*"))  # nothing is kept unless somebody asks for it


def test_a_recording_says_so_and_is_whole_with_true_times(studio, open_page, face_model, tmp_path):
    running = studio()
    with open_page(running, "/live") as page:
        page.check("#record")
        begun(page)
        assert "recording into live" in page.inner_text("#recording")
        assert not list(tmp_path.glob("live*"))  # not there until it is whole
        until(page, "Number(document.body.dataset.measured) > 40")
        page.get_by_role("button", name="Stop").click()
        page.wait_for_selector("body[data-state=ended]")
        assert "Recorded: live" in page.inner_text("#banner")
        times = page.evaluate("import('/static/live.js').then(({see}) => see.lines[0])")
        page.goto(running.base)
        page.get_by_text("live 20").wait_for()  # and can be analysed
    (path,) = tmp_path.glob("live*.mp4")
    with open_media(path) as media:
        assert (media.width, media.height) == (320, 240)
        assert media.survey() == pytest.approx([each - times[0] for each in times], abs=1e-4)


def test_it_cannot_be_started_before_it_is_known_whose_camera_it_is(studio, open_page, face_model):
    running, held = studio(), []
    with open_page(running) as page:
        page.route("**/api/live", lambda route: held.append(route))
        page.goto(f"{running.base}/live")
        page.click("#start", force=True)  # disabled: nothing happens
        page.wait_for_timeout(100)
        assert page.inner_text("#absent") == ""
        held[0].continue_()
        begun(page)


def test_another_page_takes_over_and_the_first_one_says_so(studio, open_page, face_model):
    running = studio()
    with open_page(running, "/live") as one:
        begun(one)
        until(one, "Number(document.body.dataset.measured) > 5")
        with open_page(running, "/live", context=one.context) as two:
            begun(two)
            one.wait_for_selector("body[data-state=ended]")
            assert "another page has begun" in one.inner_text("#banner")
            until(two, "Number(document.body.dataset.measured) > 5")


def test_a_page_that_is_left_ends_it_and_the_recording_is_kept(studio, open_page, face_model, tmp_path):
    running = studio()
    with open_page(running, "/live") as page:
        page.check("#record")
        begun(page)
        until(page, "Number(document.body.dataset.measured) > 10")
        page.goto(running.base)
        end = time.monotonic() + 60
        while not list(tmp_path.glob("live*.mp4")):
            assert time.monotonic() < end
            page.wait_for_timeout(100)
    assert len(open_media(next(tmp_path.glob("live*.mp4"))).survey()) > 10
