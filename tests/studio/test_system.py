"""Profiles and System; keys, and what a page does when the service does not let it in or is away."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from tests.http.people import MOST, expire, person
from tests.http.room import Room, eventually, furnished

from .browser import visiting


@pytest.fixture
def own(tmp_path):
    with furnished(tmp_path) as made:
        yield made


def test_a_profile_is_copied_changed_tried_and_made_the_default(visit, room: Room):
    here = visit()
    here.go("profiles")
    here.settled()
    here.button("Duplicate Audiobook").click()
    here.button(re.compile("^Edit Audiobook")).click()
    dialog = here.page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Slow reading")
    dialog.get_by_label("speed", exact=True).fill("0.5")
    dialog.get_by_role("button", name="Try it on a sentence").click()
    expect(dialog.get_by_role("slider", name="Position in the sound")).to_be_visible()
    expect(dialog.locator(".time")).to_have_text(re.compile(r"/ 0:0[1-9]$"))
    dialog.get_by_role("button", name="Save").click()
    expect(here.page.locator(".profile", has_text="Slow reading")).to_contain_text("speed 0.5")
    here.button("Make Slow reading the default of tone").click()
    expect(here.page.locator(".profile", has_text="Slow reading").get_by_text("default")).to_be_visible()
    profiles = room.client.get("/quality-profiles/tone").json()["profiles"]
    assert [each["name"] for each in profiles if each["default_of"] == ["tone"]] == ["Slow reading"]
    eventually(lambda: not lent(room), "the end of what was lent for the trial")


def test_a_new_profile_and_a_name_that_is_taken(visit):
    here = visit(strict=False)
    here.go("profiles")
    here.settled()
    for expected in (None, "taken"):
        here.button("New profile").click()
        dialog = here.page.get_by_role("dialog")
        dialog.get_by_label("Name", exact=True).fill("Mine")
        dialog.get_by_role("button", name="Create").click()
        if expected is None:
            expect(here.page.locator(".profile", has_text="Mine")).to_be_visible()
        else:
            expect(dialog.get_by_role("alert")).to_be_visible()


def lent(room: Room) -> list[str]:
    profiles = room.client.get("/quality-profiles/tone").json()["profiles"]
    return [each["name"] for each in profiles if each["name"].startswith("~")]


def test_a_trial_in_a_tab_that_goes_away_leaves_no_profile(visit, room: Room):
    here = visit()
    here.go("profiles")
    here.settled()
    here.button("New profile").click()
    room.gate.opened.clear()
    try:
        # It speaks when it has been told that the profile is there, and so knows what to give back.
        with here.page.expect_request("**/jobs/stream*"):
            here.page.get_by_role("dialog").get_by_role("button", name="Try it on a sentence").click()
        assert lent(room)
        here.page.goto("about:blank")
        eventually(lambda: not lent(room))
    finally:
        room.gate.opened.set()


def test_what_a_browser_that_died_had_lent_is_removed_and_shown_nowhere(visit, room: Room):
    long_ago, now = (f"~ {when} 0123456789abcdef" for when in (1_700_000_000_000, round(time.time() * 1000)))
    for name in (long_ago, now, "~ mine"):
        assert room.client.post("/quality-profiles", json={"engine": "tone", "name": name, "parameters": {}}).is_success
    here = visit()
    here.go("speak")
    offered = here.page.get_by_label("Quality profile").locator("option")
    expect(offered.filter(has_text="~ mine")).to_have_count(1)
    expect(offered.filter(has_text="0123456789abcdef")).to_have_count(0)
    here.go("profiles")
    here.settled()
    expect(here.page.locator(".profile", has_text="~ mine")).to_be_visible()
    expect(here.page.locator(".profile", has_text="0123456789abcdef")).to_have_count(0)
    eventually(lambda: sorted(lent(room)) == sorted([now, "~ mine"]))


def test_the_system_says_how_it_is_and_what_cleaning_up_would_remove(visit, room: Room, monkeypatch):
    # Whatever this machine's disk has.
    monkeypatch.setattr(
        "entrypoints.http.health.shutil.disk_usage", lambda _: SimpleNamespace(total=100, used=50, free=50)
    )
    room.spoken()
    # Those of the tests before, too.
    eventually(
        lambda: all(each["completed_at"] for each in room.client.get("/jobs").json()["jobs"]), "the end of all jobs"
    )
    here = visit(unhurried=True)
    here.go("system")
    here.settled()
    expect(here.page.get_by_role("region", name="Health")).to_contain_text("All is well")
    expect(here.page.get_by_role("region", name="Engines")).to_contain_text("Licence")
    expect(here.page.get_by_role("region", name="The last hour")).to_contain_text("done")
    here.button("Clean up…").click()
    dialog = here.page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_contain_text("There is nothing to remove.")
    here.page.get_by_text("Also every finished job").click()
    told = room.client.post("/admin/cleanup?deep=true&dry_run=true").json()
    expect(dialog.get_by_role("status")).to_contain_text(
        re.compile(rf"It removes {told['jobs_removed']} jobs? and {told['files_deleted']} files: ")
    )
    assert room.client.get("/jobs").json()["total"] == told["jobs_removed"]
    here.button("Clean up now").click()
    expect(here.page.locator(".toast.good")).to_contain_text("jobs and")
    assert room.client.get("/jobs").json()["total"] == 0


def test_the_first_key_closes_the_door_for_this_page_too_and_opens_it_again(browser: Browser, own: Room):
    with visiting(browser, own.url, strict=False) as here:
        here.go("system")
        here.settled()
        here.button("New key").click()
        dialog = here.page.get_by_role("dialog")
        dialog.get_by_label("Whose it is").fill("The owner")
        dialog.get_by_text("Everything, keys too").click()
        dialog.get_by_role("button", name="Make the key").click()
        secret = here.page.locator(".secret").text_content()
        assert secret.startswith("vk_")
        here.button("Use it in this tab").click()
        expect(here.page.get_by_role("region", name="API keys")).to_contain_text("The owner")
        here.page.reload()
        expect(here.page.get_by_role("heading", name="This service wants an API key")).to_be_visible()
        here.page.get_by_label("Key (vk_…)").fill(secret)
        here.page.get_by_text("Keep it until this tab is closed").click()
        here.button("Use this key").click()
        expect(here.page.get_by_role("region", name="API keys")).to_contain_text("The owner")
        here.page.reload()
        expect(here.page.get_by_role("region", name="API keys")).to_contain_text("The owner")
        stored = here.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert stored.count(secret) == 1


def test_a_key_has_limits_of_its_own_and_a_new_text_ends_the_old_one_when_its_owner_wants(browser: Browser, own: Room):
    with visiting(browser, own.url, strict=False) as here:
        here.go("system")
        here.button("New key").click()
        dialog = here.page.get_by_role("dialog")
        dialog.get_by_label("Whose it is").fill("A robot")
        dialog.get_by_text("Everything, keys too").click()
        dialog.get_by_text("Limits", exact=True).click()
        dialog.get_by_label("Requests a minute").fill("90")
        dialog.get_by_label("Streams at once").fill("0")
        dialog.get_by_label("Characters a day").fill("5000")
        dialog.get_by_label("Characters a day").fill("")
        dialog.get_by_role("button", name="Make the key").click()
        first = here.page.locator(".secret").text_content()
        here.button("Use it in this tab").click()
        keys = here.page.get_by_role("region", name="API keys")
        expect(keys).to_contain_text("Requests a minute: 90 · Streams at once: no limit")
        here.button("Rotate A robot").click()
        dialog.get_by_label(re.compile("^Hours until the old text")).fill("0")
        dialog.get_by_role("button", name="Make the new text").click()
        expect(here.page.locator(".secret")).not_to_have_text(first)
        second = here.page.locator(".secret").text_content()
        here.button("Use it in this tab").click()
        expect(keys).to_contain_text("A robot")
    codes = [own.client.get("/admin/keys", headers={"X-API-Key": key}).status_code for key in (first, second)]
    assert codes == [401, 200]
    (key,) = own.client.get("/admin/keys", headers={"X-API-Key": second}).json()["keys"]
    assert key["limits"] == {"requests_per_minute": 90, "characters_per_day": None, "voices": None, "streams": 0}


def test_a_key_that_expires_is_asked_for_again_and_nothing_that_was_written_is_lost(browser: Browser, own: Room):
    with person(own, "Ana", MOST) as ana, visiting(browser, own.url, strict=False) as here:
        here.go("speak")
        here.page.get_by_label("Key (vk_…)").fill(ana.text)
        here.button("Use this key").click()
        here.page.get_by_label("Text", exact=True).fill("Still here.")
        expect(here.page.locator("#text-notes")).to_contain_text("1 segment")
        expire(own, ana)
        here.button(re.compile("^Speak")).click()
        expect(here.page.get_by_role("heading", name="This service wants an API key")).to_be_visible()
        with person(own, "Bia", MOST) as bia:
            here.page.get_by_label("Key (vk_…)").fill(bia.text)
            here.button("Use this key").click()
            expect(here.page.get_by_label("Text", exact=True)).to_have_value("Still here.")
            here.button(re.compile("^Speak")).click()
            expect(here.page.locator(".status")).to_contain_text("all of it after")


def test_a_service_that_is_away_is_told_and_found_again_by_itself(visit):
    here = visit(strict=False)
    here.go("speak")
    here.settled()
    here.page.get_by_label("Text", exact=True).fill("Kept.")
    here.page.context.set_offline(True)
    here.button(re.compile("^Speak")).click()
    expect(here.page.get_by_text("The service cannot be reached. What you wrote is kept")).to_be_visible()
    here.page.context.set_offline(False)
    expect(here.page.get_by_text("The service cannot be reached. What you wrote is kept")).to_have_count(0)
    expect(here.page.get_by_label("Text", exact=True)).to_have_value("Kept.")


def test_workers_that_go_and_come_are_told_of_without_a_reload(visit, room: Room):
    here = visit()
    health = room.client.get("/health").json()
    workers = {"status": "warning", "active": 0, "busy": 0, "detail": "No worker is there."}
    health["checks"]["workers"] = workers
    here.page.route("**/health", lambda route: route.fulfill(json=health))
    here.go("speak")
    expect(here.page.get_by_role("alert")).to_contain_text("No worker is there to do jobs")
    here.page.unroute_all(behavior="wait")
    expect(here.page.get_by_role("alert")).to_have_count(0)


def test_everything_is_reached_by_the_keyboard(visit):
    here = visit()
    here.go("speak")
    here.settled()
    here.page.keyboard.press("Tab")
    expect(here.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    here.page.keyboard.press("Enter")
    expect(here.page.locator("main")).to_be_focused()
    here.page.get_by_label("Text", exact=True).focus()
    here.page.keyboard.type("Typed and spoken by keys alone.")
    here.page.keyboard.press("Control+Enter")
    expect(here.page.locator(".status")).to_contain_text("all of it after")
    radio = here.page.get_by_role("radio").first
    radio.focus()
    here.page.keyboard.press("ArrowDown")
    expect(here.page.get_by_role("radio").nth(1)).to_be_checked()
