"""nginx and supervisord with the files the slides show, for real: pages, websockets, killings."""

import asyncio
import collections
import json
import signal
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

SECONDS = 60
VISITORS = 6


async def listen(pair: Any, origin: str) -> WebSocketClientConnection:
    """Open the broadcaster's websocket through nginx, as a page of `origin` would."""
    url = f"ws://127.0.0.1:{pair.port}/broadcaster/updates"
    return await websocket_connect(HTTPRequest(url, headers={"Origin": origin}))


async def posts(pair: Any) -> list[dict]:
    """The first posts that a listener hears."""
    listener = await listen(pair, pair.url.rstrip("/"))
    try:
        while (message := await listener.read_message()) is not None:
            if found := json.loads(message)["posts"]:
                return found
        raise AssertionError("the websocket was closed before anything came")
    finally:
        listener.close()
        while await listener.read_message() is not None:
            pass  # until the connection is over, which takes an answer


async def under_load(pair: Any, deed: Any) -> collections.Counter:
    """Visit the broadcaster's page again and again while `deed` lasts; count the answers."""
    codes: collections.Counter = collections.Counter()
    over = asyncio.Event()
    client = AsyncHTTPClient(force_instance=True, max_clients=VISITORS)

    async def visit() -> None:
        while not over.is_set():
            answer = await client.fetch(f"{pair.url}broadcaster/", raise_error=False)
            codes[answer.code] += 1

    visitors = [asyncio.create_task(visit()) for _ in range(VISITORS)]
    try:
        await asyncio.to_thread(deed)
    finally:
        over.set()
        await asyncio.gather(*visitors)
        client.close()
    return codes


def test_the_deck_is_at_the_root(pair: Any) -> None:
    """Tornado's page through nginx, with Tornado's headers."""
    assert pair.get("/") == (200, b"<h1>The talk</h1>")


def test_nginx_serves_plain_files_itself(pair: Any) -> None:
    """An asset comes without a Tornado, revalidated as the deck server would have it."""
    assert pair.get("/assets/deck.css") == (200, b"h1 { color: teal }")
    with pair.access_log() as log:
        assert log.until(r"/assets/deck\.css .* from (.+)")[1] == "-"
    assert pair.get("/assets/../../nginx.conf")[0] == 400
    assert pair.get("/assets/%2e%2e/%2e%2e/nginx.conf")[0] == 400


def test_the_broadcaster_is_below_its_prefix(pair: Any) -> None:
    """Its page is the broadcaster's own: the prefix is gone when it gets there."""
    status, page = pair.get("/broadcaster/")
    assert status == 200
    assert b"<html" in page.lower()
    assert pair.get("/broadcaster")[0] == 301


def test_a_broadcast_comes_through_the_proxy(pair: Any) -> None:
    """A listener of the same origin hears the posts that its worker fetched from the service."""
    found = asyncio.run(asyncio.wait_for(posts(pair), SECONDS))
    assert all(post["title"] for post in found)


@pytest.mark.parametrize("port", ["", ":1"])
def test_a_foreign_page_may_not_listen(pair: Any, port: str) -> None:
    """Another host, or another port of this one, is refused with a 403."""
    origin = "http://elsewhere.example" if not port else f"http://127.0.0.1{port}"
    with pytest.raises(HTTPClientError) as refusal:
        asyncio.run(asyncio.wait_for(listen(pair, origin), SECONDS))
    assert refusal.value.code == 403


def test_the_workers_take_turns(pair: Any) -> None:
    """Every worker gets its share of the requests."""
    shares: collections.Counter = collections.Counter()
    with pair.access_log() as log:
        for turn in range(4 * pair.workers):
            assert pair.get(f"/broadcaster/?turn={turn}")[0] == 200
            shares[log.until(rf"\?turn={turn} .* from (.+)")[1]] += 1
    assert set(shares) == {f"127.0.0.1:{port}" for port in pair.worker_ports}
    assert max(shares.values()) <= 2 * min(shares.values())


def test_nobody_notices_a_killed_worker(pair: Any) -> None:
    """Under load, kill -9 costs no request: nginx asks the next one, supervisord starts another."""
    port = pair.worker_ports[1]
    name, victim = f"broadcaster_{port}", pair.worker(port)

    def kill() -> None:
        victim.send_signal(signal.SIGKILL)
        pair.until(f"exited: {name} .*SIGKILL")
        pair.until(f"spawned: '{name}'")
        pair.until(f"success: {name} entered RUNNING")

    codes = asyncio.run(asyncio.wait_for(under_load(pair, kill), SECONDS))
    assert set(codes) == {200}
    assert codes[200] > 10 * pair.workers
    with pair.access_log() as log:
        log.until(rf" 200 from 127\.0\.0\.1:{port}, ")  # somebody had to be asked again
    pair.remember()
    assert pair.worker(port).pid != victim.pid


def test_a_rolling_restart_fails_no_request(pair: Any) -> None:
    """One worker after the other is replaced under load."""
    old = {pair.worker(port).pid for port in pair.worker_ports}

    def roll() -> None:
        for port in pair.worker_ports:
            answer = pair.control("restart", f"broadcaster:broadcaster_{port}")
            assert f"broadcaster_{port}: started" in answer

    codes = asyncio.run(asyncio.wait_for(under_load(pair, roll), SECONDS))
    assert set(codes) == {200}
    pair.remember()
    assert old.isdisjoint(pair.worker(port).pid for port in pair.worker_ports)
