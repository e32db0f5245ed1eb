"""Programs in the tab, beside bare Pyodide and real processes: `python bench/tab/bench_tab.py`

Prints medians with the least and the most, and writes them to result.json. All figures come from
one headless Chromium, over plain static hosting on loopback without compression.
"""

import contextlib
import functools
import gzip
import http.server
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import tornado
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUNS = 5
FETCHES = 300
MESSAGES = 2000
ECHO = (HERE / "measure.js").read_text().split("`")[1]
RATES = (HERE / "rates.js").read_text().partition("export ")[2]
HELLO = (ROOT / "demos" / "hello.py").read_text()
EDITED = HELLO.replace("Hello, world", "Hello, again")
NEEDED = (".js", ".mjs", ".wasm", ".zip", ".json", ".bin")


def main() -> None:
    """Measure, print, and keep the result."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place)
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        rows: dict[str, Any] = {}
        for name, options in {"": [], ", snapshot": ["--snapshot"]}.items():
            deck = folder / f"deck{name[2:]}"
            build(deck, options)
            rows[f"downloaded for the first run{name}, gzip, MB"] = [downloaded(deck)]
            with serving(deck) as address:
                starts(browser, address, name, rows)
                if not name:
                    traffic(browser, address, rows)
        bare(browser, folder, rows)
        process(browser, folder, rows)
        version = browser.version
        browser.close()
    keep({name: summary(values) for name, values in rows.items()}, version)


def build(deck: Path, options: list[str]) -> None:
    """A deck with the measuring script in it."""
    slides = [sys.executable, "-m", "slides", "deck", "--out", str(deck), *options]
    subprocess.run(slides, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    esbuild = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    script = [str(esbuild), str(HERE / "measure.js"), "--bundle", "--format=esm"]
    subprocess.run([*script, f"--outfile={deck}/assets/bench.js", "--log-level=error"], check=True)
    page = (
        "<!doctype html><title>bench</title><body><script type=module src=assets/bench.js></script>"
    )
    (deck / "bench.html").write_text(page)


def downloaded(deck: Path) -> float:
    """What a first run fetches, as a server that compresses sends it, in megabytes."""
    tab = deck / "assets" / "tab"
    files = [path for path in tab.rglob("*") if path.suffix in NEEDED]
    files += (deck / "assets").glob("tab*.js")
    files = [path for path in files if path.name != "python_rest.zip"]
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in files) / 1e6


def starts(browser: Browser, address: str, name: str, rows: dict[str, Any]) -> None:
    """Click to first response: with nothing in the browser, a second time, and with a spare."""
    kinds: dict[str, list[float]] = {"cold": [], "warm": [], "spare": []}
    for _ in range(RUNS):
        with opened(browser, address) as page:
            kinds["cold"].append(page.evaluate("bench.first()"))
            page.reload()
            page.wait_for_function("window.bench")
            kinds["warm"].append(page.evaluate("bench.first()"))
            kinds["spare"].append(page.evaluate("bench.spare()"))
    for kind, values in kinds.items():
        rows[f"click to first response, {kind}{name}, ms"] = values


def traffic(browser: Browser, address: str, rows: dict[str, Any]) -> None:
    """Edits, fetches and websocket messages."""
    edits, through, straight, ping, one_way = [], [], [], [], []
    with opened(browser, address) as page:
        for _ in range(RUNS):
            edit = page.evaluate("source => bench.edit(source)", EDITED)
            assert "again" in edit["said"]
            edits.append(edit["ms"])
            fetched = page.evaluate("count => bench.fetches(count)", FETCHES)
            through.append(statistics.median(fetched["through"]))
            straight.append(statistics.median(fetched["straight"]))
            rates = page.evaluate("count => bench.sockets(count)", MESSAGES)
            ping.append(rates["pingPong"])
            one_way.append(rates["oneWay"])
    rows["edit to response, ms"] = edits
    rows["fetch from a frame, p50, ms"] = through
    rows["request over a connection, p50, ms"] = straight
    rows["websocket ping-pong, messages/s"] = ping
    rows["websocket one way, messages/s"] = one_way


def bare(browser: Browser, folder: Path, rows: dict[str, Any]) -> None:
    """Pyodide alone, until it has printed a word."""
    site = folder / "bare"
    shutil.copytree(ROOT / "node_modules" / "pyodide", site / "pyodide")
    shutil.copy(HERE / "bare.js", site)
    (site / "bench.html").write_text("<!doctype html><title>bare</title><script>bench = 1</script>")
    run = """() => new Promise((resolve) => {
        const worker = new Worker("bare.js", { type: "module" });
        worker.onmessage = ({ data }) => { worker.terminate(); resolve(data.ms); };
    })"""
    cold, warm = [], []
    with serving(site) as address:
        for _ in range(RUNS):
            with opened(browser, address) as page:
                cold.append(page.evaluate(run))
                warm.append(page.evaluate(run))
    rows["beside: bare Pyodide to a printed word, cold, ms"] = cold
    rows["beside: bare Pyodide to a printed word, warm, ms"] = warm


def process(browser: Browser, folder: Path, rows: dict[str, Any]) -> None:
    """The same programs as processes of this machine, asked by the same browser."""
    first, p50, ping, one_way = [], [], [], []
    for _ in range(RUNS):
        with program("-m", "demos.hello") as begun:
            first.append((until_it_answers() - begun) * 1000)
            context = browser.new_context()
            page = context.new_page()
            page.goto("http://127.0.0.1:8888/")
            fetched = page.evaluate(FETCH, FETCHES)
            p50.append(statistics.median(fetched))
            context.close()
        path = folder / "echo.py"
        path.write_text(ECHO)
        with program(str(path)):
            until_it_answers()
            context = browser.new_context()
            page = context.new_page()
            page.goto("http://127.0.0.1:8888/")
            rates = page.evaluate(f"({RATES})({MESSAGES}, window, '/echo')")
            ping.append(rates["pingPong"])
            one_way.append(rates["oneWay"])
            context.close()
    rows["beside: process, start (or edit) to response, ms"] = first
    rows["beside: process, fetch p50, ms"] = p50
    rows["beside: process, websocket ping-pong, messages/s"] = ping
    rows["beside: process, websocket one way, messages/s"] = one_way


FETCH = """async (count) => {
    const times = [];
    for (let i = 0; i < count; i++) {
        const begun = performance.now();
        await (await fetch("/")).text();
        times.push(performance.now() - begun);
    }
    return times;
}"""


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[float]:
    """A Python program on port 8888, and when it was started."""
    begun = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield begun
    finally:
        running.kill()
        running.wait()


def until_it_answers() -> float:
    """Ask port 8888 until it answers; the time then."""
    give_up = time.perf_counter() + 30
    while time.perf_counter() < give_up:
        with contextlib.suppress(OSError), urllib.request.urlopen("http://127.0.0.1:8888/"):
            return time.perf_counter()
        time.sleep(0.002)
    raise SystemExit("nothing answers on port 8888")


@contextlib.contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """The measuring page, in a browser that remembers nothing."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/bench.html")
    page.wait_for_function("window.bench")
    yield page
    context.close()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A folder on a free port, as any static host serves it."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send a file, to whoever still wants it."""
        with contextlib.suppress(ConnectionError):
            super().copyfile(source, outputfile)


def summary(values: list[float]) -> dict[str, float]:
    """Median, least and most, to three digits or a tenth."""
    of: dict[str, Callable[[list[float]], float]] = {
        "median": statistics.median,
        "min": min,
        "max": max,
    }
    return {name: round(function(values), 2) for name, function in of.items()}


def keep(rows: dict[str, dict[str, float]], browser: str) -> None:
    """Print the table, and write it with what it was measured on."""
    for name, row in rows.items():
        print(f"{name:<54} {row['median']:>10}   {row['min']} - {row['max']}")
    about = {
        "date": date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            "tornado": tornado.version,
            "chromium": browser,
        },
        "runs": RUNS,
    }
    (HERE / "result.json").write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
