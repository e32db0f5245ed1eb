"""The whole deck server as a process, with somebody who speaks and a witness who hears."""

import itertools
import json
import os
import re
import shlex
import sys
from pathlib import Path

from ..conftest import ROOT, find_free_ports
from .servers import Server
from .wire import Wire, fetch, memory

PAGE = "<!doctype html><title>Talk</title><p>The talk."
SECRET = "what nobody may read"


class DeckServer(Server):
    """`python -m slides serve`, with both faces; its log is read at the end."""

    def __init__(self, *options, wrapper="", address="127.0.0.1", store=None):
        super().__init__()
        self.port = find_free_ports(2)
        self.options = options
        self.wrapper = shlex.split(wrapper)
        self.address = address
        self.store = store or self.folder / "room.sqlite"
        self.deck = self.folder / "deck"
        self.wires = []
        self.looked_at = 0  # lines of the log
        self.deck.mkdir()
        (self.deck / "index.html").write_text(PAGE)
        (self.folder / "secret.html").write_text(SECRET)

    def command(self):
        place = ["--port", str(self.port), "--address", self.address, "--deck", str(self.deck)]
        serve = [sys.executable, "-m", "slides", "serve", *place, "--store", str(self.store)]
        return [*self.wrapper, *serve, *self.options]

    def environment(self):
        return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def answers(self):
        # The log is read first: a connection that is tried would be one of a few that there may be.
        return "The speaker's view:" in self.said()

    def said(self):
        return (self.folder / "log").read_text(errors="replace")

    def close(self):
        for wire in self.wires:
            wire.close()
        super().close()

    @property
    def token(self):
        """The speaker's."""
        return Path(self.store).with_suffix(".token").read_text()

    @property
    def cookie(self):
        """What lets the speaker in."""
        return f"speaker-{self.port + 1}={self.token}"

    def follower(self, name="", **options):
        """Somebody in the audience, who has heard the state; their name makes them one of few."""
        headers = {"Cookie": f"follower={name:x>22}"} if name else {}
        wire = Wire(self.port, address=self.address, **headers, **options)
        self.wires.append(wire)
        assert wire.hear("state") is not None
        return wire

    def speaker(self):
        """The speaker, likewise."""
        wire = Wire(self.port + 1, "/speaker/room", Cookie=self.cookie)
        self.wires.append(wire)
        assert wire.hear("state") is not None
        return wire

    def fetch(self, path="/", method="GET", **options):
        """Ask the audience's face."""
        return fetch(self.port, path, method, address=self.address, **options)

    def ask_speaker(self, path="/speaker/", method="GET", **options):
        """Ask the speaker's face, as the speaker unless other cookies are given."""
        return fetch(self.port + 1, path, method, **{"Cookie": self.cookie} | options)

    def health(self):
        """What it says of itself, and with which status."""
        status, body = self.fetch("/healthz")
        return status, json.loads(body)

    def figure(self, name):
        """One of the figures of `/metrics`."""
        status, body = fetch(self.port + 1, "/metrics")
        assert status == 200, body
        return float(re.search(rf"^{name} (\S+)", body.decode(), re.MULTILINE)[1])

    def memory(self):
        """Bytes it has in memory."""
        return memory(self.process.pid)

    def mistakes(self):
        """What its log has of mistakes of its own since somebody looked."""
        lines = self.said().splitlines()
        lines, self.looked_at = lines[self.looked_at :], len(lines)
        loud = [each for each in lines if each.startswith("[E ") or "Traceback" in each]
        return [each for each in loud if "503 GET /healthz" not in each]


class Served:
    """A server with a speaker and a witness: whatever happens, a slide change reaches them."""

    numbers = itertools.count()

    def __init__(self, server):
        self.server = server
        server.start()
        self.speaker = server.speaker()
        self.witness = server.follower("witness")

    def show(self):
        """Show the next slide; by a speaker who came for it, as one may have been away."""
        slide = f"slide-{next(self.numbers)}"
        with self.server.speaker() as speaker:
            speaker.say("show", slide=slide)
            assert speaker.hear("show", slide=slide)
        return slide

    def goes_on(self):
        """A slide change reaches the witness and who comes now, and the log has no mistakes."""
        slide = self.show()
        assert self.witness.hear("show", slide=slide)
        with Wire(self.server.port, address=self.server.address) as late:
            assert late.hear("state")["slide"] == slide
        assert self.server.mistakes() == []
        assert self.server.process.poll() is None

    def close(self):
        """Leave nothing behind."""
        self.server.close()
