"""An IPython extension that runs a notebook's set-up cells when its kernel starts.

A slide's code then works at once, from whichever slide the speaker begins: the cells that prepare
it have the slide type "skip", and nobody has to go and run them. Which notebook the kernel belongs
to is in the environment variable JPY_SESSION_NAME; without it, or the file, nothing is run.
"""

import ast
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop

VARIABLE = "JPY_SESSION_NAME"


def load_ipython_extension(shell: Any) -> None:
    """Run the set-up cells in the shell's namespace, before the kernel takes its first request."""
    notebook = find_notebook(os.environ.get(VARIABLE, ""), Path.cwd())
    if notebook is None:
        return
    pending = setup_cells(notebook)
    while pending:
        awaitable = run_cell(shell, notebook, *pending.pop(0))
        if awaitable is not None:
            # The kernel's loop does not run yet: this cell and the others wait for it.
            IOLoop.current().add_callback(_run_rest, shell, notebook, awaitable, pending)
            return


async def _run_rest(
    shell: Any, notebook: Path, awaitable: Any, pending: list[tuple[int, str]]
) -> None:
    await awaitable
    for number, source in pending:
        awaitable = run_cell(shell, notebook, number, source)
        if awaitable is not None:
            await awaitable


def find_notebook(session: str, folder: Path) -> Path | None:
    """Find the notebook a session is named after: an absolute path, or one from a folder above."""
    if not session.endswith(".ipynb"):
        return None
    for above in (folder, *folder.parents):
        if (above / session).is_file():
            return above / session
    beside = folder / Path(session).name
    return beside if beside.is_file() else None


def setup_cells(notebook: Path) -> list[tuple[int, str]]:
    """Read the code cells with slide type "skip", as (number of the cell from 1, source)."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        complain(notebook, f"cannot be read: {error!r}")
        return []
    return [
        (number, "".join(cell["source"]))
        for number, cell in enumerate(cells, 1)
        if cell.get("cell_type") == "code"
        and cell.get("metadata", {}).get("slideshow", {}).get("slide_type") == "skip"
    ]


def run_cell(shell: Any, notebook: Path, number: int, source: str) -> Any:
    """Run one cell without showing anything; give what to await where the cell awaits."""
    try:
        code = compile(
            shell.transform_cell(source),
            f"<set-up cell {number}>",
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        if code.co_flags & inspect.CO_COROUTINE:
            return _finish_cell(eval(code, shell.user_ns), notebook, number)
        exec(code, shell.user_ns)
    except Exception as error:
        complain_of_cell(notebook, number, error)
    return None


async def _finish_cell(awaitable: Any, notebook: Path, number: int) -> None:
    try:
        await awaitable
    except Exception as error:
        complain_of_cell(notebook, number, error)


def complain_of_cell(notebook: Path, number: int, error: Exception) -> None:
    """Say which cell failed and why; the kernel starts all the same."""
    complain(notebook, f"set-up cell {number} failed: {type(error).__name__}: {error}")


def complain(notebook: Path, what: str) -> None:
    """Write one line to the terminal the notebooks were started from."""
    print(f"{notebook.name}: {what}", file=sys.__stderr__, flush=True)
