"""The deck server, as a real process on a port of its own."""

import asyncio
import contextlib
import gzip
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tornado.netutil import bind_sockets

from slides import serve
from slides.ports import is_free, next_free
from slides.serve import faces

from ..conftest import find_free_ports
from .served import SECONDS, Served, command, serving

PAGE = "<!doctype html><title>Talk</title>" + "<p>An event loop waits for many.</p>" * 200


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small deck, with a secret beside it."""
    folder = tmp_path_factory.mktemp("built") / "deck"
    (folder / "assets").mkdir(parents=True)
    (folder / "demos").mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "demos" / "index.html").write_text("<p>demos</p>")
    (folder / "assets" / "deck.js").write_text("let waiting = true;\n" * 200)
    (folder / "assets" / "deck-0123456789ab.js").write_text("let hashed = true;")
    (folder / "assets" / "photo.png").write_bytes(os.urandom(5000))
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def served(deck: Path) -> Iterator[Served]:
    """A server that the tests share."""
    with serving(deck) as server:
        yield server


def test_the_first_page_is_at_the_root(served: Served) -> None:
    """The address without a path is the index, in UTF-8 and untouched."""
    answer = requests.get(served.url, timeout=SECONDS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text == PAGE


def test_a_folder_has_its_own_first_page(served: Served) -> None:
    """Relative links need the slash, so a folder without it is redirected."""
    answer = requests.get(f"{served.url}demos", timeout=SECONDS)
    assert answer.url.endswith("/demos/")
    assert answer.text == "<p>demos</p>"


@pytest.mark.parametrize("path", ["", "assets/deck.js", "healthz", "nowhere"])
def test_every_answer_carries_the_security_headers(served: Served, path: str) -> None:
    """Pages, files, the health check and errors alike."""
    headers = requests.get(served.url + path, timeout=SECONDS).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["", "assets/deck.js"])
def test_text_is_compressed_for_who_can_read_it(served: Served, path: str) -> None:
    """The length is that of what is sent, and caches are told that there are two forms."""
    url = served.url + path
    plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=SECONDS)
    small = requests.get(url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=SECONDS)
    body = small.raw.read()
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(body) == int(small.headers["Content-Length"]) < len(plain.content) / 4
    assert gzip.decompress(body) == plain.content
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert small.headers["Etag"] != plain.headers["Etag"]


@pytest.mark.parametrize(
    ("path", "offer"),
    [("assets/photo.png", "gzip"), ("demos/", "gzip"), ("", "gzip;q=0"), ("", "br")],
)
def test_nothing_is_compressed_in_vain(served: Served, path: str, offer: str) -> None:
    """Pictures, tiny pages, and clients that cannot read it get the file as it is."""
    answer = requests.get(served.url + path, headers={"Accept-Encoding": offer}, timeout=SECONDS)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_a_range_counts_the_bytes_of_the_file(served: Served) -> None:
    """A part of a file is never a part of its compressed form."""
    headers = {"Range": "bytes=10-19", "Accept-Encoding": "gzip"}
    answer = requests.get(served.url, headers=headers, timeout=SECONDS)
    assert answer.status_code == 206
    assert answer.text == PAGE[10:20]


def test_head_answers_what_get_would(served: Served) -> None:
    """Same headers, no body."""
    head = requests.head(served.url, timeout=SECONDS)
    page = requests.get(served.url, timeout=SECONDS)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("Content-Length", "Content-Encoding", "Etag", "Cache-Control"):
        assert head.headers[name] == page.headers[name]


def test_an_unchanged_page_is_not_sent_again(served: Served) -> None:
    """A browser asks every time, and hears that its copy is still good."""
    first = requests.get(served.url, timeout=SECONDS)
    assert first.headers["Cache-Control"] == "no-cache"
    again = requests.get(
        served.url, headers={"If-None-Match": first.headers["Etag"]}, timeout=SECONDS
    )
    assert again.status_code == 304
    assert again.content == b""


def test_a_rebuilt_page_is_sent_at_once(tmp_path: Path) -> None:
    """Even one of the same length, to somebody who has the old one, and compressed."""
    page = tmp_path / "index.html"
    page.write_text(PAGE)
    with serving(tmp_path) as served:
        old = requests.get(served.url, timeout=SECONDS)
        before = page.stat().st_mtime_ns
        page.write_text(PAGE.replace("waits", "sings"))
        os.utime(page, ns=(before + 1000, before + 1000))
        new = requests.get(
            served.url, headers={"If-None-Match": old.headers["Etag"]}, timeout=SECONDS
        )
    assert new.status_code == 200
    assert new.headers["Content-Encoding"] == "gzip"
    assert "sings" in new.text


def test_only_a_name_with_a_hash_is_kept_for_long(served: Served) -> None:
    """What has no hash in its name may be another file tomorrow."""
    hashed = requests.get(f"{served.url}assets/deck-0123456789ab.js", timeout=SECONDS)
    plain = requests.get(f"{served.url}assets/deck.js", timeout=SECONDS)
    assert "immutable" in hashed.headers["Cache-Control"]
    assert plain.headers["Cache-Control"] == "no-cache"


def test_a_missing_page_is_a_page(served: Served) -> None:
    """A reader who mistyped finds the way back; no trace of the machine is shown."""
    answer = requests.get(f"{served.url}no/such/<page>", timeout=SECONDS)
    assert answer.status_code == 404
    assert "href='/'" in answer.text
    assert "Traceback" not in answer.text
    assert "such" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//../secret.txt",
        "/..%5csecret.txt",
        "/../deck-other/secret.txt",
    ],
)
def test_nothing_outside_the_deck_is_served(served: Served, path: str) -> None:
    """However the way out is written."""
    status, body = served.raw(path)
    assert status in (403, 404)
    assert b"secret" not in body


def test_a_link_out_of_the_deck_is_not_followed(tmp_path: Path) -> None:
    """A symbolic link is no way out either."""
    deck = tmp_path / "deck"
    deck.mkdir()
    (deck / "index.html").write_text(PAGE)
    (tmp_path / "secret.txt").write_text("secret" * 1000)
    (deck / "link.txt").symlink_to(tmp_path / "secret.txt")
    with serving(deck) as served:
        status, body = served.raw("/link.txt")
    assert status == 403
    assert b"secret" not in body


def test_nothing_can_be_sent_to_the_deck(served: Served) -> None:
    """A form or a script gets a 405."""
    assert requests.post(served.url, data="x", timeout=SECONDS).status_code == 405


def test_health_tells_whether_there_is_a_deck(tmp_path: Path) -> None:
    """A proxy may take a server without a deck out of service."""
    (tmp_path / "index.html").write_text(PAGE)
    with serving(tmp_path) as served:
        well = requests.get(f"{served.url}healthz", timeout=SECONDS)
        (tmp_path / "index.html").unlink()
        ill = requests.get(f"{served.url}healthz", timeout=SECONDS)
    assert (well.status_code, well.json()["deck"]) == (200, "ready")
    assert (ill.status_code, ill.json()["deck"]) == (503, "not built")
    assert well.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("options", "address"), [([], "127.0.0.1"), (["--xheaders"], "9.8.7.6")])
def test_only_behind_a_proxy_is_the_client_address_believed(
    deck: Path, options: list[str], address: str
) -> None:
    """The log names who asked: the peer, or whom the proxy names."""
    with serving(deck, *options) as served:
        requests.get(served.url, headers={"X-Real-IP": "9.8.7.6"}, timeout=SECONDS)
        assert served.process.stdout is not None
        assert f"({address})" in served.process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_a_download_finish(tmp_path: Path, number: signal.Signals) -> None:
    """No new connection is taken, the one under way gets all its bytes, and the status is 0."""
    (tmp_path / "index.html").write_text(PAGE)
    size = 64 * 1024 * 1024  # more than the sockets' buffers hold
    with (tmp_path / "film.bin").open("wb") as film:
        film.truncate(size)
    with serving(tmp_path) as served, requests.Session() as session:
        answer = session.get(f"{served.url}film.bin", stream=True, timeout=SECONDS)
        served.process.send_signal(number)
        wait_until_refused(served.port)
        assert served.process.poll() is None
        got = sum(len(part) for part in answer.iter_content(1 << 20))
        assert served.process.wait(SECONDS) == 0
    assert got == size


def wait_until_refused(port: int) -> None:
    """Return as soon as nobody listens; each attempt gives way to the server's own work."""
    for _ in range(100_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
    pytest.fail(f"port {port} is still open")


def test_a_stop_does_not_wait_for_ever(
    deck: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client that never reads is cut off, and the log says so."""
    monkeypatch.setattr(faces, "STOP_SECONDS", 0.1)

    async def stop_with_one_under_way() -> None:
        face = faces.Face(faces.make_app(deck), bind_sockets(0, "127.0.0.1"))
        face.under_way.begin(object())
        face.stop()
        await asyncio.wait_for(face.drain(), SECONDS)

    asyncio.run(stop_with_one_under_way())
    assert "1 requests were not finished" in capsys.readouterr().out


@contextlib.contextmanager
def taken(port: int = 0) -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        yield other.getsockname()[1]


def test_a_busy_port_is_a_sentence_with_the_next_free_one(deck: Path) -> None:
    """Exit status 2, and the command to type, which has a free port for the speaker, too."""
    with taken() as port:
        done = refused("--port", str(port), "--deck", str(deck))
    assert f"Port {port} is in use" in done.stderr
    free = int(done.stderr.rsplit(maxsplit=1)[-1])
    assert free > port
    assert is_free(free) and is_free(free + 1)


def test_a_busy_port_of_the_speaker_is_told_as_plainly(deck: Path) -> None:
    """What to type keeps the audience's port, which is free."""
    port = find_free_ports(2)
    with taken(port + 1):
        done = refused("--port", str(port), "--deck", str(deck))
    assert f"The speaker's view: Port {port + 1} is in use" in done.stderr
    before, free = done.stderr.rsplit(maxsplit=1)
    assert before.endswith(f"python -m slides serve --port {port} --speaker-port")
    assert int(free) > port + 1 and is_free(int(free))


def test_two_checkouts_are_served_side_by_side(deck: Path) -> None:
    """The second is told ports with which it starts."""
    with serving(deck) as served:
        done = refused("--port", str(served.port), "--deck", str(deck))
        told = done.stderr.split("slides serve ")[-1].split()
        assert told[0] == "--port"
        with taken(int(told[1])), taken(int(told[1]) + 1):
            pass


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--deck", "/nowhere"], "There is no deck in /nowhere. Build it with: make deck"),
        (["--port", "0"], "'0' is no port"),
        (["--port", "http"], "'http' is no port"),
        (["--port", "70000"], "'70000' is no port"),
        (["--speaker-port", "0"], "'0' is no port"),
        (["--speaker-address", "192.0.2.1"], "192.0.2.1 cannot be listened on"),
        (["--bus", "smoke://signals"], "no bus has an address like smoke://"),
        (["--store", "/dev/null/room.sqlite"], "/dev/null/room.sqlite cannot be used"),
        (["--address", "192.0.2.1"], "192.0.2.1 cannot be listened on"),
    ],
)
def test_bad_input_is_a_sentence(
    deck: Path, tmp_path: Path, options: list[str], sentence: str
) -> None:
    """Exit status 2, and never a traceback."""
    place = ["--port", str(find_free_ports(2)), "--store", str(tmp_path / "room.sqlite")]
    assert sentence in refused("--deck", str(deck), *place, *options).stderr


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    """Run a server that must not start."""
    done = subprocess.run(
        command(*options),
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=serve.ROOT,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done


def test_an_open_address_is_announced(deck: Path) -> None:
    """Who serves to a network reads so; who does not is not bothered."""
    with serving(deck, "--address", "0.0.0.0") as served:
        assert served.process.stdout is not None
        assert "NOTE: 0.0.0.0 is open to the network" in served.process.stdout.readline()


def test_the_next_free_port_is_looked_for_upwards() -> None:
    """A port in use is passed over."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert not is_free(port)
        assert next_free(port - 1) != port
