"""`make production`: nginx and supervisord in the foreground, with the files the slides show.

private.py    private copies of nginx.conf and supervisord.conf
account.py    under which account the processes run
pair.py       starts the pair, watches it, stops it
"""

import argparse
import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from slides.ports import a_port, is_free, open_warning, refusal, why_not
from slides.production.account import account, rights_of
from slides.production.private import ChangedFileError, Layout, write
from slides.serve import DECK, ROOT, is_built

COMMAND = "python -m slides production"
SOCKET_PATH_BYTES = 90  # a Unix socket's whole path has about a hundred
KILLED = {
    "broadcaster": "nobody notices, and a new one starts",
    "deck": "its followers are back on the slide in a moment",
    "redis": "news takes a second until there is a new one; nothing is lost",
}
GET_REDIS = "Install it with: apt-get install redis-server; pip install -e '.[room]'"


class Refusal(Exception):
    """The run cannot begin; the text says why and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides production`."""
    parser.add_argument("--port", type=a_port, default=8080, help="nginx listens here")
    parser.add_argument("--address", default="127.0.0.1", help="127.0.0.1: this machine only")
    parser.add_argument("--workers", type=a_number, default=4, help="broadcaster processes")
    parser.add_argument(
        "--decks", type=a_number, help="processes of the deck (default: 2; 1 without Redis)"
    )
    parser.add_argument(
        "--behind",
        type=a_port,
        help="the first port behind nginx: the decks, the broadcasters, the search service;"
        " then the speaker's, of nginx itself"
        " (default: from 8000 on, where there are enough free ones)",
    )
    parser.add_argument("--deck", type=Path, default=DECK, help="the folder `make deck` built")
    parser.add_argument(
        "--dir", type=Path, help="for the private files and logs; kept (default: temporary)"
    )


def a_number(text: str) -> int:
    """How many processes, on a command line."""
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} processes? From 1 to 64, please")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run the pair until Ctrl-C: 0; 1 when something died or did not start, 2 for a refusal."""
    try:
        nginx = find_programs()
        check(args)
        redis = find_redis(args)
        behind = find_ports(args)
        with run_folder(args.dir) as folder:
            layout = Layout(
                root=ROOT,
                deck=args.deck,
                folder=folder,
                python=sys.executable,
                user=account(ROOT, sys.executable),
                address=args.address,
                port=args.port,
                behind=behind,
                workers=args.workers,
                decks=args.decks,
                redis=redis,
            )
            hand_over(write(layout), layout.user)
            return asyncio.run(main(layout, nginx))
    except (Refusal, ChangedFileError) as error:
        print(error, file=sys.stderr)
        return 2


async def main(layout: Layout, nginx: str) -> int:
    """Start the pair, say what to try, and wait for a signal or a death."""
    from slides.production.pair import Pair, StartError  # needs the extra

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    pair = Pair(layout, nginx)
    stopped = asyncio.create_task(stop.wait())
    try:
        await pair.start()
        answered = asyncio.create_task(pair.all_answer())
        await asyncio.wait({answered, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            answered.cancel()
            return 0
        answered.result()
        print(invitation(pair.url, layout, await asyncio.to_thread(pair.programs)), flush=True)
        ended = asyncio.create_task(pair.ended())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            ended.cancel()
            return 0
        print(f"{ended.result()} has ended, so everything stops.", file=sys.stderr)
    except StartError as error:
        print(error, file=sys.stderr)
    finally:
        stopped.cancel()
        await pair.stop()
    return 1


def invitation(url: str, layout: Layout, programs: list[dict]) -> str:
    """The address, and what there is to try."""
    token = layout.store.with_suffix(".token").read_text()
    speaker = f"http://127.0.0.1:{layout.speaker_port}/speaker/?token={token}"
    first = {each["group"]: each for each in reversed(programs)}
    try_it = [
        f"    kill -9 {first[group]['pid']}    # {first[group]['name']}: {what_happens}"
        for group, what_happens in KILLED.items()
        if group in first
    ]
    control = f"{sys.executable} -m supervisor.supervisorctl"
    lines = [
        "",
        f"The deck:        {url}",
        f"The speaker's:   {speaker}",
        f"The broadcaster: {url}broadcaster/",
        f"Behind nginx:    deck {listed(layout.deck_ports)}, broadcasters "
        f"{listed(layout.worker_ports)}, search {layout.search_port}",
        "",
        "Try:",
        *try_it,
        f"    {control} -c {layout.folder}/supervisord.conf status",
        f"    tail -f {layout.logs}/nginx-access.log    # who answered each request",
        "",
        "Ctrl-C stops everything.",
    ]
    if warning := open_warning(layout.address):
        lines.append(warning)
    return "\n".join(lines)


def listed(ports: range) -> str:
    """Ports, for a reader."""
    return f"{ports[0]}-{ports[-1]}" if len(ports) > 1 else f"{ports[0]}"


def find_redis(args: argparse.Namespace) -> str:
    """The path of Redis; empty when one process of the deck needs none. It settles how many.

    Without a bus several would agree on the talk a second later, but not on where the speaker
    points, nor on how many are here.
    """
    redis = find_program("redis-server") if has_client() else ""
    if (args.decks or 1) > 1 and not redis:
        raise Refusal(f"{args.decks} processes of the deck need Redis between them. {GET_REDIS}")
    args.decks = args.decks or (2 if redis else 1)
    return redis if args.decks > 1 else ""


def has_client() -> bool:
    """Whether the package that speaks to Redis is there, with what it needs itself."""
    try:
        import redis.asyncio  # noqa: F401
    except ImportError:
        return False
    return True


def find_program(name: str) -> str:
    """The path of a program, or an empty string."""
    # Debian's ordinary users do not have /usr/sbin on their path.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(name, path=path) or ""


def find_programs() -> str:
    """The path of nginx; Refusal when it or supervisord is missing."""
    nginx = find_program("nginx")
    if not nginx:
        raise Refusal("nginx is missing. Install it with: apt-get install nginx-light")
    if importlib.util.find_spec("supervisor") is None:
        raise Refusal(
            "supervisord is missing. Install the extra 'production': "
            f"{sys.executable} -m pip install -e '.[production]' -c constraints.txt"
        )
    return nginx


def check(args: argparse.Namespace) -> None:
    """Refuse a run without a deck, or on a port that cannot be had."""
    if not is_built(args.deck):
        raise Refusal(f"There is no deck in {args.deck}. Build it with: make deck")
    if error := why_not(args.port, args.address):
        raise Refusal(refusal(error, args.port, args.address, COMMAND))


def find_ports(args: argparse.Namespace) -> int:
    """The first of as many free neighbouring ports as all that is behind nginx needs."""
    count = 2 * args.decks + args.workers + 2  # both faces; search, and nginx for the speaker

    def busy(start: int) -> int | None:
        return next(
            (
                port
                for port in range(start, start + count)
                if port == args.port or not is_free(port)
            ),
            None,
        )

    start = args.behind or 8000
    taken = busy(start)
    if args.behind and taken:
        raise Refusal(
            f"Port {taken} is in use, and {count} ports from {start} on are needed. "
            f"Try another --behind than {start}, or leave it out."
        )
    while taken and taken + count < 65536:
        start = taken + 1
        taken = busy(start)
    if taken:
        raise Refusal(f"There are no {count} free neighbouring ports on this machine.")
    return start


@contextlib.contextmanager
def run_folder(asked: Path | None) -> Iterator[Path]:
    """The folder of the private files: the one asked for, or a temporary one that goes again."""
    try:
        if asked is not None:
            asked.mkdir(parents=True, exist_ok=True)
            folder = asked.resolve()
        else:
            folder = Path(tempfile.mkdtemp(prefix="talk-production-"))
    except OSError as error:
        raise Refusal(f"{error.filename} cannot be made: {error.strerror}") from error
    try:
        if len(os.fsencode(folder)) > SOCKET_PATH_BYTES:
            raise Refusal(f"{folder} is too long a path for a socket. Try --dir /tmp/production")
        if set(str(folder)) & set("%;\n"):
            raise Refusal(f"supervisord cannot write to {folder}. Try --dir /tmp/production")
        yield folder
    finally:
        if asked is None:
            shutil.rmtree(folder, ignore_errors=True)


def hand_over(paths: list[Path], user: str) -> None:
    """Let the account of the processes write where they must."""
    if rights := rights_of(user):
        for path in paths:
            os.chown(path, rights["user"], rights["group"], follow_symlinks=False)
