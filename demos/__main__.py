"""`python -m demos` lists the demos; with a name, it runs that one."""

import argparse
import asyncio
import errno
import importlib
import inspect
import ipaddress
import signal
import socket
import sys
import textwrap
import webbrowser
from collections.abc import Callable, Coroutine
from typing import Any

from demos.catalog import Demo, UnknownDemo, demos, find


class Refused(Exception):
    """A demo cannot be started; the text says why and what to do."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    args = parser().parse_args(argv)
    if args.name is None:
        print(listing())
        return 0
    try:
        start(find(args.name), args)
    except (UnknownDemo, Refused) as error:
        print(f"demos: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(
        prog="python -m demos",
        description="List the demos, or run one until Ctrl-C.",
    )
    add = line.add_argument
    add("name", nargs="?", help="the demo to run; without it, the list")
    add("--port", type=port, help="default: 8888")
    add("--address", default="127.0.0.1", help="default: 127.0.0.1")
    add("--open", action="store_true", help="open it in a browser")
    add(
        "--beside",
        type=beside,
        action="append",
        default=[],
        metavar="NAME=PORT",
        help="the port of the demo that it needs beside it",
    )
    add(
        "--alone",
        action="store_true",
        help="do not start the demo that it needs: it runs already",
    )
    return line


def port(text: str) -> int:
    """A TCP port; argparse refuses the rest with this sentence."""
    if text.isdecimal() and 0 < int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not from 1 to 65535")


def beside(text: str) -> tuple[str, int]:
    """NAME=PORT."""
    name, _, number = text.partition("=")
    return name, port(number)


def listing() -> str:
    """Every demo with its sentence."""
    width = max(len(demo.name) for demo in demos())
    lines = [f"{demo.name:{width}}  {demo.summary}" for demo in demos()]
    how = "Run one: python -m demos NAME [--port N] [--open]"
    return "\n".join([*lines, "", how])


def start(demo: Demo, args: argparse.Namespace) -> None:
    """Run a demo, and those it needs beside it, until interrupted."""
    run = entrance(demo)
    # Ctrl-C ends it, even behind an `&`; and so does being terminated.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(
        signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT)
    )
    if "port" in inspect.signature(run).parameters:
        serve(demo, run, args)
    elif args.port or args.open:
        raise Refused(f"{demo.name} serves nothing: it has no port.")
    elif inspect.iscoroutinefunction(run):
        asyncio.run(run())
    else:
        run()


def entrance(demo: Demo) -> Callable[..., Any]:
    """The demo's `main`; refuses when a package it needs is missing."""
    try:
        return importlib.import_module(f"demos.{demo.name}").main
    except ModuleNotFoundError as error:
        install = f"pip install {error.name}"
        if demo.extra:
            install = f"pip install -e '.[{demo.extra}]'"
        raise Refused(
            f"{demo.name} needs the package {error.name!r}"
            f" ({demo.needs}): {install}"
        ) from error


def serve(
    demo: Demo, run: Callable[..., Any], args: argparse.Namespace
) -> None:
    """Listen, with the demos beside it on the same loop."""
    number = args.port or 8888
    refuse_busy(demo, number, args.address)
    ports = dict(demo.beside) | dict(args.beside)
    if unknown := set(ports) - set(dict(demo.beside)):
        raise Refused(
            f"{demo.name} needs no {unknown.pop()} beside it."
        )
    ready = welcome(demo, number, args.address)
    if not inspect.iscoroutinefunction(run):
        print(ready, flush=True)
        run(number, args.address)
        return
    urls = {
        name: f"http://localhost:{ports[name]}/{name}" for name in ports
    }
    running = [run(number, args.address, **urls)]
    if not args.alone:
        running += companions(ports)
    page = f"http://localhost:{number}/" if args.open else ""
    asyncio.run(together([*running, announce(ready, page)]))


def companions(ports: dict[str, int]) -> list[Coroutine]:
    """The demos to run beside it; one that is there already is not."""
    running = []
    for name, number in ports.items():
        if is_busy(number, "127.0.0.1"):
            print(f"Port {number} is in use: taken for {name}.")
        else:
            running.append(entrance(find(name))(number))
    return running


async def together(running: list[Coroutine]) -> None:
    """Run all on this loop until interrupted."""
    await asyncio.gather(*running)


async def announce(ready: str, page: str) -> None:
    """Tell, once those before it listen; open a page if given."""
    print(ready, flush=True)
    if page:  # a browser that is slow to start must hold up nobody
        await asyncio.to_thread(webbrowser.open, page)


def welcome(demo: Demo, number: int, address: str) -> str:
    """What is running, where, and what to try."""
    lines = [f"{demo.name}: {demo.summary}"]
    if not is_loopback(address):
        lines.append(
            f"*** LISTENING ON {address}: everybody who can reach"
            " this machine can reach this demo. ***"
        )
    tries = "\n".join(demo.tries).replace("8888", str(number))
    scheme = "http://" if "http://" in tries else "tcp://"
    host = "localhost" if is_loopback(address) else address
    lines += [f"{scheme}{host}:{number}/", "", "Try:"]
    lines += [textwrap.indent(tries, "    "), "", "Ctrl-C ends it."]
    return "\n".join(lines)


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def refuse_busy(demo: Demo, number: int, address: str) -> None:
    """Raise Refused if nothing can listen there, saying what can."""
    if not is_busy(number, address):
        return
    free = number + 1
    while is_busy(free, address):
        free += 1
    raise Refused(
        f"port {number} is in use."
        f" Try: python -m demos {demo.name} --port {free}"
    )


def is_busy(number: int, address: str) -> bool:
    """Whether somebody listens there already; Refused if none can."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.create_server((address, number), family=family).close()
        return False
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return True
        raise Refused(
            f"cannot listen on {address}, port {number}:"
            f" {error.strerror}."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
