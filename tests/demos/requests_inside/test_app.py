"""The four handlers: what they answer, and how many of them wait at once."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tornado.web import Application, RequestHandler

pytest.importorskip("greenlet", reason="pip install -e '.[waiting]'")

from demos.requests_inside import app, slow
from demos.requests_inside.adapter import setup
from demos.requests_inside.child import ChildFailed, child

ROOT = Path(__file__).parents[3]
WAITING = ("/threads", "/bridge", "/await")


@pytest.fixture(autouse=True)
def bridged():
    """As the program has it."""
    with setup():
        yield


@pytest.mark.parametrize("path", WAITING)
@pytest.mark.gen_test
async def test_a_handler_answers_what_the_service_answers(serve, client, path):
    """The service may even be on the same loop: the handler does not keep it."""
    service = serve(slow.make_app(delay=0)) + "/slow"
    answer = await client.fetch(serve(app.make_app(service)) + path)
    assert json.loads(answer.body) == {"got": app.DATA}


@pytest.mark.parametrize("path", WAITING)
@pytest.mark.gen_test
async def test_many_wait_at_once(serve, client, path):
    """The service answers nobody before all have asked."""
    count = 8
    together = asyncio.Barrier(count)

    class Together(RequestHandler):
        async def post(self):
            await together.wait()
            self.write({"got": "all"})

    app.prepare(threads=count)
    base = serve(app.make_app(serve(Application([("/slow", Together)])) + "/slow"))
    answers = await asyncio.gather(*[client.fetch(base + path) for _ in range(count)])
    assert [each.code for each in answers] == [200] * count


@pytest.mark.gen_test
async def test_blocking_is_one_after_the_other(serve, client):
    """It answers, as the service is in another process; but never two at once."""
    with child("slow", "--delay", 0.05) as service:
        base = serve(app.make_app(f"{service}/slow"))
        answers = await asyncio.gather(*[client.fetch(f"{base}/blocking") for _ in range(4)])
        counted = await client.fetch(f"{service}/overlapped")
    assert [json.loads(each.body) for each in answers] == [{"got": app.DATA}] * 4
    assert json.loads(counted.body) == {"overlapped": 1}


@pytest.mark.gen_test
async def test_the_gauge_starts_anew_when_it_is_read(serve, client):
    """One way's figures are not the next one's."""
    base = serve(slow.make_app(delay=0))
    await client.fetch(f"{base}/slow", method="POST", body="{}")
    read = [json.loads((await client.fetch(f"{base}/overlapped")).body) for _ in range(2)]
    assert read == [{"overlapped": 1}, {"overlapped": 0}]


def test_a_server_that_does_not_start_is_said(capfd):
    """And why, in its own words."""
    with pytest.raises(ChildFailed), child("nonsense"):
        pass
    assert "invalid choice: 'nonsense'" in capfd.readouterr().err


@pytest.mark.parametrize(
    "words, package",
    [
        (["demos", "requests_inside"], "greenlet"),
        (["demos.requests_inside", "compare"], "greenlet"),
        (["demos.requests_inside", "compare"], "psutil"),
    ],
)
def test_a_missing_package_is_a_sentence_with_the_extra(tmp_path, words, package):
    """Not a traceback; and nothing else is started."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    done = subprocess.run(
        [sys.executable, "-m", *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the package {package!r}" in done.stderr
    assert done.stderr.endswith(": pip install -e '.[waiting]'\n")
    assert done.stderr.count("\n") == 1
