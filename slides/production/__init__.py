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


class Refusal(Exception):
    """The run cannot begin; the text says why and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m slides production`."""
    parser.add_argument("--port", type=a_port, default=8080, help="nginx listens here")
    parser.add_argument("--address", default="127.0.0.1", help="127.0.0.1: this machine only")
    parser.add_argument("--workers", type=a_number, default=4, help="broadcaster processes")
    parser.add_argument(
        "--behind",
        type=a_port,
        help="the first port behind nginx: the deck, the broadcasters, the search service,"
        " the speaker's view"
        " (default: from 8000 on, where there are enough free ones)",
    )
    parser.add_argument("--deck", type=Path, default=DECK, help="the folder `make deck` built")
    parser.add_argument(
        "--dir", type=Path, help="for the private files and logs; kept (default: temporary)"
    )


def a_number(text: str) -> int:
    """How many workers, on a command line."""
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} workers? From 1 to 64, please")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Run the pair until Ctrl-C: 0; 1 when something died or did not start, 2 for a refusal."""
    try:
        nginx = find_programs()
        check(args)
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
    worker = next(each for each in programs if each["group"] == "broadcaster")
    control = f"{sys.executable} -m supervisor.supervisorctl"
    lines = [
        "",
        f"The deck:        {url}",
        f"The speaker's:   {speaker}",
        f"The broadcaster: {url}broadcaster/",
        f"Behind nginx:    deck {layout.behind}, broadcasters {layout.worker_ports.start}"
        f"-{layout.worker_ports.stop - 1}, search {layout.search_port}",
        "",
        "Try:",
        f"    kill -9 {worker['pid']}    # {worker['name']}: nobody notices, and a new one starts",
        f"    {control} -c {layout.folder}/supervisord.conf status",
        f"    tail -f {layout.logs}/nginx-access.log    # who answered each request",
        "",
        "Ctrl-C stops everything.",
    ]
    if warning := open_warning(layout.address):
        lines.append(warning)
    return "\n".join(lines)


def find_programs() -> str:
    """The path of nginx; Refusal when it or supervisord is missing."""
    # Debian's ordinary users do not have /usr/sbin on their path.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    nginx = shutil.which("nginx", path=path)
    if nginx is None:
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
    count = args.workers + 3  # the deck's two faces, and search

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
