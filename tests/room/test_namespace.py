"""A network that is cut without a word, and a calendar that jumps: both are got over."""

import contextlib
import ctypes
import os
import secrets
import shutil
import subprocess
import threading
import time

import pytest

from ..conftest import ROOT
from .deck_server import DeckServer, Served

CLONE_NEWNET = 0x40000000  # linux/sched.h
PING = "2"
LINK = ROOT / "slides" / "theme" / "room" / "link.js"
PAGE = """<!doctype html><meta charset=utf-8><title>Talk</title><script type=module>
import { Link } from "./link.js";
const address = new URL("room", location.href.replace("http", "ws"));
window.slide = null;
window.link = new Link(address, { hear: ({ slide }) => { window.slide = slide ?? window.slide; },
                                  change: () => {} });
</script>"""


def run(*command):
    """Run a program that ends soon; it must succeed."""
    subprocess.run(command, check=True, capture_output=True)


class Namespace:
    """A network of its own, joined to this one by a wire that can be cut."""

    def __init__(self):
        name = secrets.token_hex(3)
        self.name, self.near, self.far = f"room-{name}", f"rn{name}", f"rf{name}"
        net = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(250)}"
        self.address = f"{net}.1"
        with contextlib.ExitStack() as made:
            run("ip", "netns", "add", self.name)
            made.callback(self.close)
            peer = ["peer", "name", self.far, "netns", self.name]
            run("ip", "link", "add", self.near, "type", "veth", *peer)
            run("ip", "address", "add", f"{self.address}/24", "dev", self.near)
            run("ip", "link", "set", self.near, "up")
            self.ip("address", "add", f"{net}.2/24", "dev", self.far)
            self.ip("link", "set", "lo", "up")
            self.join()
            made.pop_all()

    def ip(self, *words):
        """Change something in there."""
        run("ip", "-n", self.name, *words)

    def cut(self):
        """From one moment to the next nothing passes, and neither side is told."""
        self.ip("link", "set", self.far, "down")

    def join(self):
        """As it was."""
        self.ip("link", "set", self.far, "up")

    def inside(self, work):
        """What comes of some work that is done in there: a socket stays there for good."""
        results = []
        thread = threading.Thread(target=lambda: (self._enter(), results.append(work())))
        thread.start()
        thread.join()
        [result] = results
        return result

    def _enter(self):
        handle = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.setns(handle, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        os.close(handle)

    def close(self):
        """Leave nothing behind; the wire goes with its end."""
        run("ip", "netns", "delete", self.name)


@pytest.fixture
def far():
    """A network of its own, where this account may make one."""
    if shutil.which("ip") is None:
        pytest.skip("there is no program `ip` to make a network with")
    try:
        namespace = Namespace()
    except (subprocess.CalledProcessError, PermissionError):
        pytest.skip("only root may make a network")
    yield namespace
    namespace.close()


@pytest.fixture
def room(far):
    """A server that both networks reach, whose deck is a page that follows."""
    server = DeckServer("--ping", PING, address=far.address)
    (server.deck / "index.html").write_text(PAGE)
    shutil.copy(LINK, server.deck)
    served = Served(server)
    yield served
    served.close()


def test_who_is_cut_off_is_not_counted_for_long(room, far):
    """Within a few pings, when the network would take a quarter of an hour to notice."""
    lost = far.inside(room.server.follower)
    assert room.witness.hear("here", count=2)
    far.cut()
    began = time.monotonic()
    slide = room.show()
    assert room.witness.hear("show", slide=slide)
    assert room.witness.hear("here", count=1)
    assert time.monotonic() - began < 30
    room.goes_on()
    lost.close()


def test_a_page_that_is_cut_off_shows_it_and_comes_back_to_the_right_slide(
    room, far, needs, tmp_path
):
    """By itself, both times."""
    needs("chromium")
    from playwright.sync_api import sync_playwright

    browser = tmp_path / "browser"
    chromium = shutil.which("chromium")
    browser.write_text(f'#!/bin/sh\nexec ip netns exec {far.name} {chromium} "$@"\n')
    browser.chmod(0o755)
    url = f"http://{far.address}:{room.server.port}/"
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chrome.new_page()
        page.goto(url)
        page.wait_for_function("window.link?.isLive")
        slide = room.show()
        page.wait_for_function("wanted => window.slide === wanted", arg=slide)
        far.cut()
        page.wait_for_function("!window.link.isLive")
        slide = room.show()
        assert room.witness.hear("here", count=1)
        far.join()
        page.wait_for_function("wanted => window.link.isLive && window.slide === wanted", arg=slide)
        chrome.close()
    room.witness = room.server.follower("witness")  # who did not answer pings meanwhile
    room.goes_on()


@pytest.mark.parametrize("years", [-30, 30])
def test_a_calendar_that_jumps_moves_nothing(monkeypatch, tmp_path, years):
    """The pace, the speaker's clock and the limits go on by a clock that is never put right."""
    from slides.room.limits import Limits, Rate
    from slides.room.messages import Clock, Pace
    from slides.room.talk import Event, Moment, Talk

    talk, limits = Talk(), Limits(Rate(2, 0.01), Rate(100, 1))
    assert [limits.wait("ada", "::1") == 0 for _ in range(3)] == [True, True, False]
    talk.apply(Event(1, Moment.now(), "", Clock(True)))
    talk.apply(Event(2, Moment.now(), "f" * 16, Pace("faster")))
    before, calendar = talk.pace(Moment.now()), time.time
    assert before["faster"] > 0
    monkeypatch.setattr(time, "time", lambda: calendar() + years * 365 * 24 * 3600)
    after = talk.pace(Moment.now())
    assert after["faster"] == pytest.approx(before["faster"], rel=0.05)
    assert limits.wait("ada", "::1") > 0
    assert limits.wait("bob", "::1") == 0
    assert 0 <= talk.elapsed(Moment.now()) < 60
