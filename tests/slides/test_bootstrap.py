"""The first set-up: old Pythons, no venv, no network, a moved checkout, nothing to do."""

import ast
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from slides import bootstrap

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 100
OLD = ["2.7", "3.6", "3.7", "3.8", "3.9", "3.10"]
NEW = ["3.11", "3.12", "3.13"]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the set-up needs of the repository, with nothing to install."""
    folder = tmp_path / "checkout"
    (folder / "slides").mkdir(parents=True)
    for name in ("slides/bootstrap.py", "Makefile", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "slides" / "__init__.py").touch()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "talk"\nversion = "1"\ndependencies = ["tornado"]\n'
        '[project.optional-dependencies]\npresent = ["jupyterlab"]\n'
    )
    return folder


def interpreter(version):
    """A Python of that version on this machine, or skip."""
    folder = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [*sorted(folder.glob(f"{version}.*/bin/python")), shutil.which(f"python{version}")]
    for place in filter(None, places):
        if bootstrap.answer([str(place), "-c", "print(1)"]) == "1":
            return str(place)
    return pytest.skip(f"there is no Python {version} here")


def set_up(checkout, *extras, python=sys.executable, **environment):
    """Run the set-up; give its exit status, and all it said."""
    done = subprocess.run(
        [python, "slides/bootstrap.py", *extras],
        cwd=checkout,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout


def only(tmp_path, **programs):
    """A PATH with nothing but these programs: a name, and a text that /bin/sh runs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def stamp_everything(checkout, *extras):
    """Make .venv look as if these extras were installed, without the network this would take."""
    stamps = [checkout / ".venv" / f".installed-{extra}" for extra in extras]
    text = subprocess.run(
        [sys.executable, "-c", "from slides import bootstrap; print(bootstrap.pinned())"],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for stamp in stamps:
        stamp.write_text(text)


@pytest.mark.parametrize("version", OLD)
def test_an_old_python_says_what_to_do(checkout, tmp_path, version):
    """One sentence, no traceback, where no newer Python is to be found."""
    status, said = set_up(checkout, python=interpreter(version), PATH=only(tmp_path))
    assert status == 1
    assert said.startswith(f"set-up: this is Python {version}, and the talk needs 3.11 or newer")
    assert said.count("\n") == 1


def test_an_old_python_finds_a_newer_one(checkout, tmp_path):
    """The newest that really starts takes over; a name on PATH that does not start is passed by."""
    answers = f'test "$1" = -c && exec {sys.executable} -c "print(12)"'
    programs = {"python3.13": "exit 127", "python3.12": f'{answers}\necho took over "$@"'}
    path = only(tmp_path, **programs)
    status, said = set_up(checkout, "present", python=interpreter("3.8"), PATH=path)
    assert (status, said.split()[:2], said.split()[-1]) == (0, ["took", "over"], "present")


def test_it_is_written_for_every_python(checkout):
    """Nothing but the standard library is imported, and no syntax that old ones do not know."""
    tree = ast.parse((checkout / "slides" / "bootstrap.py").read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    assert names <= {"ensurepip", "hashlib", "os", "subprocess", "sys", "venv"}
    assert [
        node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)
    ] == []


def test_without_the_venv_module_it_names_the_package(checkout, tmp_path):
    """As on Debian, where the module is a package of its own."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "ensurepip.py").write_text("raise ImportError('no ensurepip')\n")
    status, said = set_up(checkout, "present", PYTHONPATH=str(tmp_path / "without"))
    assert status == 1
    assert "apt install python3-venv" in said
    assert "Traceback" not in said
    assert not (checkout / ".venv" / ".place").exists()


@pytest.mark.parametrize("version", NEW)
def test_without_a_network_the_set_up_is_not_taken_for_done(checkout, version):
    """One sentence with the log's name; and no stamp, so that the next try goes on."""
    python = interpreter(version)
    index = f"http://127.0.0.1:{closed_port()}/simple"
    nowhere = {"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    status, said = set_up(checkout, "present", python=python, **nowhere)
    assert status == 1
    assert "no package index answers" in said
    assert "build/bootstrap.log" in said
    assert len(said.splitlines()) == 3
    assert index in (checkout / "build" / "bootstrap.log").read_text()
    assert list((checkout / ".venv").glob(".installed-*")) == []
    assert (checkout / ".venv" / ".place").read_text().strip() == str(checkout.resolve())


def closed_port():
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_what_is_installed_is_not_installed_again(checkout):
    """Neither when asked twice, nor when a list is touched without being changed."""
    make_environment(checkout, "present")
    (checkout / "constraints.txt").touch()
    assert set_up(checkout, "present", PIP_INDEX_URL="http://127.0.0.1:9/") == (0, "")
    with (checkout / "constraints.txt").open("a") as file:
        file.write("# changed\n")
    status, said = set_up(checkout, "present", PIP_INDEX_URL=f"http://127.0.0.1:{closed_port()}/")
    assert (status, said.splitlines()[0]) == (1, "Installing the packages for: present")


def test_a_moved_checkout_gets_an_environment_of_its_own(checkout, tmp_path):
    """Its scripts would start the Python of the old place; `make` notices, too."""
    make_environment(checkout, "base")
    assert make(checkout, "schedule") == ""
    moved = tmp_path / "moved"
    checkout.rename(moved)
    assert "slides/bootstrap.py base" in make(moved, "schedule")
    status, said = set_up(moved)
    assert (status, said.split(" with ")[0]) == (0, "Making .venv")
    assert (moved / ".venv" / ".place").read_text().strip() == str(moved.resolve())
    assert list((moved / ".venv").glob(".installed-*")) == []


def make_environment(checkout, *extras):
    """Make .venv, and stamp some extras as installed."""
    assert set_up(checkout)[0] == 0
    stamp_everything(checkout, *extras)


def make(checkout, target):
    """What `make` would run to set up for a target."""
    command = ["make", "--dry-run", "--no-print-directory", target]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    return "\n".join(line for line in done.stdout.splitlines() if "bootstrap" in line)


def test_every_target_is_explained_in_one_line():
    """`make` alone lists all that can be asked of it."""
    makefile = (ROOT / "Makefile").read_text()
    [phony] = [line for line in makefile.splitlines() if line.startswith(".PHONY:")]
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = [line.split()[1] for line in said.splitlines()]
    assert sorted(explained) == sorted(phony.split()[1:])
    assert all(len(line.split()) > 3 for line in said.splitlines())
