"""The speaker moves the talk, from a laptop and from a phone, with the server and without."""

from pathlib import Path

from playwright.sync_api import expect

SLIDES = ["first-first", "first-steps", "first-asked", "second-second", "second-the-end"]
LOST_SECONDS = 5


def frame_of(page, which):
    """The slide that a frame shows."""
    return page.frame_locator(f"#{which}").locator("section.present:not(.stack)")


def heading(page, which="this"):
    """Its heading."""
    return frame_of(page, which).locator("h1, h2")


def swipe(page, start, end, height=600):
    """A finger that goes from one side to the other."""
    touch = page.context.new_cdp_session(page)
    for kind, x in ("touchStart", start), ("touchMove", (start + end) // 2), ("touchMove", end):
        points = [{"x": x, "y": height}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_what_is_pressed_is_shown_to_everybody(speak, join):
    """And the window has this slide and the next, step by step, and then back."""
    follower, page = join(), speak()
    page.keyboard.press("ArrowRight")
    follower.hear("show", slide="first-steps", fragment=-1)
    expect(heading(page)).to_have_text("Steps")
    expect(frame_of(page, "this").locator(".fragment.visible")).to_have_count(0)
    expect(frame_of(page, "next").locator(".fragment.visible")).to_have_count(1)
    page.keyboard.press("Space")
    follower.hear("show", slide="first-steps", fragment=0)
    expect(frame_of(page, "this").locator(".fragment.visible")).to_have_count(1)
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowDown")
    follower.hear("show", slide="first-asked", fragment=-1)
    expect(heading(page, "next")).to_have_text("Second")
    page.keyboard.press("ArrowLeft")
    follower.hear("show", slide="first-steps", fragment=1)
    assert join().state["fragment"] == 1


def test_a_framed_slide_is_alone(speak):
    """No bar, no number, and no keys of its own: the page around it moves it."""
    page = speak()
    deck = page.frame_locator("#this")
    expect(heading(page)).to_have_text("First")
    for part in ".bar", ".slide-number", ".progress", ".controls", ".skip":
        for each in deck.locator(part).all():
            expect(each).to_be_hidden()
    assert page.evaluate("history.length") == speak().evaluate("history.length")


def test_a_step_is_no_entry_in_the_history(speak, join):
    """Whoever presses the browser's own button leaves the page, and does not undo the talk."""
    follower, page = join(), speak()
    expect(heading(page)).to_have_text("First")
    expect(heading(page, "next")).to_have_text("Steps")
    before = page.evaluate("history.length")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    follower.hear("show", slide="second-second")
    expect(heading(page)).to_have_text("Second")
    assert page.evaluate("history.length") == before


def test_a_phone_is_a_remote(phone, join):
    """With buttons, with swipes, and with a list of all slides."""
    follower, page = join(), phone()
    page.get_by_role("button", name="Next slide").click()
    follower.hear("show", slide="first-steps")
    swipe(page, 300, 80)
    follower.hear("show", slide="first-steps", fragment=0)
    swipe(page, 80, 300)
    follower.hear("show", slide="first-steps", fragment=-1)
    page.get_by_role("button", name="Back").click()
    follower.hear("show", slide="first-first")
    page.get_by_label("Go to a slide").select_option("The end")
    follower.hear("show", slide="second-the-end")
    assert "on The end" in page.locator("#notes").text_content()


def test_a_finger_on_the_slide_points_and_does_not_swipe(phone, join):
    """The audience is told where, in shares of the slide, and when it is lifted."""
    follower, page = join(), phone()
    box = page.locator("#glass").bounding_box()
    middle = box["y"] + box["height"] / 2
    swipe(page, box["width"] * 0.8, box["width"] * 0.2, middle)
    spot = follower.hear("point")
    assert 0.2 <= spot["x"] <= 0.8 and abs(spot["y"] - 0.5) < 0.02
    while spot.get("x") is not None:
        spot = follower.hear("point")
    page.keyboard.press("b")
    follower.hear("black", on=True)
    assert join().state["slide"] is None


def test_of_two_windows_the_last_action_holds_for_both(speak, phone, server):
    """Also when both act at once, many times."""
    laptop, remote = speak(), phone()
    for turn in range(6):
        laptop.keyboard.press("ArrowRight" if turn % 3 else "ArrowLeft")
        remote.keyboard.press("End" if turn % 2 else "Home")
    laptop.keyboard.press("b")
    remote.get_by_label("Go to a slide").select_option("Asked")
    for page in laptop, remote:
        expect(heading(page)).to_have_text("Asked")
        expect(page.locator("#veil")).to_be_visible()
    assert server.hub.talk.show.slide == "first-asked"


def test_presses_in_a_hurry_never_go_back(speak, join):
    """The server's echo of an earlier press does not undo a later one."""
    follower, page = join(), speak()
    page.evaluate(
        """() => { window.seen = [];
        new MutationObserver(() => seen.push(document.title))
            .observe(document.querySelector("title"), { childList: true }) }"""
    )
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    follower.hear("show", slide="second-the-end")
    page.keyboard.press("b")
    follower.hear("black", on=True)
    titles = page.evaluate("seen.filter((each, place) => each !== seen[place - 1])")
    assert [each.split(" · ")[0] for each in titles] == ["Steps", "Asked", "Second", "The end"]


def test_without_a_server_the_speaker_goes_on_and_the_room_follows(speak, join, server):
    """It is plain to see; when the server is back, so is the room, where the speaker is."""
    page = speak()
    page.keyboard.press("ArrowRight")
    expect(heading(page)).to_have_text("Steps")
    server.stop()
    expect(page.locator("#live")).to_have_text("Offline")
    expect(page.get_by_role("alert")).to_be_visible()
    page.keyboard.press("End")
    page.keyboard.press("b")
    expect(heading(page)).to_have_text("The end")
    server.start()
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.get_by_role("alert")).to_be_hidden()
    follower = join()
    if follower.state["slide"] != "second-the-end":
        follower.hear("show", slide="second-the-end")
    assert join().state["black"] or follower.hear("black", on=True)


def test_who_was_away_does_not_pull_the_room_back(speak, join):
    """If another window has moved the talk since, that holds."""
    laptop, remote = speak(), speak()
    follower = join()
    laptop.keyboard.press("ArrowRight")
    expect(heading(remote)).to_have_text("Steps")
    remote.evaluate("() => { window.WebSocket = class { close() {} } }")
    remote.context.set_offline(True)
    expect(remote.locator("#live")).to_have_text("Offline")
    remote.keyboard.press("Home")
    expect(heading(remote)).to_have_text("First")
    laptop.keyboard.press("End")
    follower.hear("show", slide="second-the-end")
    remote.context.set_offline(False)
    remote.evaluate("""() => {
        const frame = document.body.appendChild(document.createElement("iframe"));
        window.WebSocket = frame.contentWindow.WebSocket;
    }""")
    expect(remote.locator("#live")).to_have_text("Live")
    expect(heading(remote)).to_have_text("The end")
    assert join().state["slide"] == "second-the-end"


def test_a_silent_connection_is_seen_as_lost(speak, server):
    """No word is said and nothing is closed, as when a cable is pulled."""
    page = speak()
    page.evaluate(
        """() => { window.lost = new Promise((tell) => {
        const began = performance.now();
        new MutationObserver(() => tell((performance.now() - began) / 1000))
            .observe(document.querySelector("#live"), { childList: true }) }) }"""
    )
    with server.hangs():
        seconds = page.evaluate("lost")
        expect(page.locator("#live")).to_have_text("Offline")
        page.keyboard.press("ArrowRight")
        expect(heading(page)).to_have_text("Steps")
    # The last sign of life was no more than a beat before, or just after, it began to hang.
    assert seconds < 2 * LOST_SECONDS
    expect(page.locator("#live")).to_have_text("Live")


def test_without_any_server_the_page_works_alone(chromium, small_deck: Path):
    """From a folder on a disk: slides, notes and the clock."""
    page = chromium.new_page()
    page.goto((small_deck / "speaker.html").as_uri())
    page.keyboard.press("ArrowRight")
    expect(page.locator("#live")).to_have_text("Offline")
    expect(page.locator("#place")).to_contain_text("2 of 5")
    expect(heading(page)).to_have_text("Steps")
    page.close()
