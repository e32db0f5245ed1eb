"""What a notebook of the talk imports: `serve` for an application, `sh` for a command.

from slides.live import serve, sh

server = await serve(make_app())
await sh("curl -i http://localhost:8888/")
"""

from slides.live.recording import finish
from slides.live.server import Server, serve
from slides.live.shell import sh
from slides.live.transcript import Transcript

__all__ = ["Server", "Transcript", "finish", "serve", "sh"]
