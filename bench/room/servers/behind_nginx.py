"""Two processes of the room behind nginx, joined by Redis: `behind_nginx.py PORT FOLLOWERS`.

nginx passes websockets on as the repository's nginx.conf does.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

PORT, FOLLOWERS = int(sys.argv[1]), int(sys.argv[2])
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
JOINED = 1.0  # seconds until both have heard that the other is there
CONF = """\
daemon off; master_process on; worker_processes 2; worker_rlimit_nofile {files};
pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    upstream room {{ {upstream} }}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $http_host;
        proxy_read_timeout 600s;
        location / {{ proxy_pass http://room; }}
    }}
}}
"""


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Wait until somebody listens."""
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"nobody listens on {port}")


def start(stack, command, **options):
    """Start a program, which is ended with this one."""
    process = stack.enter_context(subprocess.Popen(command, **options))
    stack.callback(process.terminate)
    return process


def main(stack):
    """Start all four, and wait to be ended."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    redis, rooms = free_port(), [free_port(), free_port()]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = ["--bind", "127.0.0.1", "--port", str(redis), "--dir", folder]
    start(stack, ["redis-server", *place, "--save", "", "--appendonly", "no"], **quiet)
    answers(redis)
    hub = str(Path(__file__).with_name("with_hub.py"))
    for port in rooms:
        start(stack, [sys.executable, hub, str(port), f"redis://127.0.0.1:{redis}"], **quiet)
        answers(port)
    upstream = " ".join(f"server 127.0.0.1:{port};" for port in rooms)
    files = 2 * FOLLOWERS + 200
    conf = Path(folder, "nginx.conf")
    conf.write_text(CONF.format(folder=folder, port=PORT, upstream=upstream, files=files))
    nginx = shutil.which("nginx", path=PATH)
    start(stack, [nginx, "-e", f"{folder}/error.log", "-c", str(conf)], **quiet)
    answers(PORT)
    time.sleep(JOINED)
    print("ready", flush=True)
    signal.pause()


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with ExitStack() as stack:
    main(stack)
