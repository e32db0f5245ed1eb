"""Small Tornado programs, one idea each: `python -m demos` lists them.

`python -m demos.NAME` runs one as it stands. What follows gives that
command its manners; imported in any other way, this does nothing.
"""

import errno
import inspect
import os
import socket
import sys
from types import TracebackType


def _begin() -> None:
    program = next((a for a in sys.orig_argv if a[:6] == "demos."), "")
    if not program:
        return  # `python -m demos`, which has its own manners
    name = program[6:].partition(".")[0]
    if os.path.isdir(os.path.join(os.path.dirname(__file__), name)):
        return  # and so has a demo that is a package
    if sys.argv[1:]:
        given = " ".join([program[6:], *sys.argv[1:]])
        print(
            f"{program} takes no arguments."
            f" Try: python -m demos {given}",
            file=sys.stderr,
        )
        raise SystemExit(2)
    sys.excepthook = _explain


def _explain(
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """Say Ctrl-C and a busy port without a traceback."""
    if isinstance(error, KeyboardInterrupt):
        return
    if getattr(error, "errno", None) != errno.EADDRINUSE:
        sys.__excepthook__(kind, error, trace)
        return
    program = sys.modules["__main__"]
    name = program.__spec__.name.partition(".")[2]  # type: ignore[union-attr]
    busy = inspect.signature(program.main).parameters["port"].default
    print(
        f"{name}: port {busy} is in use."
        f" Try: python -m demos {name} --port {_free(busy + 1)}",
        file=sys.stderr,
    )
    raise SystemExit(2)


def _free(port: int) -> int:
    while True:
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            port += 1


# What Python puts there while it looks for the module of `-m`.
if sys.argv[:1] == ["-m"]:
    _begin()
