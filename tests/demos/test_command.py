"""`python -m demos`: the list, running one, and what it says when it cannot."""

import contextlib
import signal
import socket
import time

import pytest

from demos.__main__ import main
from demos.catalog import UnknownDemo, demos, find, read

NAMES = [demo.name for demo in demos()]
PATIENCE = 30  # seconds for another test to let go of a port


@pytest.fixture
def busy():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_without_a_name_it_lists_every_demo_with_its_sentence(capsys):
    """A line each, by name."""
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert NAMES
    for demo, line in zip(demos(), lines[: len(NAMES)], strict=True):
        assert line.split(maxsplit=1) == [demo.name, demo.summary]


@pytest.mark.parametrize(("wrong", "right"), [("helo", "hello"), ("nap", "nap_fixed")])
def test_an_unknown_name_gets_near_matches_and_status_2(capsys, wrong, right):
    """Somebody who mistypes is told what there is."""
    assert main([wrong]) == 2
    assert f"no demo {wrong!r}. Did you mean: " in (error := capsys.readouterr().err)
    assert right in error


def test_a_name_like_nothing_gets_the_whole_list():
    """There is always something to go on with."""
    with pytest.raises(UnknownDemo) as caught:
        find("xyzzy")
    assert all(name in str(caught.value) for name in NAMES)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "²"])
def test_what_is_no_port_is_refused_with_status_2(capsys, port):
    """The sentence says what a port is."""
    with pytest.raises(SystemExit) as caught:
        main(["hello", f"--port={port}"])
    assert caught.value.code == 2
    assert "is not from 1 to 65535" in capsys.readouterr().err


def test_a_busy_port_gets_a_sentence_with_the_next_free_one(capsys, busy):
    """Name, port, and a command that will work; status 2."""
    assert main(["hello", f"--port={busy}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"demos: port {busy} is in use. Try: python -m demos hello --port ")
    free = int(error.split()[-1])
    assert free > busy
    socket.create_server(("127.0.0.1", free)).close()


@contextlib.contextmanager
def hold(port):
    """Hold a port for a block. Another test may have it and let go, somebody else may keep it."""
    with contextlib.ExitStack() as holding:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                holding.enter_context(socket.create_server(("127.0.0.1", port)))
                break
            except OSError:
                time.sleep(0.05)
        yield


@pytest.mark.process("it starts a program")
def test_the_plain_program_says_a_busy_port_too(run):
    """`python -m demos.hello` on its port, held by somebody."""
    with hold(8888):
        code, output, errors = run("demos.hello").result()
    assert (code, output) == (2, "")
    expected = "hello: port 8888 is in use. Try: python -m demos hello --port "
    assert errors.startswith(expected)
    assert errors.count("\n") == 1


@pytest.mark.process("it starts a program")
def test_the_plain_program_points_at_the_command_with_options(run):
    """`python -m demos.hello --port 9000` says how it is done."""
    code, _, errors = run("demos.hello", "--port", "9000").result()
    assert code == 2
    assert errors.endswith("Try: python -m demos hello --port 9000\n")


def test_an_address_that_is_not_here_is_refused_with_status_2(capsys):
    """192.0.2.1 is an example address, on no machine."""
    assert main(["hello", "--address=192.0.2.1"]) == 2
    assert "cannot listen on 192.0.2.1, port 8888" in capsys.readouterr().err


def test_options_that_mean_nothing_are_refused(capsys):
    """A demo without a port takes none, and nobody is beside hello."""
    assert main(["evented", "--port=9000"]) == 2
    assert "it has no port" in capsys.readouterr().err
    assert main(["hello", "--port=9000", "--beside=owl=9001"]) == 2
    assert "needs no owl beside it" in capsys.readouterr().err


@pytest.mark.process("it starts a program")
def test_other_machines_are_let_in_only_loudly(run, free_port):
    """An address that is not loopback has capitals and asterisks."""
    port = free_port()
    program = run("demos", "hello", "--port", port, "--address", "0.0.0.0").until_it_listens(port)
    _, output, _ = program.end(signal.SIGINT)
    assert "*** LISTENING ON 0.0.0.0" in output


@pytest.mark.process("it starts a program")
def test_a_demo_on_this_machine_alone_is_not_loud(run, free_port):
    """The address and what to try, with the port that was asked for."""
    port = free_port()
    program = run("demos", "hello", "--port", port).until_it_listens(port)
    _, output, _ = program.end(signal.SIGINT)
    assert "***" not in output
    assert f"\nhttp://localhost:{port}/\n" in output
    assert f"    curl -i http://localhost:{port}/nowhere\n" in output


@pytest.mark.process("it starts a program")
def test_a_companion_that_runs_already_is_used(run, free_port, busy):
    """The demo starts, and says what it takes the other for."""
    port = free_port()
    program = run("demos", "fetch", "--port", port, f"--beside=search={busy}")
    _, output, _ = program.until_it_listens(port).end(signal.SIGINT)
    assert f"Port {busy} is in use: taken for search." in output


@pytest.mark.process("it starts a program")
def test_alone_means_without_its_companion(run, free_port):
    """supervisord starts the search service by itself."""
    port, other = free_port(), free_port()
    program = run("demos", "fetch", "--port", port, f"--beside=search={other}", "--alone")
    program.until_it_listens(port)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", other))
    assert program.end(signal.SIGINT)[0] == 0


@pytest.mark.process("it starts programs, one of them a browser")
def test_open_opens_the_page_in_a_browser(run, free_port, tmp_path, monkeypatch):
    """The browser of the machine is given the address, once the demo answers."""
    browser, port = tmp_path / "browser", free_port()
    browser.write_text(f"#!/bin/sh\ncurl -s $1 > {tmp_path}/page; kill -INT $PPID\n")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    code, _, _ = run("demos", "hello", "--port", port, "--open").result()
    assert code == 0
    assert (tmp_path / "page").read_text() == "Hello, world\n"


@pytest.mark.parametrize("missing", ["Shows", "Try", "Needs", "Where"])
def test_a_demo_that_lacks_a_fact_is_refused_by_name(tmp_path, missing):
    """Whoever writes a demo is told what its docstring lacks."""
    facts = {"Shows": "a", "Try": "curl http://localhost:8888/", "Needs": "b", "Where": "tab"}
    del facts[missing]
    lines = "\n".join(f"{field}: {value}" for field, value in facts.items())
    path = tmp_path / "owl.py"
    path.write_text(f'"""A sentence.\n\n{lines}\n"""\n')
    with pytest.raises(ValueError, match=rf"owl\.py: the docstring lacks {missing}"):
        read(path, "owl")
