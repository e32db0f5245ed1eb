"""A panel of the deck as its reader uses it: `Bench(page.locator("figure"))`."""

import re
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

ON_8888 = "on localhost:8888"
TO_A_SLIDE = """(program) => {
    const figure = document.querySelector(`figure[data-program="${program}"]`);
    location.hash = `#/${figure.closest("section").id}`;
}"""


class Bench:
    """One panel: what there is to see of it, and what can be done with it."""

    def __init__(self, figure: Locator) -> None:
        self.figure = figure
        self.page = figure.page
        self.offer = figure.get_by_role("button", name="Run it in this tab")
        self.state = figure.locator(".state span")
        self.address = figure.get_by_label("Address").first
        self.editor = figure.locator(".cm-content")
        self.log = figure.locator(".bench .log")
        self.terminal = figure.locator(".terminal output")
        self.prompt = figure.get_by_label("Command", exact=True)
        self.lag = figure.locator(".bench .lag output")

    def start(self, until: str = ON_8888) -> "Bench":
        """Press the button of the recorded run, and wait until the program is there."""
        self.offer.click()
        expect(self.state).to_have_text(until)
        return self

    def press(self, button: str) -> None:
        """Press one of the panel's buttons."""
        self.figure.get_by_role("button", name=button, exact=True).click()

    def client(self, number: int = 1) -> FrameLocator:
        """The page of the program, as its first or second client shows it."""
        return self.figure.locator(".client iframe").nth(number - 1).content_frame

    def visit(self, address: str) -> None:
        """Type an address above the program's page, and go there."""
        self.address.fill(address)
        self.address.press("Enter")

    def command(self, line: str, says: str | re.Pattern[str] = "") -> None:
        """Enter a command, and wait until the terminal has said something after it."""
        self.prompt.fill("clear")
        self.prompt.press("Enter")
        expect(self.terminal).to_be_empty()
        self.prompt.fill(line)
        self.prompt.press("Enter")
        expect(self.terminal).to_contain_text(says)

    def rewrite(self, old: str, new: str) -> None:
        """Type another text in the place of the line that has `old`, as far in as that was."""
        line = self.editor.locator(".cm-line", has_text=old)
        line.click(position={"x": 60, "y": 5})  # in its first row: a long one has several
        self.page.keyboard.press("Home")
        for _ in ("the row", "the line"):
            self.page.keyboard.press("Shift+End")
        self.page.keyboard.type(new)


def on_slide(page: Page, program: str) -> Bench:
    """Go to the slide that runs a program; the page shows the talk."""
    page.evaluate(TO_A_SLIDE, program)
    bench = on_page(page, program)
    expect(bench.offer).to_be_in_viewport()
    return bench


def on_page(page: Page, program: str) -> Bench:
    """The first panel of a program on a page."""
    return Bench(page.locator(f'figure[data-program="{program}"]').first)


def is_answer_of_a_program(message: Any) -> bool:
    """Whether a browser only tells that a program's answer was a 404 or the like."""
    place = message.location["url"]
    return "/live/" in place and message.text.startswith("Failed to load resource")
