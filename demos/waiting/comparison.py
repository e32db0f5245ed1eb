"""The modes in turn: a progress bar while they run, then the table."""

from tqdm import tqdm

from demos.waiting import table
from demos.waiting.client import Answer
from demos.waiting.experiment import Skipped, measure
from demos.waiting.modes import Mode
from demos.waiting.results import Run


def run(
    modes: list[Mode], url: str, requests: int, sleep: float
) -> Run:
    """Measure each mode; one that cannot run stops no other."""
    done = Run(requests, sleep)
    answers = len(modes) * requests * 4
    with tqdm(total=answers, unit="answer", leave=False) as progress:
        for mode in modes:
            progress.set_description(mode.name)
            before = progress.n

            def tell(answer: Answer) -> None:
                progress.update()

            try:
                result = measure(mode, url, requests, sleep, tell)
                done.results.append(result)
            except Skipped as why:
                done.skipped[mode.name] = str(why)
            progress.update(before + requests * 4 - progress.n)
    tell_all(done)
    return done


def tell_all(run: Run) -> None:
    if run.results:
        print(table.terminal(run))
    for name, why in run.skipped.items():
        print(f"{name} was left out: {why}")
