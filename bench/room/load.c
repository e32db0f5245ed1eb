// A cheap audience: thousands of websocket connections in one thread, of which the first speaks.
// A server has to send what it says to everybody, the speaker included, as a text frame.
//
//     load PORT PATH [socketio]
//
// Then it does what its input says, a line at a time:
//
//     join FOLLOWERS                   connect; answers `joined SECONDS`
//     say ROUNDS BURST PAUSE_MS BYTES SECONDS
//                                      speak; answers a line of microseconds for each round, from
//                                      the moment it was said until the last follower had it, and
//                                      `said CPU_SECONDS`, of this program
//
// In a round BURST messages are said at once; the next round begins PAUSE_MS after everybody has
// them. It ends after so many rounds, or seconds. Anything unexpected ends the program.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, UNDER_WAY = 64, PATIENCE_S = 120, MOST_BYTES = 4096 };
enum stage { CONNECTING, SHAKING_HANDS, GREETED, ASKED, JOINED };

struct follower {
    int fd;
    enum stage stage;
    int matched;            // of the four bytes that end the handshake
    unsigned char head[10]; // of the frame that is being read
    int have;               // bytes of the head
    unsigned long left;     // bytes of the payload that are to come
    unsigned long heard;    // messages
};

static struct follower *followers;
static int count, joined, poll_fd, port, socketio;
static const char *path;
static unsigned long due, complete; // messages that each should have, and who has all of them
static unsigned char buffer[1 << 18];

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(const char *why) {
    fprintf(stderr, "load: %s (%s)\n", why, strerror(errno));
    exit(1);
}

static void start(struct follower *f) {
    struct linger abort = {1, 0}; // leave no thousands of connections in TIME_WAIT
    int one = 1;
    f->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (f->fd < 0) fail("no socket");
    setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    setsockopt(f->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(f->fd, (void *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = f};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, f->fd, &event)) fail("epoll");
}

static void shake_hands(struct follower *f) {
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n\r\n", path, port);
    if (send(f->fd, request, size, MSG_NOSIGNAL) != size) fail("cannot connect");
    f->stage = SHAKING_HANDS;
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, f->fd,
              &(struct epoll_event){.events = EPOLLIN, .data.ptr = f});
}

// Append a client's text frame to `out`, masked with zeros; return its size.
static int put_frame(unsigned char *out, const char *text, int size) {
    int head = size < 126 ? 2 : 4;
    out[0] = 0x81;
    out[1] = 0x80 | (size < 126 ? size : 126);
    if (head == 4) out[2] = size >> 8, out[3] = size & 255;
    memset(out + head, 0, 4);
    memcpy(out + head + 4, text, size);
    return head + 4 + size;
}

static void on_message(struct follower *f) {
    if (f->stage == GREETED) { // Engine.IO opened; ask for Socket.IO's namespace
        unsigned char frame[16];
        int size = put_frame(frame, "40", 2);
        if (send(f->fd, frame, size, MSG_NOSIGNAL) != size) fail("cannot ask");
        f->stage = ASKED;
    } else if (f->stage == ASKED) {
        f->stage = JOINED;
        joined++;
    } else if (++f->heard == due) {
        complete++;
    } else if (f->heard > due) {
        fail("more was heard than said");
    }
}

static void end_head(struct follower *f) {
    int opcode = f->head[0] & 15, size = f->head[1];
    if ((opcode != 0 && opcode != 1) || f->head[0] & 0x70) fail("a frame that is no plain text");
    f->left = 0;
    for (int i = 2; i < f->have; i++) f->left = f->left << 8 | f->head[i];
    if (size < 126) f->left = size;
}

static void feed(struct follower *f, const unsigned char *data, long size) {
    for (long at = 0; at < size;) {
        if (f->stage == SHAKING_HANDS) {
            f->matched = data[at] == "\r\n\r\n"[f->matched] ? f->matched + 1 : data[at] == '\r';
            at++;
            if (f->matched < 4) continue;
            f->stage = socketio ? GREETED : JOINED;
            joined += !socketio;
            continue;
        }
        int whole = f->have < 2 ? 2 : f->head[1] < 126 ? 2 : f->head[1] == 126 ? 4 : 10;
        if (f->have < whole) {
            f->head[f->have++] = data[at++];
            whole = f->have < 2 ? 2 : f->head[1] < 126 ? 2 : f->head[1] == 126 ? 4 : 10;
            if (f->have < whole) continue;
            end_head(f);
        }
        unsigned long rest = size - at, part = rest < f->left ? rest : f->left;
        at += part;
        f->left -= part;
        if (f->left) continue;
        f->have = 0;
        if (f->head[0] & 0x80) on_message(f);
    }
}

static void receive(struct follower *f) {
    ssize_t got = recv(f->fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) fail("the server closed a connection");
    if (f->stage == SHAKING_HANDS && !f->matched && memcmp(buffer, "HTTP/1.1 101", 12))
        fail("the server refused a connection");
    feed(f, buffer, got);
}

static void wait_for(int ms) {
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(poll_fd, events, EVENTS, ms);
    for (int i = 0; i < ready; i++) {
        struct follower *f = events[i].data.ptr;
        if (f->stage == CONNECTING) shake_hands(f);
        else receive(f);
    }
}

static void join(int wanted) {
    double begin = now(CLOCK_MONOTONIC);
    followers = calloc(wanted, sizeof *followers);
    while (joined < wanted) {
        while (count < wanted && count - joined < UNDER_WAY) start(&followers[count++]);
        wait_for(100);
        if (now(CLOCK_MONOTONIC) - begin > PATIENCE_S) fail("connecting takes too long");
    }
    printf("joined %.3f\n", now(CLOCK_MONOTONIC) - begin);
}

// What the speaker sends in a round: the same message a few times, in one segment.
static int put_burst(unsigned char *out, int burst, int bytes) {
    char text[MOST_BYTES + 16];
    int size = 0, length = socketio ? sprintf(text, "42[\"m\",\"") : 0;
    for (int i = 0; i < bytes; i++) text[length++] = 'a' + i % 26;
    if (socketio) text[length++] = '"', text[length++] = ']';
    for (int i = 0; i < burst; i++) size += put_frame(out + size, text, length);
    return size;
}

static void say(int rounds, int burst, int pause_ms, int bytes, double seconds) {
    static unsigned char frames[16 * (MOST_BYTES + 32)];
    if (burst > 16 || bytes > MOST_BYTES) fail("too much to say");
    int size = put_burst(frames, burst, bytes);
    double begin = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < rounds && now(CLOCK_MONOTONIC) - begin < seconds; i++) {
        due += burst;
        complete = 0;
        double said = now(CLOCK_MONOTONIC);
        if (send(followers[0].fd, frames, size, MSG_NOSIGNAL) != size) fail("cannot speak");
        while (complete < (unsigned long)count) {
            wait_for(1000);
            if (now(CLOCK_MONOTONIC) - said > PATIENCE_S) fail("somebody did not hear it");
        }
        double heard = now(CLOCK_MONOTONIC), until = heard + pause_ms * 1e-3;
        printf("%.1f\n", (heard - said) * 1e6);
        for (double left; (left = until - now(CLOCK_MONOTONIC)) > 0;) wait_for(left * 1e3 + 1);
    }
    printf("said %.6f\n", now(CLOCK_PROCESS_CPUTIME_ID) - used);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    port = atoi(argv[1]);
    path = argv[2];
    socketio = argc > 3;
    poll_fd = epoll_create1(0);
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        int many, burst, pause, bytes;
        double seconds;
        if (sscanf(line, "join %d", &many) == 1) join(many);
        else if (sscanf(line, "say %d %d %d %d %lf", &many, &burst, &pause, &bytes,
                        &seconds) == 5)
            say(many, burst, pause, bytes, seconds);
        else fail("what does that mean?");
        fflush(stdout);
    }
}
