"""`waiting_simulated` in a real browser: first predict, then run, then see how near it was."""

import contextlib
import re

import pytest
from playwright.sync_api import expect

from ..demos.conftest import Program

PATIENCE = 20_000  # milliseconds
SLIDE, PHONE = {"width": 1100, "height": 480}, {"width": 390, "height": 844}
ROOM = "document.documentElement.scrollWidth <= innerWidth"
RIGHT, WRONG = "✓", "too long"
LATE = """async () => {
    const { body } = await native("run?mode=blocking&requests=2&sleep=0.4");
    const text = await new Response(body).text();
    return new Response(text);
}"""


class Lesson:
    """The page as a learner uses it."""

    def __init__(self, page):
        self.page = page
        self.button = page.get_by_role("button")
        self.said = page.get_by_role("status")
        self.bars = page.locator("#bars")
        self.choices = page.locator("#choices label")
        self.typed = page.get_by_label("or, s")

    def choose(self, mode, requests="2", sleep="0.2"):
        """Say what to run."""
        self.page.get_by_label(mode).check()
        self.page.get_by_label("requests", exact=True).fill(requests)
        self.page.get_by_label("sleep, s").fill(sleep)

    def predict(self, choice):
        """Press one of the totals."""
        self.choices.get_by_text(choice, exact=True).click()

    def run(self):
        """Run it, and wait until the next prediction is wanted."""
        self.button.click()
        expect(self.said).to_contain_text("You said", timeout=PATIENCE)
        expect(self.button).to_have_text("Predict first")

    def row(self, mode):
        """What the table has about a mode."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_label(mode))

    def parts(self, route):
        """How wide the light and the full part of each of a route's bars are, in pixels."""
        measure = "all => all.map(bar => [...bar.children].map(i => [i.className, i.offsetWidth]))"
        return [dict(bar) for bar in self.bars.locator(f".{route}").evaluate_all(measure)]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The address of the demo, in a process."""
    from ..conftest import find_free_ports

    port = find_free_ports()
    program = Program("demos", "waiting_simulated", "--port", port)
    with contextlib.closing(program.until_it_listens(port)):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(params=[SLIDE, PHONE], ids=["slide", "phone"])
def size(request):
    """A frame on a slide, and a phone."""
    return request.param


@pytest.fixture
def visit(chromium, url):
    """Opens the page: `visit(size)`; its console has to stay empty."""
    console, contexts = [], []

    def visit(size=SLIDE):
        contexts.append(chromium.new_context(viewport=size))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.goto(url)
        return Lesson(page)

    yield visit
    for each in contexts:
        each.close()
    assert not console


def test_nothing_runs_before_a_prediction(visit):
    """The button is off until a total is chosen or typed, and again for another question."""
    lesson = visit()
    expect(lesson.button).to_be_disabled()
    expect(lesson.button).to_have_text("Predict first")
    lesson.page.get_by_label("requests", exact=True).press("Enter")
    expect(lesson.bars.locator(".bar")).to_have_count(0)
    lesson.predict("3 s")
    expect(lesson.button).to_be_enabled()
    lesson.page.get_by_label("Tornado: await").check()
    expect(lesson.button).to_be_disabled()
    lesson.typed.fill("4")
    expect(lesson.button).to_be_enabled()
    lesson.typed.fill("")
    expect(lesson.button).to_be_disabled()


def test_what_is_typed_replaces_what_was_chosen_and_the_other_way_round(visit):
    """There is one prediction."""
    lesson = visit()
    lesson.predict("3 s")
    lesson.typed.fill("4")
    expect(lesson.choices.locator(":checked")).to_have_count(0)
    lesson.predict("5 s")
    expect(lesson.typed).to_have_value("")
    expect(lesson.choices.locator(":checked")).to_have_count(1)


def test_the_choices_follow_from_the_requests_and_the_sleep(visit):
    """Whatever mode is chosen, its total is among them, and they give no hint."""
    lesson = visit()
    expect(lesson.choices).to_have_text(["0.5 s", "1 s", "2.5 s", "3 s", "5 s"])
    lesson.choose("Tornado: await", requests="10", sleep="2")
    expect(lesson.choices).to_have_text(["2 s", "4 s", "20 s", "22 s", "40 s"])
    lesson.choose("gunicorn", requests="99")
    expect(lesson.choices).to_have_count(0)
    expect(lesson.button).to_be_disabled()


def test_after_a_run_the_bars_and_the_verdict_are_there(visit, size):
    """In one picture: who queued, who was served, the total, how near, and why."""
    lesson = visit(size)
    lesson.choose("gevent: psycopg2", requests="3")
    lesson.predict("0.8 s")
    lesson.run()
    python, postgres = lesson.parts("python"), lesson.parts("postgres")
    assert len(python) == len(postgres) == 3
    assert all(bar["served"] > bar.get("queued", 0) for bar in python)
    queued = [bar.get("queued", 0) for bar in postgres]
    assert queued == sorted(queued)
    assert queued[2] > queued[1] > postgres[0]["served"] / 2
    expect(lesson.said).to_have_text(
        re.compile(r"[\d.]+ s = [\d.]+ s Python \+ [\d.]+ s PostgreSQL.*You said 0.8 s.*C code")
    )
    assert lesson.page.evaluate(ROOM)
    expect(lesson.bars).to_be_in_viewport()


def test_the_bars_grow_while_it_runs(visit):
    """Long before the last request is served the first one is drawn."""
    lesson = visit()
    lesson.choose("Tornado: on the loop", requests="4", sleep="0.5")
    lesson.predict("4 s")
    lesson.button.click()
    expect(lesson.bars.locator(".python .queued").nth(2)).to_be_visible()
    expect(lesson.button).to_have_text("Running …")
    expect(lesson.bars.locator(".postgres i")).to_have_count(0)
    expect(lesson.said).to_contain_text("You said 4 s", timeout=PATIENCE)
    expect(lesson.bars.locator(".served")).to_have_count(8)


def test_lines_that_come_all_at_the_end_make_the_same_picture(visit):
    """A blocked loop may have kept them back; the times are the server's."""
    lesson = visit()
    lesson.choose("Tornado: on the loop", requests="2", sleep="0.4")
    lesson.page.evaluate(f"() => {{ window.native = fetch; window.fetch = {LATE}; }}")
    lesson.predict("1.6 s")
    lesson.run()
    (first, second), (third, fourth) = lesson.parts("python"), lesson.parts("postgres")
    assert first.get("queued", 0) < first["served"] / 2
    assert second["queued"] > first["served"] / 2
    assert fourth["queued"] > third["served"] / 2


def test_the_table_keeps_what_was_said_and_what_it_took(visit):
    """A row a mode, for as long as the numbers are the same; and its picture comes back."""
    lesson = visit()
    lesson.choose("Tornado: await", sleep="0.5")
    lesson.predict("2 s")
    lesson.run()
    expect(lesson.said).to_contain_text(WRONG)
    lesson.choose("gunicorn", sleep="0.5")
    lesson.predict("2 s")
    lesson.run()
    expect(lesson.row("gunicorn")).to_contain_text(RIGHT)
    expect(lesson.row("Tornado: await")).to_contain_text("2 s")
    expect(lesson.row("Tornado: await")).not_to_contain_text(RIGHT)
    lesson.page.get_by_label("Tornado: await").check()
    expect(lesson.said).to_contain_text(WRONG)
    lesson.page.get_by_label("sleep, s").fill("1")
    expect(lesson.page.locator(".told:not(:empty)")).to_have_count(0)
    expect(lesson.said).not_to_contain_text("You said")


def test_all_of_it_can_be_done_with_the_keyboard(visit):
    """A mode, a prediction and the run, without a pointer."""
    lesson = visit()
    lesson.choose("gunicorn")
    lesson.page.get_by_label("sleep, s").focus()
    for key in ("Tab", "Space", "Tab", "Tab", "Enter"):
        lesson.page.keyboard.press(key)
    short = re.compile(r"You said 0.2 s: [\d.]+ times too short")
    expect(lesson.said).to_contain_text(short, timeout=PATIENCE)


def test_a_server_that_is_gone_is_said(chromium, free_port):
    """The page does not wait for ever, and can be tried again."""
    port = free_port()
    with contextlib.closing(Program("demos", "waiting_simulated", "--port", port)) as program:
        program.until_it_listens(port)
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
    lesson = Lesson(page)
    lesson.predict("3 s")
    lesson.button.click()
    expect(lesson.said).to_contain_text("The server did not finish", timeout=PATIENCE)
    expect(lesson.button).to_have_text("Predict first")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_words_are_legible_in_the_light_and_in_the_dark(chromium, url, scheme):
    """Each colour of letters has a contrast of 4.5 to 1 with the paper behind it."""
    page = chromium.new_page(color_scheme=scheme)
    page.goto(url)
    ratios = page.evaluate(
        """() => {
            const style = getComputedStyle(document.documentElement);
            const read = (name) => style.getPropertyValue(name);
            const light = (hex) => hex.trim().match(/[0-9a-f]/g).join("").padEnd(6, "f")
                .match(/../g).map((c) => parseInt(c, 16) / 255)
                .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
                .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
            const ratio = ([a, b]) => {
                const [x, y] = [light(read(a)), light(read(b))].sort((p, q) => q - p);
                return (x + 0.05) / (y + 0.05);
            };
            return [["--ink", "--paper"], ["--ink", "--chosen"], ["--muted", "--paper"],
                    ["--hot", "--paper"], ["--on", "--accent"], ["--on", "--hot"]].map(ratio);
        }"""
    )
    page.close()
    assert len(ratios) == 6
    assert min(ratios) >= 4.5, ratios
