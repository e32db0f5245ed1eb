"""Executes one notebook, from top to bottom, in a kernel of its own."""

import asyncio
import json
import logging
import re
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from slides.build.kernels import Kernels
from slides.notebook import Chapter

CELL_TIMEOUT = 60  # seconds
# What goes wrong is raised, and said once.
quiet = logging.getLogger("slides.build.quiet")
quiet.setLevel(logging.CRITICAL)
FINISH = "import slides.live\nawait slides.live.finish()"


class CellFailed(Exception):
    """A cell that raised, hung or killed its kernel; the text says which one, and how."""


async def execute(chapter: Chapter, kernels: Kernels, limit: float = CELL_TIMEOUT) -> Any:
    """Give the chapter as a notebook with outputs; raises CellFailed at the first cell that fails.

    A cell may take `limit` seconds.
    """
    notebook = nbformat.reads(json.dumps(chapter.document), as_version=4)
    # The recordings are completed by a last step that no slide shows.
    records = any("slides.live" in cell.source for cell in chapter.cells)
    if records:
        notebook.cells.append(nbformat.v4.new_code_cell(FINISH))  # type: ignore[no-untyped-call]
    async with kernels.kernel(chapter.path.parent) as (manager, client):
        runner = NotebookClient(notebook, km=manager, timeout=limit, log=quiet)
        runner.kc = client
        runner.reset_execution_trackers()
        for index, cell in enumerate(notebook.cells):
            await _execute_cell(runner, chapter, cell, index)
    if records:
        notebook.cells.pop()
    return notebook


async def _execute_cell(
    runner: NotebookClient, chapter: Chapter, cell: NotebookNode, index: int
) -> None:
    try:
        await runner.async_execute_cell(cell, index)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # nbclient takes a build that is told to stop for a kernel that died.
            raise asyncio.CancelledError from error
        first = next((line for line in cell.source.splitlines() if line.strip()), "")
        place = f"{chapter.path.name}, cell {index + 1} ({first})"
        raise CellFailed(f"{place}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    match error:
        case CellExecutionError():
            plain = re.sub(r"\x1b\[[\d;]*m", "", error.traceback)
            return f"{error.ename}: {error.evalue}\n{plain}".rstrip()
        case CellTimeoutError():
            return "did not end in time; does it wait on the loop it blocks?"
        case _:
            return "its kernel died"
