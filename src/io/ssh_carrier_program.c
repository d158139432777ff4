/* SPDX-License-Identifier: MIT */
/* The connections of a tunnel, by one `ssh` process: each is one to the socket that it forwards. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/ssh_carrier.h"

#define LOOK_EVERY_MS 20

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* a pipe: nothing is lost by it */
    *fd = -1;
}

/* Keep the last line that it said. */
static void listen_to(struct carrier *carrier)
{
    char bytes[4096];
    ssize_t len;

    while ((len = read(carrier->output_fd, bytes, sizeof bytes)) > 0)
        continue; /* nobody is meant by it; but a pipe that is full would stop it */
    while ((len = read(carrier->errors_fd, bytes, sizeof bytes - 1)) > 0) {
        while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
            len--;
        bytes[len] = '\0';
        const char *last = strrchr(bytes, '\n');
        if (len > 0)
            (void)snprintf(carrier->said, sizeof carrier->said, "%.199s", last ? last + 1 : bytes);
    }
}

static bool has_ended(struct carrier *carrier)
{
    enum child_state state = child_look(&carrier->child);

    return state != CHILD_RUNS && state != CHILD_PAUSED;
}

static int gave_up(struct carrier *carrier, const char *otherwise, struct err *err)
{
    const char *said = carrier->said;

    listen_to(carrier);
    bool is_host = strstr(said, "Host key verification failed");
    (void)err_set(err, is_host || strstr(said, "Permission denied") ? ERR_REFUSED : ERR_LOST,
                  EFFECT_NONE, "ssh gave up: %s", *said ? said : otherwise);
    if (is_host)
        (void)err_hint(err, "compare the host's key with %s; cutover check says more",
                       carrier->options->ssh->known_hosts);
    return err_where(err, "%s@%s", carrier->options->ssh->user, carrier->options->ssh->host);
}

static bool is_listening(const struct carrier *carrier)
{
    struct stat status;

    return stat(carrier->socket_path, &status) == 0 && S_ISSOCK(status.st_mode);
}

static void program_close(struct carrier *carrier)
{
    close_fd(&carrier->input_fd);
    child_signal(&carrier->child, SIGKILL); /* one that is stopped, or waits for the network */
    child_release(&carrier->child);
    close_fd(&carrier->output_fd);
    close_fd(&carrier->errors_fd);
    (void)unlink(carrier->socket_path); /* what a killed one left behind */
}

static int program_open(struct carrier *carrier, int64_t deadline_ms, struct err *err)
{
    const struct ssh_tunnel_options *options = carrier->options;
    const struct ssh_forward forward = {
        .socket_path = carrier->socket_path, .host = options->host, .port = options->port};
    int streams[3];

    carrier->said[0] = '\0';
    if (snprintf(carrier->socket_path, sizeof carrier->socket_path, "%s.ssh",
                 options->socket_path) >= (int)sizeof carrier->socket_path)
        return err_set(err, ERR_IO, EFFECT_NONE, "the path of a socket is too long");
    int rc = ssh_program_forward(options->ssh, &forward, &carrier->child, streams, err);
    if (rc)
        return rc;
    carrier->input_fd = streams[0];
    carrier->output_fd = streams[1];
    carrier->errors_fd = streams[2];
    while (!is_listening(carrier)) {
        bool is_late = clock_mono_ms() >= deadline_ms || ssh_is_cancelled(options->ssh);
        if (is_late || has_ended(carrier)) {
            rc = gave_up(carrier, "no answer within its time", err);
            program_close(carrier);
            return rc;
        }
        listen_to(carrier);
        (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
    return 0;
}

static struct pollfd program_poll(const struct carrier *carrier)
{
    return (struct pollfd){.fd = carrier->errors_fd, .events = POLLIN};
}

static int program_connect(struct carrier *carrier, struct carried *one, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (has_ended(carrier)) {
        (void)gave_up(carrier, "without a word", err);
        return CARRIER_LOST;
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.*s",
                   (int)sizeof address.sun_path - 1, carrier->socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (fd >= 0)
            (void)close(fd); /* never connected */
        return CARRIER_LATER;
    }
    carrier->said[0] = '\0';
    one->fd_plus_one = fd + 1;
    return CARRIER_DONE;
}

/* The program says why before it ends a connection: what it said is there once the end is seen, and
 * not always before. */
static int refused(struct carrier *carrier, struct err *err)
{
    listen_to(carrier);
    bool is_forbidden = strstr(carrier->said, "prohibited");
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "no connection to %s:%u there: %s",
                  carrier->options->host, carrier->options->port,
                  is_forbidden ? "forwarding is prohibited; \"AllowTcpForwarding local\" in its "
                                 "sshd_config lets it"
                  : carrier->said[0] ? carrier->said
                                     : "it was closed at once");
    (void)err_where(err, "%s@%s", carrier->options->ssh->user, carrier->options->ssh->host);
    return CARRIER_REFUSED;
}

static ssize_t program_read(struct carrier *carrier, struct carried *one, char *out, size_t size,
                            struct err *err)
{
    listen_to(carrier);
    ssize_t len = recv(one->fd_plus_one - 1, out, size, MSG_DONTWAIT);
    if (len > 0)
        return len;
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return CARRIER_LATER;
    return refused(carrier, err);
}

static ssize_t program_write(struct carrier *carrier, struct carried *one, const char *bytes,
                             size_t len, struct err *err)
{
    ssize_t sent = send(one->fd_plus_one - 1, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == EINTR ? CARRIER_LATER : refused(carrier, err);
}

static int program_end(struct carrier *carrier UNUSED, struct carried *one, struct err *err UNUSED)
{
    carrier_drop(one); /* the program passes the end on */
    return CARRIER_DONE;
}

const struct carrier_kind carrier_by_program = {
    .open = program_open,
    .close = program_close,
    .poll = program_poll,
    .connect = program_connect,
    .read = program_read,
    .write = program_write,
    .end = program_end,
};
