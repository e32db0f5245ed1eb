"""The files the slides show: valid as they stand, short enough, and strictly replaced."""

import configparser
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
    assert re.findall(r"listen (.+);", live) == ["[::1]:9999"]
    assert sorted(re.findall(r"server 127\.0\.0\.1:(\d+)", live)) == ["9000", "9001", "9002"]
    assert re.findall(r"[\s=](/[^\s;]+\w[^\s;]*);", live) == ["/etc/nginx/mime.types"]


def test_a_private_supervisord_shares_nothing_with_the_server(layout: Layout) -> None:
    """Whatever characters are in a path, supervisord's words are the right ones."""
    text = changed("supervisord.conf", SUPERVISORD.read_text(), supervisord_changes(layout))
    live = "\n".join(line.split(";")[0] for line in text.splitlines())
    for server in ("/srv", "/var", "/run/", "www-data", "8889", "8000", "8001"):
        assert server not in live.replace(str(layout.folder), "")
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    command = shlex.split(parser["program:deck"]["command"] % {})
    assert command == [
        *(layout.python, "-m", "slides", "serve"),
        *("--port", "9000", "--deck", str(layout.deck_link)),
        *("--speaker-port", "9004", "--xheaders", "--store", str(layout.store)),
    ]


def test_a_changed_file_stops_a_private_run(layout: Layout) -> None:
    """Never can a value of the server slip through."""
    text = NGINX.read_text().replace("listen 80;", "listen 81;")
    with pytest.raises(ChangedFileError, match="'listen 80;' 0 times, not 1"):
        changed("nginx.conf", text, nginx_changes(layout))
