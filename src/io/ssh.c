/* SPDX-License-Identifier: MIT */
/*
 * A session: connected, its host verified, logged in, and given up without waiting for anybody. A
 * jump is a session of its own whose channel is the other one's network.
 */
#include "io/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/ssh_inner.h"

#define POLL_MS 1000
#define GOODBYE_MS 250
#define SILENCE_MS 15000 /* of the network, while something of ours is not acknowledged */
#define KEEPALIVE_S 15

int ssh_library_init(struct err *err)
{
    int rc = libssh2_init(0);

    return rc ? err_set(err, ERR_BUG, EFFECT_NONE, "libssh2 does not start: %d", rc) : 0;
}

void ssh_library_end(void)
{
    libssh2_exit();
}

unsigned ssh_port(const struct ssh_settings *settings)
{
    return settings->port ? settings->port : 22;
}

const char *ssh_where(const struct ssh *ssh)
{
    return ssh->where;
}

bool ssh_is_dead(const struct ssh *ssh)
{
    return ssh->is_dead;
}

struct pollfd ssh_poll(struct ssh *ssh)
{
    struct pollfd wanted = {.fd = -1, .events = POLLIN};

    for (struct ssh *each = ssh; each; each = each->jump) {
        if (libssh2_session_block_directions(each->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND)
            wanted.events |= POLLOUT;
        if (each->fd >= 0)
            wanted.fd = each->fd;
    }
    return wanted;
}

bool ssh_is_cancelled(const struct ssh_settings *settings)
{
    return settings->cancelled && atomic_load(settings->cancelled);
}

bool ssh_wait(struct ssh *ssh, int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - clock_mono_ms();

    if (left_ms <= 0 || ssh_is_cancelled(ssh->settings))
        return false;
    struct pollfd wanted = ssh_poll(ssh);
    (void)poll(&wanted, 1, left_ms < POLL_MS ? (int)left_ms : POLL_MS); /* the caller asks again */
    return true;
}

int ssh_fail(struct ssh *ssh, int answer, enum err_effect effect, const char *doing,
             struct err *err)
{
    char *text = NULL;

    ssh->is_dead = true;
    if (answer == LIBSSH2_ERROR_EAGAIN) {
        (void)err_set(err, ERR_TIMEOUT, effect, "cannot %s: no answer within its time", doing);
    } else {
        if (ssh->session)
            (void)libssh2_session_last_error(ssh->session, &text, NULL, 0);
        (void)err_set(err, ERR_LOST, effect, "cannot %s: %s (libssh2 %d)", doing,
                      text && *text ? text : "the connection ended", answer);
        if (err)
            err->native = (unsigned)-answer;
    }
    return err_where(err, "%s", ssh->where);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* nothing was written to it that a failure could lose */
}

/* A network that is gone is noticed here, not by SSH's keepalive, whose answers nobody reads. */
static void set_up_socket(int fd)
{
    int on = 1, idle_s = KEEPALIVE_S, every_s = KEEPALIVE_S / 3, silence_ms = SILENCE_MS;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof silence_ms);
}

/* Until it is connected, or is not: 0 or errno. */
static int wait_connected(int fd, const struct ssh_settings *settings, int64_t deadline_ms)
{
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    int why = 0, ready = 0;
    socklen_t why_size = sizeof why;

    while (ready == 0 || (ready < 0 && errno == EINTR)) {
        int64_t left_ms = deadline_ms - clock_mono_ms();
        if (left_ms <= 0 || ssh_is_cancelled(settings))
            return ETIMEDOUT;
        ready = poll(&wanted, 1, left_ms < POLL_MS ? (int)left_ms : POLL_MS);
    }
    if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &why_size) != 0)
        return errno;
    return why;
}

/* 0, or errno. */
static int connect_to(const struct addrinfo *address, const struct ssh_settings *settings,
                      int64_t deadline_ms, int *out)
{
    CLEANUP(close_fd)
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    set_up_socket(fd);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        int why = errno == EINPROGRESS ? wait_connected(fd, settings, deadline_ms) : errno;
        if (why)
            return why;
    }
    *out = fd;
    fd = -1;
    return 0;
}

static int connect_host(struct ssh *ssh, int64_t deadline_ms, struct err *err)
{
    const struct ssh_settings *settings = ssh->settings;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    char port[16];
    int why = 0;

    (void)snprintf(port, sizeof port, "%u", ssh_port(settings));
    int rc = getaddrinfo(settings->host, port, &hints, &addresses);
    if (rc) {
        (void)err_set(err, ERR_LOST, EFFECT_NONE, "cannot look up %s: %s", settings->host,
                      gai_strerror(rc));
        return err_where(err, "%s", ssh->where);
    }
    for (const struct addrinfo *each = addresses; each && ssh->fd < 0; each = each->ai_next)
        why = connect_to(each, settings, deadline_ms, &ssh->fd);
    freeaddrinfo(addresses);
    if (ssh->fd >= 0)
        return 0;
    (void)err_set(err, why == ETIMEDOUT ? ERR_TIMEOUT : ERR_LOST, EFFECT_NONE,
                  "no SSH connection: %s", strerror(why));
    (void)err_hint(err, "is sshd at port %s of %s, and may this host reach it? Try: nc -vz %s %s",
                   port, settings->host, settings->host, port);
    return err_where(err, "%s", ssh->where);
}

/* A session's network that is another session's channel; libssh2 wants -errno. */
static LIBSSH2_RECV_FUNC(receive_by_jump)
{
    struct ssh *ssh = *abstract;
    ssize_t len = libssh2_channel_read(ssh->path, buffer, length);

    (void)socket;
    (void)flags;
    if (len == LIBSSH2_ERROR_EAGAIN || (len == 0 && !libssh2_channel_eof(ssh->path)))
        return -EAGAIN;
    return len < 0 ? -ECONNRESET : len;
}

static LIBSSH2_SEND_FUNC(send_by_jump)
{
    struct ssh *ssh = *abstract;
    ssize_t len = libssh2_channel_write(ssh->path, buffer, length);

    (void)socket;
    (void)flags;
    if (len == LIBSSH2_ERROR_EAGAIN || len == 0)
        return -EAGAIN;
    return len < 0 ? -EPIPE : len;
}

int ssh_ask_path(struct ssh *ssh, const char *host, unsigned port, LIBSSH2_CHANNEL **out)
{
    *out = libssh2_channel_direct_tcpip_ex(ssh->session, host, (int)port, "127.0.0.1", 22);
    return *out ? 0 : libssh2_session_last_errno(ssh->session);
}

int ssh_path_refused(const struct ssh *ssh, const char *host, unsigned port, struct err *err)
{
    char *text = NULL;

    (void)libssh2_session_last_error(ssh->session, &text, NULL, 0);
    bool is_forbidden = text && strstr(text, "prohibited");
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  is_forbidden ? "sshd there must not connect us to %s:%u; \"AllowTcpForwarding "
                                 "local\" in its sshd_config lets it"
                               : "sshd there cannot connect us to %s:%u",
                  host, port);
    if (is_forbidden)
        (void)err_hint(err,
                       "in sshd_config there: AllowTcpForwarding local; a PermitOpen names "
                       "%s:%u, too",
                       host, port);
    else
        (void)err_hint(err, "does something listen there? On that host: ss -ltn 'sport = :%u'",
                       port);
    return err_where(err, "%s", ssh->where);
}

int ssh_open_path(struct ssh *ssh, const char *host, unsigned port, int64_t deadline_ms,
                  LIBSSH2_CHANNEL **out, struct err *err)
{
    int answer;

    while ((answer = ssh_ask_path(ssh, host, port, out)) == LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, deadline_ms))
        continue;
    if (answer == 0)
        return 0;
    return answer == LIBSSH2_ERROR_CHANNEL_FAILURE
               ? ssh_path_refused(ssh, host, port, err)
               : ssh_fail(ssh, answer, EFFECT_NONE, "open a connection behind it", err);
}

static int connect_by_jump(struct ssh *ssh, int64_t deadline_ms, struct err *err)
{
    const struct ssh_settings *settings = ssh->settings;
    struct ssh_settings first = *settings->jump;

    first.jump = NULL;
    int rc = ssh_open(&ssh->jump, &first, deadline_ms, err);
    if (rc)
        return rc;
    ssh->jump->settings = settings->jump;
    rc = ssh_open_path(ssh->jump, settings->host, ssh_port(settings), deadline_ms, &ssh->path, err);
    return rc ? err_wrap(err, "%s is reached by %s", settings->host, ssh->jump->where) : 0;
}

static int start_session(struct ssh *ssh, int64_t deadline_ms, struct err *err)
{
    int answer;

    ssh->session = libssh2_session_init_ex(NULL, NULL, NULL, ssh);
    if (!ssh->session)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for an SSH session");
    libssh2_session_set_blocking(ssh->session, 0);
    if (ssh->jump) {
        /* The library's one interface for it takes a function as a pointer to data. */
        void *receive = NULL, *transmit = NULL;
        LIBSSH2_RECV_FUNC((*receiver)) = receive_by_jump;
        LIBSSH2_SEND_FUNC((*sender)) = send_by_jump;
        memcpy(&receive, &receiver, sizeof receive);
        memcpy(&transmit, &sender, sizeof transmit);
        (void)libssh2_session_callback_set(ssh->session, LIBSSH2_CALLBACK_RECV, receive);
        (void)libssh2_session_callback_set(ssh->session, LIBSSH2_CALLBACK_SEND, transmit);
    }
    int rc = ssh_prefer_known(ssh, err);
    if (rc)
        return rc;
    while ((answer = libssh2_session_handshake(
                ssh->session, ssh->jump ? ssh->jump->fd : ssh->fd)) == LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, deadline_ms))
        continue;
    if (!answer)
        return 0;
    rc = ssh_fail(ssh, answer, EFFECT_NONE, "agree with sshd on how to talk", err);
    if (answer == LIBSSH2_ERROR_KEX_FAILURE)
        (void)err_hint(err,
                       "libssh2 here knows RSA host keys by SHA-1 only, which a modern sshd does "
                       "not offer: put its ed25519 key into known_hosts (ssh-keyscan -t "
                       "ed25519), or set ssh = { transport = \"program\"; }");
    return rc;
}

static int open_by_library(struct ssh *ssh, int64_t deadline_ms, struct err *err)
{
    int rc = ssh->settings->jump ? connect_by_jump(ssh, deadline_ms, err)
                                 : connect_host(ssh, deadline_ms, err);

    rc = rc ? rc : start_session(ssh, deadline_ms, err);
    rc = rc ? rc : ssh_verify_host(ssh, err);
    return rc ? rc : ssh_log_in(ssh, deadline_ms, err);
}

int ssh_open(struct ssh **out, const struct ssh_settings *settings, int64_t deadline_ms,
             struct err *err)
{
    CLEANUP(ssh_closep) struct ssh *ssh = calloc(1, sizeof *ssh);

    if (!ssh)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for an SSH session");
    ssh->fd = -1;
    ssh->settings = settings;
    (void)snprintf(ssh->where, sizeof ssh->where, "%.60s@%.80s:%u", settings->user, settings->host,
                   ssh_port(settings));
    int rc = settings->transport == SSH_PROGRAM ? ssh_program_open(ssh, deadline_ms, err)
                                                : open_by_library(ssh, deadline_ms, err);
    if (rc) {
        ssh->is_dead = true;
        return rc;
    }
    *out = ssh;
    ssh = NULL;
    return 0;
}

/* Nobody answers to a socket that is shut: from here on libssh2 has nothing to wait for. */
static void hang_up(struct ssh *ssh)
{
    for (struct ssh *each = ssh; each; each = each->jump)
        if (each->fd >= 0)
            (void)shutdown(each->fd, SHUT_RDWR);
}

void ssh_close(struct ssh *ssh)
{
    if (!ssh)
        return;
    int64_t deadline_ms = clock_mono_ms() + GOODBYE_MS;
    while (ssh->session && !ssh->is_dead &&
           libssh2_session_disconnect(ssh->session, "done") == LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, deadline_ms))
        continue;
    hang_up(ssh);
    while (ssh->session && libssh2_session_free(ssh->session) == LIBSSH2_ERROR_EAGAIN &&
           ssh_wait(ssh, deadline_ms))
        continue;
    if (ssh->fd >= 0)
        (void)close(ssh->fd);
    ssh_close(ssh->jump);
    free(ssh);
}

void ssh_closep(struct ssh **ssh)
{
    ssh_close(*ssh);
}
