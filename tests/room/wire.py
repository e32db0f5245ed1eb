"""A connection to the letter: any bytes go out, and what comes in is read frame by frame."""

import http.client
import json
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PATIENCE = 30  # seconds for an answer, on a machine that is busy with others
FIN = 0x80


def handshake(port, path="/room", **headers):
    """What asks for a websocket."""
    given = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode, payload=b"", *, first=FIN, masked=True):
    """A frame as a client sends it; `first` has FIN and the reserved bits."""
    mark = 0x80 if masked else 0
    if len(payload) < 126:
        head = struct.pack("!BB", first | opcode, mark | len(payload))
    elif len(payload) < 1 << 16:
        head = struct.pack("!BBH", first | opcode, mark | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first | opcode, mark | 127, len(payload))
    mask = bytes(4) if masked else b""  # of zeros, which change nothing
    return head + mask + payload


class Wire:
    """A websocket, or the answer to who asked for one in vain: `status`."""

    def __init__(self, port, path="/room", *, address="127.0.0.1", receive=0, **headers):
        self.socket = socket.socket()
        if receive:  # bytes of the buffer, before the window is told
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(PATIENCE)
        self.file = self.socket.makefile("rb")
        try:
            self.socket.connect((address, port))
            self.socket.sendall(handshake(port, path, **headers))
            self.status = int(self.file.readline().split()[1])
            while self.file.readline().strip():
                pass
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Let go of it, without a word."""
        self.file.close()
        self.socket.close()

    def send(self, data):
        """Any bytes; who was closed already may go on."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def say(self, type, **fields):
        """A message of the room."""
        return self.send(frame(TEXT, json.dumps({"type": type, **fields}).encode()))

    def read_frame(self):
        """The opcode and the payload of the next frame; None at the end."""
        try:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            size = head[1]
            if size >= 126:
                form = "!H" if size == 126 else "!Q"
                [size] = struct.unpack(form, self.file.read(struct.calcsize(form)))
            return head[0] & 15, self.file.read(size)
        except ConnectionResetError:
            return None

    def hear(self, *kinds, **fields):
        """The next message of one of these kinds that has these fields; None at the end."""
        while (read := self.read_frame()) is not None:
            opcode, payload = read
            if opcode == PING:
                self.send(frame(PONG, payload))
            if opcode != TEXT:
                continue
            heard = json.loads(payload)
            if heard["type"] in kinds and fields.items() <= heard.items():
                return heard
        return None

    def is_over(self):
        """Wait for the end, and tell with which code the server closed; 0: without a word."""
        code = 0
        while (read := self.read_frame()) is not None:
            if read[0] == CLOSE and len(read[1]) >= 2:
                [code] = struct.unpack("!H", read[1][:2])
                self.send(frame(CLOSE, read[1][:2]))
        return code


def fetch(port, path="/", method="GET", *, address="127.0.0.1", body=None, **headers):
    """Ask over HTTP exactly as it is written; the status and the body."""
    connection = http.client.HTTPConnection(address, port, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def memory(pid):
    """Bytes that a process has in memory."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
