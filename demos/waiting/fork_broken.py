"""Four processes, forked, on one connection: wrong answers.

    python -m demos.waiting.fork_broken

An engine that has been used keeps a connection. A fork copies the
engine, and the copies share that connection's socket: each reads what
comes first, whoever asked for it.
"""

import logging
import multiprocessing
import signal
from collections import Counter
from multiprocessing.connection import Connection

from sqlalchemy import Engine, create_engine, literal, select

from demos.waiting.database import address, database

PROCESSES, QUESTIONS, PATIENCE = 4, 500, 5
KINDS = ("right", "wrong", "failed", "never")
fork = multiprocessing.get_context("fork")


def main() -> Counter[str]:
    """Ask in each process, tell what came back, and return it."""
    with database() as url:
        engine = create_engine(address(url=url))
        ask(engine, 0)  # now its pool holds a connection
        told = Counter[str]()
        for process, outcomes in [
            begin(engine, number) for number in range(PROCESSES)
        ]:
            told.update(received(outcomes))
            process.join()
            told["never"] += process.exitcode == -signal.SIGALRM
    print(", ".join(f"{told[kind]} {kind}" for kind in KINDS))
    return told


def begin(
    engine: Engine, number: int
) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    """Fork a process that asks; give it and where it tells."""
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=work, args=(engine, number, there))
    process.start()
    there.close()
    return process, here


def work(engine: Engine, number: int, there: Connection) -> None:
    """Ask for numbers of which no other process asks."""
    logging.disable()  # the pool would log each connection it loses
    signal.alarm(PATIENCE)  # an answer that another took never comes
    for turn in range(QUESTIONS):
        there.send(check(engine, number * QUESTIONS + turn))


def check(engine: Engine, number: int) -> str:
    try:
        return "right" if ask(engine, number) == number else "wrong"
    except Exception:
        return "failed"


def ask(engine: Engine, number: int) -> int | None:
    """Have the database say a number."""
    with engine.connect() as connection:
        return connection.scalar(select(literal(number)))


def received(outcomes: Connection) -> list[str]:
    """All that a process tells until it ends."""
    found = []
    try:
        while True:
            found.append(outcomes.recv())
    except EOFError:
        return found


if __name__ == "__main__":
    main()
