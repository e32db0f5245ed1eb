"""Two processes of the deck with RabbitMQ between them, which is killed."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ..room.deck_server import DeckServer
from ..room.servers import RabbitServer


@pytest.fixture
def broker(needs: Callable[[str], None]) -> Iterator[RabbitServer]:
    """A real one."""
    needs("rabbitmq-server")
    server = RabbitServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


def until_the_bus_is(state: str, servers: list[Any]) -> None:
    """Wait until both say so of their bus."""
    for server in servers:
        while json.loads(server.fetch("/healthz")[1])["bus"] != state:
            assert server.process.poll() is None, server.said()


def test_a_slide_reaches_the_other_process_with_the_broker_and_without(
    broker: RabbitServer, tmp_path: Path
) -> None:
    """At once by the bus, and a second later by the store."""
    with ExitStack() as stack:
        servers = []
        for _ in range(2):
            server = DeckServer("--bus", broker.url, store=tmp_path / "room.sqlite")
            stack.callback(server.close)
            server.launch()
            servers.append(server)
        for server in servers:
            server.ready()
        until_the_bus_is("connected", servers)
        first, second = servers
        speaker, follower = first.speaker(), second.follower("far")
        speaker.say("show", slide="by the bus")
        assert follower.hear("show", slide="by the bus")
        broker.kill()
        speaker.say("show", slide="by the store")
        assert follower.hear("show", slide="by the store")
        until_the_bus_is("away", servers)
        speaker.say("show", slide="without a bus")
        assert follower.hear("show", slide="without a bus")
        assert [server.mistakes() for server in servers] == [[], []]
