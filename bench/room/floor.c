// The floor: what a server that broadcasts cannot do without. One thread, epoll, and for a message
// one send() to everybody; what a socket does not take is lost. It knows one client: load.c.
//
//     floor PORT

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 16, EVENTS = 256 };

// The answer to the key that every connection of load.c has.
static const char WELCOME[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static int members[MOST], count; // the sockets that are told
static char joined[MOST];        // by socket
static unsigned char buffer[1 << 16], frame[1 << 16];

static void accept_all(int poll, int listening) {
    int one = 1, fd;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST) exit(1);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        joined[fd] = 0;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
    }
}

static void leave(int fd) {
    for (int i = 0; i < count; i++)
        if (members[i] == fd) members[i--] = members[--count];
    close(fd);
}

// Make the frame once, and send it to everybody.
static void tell(const unsigned char *payload, const unsigned char *mask, int size) {
    int head = size < 126 ? 2 : 4;
    frame[0] = 0x81;
    frame[1] = size < 126 ? size : 126;
    if (head == 4) frame[2] = size >> 8, frame[3] = size & 255;
    for (int i = 0; i < size; i++) frame[head + i] = payload[i] ^ mask[i & 3];
    for (int i = 0; i < count; i++)
        if (send(members[i], frame, head + size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) continue;
}

static void receive(int fd) {
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        leave(fd);
    } else if (!joined[fd]) {
        joined[fd] = 1;
        members[count++] = fd;
        if (send(fd, WELCOME, sizeof WELCOME - 1, MSG_NOSIGNAL) < 0) leave(fd);
    } else {
        // load.c sends whole frames, which arrive at once.
        for (int at = 0; at + 6 <= got;) {
            int size = buffer[at + 1] & 127, head = 2;
            if (size == 126) size = buffer[at + 2] << 8 | buffer[at + 3], head = 4;
            tell(buffer + at + head + 4, buffer + at + head, size);
            at += head + 4 + size;
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listening, (void *)&address, sizeof address) || listen(listening, 2048)) return 1;
    epoll_ctl(poll, EPOLL_CTL_ADD, listening,
              &(struct epoll_event){.events = EPOLLIN, .data.fd = listening});
    puts("ready");
    fflush(stdout);
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listening) accept_all(poll, listening);
            else receive(events[i].data.fd);
    }
}
