"""What a notebook of the talk imports: a program, a server for it, a shell to ask it.

from slides.live import load, serve, sh

load("demos.hello")
server = await serve(make_app())
await sh("curl -i http://localhost:8888/")
"""

from slides.live.load import load
from slides.live.recording import finish, rehearse
from slides.live.server import Server, serve
from slides.live.shell import sh
from slides.live.transcript import Transcript

__all__ = ["Server", "Transcript", "finish", "load", "rehearse", "serve", "sh"]
