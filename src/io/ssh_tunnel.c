/* SPDX-License-Identifier: MIT */
/*
 * The thread of a tunnel: who connects here gets a lane, a lane gets a connection there, and bytes
 * go both ways as fast as the slower end takes them.
 */
#include "io/ssh_tunnel.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/db_excuse.h"
#include "io/ssh_carrier.h"

#define LANE_CAP 256
#define LANE_BYTES 32768 /* each way; libssh2's window holds more of what comes back */
#define BACKLOG 64
#define OPEN_MS 4000 /* shorter than who connects waits, so that it hears the reason */
#define LANE_OPEN_MS 10000
#define RETRY_MS 250
#define TURN_MS 1000
#define BREATH_MS 2 /* when poll() said ready and nothing could be done */

enum lane_state {
    LANE_WAITS, /* for its connection there */
    LANE_OPEN,
    LANE_ENDS, /* nobody is here any more; the other end has to be closed */
};

struct flow {
    char bytes[LANE_BYTES];
    size_t from, to;
    bool is_over; /* nothing more comes */
};

struct lane {
    enum lane_state state;
    int fd; /* here; -1: closed */
    struct carried there;
    int64_t deadline_ms;
    bool has_answered; /* a byte came back */
    struct flow out, back;
};

struct ssh_tunnel {
    struct ssh_tunnel_options options;
    struct ssh_settings settings, jump;
    struct carrier carrier;
    int listener, wake;
    atomic_bool is_stopping;
    pthread_t thread;
    bool has_thread;
    struct lane *lanes[LANE_CAP];
    size_t lane_count;
    int64_t opened_at_ms, retry_at_ms;
    struct err why; /* of the last attempt that failed */
};

/* --- lanes ------------------------------------------------------------------------------------ */

static void leave_here(struct lane *lane)
{
    if (lane->fd >= 0)
        (void)close(lane->fd); /* what was for it has been sent, or cannot be */
    lane->fd = -1;
}

static void excuse(struct lane *lane, const struct err *why)
{
    unsigned char packet[DB_EXCUSE_SIZE];

    if (!lane->has_answered && lane->fd >= 0)
        (void)send(lane->fd, packet, db_excuse_write(why, packet), MSG_NOSIGNAL | MSG_DONTWAIT);
    leave_here(lane);
}

static void lane_free(struct lane *lane)
{
    leave_here(lane);
    carrier_drop(&lane->there);
    free(lane);
}

static void end_all(struct ssh_tunnel *tunnel)
{
    for (size_t i = 0; i < tunnel->lane_count; i++) {
        excuse(tunnel->lanes[i], &tunnel->why);
        lane_free(tunnel->lanes[i]);
    }
    tunnel->lane_count = 0;
    carrier_close(&tunnel->carrier);
}

/*
 * The session is gone: whoever was connected sees the end, also one for whom a connection was being
 * made for too long. Whoever else waits gets the next session.
 */
static void lose_session(struct ssh_tunnel *tunnel)
{
    size_t kept = 0;

    for (size_t i = 0; i < tunnel->lane_count; i++) {
        struct lane *lane = tunnel->lanes[i];
        if (lane->state == LANE_WAITS && lane->fd >= 0 && clock_mono_ms() < lane->deadline_ms) {
            carrier_drop(&lane->there);
            tunnel->lanes[kept++] = lane;
        } else {
            excuse(lane, &tunnel->why);
            lane_free(lane);
        }
    }
    tunnel->lane_count = kept;
    if (clock_mono_ms() - tunnel->opened_at_ms < RETRY_MS) /* it never held: do not hammer on it */
        tunnel->retry_at_ms = clock_mono_ms() + RETRY_MS;
    carrier_close(&tunnel->carrier);
}

static void accept_one(struct ssh_tunnel *tunnel)
{
    int fd = accept4(tunnel->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct lane *lane = fd >= 0 && tunnel->lane_count < LANE_CAP ? calloc(1, sizeof *lane) : NULL;

    if (!lane) {
        if (fd >= 0)
            (void)close(fd); /* as a server without a free slot does */
        return;
    }
    lane->fd = fd;
    lane->deadline_ms = clock_mono_ms() + LANE_OPEN_MS;
    tunnel->lanes[tunnel->lane_count++] = lane;
}

static bool is_waited_for(const struct ssh_tunnel *tunnel)
{
    for (size_t i = 0; i < tunnel->lane_count; i++)
        if (tunnel->lanes[i]->state == LANE_WAITS)
            return true;
    return false;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static size_t flow_room(const struct flow *flow)
{
    return flow->from == flow->to ? LANE_BYTES : 0; /* refilled when empty: no byte moves twice */
}

/* Did anything happen? */
static bool read_here(struct lane *lane)
{
    struct flow *out = &lane->out;

    if (out->is_over || !flow_room(out))
        return false;
    ssize_t len = recv(lane->fd, out->bytes, sizeof out->bytes, MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    out->from = 0;
    out->to = len > 0 ? (size_t)len : 0;
    out->is_over = len <= 0;
    return true;
}

static bool write_here(struct lane *lane)
{
    struct flow *back = &lane->back;

    if (back->from == back->to || lane->fd < 0)
        return false;
    ssize_t len = send(lane->fd, back->bytes + back->from, back->to - back->from,
                       MSG_NOSIGNAL | MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len < 0) { /* it went away, and wants nothing any more */
        back->from = back->to;
        back->is_over = true;
        return true;
    }
    back->from += (size_t)len;
    return true;
}

static int read_there(struct ssh_tunnel *tunnel, struct lane *lane, bool *did)
{
    struct flow *back = &lane->back;

    if (back->is_over || !flow_room(back))
        return CARRIER_DONE;
    ssize_t len =
        carrier_read(&tunnel->carrier, &lane->there, back->bytes, sizeof back->bytes, &tunnel->why);
    if (len == CARRIER_LATER || len == CARRIER_LOST)
        return (int)len;
    if (len == CARRIER_REFUSED)
        excuse(lane, &tunnel->why);
    back->from = 0;
    back->to = len > 0 ? (size_t)len : 0;
    back->is_over = len <= 0;
    lane->has_answered = lane->has_answered || len > 0;
    *did = true;
    return CARRIER_DONE;
}

static int write_there(struct ssh_tunnel *tunnel, struct lane *lane, bool *did)
{
    struct flow *out = &lane->out;

    if (out->from == out->to)
        return CARRIER_DONE;
    ssize_t len = carrier_write(&tunnel->carrier, &lane->there, out->bytes + out->from,
                                out->to - out->from, &tunnel->why);
    if (len == CARRIER_LATER || len == CARRIER_LOST)
        return (int)len;
    out->from = len < 0 ? out->to : out->from + (size_t)len; /* nobody reads there any more */
    *did = true;
    return CARRIER_DONE;
}

/* --- one lane --------------------------------------------------------------------------------- */

static int connect_lane(struct ssh_tunnel *tunnel, struct lane *lane, bool *did)
{
    int answer = carrier_connect(&tunnel->carrier, &lane->there, &tunnel->why);

    if (answer == CARRIER_LATER && clock_mono_ms() >= lane->deadline_ms) {
        (void)err_set(&tunnel->why, ERR_TIMEOUT, EFFECT_NONE,
                      "sshd there does not answer, or what it should connect to does not");
        (void)err_where(&tunnel->why, "SSH to %s", tunnel->settings.host);
        return CARRIER_LOST; /* a session opens one connection at a time: it is stuck */
    }
    if (answer == CARRIER_LATER || answer == CARRIER_LOST)
        return answer;
    *did = true;
    if (answer == CARRIER_REFUSED)
        excuse(lane, &tunnel->why);
    lane->state = answer == CARRIER_DONE ? LANE_OPEN : LANE_ENDS;
    return CARRIER_DONE;
}

static int carry(struct ssh_tunnel *tunnel, struct lane *lane, bool *did)
{
    *did = read_here(lane) || *did;
    int answer = write_there(tunnel, lane, did);
    if (answer != CARRIER_LOST)
        answer = read_there(tunnel, lane, did);
    *did = write_here(lane) || *did;
    bool is_sent = lane->out.is_over && lane->out.from == lane->out.to;
    bool is_answered = lane->back.is_over && lane->back.from == lane->back.to;
    if (answer != CARRIER_LOST && (is_sent || is_answered)) {
        leave_here(lane);
        lane->state = LANE_ENDS;
        *did = true;
    }
    return answer;
}

/* CARRIER_DONE: it is over, and can be forgotten. */
static int end_lane(struct ssh_tunnel *tunnel, struct lane *lane, bool *did)
{
    int answer = carrier_end(&tunnel->carrier, &lane->there, &tunnel->why);

    *did = *did || answer == CARRIER_DONE;
    return answer;
}

/* Each lane once. False: the session is lost. */
static bool take_round(struct ssh_tunnel *tunnel, bool *did)
{
    for (size_t i = 0; i < tunnel->lane_count;) {
        struct lane *lane = tunnel->lanes[i];
        bool ends = lane->state == LANE_ENDS;
        int answer = ends                        ? end_lane(tunnel, lane, did)
                     : lane->state == LANE_WAITS ? connect_lane(tunnel, lane, did)
                                                 : carry(tunnel, lane, did);
        if (answer == CARRIER_LOST)
            return false;
        if (ends && answer == CARRIER_DONE) {
            lane_free(lane);
            tunnel->lanes[i] = tunnel->lanes[--tunnel->lane_count];
        } else {
            i++;
        }
    }
    return true;
}

/* --- the thread ------------------------------------------------------------------------------- */

static bool try_to_open(struct ssh_tunnel *tunnel)
{
    if (tunnel->carrier.is_open)
        return true;
    if (clock_mono_ms() >= tunnel->retry_at_ms) {
        tunnel->why = (struct err){0};
        if (carrier_open(&tunnel->carrier, clock_mono_ms() + OPEN_MS, &tunnel->why) == 0) {
            tunnel->opened_at_ms = clock_mono_ms();
            return true;
        }
        tunnel->retry_at_ms = clock_mono_ms() + RETRY_MS;
    }
    return false;
}

/* True: something was done, and more may be possible. */
static bool work(struct ssh_tunnel *tunnel)
{
    bool did = false;

    if (!tunnel->carrier.is_open && !is_waited_for(tunnel))
        return false;
    if (!try_to_open(tunnel)) {
        end_all(tunnel);
        return false;
    }
    if (take_round(tunnel, &did))
        return did;
    lose_session(tunnel);
    return is_waited_for(tunnel);
}

static short wanted_here(const struct lane *lane)
{
    if (lane->fd < 0)
        return 0;
    return (short)((!lane->out.is_over && flow_room(&lane->out) ? POLLIN : 0) |
                   (lane->back.from < lane->back.to ? POLLOUT : 0));
}

static short wanted_there(const struct lane *lane)
{
    return (short)((!lane->back.is_over && flow_room(&lane->back) ? POLLIN : 0) |
                   (lane->out.from < lane->out.to ? POLLOUT : 0));
}

/* A descriptor that is looked at for nothing must not be looked at: its end would spin. */
static struct pollfd look_at(int fd, short events)
{
    return (struct pollfd){.fd = events ? fd : -1, .events = events};
}

/*
 * Without lanes a session is only watched for its end; with lanes that all wait for somebody here,
 * it is left alone: what it brings has no room.
 */
static struct pollfd look_at_session(const struct ssh_tunnel *tunnel, bool is_breathing)
{
    struct pollfd wanted = carrier_poll(&tunnel->carrier);
    bool has_room = false;

    for (size_t i = 0; i < tunnel->lane_count; i++)
        has_room = has_room || tunnel->lanes[i]->state != LANE_OPEN ||
                   (wanted_there(tunnel->lanes[i]) & POLLIN);
    if (!has_room)
        wanted.events = (short)((wanted.events & POLLOUT) | POLLRDHUP);
    if (is_breathing)
        wanted.events = (short)(wanted.events & ~POLLOUT);
    return wanted;
}

/* False: the session ended while nobody used it. */
static bool wait_for_work(struct ssh_tunnel *tunnel, bool is_breathing)
{
    struct pollfd wanted[3 + 2 * LANE_CAP];
    size_t count = 3;

    wanted[0] = (struct pollfd){.fd = tunnel->wake, .events = POLLIN};
    wanted[1] = (struct pollfd){.fd = tunnel->listener, .events = POLLIN};
    wanted[2] = look_at_session(tunnel, is_breathing);
    for (size_t i = 0; i < tunnel->lane_count; i++) {
        const struct lane *lane = tunnel->lanes[i];
        wanted[count++] =
            look_at(lane->fd, lane->state == LANE_OPEN ? wanted_here(lane) : POLLRDHUP);
        wanted[count++] =
            look_at(carried_fd(&lane->there), lane->state == LANE_OPEN ? wanted_there(lane) : 0);
    }
    if (poll(wanted, count, is_breathing ? BREATH_MS : TURN_MS) <= 0)
        return true;
    if (wanted[1].revents)
        accept_one(tunnel);
    for (size_t i = 0; i < tunnel->lane_count && 3 + 2 * i < count; i++) {
        struct lane *lane = tunnel->lanes[i];
        if (lane->state == LANE_WAITS && wanted[3 + 2 * i].revents & (POLLRDHUP | POLLHUP))
            leave_here(lane); /* it gave up; what was begun for it ends when it has come about */
    }
    return tunnel->lane_count > 0 || !(wanted[2].revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static void *run_tunnel(void *context)
{
    struct ssh_tunnel *tunnel = context;
    bool is_breathing = false;

    while (!atomic_load(&tunnel->is_stopping)) {
        int64_t before_us = clock_mono_us();
        if (!wait_for_work(tunnel, is_breathing))
            carrier_close(&tunnel->carrier);
        bool has_waited = clock_mono_us() - before_us >= 100;
        bool did = work(tunnel);
        is_breathing = !did && !has_waited;
        while (did && !atomic_load(&tunnel->is_stopping))
            did = work(tunnel);
    }
    return NULL;
}

/* --- start and stop --------------------------------------------------------------------------- */

static int listen_here(struct ssh_tunnel *tunnel, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = tunnel->options.socket_path;

    if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >=
        (int)sizeof address.sun_path)
        return err_set(err, ERR_IO, EFFECT_NONE, "the path of a socket is too long: %s", path);
    tunnel->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    tunnel->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (tunnel->listener < 0 || tunnel->wake < 0 ||
        bind(tunnel->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, 0600) != 0 || listen(tunnel->listener, BACKLOG) != 0)
        return err_set(err, ERR_IO, EFFECT_NONE, "cannot make the socket %s: %s", path,
                       strerror(errno));
    return 0;
}

static void stop_tunnelp(struct ssh_tunnel **tunnel)
{
    ssh_tunnel_stop(*tunnel);
}

int ssh_tunnel_start(struct ssh_tunnel **out, const struct ssh_tunnel_options *options,
                     struct err *err)
{
    CLEANUP(stop_tunnelp) struct ssh_tunnel *tunnel = calloc(1, sizeof *tunnel);

    if (!tunnel)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a tunnel");
    tunnel->listener = -1;
    tunnel->wake = -1;
    tunnel->options = *options;
    tunnel->settings = *options->ssh;
    tunnel->settings.cancelled = &tunnel->is_stopping;
    if (tunnel->settings.jump) {
        tunnel->jump = *tunnel->settings.jump;
        tunnel->jump.cancelled = &tunnel->is_stopping;
        tunnel->settings.jump = &tunnel->jump;
    }
    tunnel->options.ssh = &tunnel->settings;
    carrier_init(&tunnel->carrier, &tunnel->options);
    int rc = listen_here(tunnel, err);
    if (rc)
        return rc;
    tunnel->has_thread = pthread_create(&tunnel->thread, NULL, run_tunnel, tunnel) == 0;
    if (!tunnel->has_thread)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for a tunnel");
    *out = tunnel;
    tunnel = NULL;
    return 0;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* nothing was written to it */
}

void ssh_tunnel_stop(struct ssh_tunnel *tunnel)
{
    if (!tunnel)
        return;
    atomic_store(&tunnel->is_stopping, true);
    if (tunnel->has_thread) {
        (void)eventfd_write(tunnel->wake, 1); /* or it notices within TURN_MS */
        (void)pthread_join(tunnel->thread, NULL);
    }
    end_all(tunnel);
    if (tunnel->listener >= 0)
        (void)unlink(tunnel->options.socket_path); /* its folder goes as well */
    close_fd(tunnel->listener);
    close_fd(tunnel->wake);
    free(tunnel);
}
