"""Makes .venv and installs what a command needs: `python3 slides/bootstrap.py EXTRA...`

Run by whatever Python the machine has, so it is written for old ones, too: where that one is too
old it looks for a newer one. What cannot be done is said in one sentence, with what to do about it.
"""

# What is written here runs on Python 2.7, too.
# ruff: noqa: UP024, UP032, RUF005, B904

import hashlib
import os
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = 20  # how far to look for python3.N

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
BASE = "base"  # what a demo needs: no extra at all
PLACE = os.path.join(VENV, ".place")  # the checkout it was made for; `make` looks at it, too
LOG = os.path.join(ROOT, "build", "bootstrap.log")
OFFLINE = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Connection refused",
    "ProxyError",
    "ReadTimeoutError",
)


class CannotSetUp(Exception):
    """What stands in the way; the text says what to do about it."""


def main(arguments):
    """Set up, or do it with a newer Python; exit status 1 where it cannot be done."""
    try:
        if sys.version_info < OLDEST:
            newer = find_python()
            return subprocess.call([newer, os.path.abspath(__file__)] + list(arguments))
        set_up(list(arguments))
    except CannotSetUp as error:
        sys.stderr.write("set-up: {}\n".format(error))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("set-up: interrupted; run the command again to go on\n")
        return 130
    return 0


def find_python():
    """The newest python3.N on PATH that starts and is new enough."""
    for minor in range(NEWEST, OLDEST[1] - 1, -1):
        name = "python3.{}".format(minor)
        if answer([name, "-c", "import sys; print(sys.version_info[1])"]) == str(minor):
            return name
    raise CannotSetUp(
        "this is Python {}.{}, and the talk needs 3.11 or newer; no newer one is on PATH. "
        "Install one from https://www.python.org/downloads/ or with your system's packages "
        "(Debian, Ubuntu: apt install python3 python3-venv).".format(*sys.version_info[:2])
    )


def answer(command):
    """What a command prints, or None where it does not start or fails."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError:
        return None
    output = process.communicate()[0].decode("utf-8", "replace").strip()
    return None if process.returncode else output


def set_up(extras):
    """Make the environment where there is none, and install the extras that are out of date."""
    if not is_ours():
        make_environment()
    stale = [extra for extra in extras if not is_fresh(extra)]
    if stale:
        install(stale)
    for extra in extras:
        # Written last: an installation that was cut short never counts as one.
        write(stamp(extra), pinned())


def is_ours():
    """Whether .venv works, is new enough, and was made for this very checkout."""
    place = read(PLACE)
    code = "import sys, pip; print(sys.version_info[:2] >= (3, 11))"
    if place not in (None, ROOT) or answer([PYTHON, "-c", code]) != "True":
        return False  # a copied or moved checkout: its scripts start the Python of the old place
    if place is None:
        write(PLACE, ROOT)  # somebody's own
    return True


def make_environment():
    """Make .venv anew."""
    say("Making .venv with Python {}.{}.{}".format(*sys.version_info[:3]))
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        raise CannotSetUp(
            "this Python has no venv module. Debian and Ubuntu have it in a package of its own: "
            "apt install python3-venv (as root, or with sudo)."
        )
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=True).create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotSetUp(".venv cannot be made: {}".format(error))
    write(PLACE, ROOT)


def is_fresh(extra):
    """Whether an extra was installed since the list of packages last changed."""
    return read(stamp(extra)) == pinned()


def stamp(extra):
    """The file that says an extra is installed; `make` looks at its time."""
    return os.path.join(VENV, ".installed-" + extra)


def pinned():
    """What the list of packages is known by."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path):
    """The text of a small file, or None where there is none."""
    try:
        with open(path) as file:
            return file.read().strip()
    except (IOError, UnicodeDecodeError):
        return None


def write(path, text):
    """Write a small file."""
    with open(path, "w") as file:
        file.write(text + "\n")


def install(extras):
    """Install the packages of some extras; pip's own words go into a log."""
    say("Installing the packages for: {}".format(", ".join(extras)))
    if not os.path.isdir(os.path.dirname(LOG)):
        os.makedirs(os.path.dirname(LOG))
    wanted = ".[{}]".format(",".join(extra for extra in extras if extra != BASE)).replace("[]", "")
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "1", "--timeout", "20", "-c", "constraints.txt", "-e", wanted]
    with open(LOG, "wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        for line in iter(process.stdout.readline, b""):
            log.write(line)
            log.flush()
            show_progress(line.decode("utf-8", "replace").strip())
    show_progress("")
    if process.wait():
        raise CannotSetUp(why_it_failed(extras))


def show_progress(line):
    """Keep one line of a terminal up to date with what pip is at."""
    if not sys.stdout.isatty():
        return
    words = line.split()
    if words[:1] in (["Collecting"], ["Building"], ["Installing"]) or not line:
        sys.stdout.write("\r\033[K" + " ".join(words[:2])[:72])
        sys.stdout.flush()


def why_it_failed(extras):
    """One sentence for the ways an installation fails."""
    with open(LOG, "rb") as log:
        text = log.read().decode("utf-8", "replace")
    again = "; what pip said is in {}".format(os.path.relpath(LOG, ROOT))
    if any(sign in text for sign in OFFLINE):
        return (
            "no package index answers. The first set-up needs a network, everything later does "
            "not; connect, and run the command again" + again
        )
    errors = [line for line in text.splitlines() if line.startswith("ERROR: ")]
    reason = errors[-1][len("ERROR: ") :] if errors else "pip failed"
    return "the packages for {} cannot be installed: {}{}".format(
        ", ".join(extras), reason.rstrip("."), again
    )


def say(what):
    """One line of progress."""
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
