"""The Firefox of the tests: that it does as it is told, and that nothing escapes it."""

from urllib.parse import quote

import pytest

from .firefox import FirefoxError

INNER = "<button onclick='this.textContent = `done`'>go</button><script>console.error(`in`)"
WORKER = "ask(`FAR/worker`).catch(() => setTimeout(() => { throw new Error(`worker`) }))"
ASK = "const ask = (url) => fetch(url, {mode: `no-cors`});"
OUTER = f"""<!doctype html>
<input>
<div style="height: 3000px"></div>
<textarea></textarea>
<iframe srcdoc="{INNER}</script>"></iframe>
<script>
  {ASK}
  const worker = new Worker(URL.createObjectURL(new Blob(["{ASK}{WORKER}"])));
  worker.onerror = () => window.over = true;
  ask("FAR/page").catch(() => {{}});
  setTimeout(() => {{ throw new TypeError("late"); }});
</script>"""


@pytest.fixture
def far(free_port):
    """An origin where nobody answers."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def page(firefox, far):
    """A page with something to type in, a frame, a worker, and mistakes."""
    page = firefox.new_page(800, 600)
    page.goto(f"data:text/html,{quote(OUTER.replace('FAR', far))}")
    yield page
    page.close()


def test_an_expression_comes_as_json_and_a_mistake_as_its_text(page):
    """Promises are awaited; what is thrown is raised."""
    assert page.evaluate("Promise.resolve({a: [1, null, innerWidth]}) // so") == {
        "a": [1, None, 800]
    }
    assert page.evaluate("undefined") is None
    for wrong in ("nothing.at", "(() => { throw new Error('is not defined') })()"):
        with pytest.raises(FirefoxError, match="is not defined"):
            page.evaluate(wrong)
    with pytest.raises(FirefoxError, match="SyntaxError"):
        page.evaluate("1 +")


def test_keys_and_clicks_are_real(page):
    """What is typed arrives below the fold and in a frame, and keys go together."""
    page.type("textarea", "Ü\nb")
    assert page.evaluate("document.querySelector('textarea').value") == "Ü\nb"
    assert page.evaluate("scrollY") > 1000
    assert page.evaluate("matchMedia('(hover: hover) and (pointer: fine)').matches")
    page.press("Control+a")
    page.press("+")
    assert page.evaluate("document.querySelector('textarea').value") == "+"
    frame = page.frame("srcdoc")
    frame.click("button")
    assert frame.evaluate("document.querySelector('button').textContent") == "done"


def test_a_wait_is_over_in_the_next_document_or_in_time(page):
    """A wait outlives the document it began in, and says what it waited for in vain."""
    leave = "void setTimeout(() => location.replace('about:blank'), 200)"
    page.evaluate(leave)
    assert page.wait_for("location.href === 'about:blank' && 'next'") == "next"
    with pytest.raises(FirefoxError, match="1 - 1: it is 0, after"):
        page.wait_for("1 - 1", timeout=0.1)
    with pytest.raises(FirefoxError, match="null"):
        page.wait_for("document.querySelector('h1').textContent", timeout=0.1)
    with pytest.raises(FirefoxError, match="no frame has 'nowhere'"):
        page.frame("nowhere", timeout=0.1)
    page.evaluate(leave)
    with pytest.raises(FirefoxError, match="left"):
        page.evaluate("new Promise(() => {})")
    with pytest.raises(FirefoxError, match="took over"):
        page.evaluate("new Promise(() => {})", timeout=0.1)


def test_no_request_and_no_error_escapes(page, firefox, far):
    """Those of a frame and a worker are told, too, and not those of another page."""
    other = firefox.new_page()
    other.evaluate(f"fetch('{far}/other', {{mode: 'no-cors'}}).catch(() => console.error('other'))")
    page.wait_for("window.over")
    assert sorted(page.errors) == ["Error: worker", "TypeError: late", "in"]
    assert {each for each in page.requests if each.startswith(far)} == {
        f"{far}/page",
        f"{far}/worker",
    }
    assert other.errors == ["other"]
    assert f"{far}/other" in other.requests
    other.close()


def test_a_screenshot_has_the_size_of_the_page(page, tmp_path):
    """A PNG of as many pixels as the page was given."""
    page.set_viewport(640, 480)
    page.screenshot(tmp_path / "shot.png")
    header = (tmp_path / "shot.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert [int.from_bytes(header[at : at + 4], "big") for at in (16, 20)] == [640, 480]
