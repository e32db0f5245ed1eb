"""Where a server waits: ten requests, Flask and Tornado, nine ways.

Shows: the same ten waits, five in Python and five in PostgreSQL, behind
    gunicorn's workers and Tornado's executors; what takes ten times as
    long as it has to, what does not, and what each way costs
Try:
    python -m demos.waiting compare sync gevent psycogreen --sleep 0.3
    python -m demos.waiting traps
Needs: Flask, SQLAlchemy, gunicorn, gevent and a PostgreSQL
Extra: waiting
Where: process
"""


def transcript() -> str:
    """What it printed once, for whoever cannot run it."""
    from demos.waiting import results, table

    command = "$ python -m demos.waiting compare --sleep 5"
    return f"{command}\n{table.terminal(results.load())}"


def main() -> None:
    """Run every way in turn, and print the table."""
    from demos.waiting.__main__ import main

    raise SystemExit(main(["compare"]))
