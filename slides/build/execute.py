"""Executes one notebook, from top to bottom, in a kernel of its own."""

import json
import re
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from slides.build.kernels import Kernels
from slides.notebook import Chapter

CELL_TIMEOUT = 60  # seconds
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
        runner = NotebookClient(notebook, km=manager, timeout=limit)
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
