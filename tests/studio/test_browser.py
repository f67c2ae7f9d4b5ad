"""The studio in a real browser: taken in, watched, corrected, exported and read back; and what happens when something breaks."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from itertools import product
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from fleeting.coding import read_coding
from fleeting.datasets import FolderDataset
from fleeting.studio.store import Store

from ..made_runs import made_runs
from .conftest import until


def review(page, coder="Anna"):
    """From the first page to the only analysis, as a coder of that name."""
    page.evaluate("name => { sessionStorage.setItem('fleeting.coder', name) }", coder)
    page.locator("#analyses").get_by_role("link", name="Review").click()
    page.wait_for_selector("body[data-ready]")


def saved(page):
    # The page draws once a frame: what was done just now is seen, as unsaved too, only then.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    until(page, "document.body.dataset.unsaved === '0'")


def verdicts(page):
    return page.locator("#events li").evaluate_all("rows => rows.map(row => row.dataset.verdict)")


def test_from_an_upload_to_a_file_that_is_read_back(studio, open_page, recording, face_model, tmp_path):
    running = studio()
    with open_page(running) as page:
        page.set_input_files("#files", recording)
        page.wait_for_selector("#jobs tr[data-state=running], #jobs tr[data-state=done]")
        page.reload()  # in the middle of the job
        page.wait_for_selector("#jobs tr[data-state=done]")
        review(page)
        found = verdicts(page)
        assert len(found) >= 2
        assert set(found) == {"open"}
        # The frame on the screen is the event's onset, and steps are exact.
        onset = int(page.input_value("#onset"))
        page.wait_for_selector(f"#screen[data-frame='{onset}']")
        for key, frame in (("Period", onset + 1), ("Period", onset + 2), ("Comma", onset + 1), ("Shift+ArrowRight", onset + 11)):
            page.keyboard.press(key)
            page.wait_for_selector(f"#screen[data-frame='{frame}']")
        page.keyboard.press("1")  # onset here
        saved(page)
        assert int(page.input_value("#onset")) == onset + 11
        page.keyboard.press("z")
        until(page, f"document.getElementById('onset').value === '{onset}'")
        page.keyboard.press("Shift+Z")
        until(page, f"document.getElementById('onset').value === '{onset + 11}'")
        page.keyboard.press("e")
        page.keyboard.type("disgust")
        page.keyboard.press("Enter")
        page.keyboard.press("u")
        page.keyboard.type("4+L10")
        page.keyboard.press("Enter")
        page.keyboard.press("a")
        page.keyboard.press("x")
        saved(page)
        page.keyboard.press("n")
        saved(page)
        page.reload()
        page.wait_for_selector("body[data-ready]")
        saved(page)
        assert sorted(verdicts(page)) == sorted(["accepted", "rejected", "accepted", *["open"] * (len(found) - 2)])
        files = {}
        for form in ("csv", "eaf", "json", "vtt"):
            files[form] = exported(page, f"accepted {form}", tmp_path / f"exported.{form}")
        csv, eaf = (read_coding(files[form], video=tmp_path / "interview.mp4") for form in ("csv", "eaf"))
        first = csv.events[csv.events["emotion"] == "disgust"].iloc[0]
        assert (first["onset_frame"], first["aus"]) == (onset + 11, "AU4+L10")
        shared = ["onset_frame", "apex_frame", "offset_frame", "kind", "emotion", "aus"]
        assert csv.events[shared].values.tolist() == eaf.events[shared].values.tolist()
        assert len(csv.events) == 2
        log = json.loads(files["json"].read_text())["log"]
        assert [line["act"] for line in log if line["act"] != "seen"][:3] == ["change", "undo", "redo"]
        assert files["vtt"].read_text().startswith("WEBVTT")
        # Corrected in ELAN, say, and taken in: another emotion, another end; the other event is not in it any more.
        lines = files["csv"].read_text().splitlines()
        (first,) = (line for line in lines if "disgust" in line)
        (tmp_path / "mine.csv").write_text(f"{lines[0]}\n{first.replace('disgust', 'anger')}\n")
        page.set_input_files("#taken", tmp_path / "mine.csv")
        page.get_by_text("1 relabelled").wait_for()
        until(page, "document.querySelectorAll('#events li[data-verdict=accepted]').length === 1")
        for _ in range(len(found)):  # one undo for each line
            page.keyboard.press("z")
            saved(page)
        until(page, "document.querySelectorAll('#events li[data-verdict=accepted]').length === 2")
        # And as a dataset.
        page.goto(running.base)
        page.locator("#parts input").nth(1).fill("S01")
        page.get_by_role("button", name="Make it").click()
        until(page, "document.getElementById('dataset-said').textContent.includes('2 clips')")
    clips = FolderDataset(tmp_path / "coded").clips()
    assert {clip.subject for clip in clips} == {"S01"}
    assert len(clips) == 2


def exported(page, what, path):
    with page.expect_download() as download:
        page.select_option("#export", what)
    download.value.save_as(path)
    return path


def corrected_in_elan(path, move, by_ms, remove):
    """An exported file in which a coder has moved one micro-expression with its apex, and removed another."""
    tree = ElementTree.parse(path)
    slots = {slot.get("TIME_SLOT_ID"): slot for slot in tree.iter("TIME_SLOT")}
    tiers = {tier.get("TIER_ID"): tier for tier in tree.iter("TIER")}
    times = lambda part: [slots[part.get(f"TIME_SLOT_REF{k}")] for k in (1, 2)]  # noqa: E731
    spans = [[int(slot.get("TIME_VALUE")) for slot in times(part[0])] for part in tiers["micro"]]
    for tier in tiers.values():
        for annotation in list(tier):
            (part,) = annotation
            if part.tag == "ALIGNABLE_ANNOTATION" and tier.get("TIER_ID").startswith("micro"):
                at = int(times(part)[0].get("TIME_VALUE"))
                if spans[move][0] <= at < spans[move][1]:
                    for slot in times(part):
                        slot.set("TIME_VALUE", str(int(slot.get("TIME_VALUE")) + by_ms))
                if spans[remove][0] <= at < spans[remove][1]:
                    tier.remove(annotation)
    left = {part.get("ANNOTATION_ID") for part in tree.iter("ALIGNABLE_ANNOTATION")}
    for tier in tiers.values():  # what was said of the one that is removed goes with it
        for annotation in list(tier):
            if annotation[0].tag == "REF_ANNOTATION":
                if annotation[0].get("ANNOTATION_REF") in left:
                    left.add(annotation[0].get("ANNOTATION_ID"))
                else:
                    tier.remove(annotation)
    tree.write(path, encoding="UTF-8", xml_declaration=True)


def test_a_file_that_has_been_through_elan_is_taken_in(studio, open_page, results, tmp_path):
    running, shared = studio(), ["onset_frame", "apex_frame", "offset_frame", "kind", "emotion", "aus"]
    with open_page(running) as page:
        review(page)
        path = exported(page, "open eaf", tmp_path / "mine.eaf")  # with those that nobody has judged yet
        before = read_coding(path, video=tmp_path / "interview.mp4").events
        micro = before.index[before["kind"] == "micro"]
        moved, removed = micro[0], micro[-1]
        assert moved != removed
        corrected_in_elan(path, 0, 100, len(micro) - 1)  # ms: five frames
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Import").click()
        chooser.value.set_files(path)
        page.get_by_text(f"{len(before) - 2} confirmed, 1 moved, 0 relabelled, 1 removed, 0 added").wait_for()
        until(page, "document.querySelectorAll('#events li[data-verdict=open]').length === 0")
        saved(page)
        assert verdicts(page) == ["rejected" if k == removed else "accepted" for k in before.index]
        page.locator("#events button").nth(int(moved)).click()
        onset = int(before.loc[moved, "onset_frame"]) + 5
        until(page, f"document.getElementById('onset').value === '{onset}'")
        page.wait_for_selector(f"#screen[data-frame='{onset}']")
        again = exported(page, "accepted eaf", tmp_path / "again.eaf")
    for name in shared[:3]:
        before.loc[moved, name] += 5
    after = read_coding(again, video=tmp_path / "interview.mp4").events
    assert after[shared].values.tolist() == before.drop(removed)[shared].values.tolist()
    acts = [line["act"] for line in Store(results).log() if line["act"] != "seen"]
    assert acts == ["change"] * len(before)  # each a line of its own, that can be undone


TONES = ((1.0, 1.5), (3.0, 3.5))  # s of the recording: one in each of the pieces in which its sound is fetched
LISTEN = """() => { window.heard = []; const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, offset) {
    const samples = this.buffer.getChannelData(0), loud = samples.findIndex((each) => Math.abs(each) > 0.2);
    window.heard.push([this.buffer.duration, loud / this.buffer.sampleRate, samples.findLastIndex((each) => Math.abs(each) > 0.2) /
      this.buffer.sampleRate, offset]);
    return start.call(this, when, offset); }; }"""


def add_tones(path):
    """The recording with sound: two tones, and silence between them."""
    rate, silent = 48_000, path.with_name("silent.mp4")
    path.rename(silent)
    at = np.arange(5 * rate) / rate
    wave = sum(((at >= a) & (at < b)) * 0.5 * np.sin(2 * np.pi * 440 * at) for a, b in TONES).astype(np.float32)
    with av.open(str(silent)) as source, av.open(str(path), "w") as out:
        video, sound = out.add_stream_from_template(source.streams.video[0]), out.add_stream("aac", rate=rate, layout="mono")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        for k in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, k : k + 1024], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, k, Fraction(1, rate)
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    silent.unlink()


def test_a_recording_is_heard_at_its_own_speed_and_silent_at_any_other(studio, open_page, results):
    add_tones(results.parent / "interview.mp4")
    running, asked = studio(), []
    with open_page(running) as page:
        page.add_init_script(f"({LISTEN})()")
        page.on("request", lambda request: asked.append(request.url) if "/sound?" in request.url else None)
        review(page)
        page.select_option("#speed", "0.5")
        page.keyboard.press("Space")
        page.wait_for_selector("#play:has-text('pause')")
        until(page, "import('/static/review.js').then(({see}) => !see.player.playing)")  # it has come to its end
        assert (asked, page.evaluate("heard")) == ([], [])
        page.select_option("#speed", "1")
        # On a busy machine a piece may come too late, and is left out: then it is played again.
        played = "if (!see.player.playing) see.player.play(); return new Set(heard.map(([long]) => long)).size > 1"
        until(page, f"import('/static/review.js').then(({{see}}) => {{ {played} }})")
        heard = page.evaluate("heard")
    assert "start=0&stop=2" in asked[0]
    for long, first, last, offset in heard:
        begins = {2: 0.0, 10: 2.0}[round(long)]
        tone = TONES[0 if begins == 0 else 1]
        assert (begins + first, begins + last) == pytest.approx(tone, abs=0.03)
        assert 0 <= offset < long  # one that comes late begins in its midst


def test_two_tabs_and_a_server_that_is_killed_lose_nothing(studio, open_page, results):
    running = studio()
    with open_page(running) as one:
        review(one)
        with open_page(running, context=one.context) as two:
            review(two)
            first = two.locator("#events li").first
            one.locator("#events button").first.click()
            one.keyboard.press("a")
            saved(one)
            two.wait_for_selector("#events li[data-verdict=accepted]")  # the other tab knows
            assert first.get_attribute("data-verdict") == "accepted"
            running.kill()
            one.keyboard.press("x")
            one.wait_for_selector("#banner:not([hidden])")
            assert "does not answer" in one.inner_text("#banner")
            running.start()
            one.context.clear_cookies()
            # A new session is needed; what was not saved waits in the tab.
            with open_page(running, context=one.context):
                saved(one)
            one.wait_for_selector("#banner", state="hidden")
            assert {"accepted", "rejected"} <= set(verdicts(one))

    log = [line for line in Store(results).log() if line["act"] == "change"]
    assert [line["after"]["verdict"] for line in log] == ["accepted", "rejected"]


def test_two_coders_agree_and_a_third_decides(studio, open_page, results):
    running = studio()
    with open_page(running) as page:
        for coder, keys in (("Anna", "aa"), ("Ben", "ax")):
            page.goto(running.base)
            review(page, coder)
            assert set(verdicts(page)) == {"open"}  # nothing of the other's is to be seen
            for key in keys:
                page.keyboard.press(key)
            page.get_by_role("button", name="I am done").click()
            page.get_by_role("button", name="Finished: reopen").wait_for()
            saved(page)
        page.goto(running.base)
        page.get_by_role("link", name="Agreement").click()
        until(page, "document.querySelectorAll('#a option').length === 2")
        page.get_by_role("button", name="Compare").click()
        page.get_by_text("Agreement of Anna and Ben").wait_for()
        assert "1 of 2 and 1" in page.inner_text("#tables")
        page.fill("#third", "Cleo")
        page.get_by_role("button", name="Begin to decide").click()
        page.wait_for_selector("body[data-ready]")
        assert sorted(verdicts(page)) == ["accepted", "open"]
        assert "Anna:" in page.inner_text("#events")


def test_the_event_is_seen_from_near_and_weaker_candidates_are_called_so(studio, open_page, results):
    about = json.loads((results / "analysis.json").read_text())
    about["events"][-1]["certain"] = False
    (results / "analysis.json").write_text(json.dumps(about))
    running = studio()
    with open_page(running) as page:
        review(page)
        for key, mode in (("f", "flicker"), ("m", "magnified"), ("v", "flow"), ("l", "loop")):
            page.keyboard.press(key)
            page.wait_for_selector(f"#look[data-mode={mode}]")
            assert int(page.get_attribute("#look", "data-frame")) >= int(page.input_value("#onset"))
        sure = len(verdicts(page))
        until(page, "document.getElementById('surely-said').textContent.match(/[1-9]\\d* weaker/) !== null")
        page.locator("#surely").fill("100")
        until(page, f"document.querySelectorAll('#events li').length > {sure}")
        assert page.locator("#events li.candidate").first.inner_text().startswith("candidate")
        # Every lane is drawn to the end of the recording, and at each zoom.
        for span in (1, 0.5, 0.05):
            ends = page.evaluate(
                "span => import('/static/review.js').then(({see}) => { const t = see.timeline; t.view(t.end * (1 - span), t.end);"
                " const [from, to] = t.plot.series[0].idxs; return [t.plot.data[0][from], t.plot.data[0][to], t.end] })",
                span,
            )
            assert ends[0] <= ends[2] * (1 - span) + 0.05
            assert ends[1] >= ends[2] - 0.05
        # A boundary is dragged on the timeline.
        page.locator("#events li:not(.candidate) button").first.click()
        page.keyboard.press("g")
        offset = int(page.input_value("#offset"))
        place = page.evaluate(
            "import('/static/review.js').then(({see}) => { const e = see.coding.find(see.selected), t = see.timeline, b = t.plot.over"
            ".getBoundingClientRect(); return [b.left + t.plot.valToPos(t.at(e, 'offset'), 'x'), b.top + 40] })"
        )
        page.mouse.move(*place)
        page.mouse.down()
        page.mouse.move(place[0] + 60, place[1], steps=4)
        page.mouse.up()
        saved(page)
        assert int(page.input_value("#offset")) > offset


def test_every_page_is_readable_by_everybody(studio, open_page, results):
    """axe-core's rules of WCAG 2 A and AA, contrast among them, light and dark, at 1280 and 1920 px; no page scrolls sideways."""
    running = studio()
    hostile = results.parent / "<img src=x onerror=document.body.remove()>.mp4"
    shutil.copy(results.parent / "interview.mp4", hostile)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    with open_page(running) as page:
        for path in ("/", "review", "/agreement", "/runs", "/live"):
            if path == "review":
                page.goto(running.base)
                review(page)
            else:
                page.goto(running.base + path)
                page.wait_for_load_state("networkidle")
            if path == "/live":
                page.get_by_role("button", name="Start").click()
                page.wait_for_selector("#events li")
            for scheme, width in product(("light", "dark"), (1280, 1920)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": width * 5 // 8})
                found = Axe().run(page, options=rules)
                assert found.response["violations"] == [], found.generate_report()
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            if path == "/":
                page.get_by_text(hostile.name).wait_for()


def test_runs_are_compared_and_clips_got_wrong_are_listed(studio, open_page, tmp_path):
    made_runs(tmp_path / "runs")
    running = studio()
    with open_page(running) as page:
        page.goto(f"{running.base}/runs")
        page.locator("#runs tr").nth(5).wait_for()
        page.get_by_label("Show runs/linear", exact=False).first.check()
        page.get_by_label("Show runs/majority", exact=False).first.check()
        page.frame_locator("#report").get_by_text("Comparison").first.wait_for()
        page.locator("#wrong figure").first.wait_for()
        assert "--data a=PATH" in page.inner_text("#wrong-said")
