"""Shows a server's live panel in the notebook: a frame onto the kernel's control server."""

import html
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from slides.live.control import Control
from slides.live.notebook import display, in_notebook
from slides.live.stage import stage

if TYPE_CHECKING:
    from slides.live.server import Server

HEIGHT = 380  # pixels


async def show(server: "Server") -> None:
    """Show the panel as output of the present cell; outside a notebook nothing is shown."""
    if not in_notebook():
        return
    theme = os.environ.get("SLIDES_THEME", "light")
    title = f"{server.name or server.address}: its page, its log and the lag of the event loop"
    frame = (
        f'<iframe class="live-panel" src="{html.escape(panel_url(server))}?theme={quote(theme)}" '
        f'title="{html.escape(title)}" referrerpolicy="no-referrer" '
        f'style="display: block; width: 100%; height: {HEIGHT}px; border: 0"></iframe>'
    )
    display({"text/html": frame, "text/plain": f"{server.name or 'Serving'} on {server.url}"})


def panel_url(server: "Server") -> str:
    """Give the URL of the server's panel, starting the control server with the first one."""
    here = stage()
    if here.control is None:
        here.control = Control(here)
    return here.control.add(server)
