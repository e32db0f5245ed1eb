"""The files the slides show: valid as they stand, short enough, and strictly replaced."""

import configparser
import dataclasses
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from slides.production import find_programs
from slides.production.private import (
    ChangedFileError,
    Layout,
    changed,
    nginx_changes,
    supervisord_changes,
    without_redis,
)
from slides.regions import region
from slides.serve import ROOT

NGINX = ROOT / "nginx.conf"
SUPERVISORD = ROOT / "supervisord.conf"
REGIONS = [
    (path, name)
    for path in (NGINX, SUPERVISORD)
    for name in re.findall(r"\bregion: *([\w-]+)", path.read_text())
]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A run on other ports, in a folder with a name that needs care."""
    return Layout(
        root=tmp_path / "the 100% talk",
        deck=tmp_path / "it's $deck",
        folder=tmp_path / "run",
        python="/opt/our 100% python/bin/python",
        user="nobody",
        address="::1",
        port=9999,
        behind=9000,
        workers=2,
        decks=2,
        redis="/opt/our 100% redis/redis-server",
    )


def test_nginx_accepts_the_file_as_it_stands(production: object, tmp_path: Path) -> None:
    """`nginx -t` says so; only root may look into the server's own folders."""
    done = subprocess.run(
        [find_programs(), "-t", "-c", str(NGINX), "-g", f"pid {tmp_path}/nginx.pid;"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "nginx.conf syntax is ok" in done.stderr
    assert "[warn]" not in done.stderr.replace("could not open error log file", "")
    if os.geteuid() == 0:
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("path", "name"), REGIONS, ids=lambda value: getattr(value, "name", value))
def test_a_region_fits_a_slide(path: Path, name: str) -> None:
    """At most 14 lines of 72 columns."""
    lines = region(path, name).splitlines()
    assert 1 < len(lines) <= 14
    assert max(map(len, lines)) <= 72


def test_a_private_nginx_shares_nothing_with_the_server(layout: Layout) -> None:
    """Every port is another one, and every path is relative to the run's own folder."""
    text = changed("nginx.conf", NGINX.read_text(), nginx_changes(layout))
    live = "\n".join(line.split("#")[0] for line in text.splitlines())
    assert re.findall(r"listen (.+);", live) == ["[::1]:9999", "127.0.0.1:9007"]
    listed = re.findall(r"server 127\.0\.0\.1:(\d+)", live)
    assert sorted(listed) == ["9000", "9001", "9002", "9003", "9004", "9005"]
    assert re.findall(r"http://127\.0\.0\.1:(\d+)", live) == ["9000", "9002"]
    assert re.findall(r"[\s=](/[^\s;]+\w[^\s;]*);", live) == ["/etc/nginx/mime.types"]


def test_a_private_supervisord_shares_nothing_with_the_server(layout: Layout) -> None:
    """Whatever characters are in a path, supervisord's words are the right ones."""
    text = changed("supervisord.conf", SUPERVISORD.read_text(), supervisord_changes(layout))
    live = "\n".join(line.split(";")[0] for line in text.splitlines())
    for server in ("/srv", "/var", "/run/", "www-data", "8889", "8001", "8101", "example"):
        assert server not in live.replace(str(layout.folder), "")
    assert command(text, "deck") == [
        *(layout.python, "-m", "slides", "serve", "--xheaders", "--deck", str(layout.deck_link)),
        *("--port", "9001", "--speaker-after", "2"),
        *("--audience", "http://[::1]:9999/", "--store", str(layout.store)),
        *("--bus", f"unix://{layout.state}/redis.sock"),
    ]
    assert command(text, "redis") == [
        *(layout.redis, "--port", "0", "--unixsocket", f"{layout.state}/redis.sock"),
        *("--unixsocketperm", "700", "--save", "", "--appendonly", "no"),
    ]


def test_without_redis_no_bus_is_started_or_looked_for(layout: Layout) -> None:
    """The processes of a room still share their store."""
    layout = dataclasses.replace(layout, redis="")
    text = SUPERVISORD.read_text()
    text = without_redis(changed("supervisord.conf", text, supervisord_changes(layout)))
    assert "program:redis" not in text
    assert "--bus" not in text
    assert command(text, "deck")[-2:] == ["--store", str(layout.store)]


def command(text: str, program: str) -> list[str]:
    """What supervisord runs as the second of a program's processes."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    parser.read_string(text)
    return shlex.split(parser[f"program:{program}"]["command"] % {"process_num": 9001})


def test_a_changed_file_stops_a_private_run(layout: Layout) -> None:
    """Never can a value of the server slip through."""
    text = NGINX.read_text().replace("listen 80;", "listen 81;")
    with pytest.raises(ChangedFileError, match="'listen 80;' 0 times, not 1"):
        changed("nginx.conf", text, nginx_changes(layout))
