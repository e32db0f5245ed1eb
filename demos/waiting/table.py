"""The comparison as a table, for the terminal and for a slide."""

from html import escape

from demos.waiting.results import Result, Run

COLUMNS = ("python", "postgres", "sum", "both")
HEADS = (*COLUMNS, "MB")


def worst_first(run: Run) -> list[Result]:
    """From the longest sum to the shortest."""
    return sorted(run.results, key=lambda r: -r.seconds["sum"])


def figures(result: Result) -> list[str]:
    """A row's numbers: seconds, then megabytes."""
    seconds = [f"{result.seconds[name]:.2f}" for name in COLUMNS]
    return [*seconds, f"{result.memory:.0f}"]


def terminal(run: Run) -> str:
    """One mode a line, worst first."""
    wide = max(len(result.title) for result in run.results)
    lines = [row("seconds", list(HEADS), wide)]
    for result in worst_first(run):
        lines.append(row(result.title, figures(result), wide))
    return "\n".join([*lines, "", measured(run)])


def row(name: str, cells: list[str], wide: int) -> str:
    return f"{name:{wide}}" + "".join(f"{cell:>9}" for cell in cells)


def measured(run: Run) -> str:
    """How, with what and when."""
    names = ("python", "tornado", "gunicorn", "gevent", "sqlalchemy")
    used = [
        f"{name} {run.versions[name]}"
        for name in names
        if name in run.versions
    ]
    return (
        f"{run.requests} requests a route, each of {run.sleep:g} s;"
        ' "both" sends all at once.\n'
        f"{run.date}, {run.machine}\n{', '.join(used)}"
    )


def html(run: Run, modes: list[str] | None = None) -> str:
    """A table element of all the modes, or of some, in their order."""
    chosen = [run.result(mode) for mode in modes or []]
    rows = "".join(
        f"<tr><th>{escape(result.title)}</th>"
        f"{cells(figures(result))}</tr>"
        for result in chosen or worst_first(run)
    )
    heads = "".join(f"<th>{head}</th>" for head in ("seconds", *HEADS))
    caption = escape(measured(run)).replace("\n", "<br>")
    return (
        f'<table class="recorded"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table><p><small>{caption}</small></p>"
    )


def cells(texts: list[str]) -> str:
    return "".join(f"<td>{text}</td>" for text in texts)
