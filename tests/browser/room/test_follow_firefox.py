"""A follower in a stock Firefox, on a wide screen and on one of a phone's width."""

import json

import pytest

from slides.room.messages import Black, Show

from ..firefox import Firefox
from .server import Server

STATE = "document.querySelector('.chip')?.dataset.state === %s"
SHOWN = "document.querySelector('section.present:not(.stack)')?.id === %s"
MARKED = "document.querySelector('section[aria-current]')?.id === %s"


@pytest.mark.parametrize(("width", "place"), [(1280, SHOWN), (390, MARKED)], ids=["wide", "phone"])
def test_a_follower_in_firefox_follows(
    firefox: Firefox, server: Server, width: int, place: str
) -> None:
    """Lands on the slide of now, goes on with the speaker, and comes back to a server that does."""
    server.say(Show("first-words"))
    page = firefox.new_page(width, 720)
    page.goto(f"{server.url}talk.html")
    page.wait_for(STATE % json.dumps("live"))
    page.wait_for(place % json.dumps("first-words"))
    server.say(Show("second-last"), Black(True))
    page.wait_for(place % json.dumps("second-last"))
    page.wait_for("!document.querySelector('.room-veil').hidden")
    server.stop()
    page.wait_for(STATE % json.dumps("lost"))
    server.start()
    server.say(Show("first-steps"), Black(False))
    page.wait_for(STATE % json.dumps("live"))
    page.wait_for(place % json.dumps("first-steps"))
    page.close()
