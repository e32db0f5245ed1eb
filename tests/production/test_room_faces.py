"""Who reaches which process of the deck through nginx: the audience, the speaker, nobody else."""

import asyncio
import http.client
import json
from typing import Any

import pytest
import requests
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from .pages import bearer

SECONDS = 60
THE_SPEAKERS = ["", "room", "room.json", "run", "run.json", "questions.csv", "live.json"]


def get(run: Any, path: str, **headers: str) -> int:
    """The status of the speaker's face through nginx."""
    connection = http.client.HTTPConnection("127.0.0.1", run.speaker_port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("path", [*(f"/speaker/{each}" for each in THE_SPEAKERS), "/metrics"])
def test_the_public_port_has_nothing_of_the_speakers(run: Any, path: str) -> None:
    """Not with the token, not under the name of the speaker's own address."""
    assert run.get(path)[0] == 404
    host = f"127.0.0.1:{run.speaker_port}"
    assert run.get(path, Host=host, Origin=f"http://{host}", **bearer(run))[0] == 404


def test_the_printed_address_lets_the_speaker_in_at_every_process(run: Any) -> None:
    """It tells the audience's address, which is nginx's."""
    with requests.Session() as speaker:
        entered = speaker.get(run.speaker, timeout=SECONDS, allow_redirects=False)
        assert (entered.status_code, entered.headers["Location"]) == (302, "/speaker/")
        answered = set()
        for turn in range(2 * run.decks):
            url = f"http://127.0.0.1:{run.speaker_port}/speaker/audience.json?turn={turn}"
            told = speaker.get(url, timeout=SECONDS).json()
            assert told == {"address": run.url, "open": False}
            answered.add(run.who_answered(f"audience.json?turn={turn}"))
    assert answered == set(run.deck_ports)


def test_nginx_logs_no_token(run: Any) -> None:
    """Though it is in the address that the speaker opens."""
    assert requests.get(run.speaker, timeout=SECONDS, allow_redirects=False).status_code == 302
    run.get("/?after=that")
    with run.access_log() as log:
        log.until(r"\?after=that")
    token = bearer(run)["Authorization"].removeprefix("Bearer ")
    logs = list((run.folder / "logs").glob("nginx*.log"))
    assert len(logs) == 2
    assert not [each for each in logs if token in each.read_text()]


def test_nobody_else_is_let_in(run: Any) -> None:
    """Not without the token, nor by another name of this machine, nor for a page elsewhere."""
    assert get(run, "/speaker/") == 401
    assert get(run, "/speaker/", Authorization="Bearer guess") == 401
    assert get(run, "/speaker/audience.json", **bearer(run)) == 200
    assert get(run, "/speaker/audience.json", Host="rebound.example", **bearer(run)) == 403
    foreign = {"Origin": f"http://127.0.0.1:{run.port}"}
    assert get(run, "/speaker/audience.json", **foreign, **bearer(run)) == 403
    url = f"ws://127.0.0.1:{run.speaker_port}/speaker/room"
    with pytest.raises(HTTPClientError) as refusal:
        asyncio.run(first_message(url, **foreign, **bearer(run)))
    assert refusal.value.code == 403


@pytest.mark.parametrize("name", ["live.json", "live/poll/"])
def test_the_demos_of_the_audience_are_in_one_process(run: Any, name: str) -> None:
    """All telephones and the speaker are clients of the same program."""
    for turn in range(2 * run.decks):
        assert run.get(f"/{name}?audience={turn}")[0] == 200
        assert get(run, f"/speaker/{name}?speaker={turn}", **bearer(run)) == 200
        for who in ("audience", "speaker"):
            assert run.who_answered(f"{name}?{who}={turn}") == run.deck_ports[0]


def test_the_figures_of_the_demos_come_through(run: Any) -> None:
    """To the audience, and to the speaker."""
    public = f"ws://127.0.0.1:{run.port}/live.figures"
    own = f"ws://127.0.0.1:{run.speaker_port}/speaker/live.figures"
    for url, headers in ((public, {}), (own, bearer(run))):
        told = asyncio.run(asyncio.wait_for(first_message(url, **headers), SECONDS))
        assert "poll" in told["demos"]


def test_a_program_can_be_run_from_the_speakers_slides(run: Any) -> None:
    """Its output comes through nginx."""

    async def hear() -> None:
        url = f"ws://127.0.0.1:{run.speaker_port}/speaker/run"
        socket = await websocket_connect(HTTPRequest(url, headers=bearer(run)))
        await socket.write_message(json.dumps({"type": "run", "program": "hello"}))
        while (text := await socket.read_message()) is not None:
            if json.loads(text)["type"] == "listening":
                break
        else:
            pytest.fail("the program did not listen")
        socket.close()
        while await socket.read_message() is not None:
            pass

    asyncio.run(asyncio.wait_for(hear(), SECONDS))


async def first_message(url: str, **headers: str) -> dict:
    """What a websocket says first."""
    socket = await websocket_connect(HTTPRequest(url, headers=headers))
    try:
        text = await socket.read_message()
        assert text is not None
        return json.loads(text)
    finally:
        socket.close()
        while await socket.read_message() is not None:
            pass  # until the connection is over, which takes an answer
