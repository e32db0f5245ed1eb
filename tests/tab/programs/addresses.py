"""Who may listen where, on IPv4, IPv6 and at a path, and what names lead to."""

import errno
import os
import socket
import tempfile


def name_of(error: OSError) -> str:
    return f"{errno.errorcode[error.errno]}: {error.strerror}"


def attempt(step: object, *arguments: object) -> None:
    try:
        print(step(*arguments))
    except OSError as error:
        print(name_of(error))


def listening() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as other:
        place = server.getsockname()
        attempt(other.bind, place)
        with socket.create_connection(place, source_address=("127.0.0.1", 0)) as client:
            near, address = server.accept()
            print(address == client.getsockname(), near.getpeername() == address)
            print(near.getsockname() == client.getpeername() == place)
            near.close()
        attempt(other.connect, ("127.0.0.1", 1))
        attempt(other.getpeername)
        attempt(other.accept)
        attempt(socket.socket().bind, ("203.0.113.1", 8888))
        attempt(server.send, b"x")
    for reuse in False, True:
        with socket.socket() as one, socket.socket() as two:
            for each in one, two:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, reuse)
            one.bind(("127.0.0.1", 0))
            attempt(two.bind, one.getsockname())


def families() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        host, port, *rest = server.getsockname()
        print(host, rest, server.family.name)
        with socket.create_connection(("::1", port)) as client:
            print(client.family.name, client.getpeername()[0])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            attempt(client.connect, path)
            server.bind(path)
            print(os.path.exists(path), server.getsockname() == path)
            attempt(client.connect, path)
            server.listen()
            client.connect(path)
            server.accept()[0].send(b"at a path")
            print(client.recv(100))
        with socket.socket(socket.AF_UNIX) as again:
            attempt(again.bind, path)


def names() -> None:
    kind = socket.SOCK_STREAM
    for host, family in (("127.0.0.1", 0), ("::1", 0), ("localhost", socket.AF_INET)):
        print(socket.getaddrinfo(host, 80, family, kind))
    print(sorted(each[4][0] for each in socket.getaddrinfo(None, 80, 0, kind, 0, 1)))
    print(socket.getaddrinfo("127.0.0.1", "http", 0, kind)[0][4], socket.gethostbyname("localhost"))
    print(socket.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV))
    try:
        socket.getaddrinfo("nowhere.invalid", 80)
    except socket.gaierror:
        print("unknown")


listening()
families()
names()
