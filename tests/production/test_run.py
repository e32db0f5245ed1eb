"""`python -m slides production`, from its start to Ctrl-C: what it says, refuses and leaves."""

import argparse
import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from slides import production as front
from slides.production import Refusal
from slides.production.private import Layout, write
from slides.serve import ROOT

SECONDS = 60


def test_everything_is_gone_after_ctrl_c(production: Any, deck: Path) -> None:
    """No process, no port, no file is left, and the exit status is 0."""
    with production(deck) as run:
        run.ready()
        assert len(run.started) > run.workers + 2
        assert run.stop(signal.SIGINT) == 0
        assert run.left() == []


def test_sigterm_in_the_middle_of_a_start_leaves_nothing(production: Any, deck: Path) -> None:
    """Even when supervisord is only just starting its programs."""
    with production(deck) as run:
        run.until("supervisord started")
        assert run.stop(signal.SIGTERM) == 0
        assert run.left() == []


@pytest.mark.parametrize(
    ("victim", "number"),
    [("supervisor.supervisord", signal.SIGKILL), ("nginx: master", signal.SIGTERM)],
)
def test_a_half_of_the_pair_that_ends_takes_everything_along(
    production: Any, deck: Path, victim: str, number: int
) -> None:
    """Even if it left its children behind: they end too, and the status is 1."""
    with production(deck) as run:
        run.ready()
        run.child(victim).send_signal(number)
        name = "nginx" if "nginx" in victim else "supervisord"
        run.until(f"{name} has ended, so everything stops")
        assert run.process.wait(SECONDS) == 1
        assert run.left() == []


def test_the_invitation_can_be_followed(production: Any, deck: Path) -> None:
    """It names the addresses, a worker that can be killed, and the ports behind."""
    with production(deck) as run:
        assert run.until(r"The deck: +(\S+)")[1] == run.url
        speaker = run.until(r"The speaker's: +(\S+)")[1]
        assert run.until(r"The broadcaster: +(\S+)")[1] == f"{run.url}broadcaster/"
        ports = run.until(r"deck ([\d-]+), broadcasters ([\d-]+), search (\d+)").groups()
        told = run.until(r"kill -9 (\d+) +# broadcaster_(\d+)")
        one = run.until(r"kill -9 (\d+) +# deck_(\d+)")
        run.ready()
        behind = [run.deck_ports, run.worker_ports, range(run.search_port, run.search_port + 1)]
        assert list(ports) == [front.listed(each) for each in behind]
        assert requests.get(speaker, timeout=SECONDS, allow_redirects=False).status_code == 302
        assert run.worker(int(told[2])).pid == int(told[1])
        assert run.deck(int(one[2])).pid == int(one[1])
        states = [line.split()[1] for line in run.control("status").splitlines()]
        assert len(states) == run.workers + run.decks + 1 + (run.decks > 1)
        assert set(states) <= {"STARTING", "RUNNING"}


def test_a_folder_of_ones_own_is_kept_and_clients_are_told_apart(
    production: Any, deck: Path, tmp_path: Path
) -> None:
    """Its logs name the client that nginx saw, whatever address the client's headers claim."""
    claims = {"X_Forwarded_For": "6.6.6.6, 127.0.0.1", "X_Real_IP": "6.6.6.6"}
    folder = tmp_path / "it's mine"
    with production(deck, "--dir", str(folder)) as run:
        run.ready()
        assert run.get("/?honest", source="127.0.0.2")[0] == 200
        assert run.get("/?spoofing", source="127.0.0.3", **claims)[0] == 200
        assert run.stop(signal.SIGINT) == 0
        assert run.left() == []
    log = "".join(each.read_text() for each in (folder / "logs").glob("deck_*.log"))
    assert "GET /?honest (127.0.0.2)" in log
    assert "GET /?spoofing (127.0.0.3)" in log
    assert {"nginx.conf", "supervisord.conf"} <= {path.name for path in folder.iterdir()}


def test_an_ordinary_user_can_run_it(production: Any, deck: Path) -> None:
    """Where the tests are root's, the whole run is given to nobody."""
    if os.geteuid() != 0:
        pytest.skip("this user is an ordinary one: every other test shows it")
    nobody = pwd.getpwnam("nobody")
    rights = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    python, environment = python_for(rights)
    with production(deck, python=python, env=environment, **rights) as run:
        run.ready()
        assert run.get("/")[0] == run.get("/broadcaster/")[0] == 200
        assert {each.username() for each in run.started} == {"nobody"}
        assert run.stop(signal.SIGINT) == 0
        assert run.left() == []


def python_for(rights: dict) -> tuple[str, dict[str, str]]:
    """A Python that an account may run, and what it needs to find our packages."""
    packages = f"{ROOT}:{sysconfig.get_path('purelib')}"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin")):
        if python is None:
            continue
        environment = {"PYTHONPATH": packages, "HOME": "/nonexistent"}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        try:
            subprocess.run(
                [python, "-c", "import slides.production.pair"],
                check=True,
                capture_output=True,
                env=environment,
                cwd="/",
                timeout=SECONDS,
                **rights,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return python, environment
    pytest.skip(f"nobody may not read {ROOT}, or run a Python {version[6:]}")


def options(deck: Path, *words: str) -> argparse.Namespace:
    """The parsed command line of a run."""
    parser = argparse.ArgumentParser()
    front.add_arguments(parser)
    return parser.parse_args(["--deck", str(deck), *words])


def test_a_busy_port_is_a_sentence_with_the_next_free_one(
    production: Any, deck: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one in front names the next; those behind name the one that is taken. Exit status 2."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert front.run(options(deck, "--port", port)) == 2
        assert f"Port {port} is in use. The next free one is " in capsys.readouterr().err
        assert front.run(options(deck, "--behind", port, "--decks", "1")) == 2
        assert f"Port {port} is in use, and 8 ports from {port} on" in capsys.readouterr().err


def test_an_address_that_is_not_this_machines_is_refused(
    production: Any, deck: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence is about the address, since no other port would help."""
    assert front.run(options(deck, "--address", "192.0.2.1")) == 2
    assert "192.0.2.1 cannot be listened on" in capsys.readouterr().err


def test_an_open_address_is_announced_and_ipv6_works(
    production: Any, deck: Path, free_ports: Any
) -> None:
    """Who lets a network in reads so; the pair listens where it was told to."""
    port = free_ports(1)
    with production(deck, "--address", "::", "--port", str(port)) as run:
        run.until(rf"The deck: +http://\[::1\]:{port}/")
        run.until("NOTE: :: is open to the network")
        assert run.stop(signal.SIGINT) == 0
        assert run.left() == []


def test_ports_behind_are_looked_for_until_all_are_free(deck: Path) -> None:
    """A port in use, or the one in front, is passed over by the whole block."""
    args = options(deck, "--port", "8003", "--workers", "2", "--decks", "2")
    start = front.find_ports(args)
    assert 8003 not in range(start, start + 8)


def test_a_missing_deck_says_how_to_build_it(
    production: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, before anything starts."""
    assert front.run(options(tmp_path)) == 2
    assert f"There is no deck in {tmp_path}. Build it with: make deck" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["100%", "a;b", "long" * 30])
def test_a_folder_that_supervisord_cannot_use_is_refused(tmp_path: Path, name: str) -> None:
    """Its file has a meaning for some characters, and a socket's path is short."""
    with (
        pytest.raises(Refusal, match="Try --dir /tmp/production"),
        front.run_folder(tmp_path / name),
    ):
        pytest.fail("the run would begin")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """The sentence names it."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(Refusal, match=r"file/run cannot be made: Not a directory"),
        front.run_folder(tmp_path / "file" / "run"),
    ):
        pytest.fail("the run would begin")


@pytest.mark.parametrize("workers", ["0", "-1", "many", "65"])
def test_a_wrong_number_of_workers_is_refused(
    deck: Path, workers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and the range that is possible."""
    with pytest.raises(SystemExit, match="2"):
        options(deck, "--workers", workers)
    assert "From 1 to 64" in capsys.readouterr().err


def test_a_missing_nginx_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence has the command that installs it."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(Refusal, match="apt-get install nginx-light"):
        front.find_programs()


def test_without_redis_there_is_one_process_of_the_deck(
    deck: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for more is told what joins them."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    args = options(deck)
    assert front.find_redis(args) == ""
    assert args.decks == 1
    with pytest.raises(Refusal, match="apt-get install redis-server"):
        front.find_redis(options(deck, "--decks", "2"))


def test_a_missing_supervisord_names_its_extra(
    production: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence has the command that installs it."""
    monkeypatch.setattr(front.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Refusal, match=r"pip install -e '\.\[production\]' -c constraints\.txt"):
        front.find_programs()


@pytest.fixture
def layout(deck: Path, tmp_path: Path, free_ports: Any) -> Layout:
    """A run whose checkout is a copy that a test may break."""
    root, folder = tmp_path / "root", Path("/tmp") / f"t-{os.getpid()}"
    shutil.copytree(ROOT / "demos", root / "demos")
    for name in ("nginx.conf", "supervisord.conf"):
        shutil.copy(ROOT / name, root)
    folder.mkdir()
    try:
        yield Layout(
            root=root,
            deck=deck,
            folder=folder,
            python=sys.executable,
            user=pwd.getpwuid(os.geteuid()).pw_name,
            address="127.0.0.1",
            port=free_ports(1),
            behind=free_ports(6),
            workers=2,
        )
    finally:
        shutil.rmtree(folder)


def run_here(layout: Layout) -> int:
    """Run in this process until something ends it, and check that its processes are gone."""
    write(layout)
    status = asyncio.run(asyncio.wait_for(front.main(layout, front.find_programs()), SECONDS))
    assert psutil.Process().children(recursive=True) == []
    return status


def test_a_program_that_cannot_start_is_named_with_the_end_of_its_log(
    production: Any, layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    """Here the search service is broken; the broadcasters would only wait for it."""
    with (layout.root / "demos" / "search.py").open("a") as program:
        program.write("\nraise RuntimeError('no index')\n")
    assert run_here(layout) == 1
    said = capfd.readouterr().err
    assert "search did not start, its log ends:" in said
    assert said.rstrip().endswith("RuntimeError: no index")


def test_an_nginx_that_cannot_start_is_named_with_the_end_of_its_log(
    production: Any, layout: Layout, capfd: pytest.CaptureFixture[str]
) -> None:
    """Somebody took its port after we had looked."""
    with socket.socket() as other:
        other.bind((layout.address, layout.port))
        other.listen()
        assert run_here(layout) == 1
    said = capfd.readouterr().err
    assert "nginx did not start, its log ends:" in said
    assert f"bind() to 127.0.0.1:{layout.port} failed" in said
