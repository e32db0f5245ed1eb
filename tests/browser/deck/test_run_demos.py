"""Every program that says so in its docstring runs in a tab, from its own page."""

import re

import pytest
from playwright.sync_api import expect

from demos import catalog

from .bench import on_page

IN_A_TAB = [demo.name for demo in catalog.demos() if "tab" in demo.where]
WELL = re.compile(r"^(on localhost:8888|running|ended)$")


@pytest.mark.parametrize("name", IN_A_TAB)
def test_a_program_runs_on_its_own_page(opened, name):
    """It serves, or it ends well; whatever it has to say is no traceback."""
    page = opened(f"demos/{name}.html")
    bench = on_page(page, name)
    bench.start(until=WELL)
    expect(
        bench.lag if bench.address.is_hidden() else bench.client().locator("body")
    ).to_be_visible()
    expect(bench.log).not_to_contain_text("Traceback")
    # The style of the pages around it has no hold on a panel.
    for part in bench.figure.locator(".bench > .part").all():
        expect(part).to_have_css("border-radius", "0px")
    page.context.close()
