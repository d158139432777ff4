/* SPDX-License-Identifier: MIT */
/* The connections of a tunnel, by libssh2: a channel each on one session. */
#include "io/ssh_carrier.h"

#include <string.h>
#include <unistd.h>

static const struct carrier_kind *kind_of(const struct carrier *carrier)
{
    return carrier->options->ssh->transport == SSH_PROGRAM ? &carrier_by_program
                                                           : &carrier_by_library;
}

/* --- libssh2 ---------------------------------------------------------------------------------- */

static bool may_go(const struct carrier *carrier, const struct carried *one, enum carrier_deed deed)
{
    return !carrier->unfinished || (carrier->unfinished == one && carrier->deed == deed);
}

/* Returns what libssh2 answered. */
static ssize_t note(struct carrier *carrier, const struct carried *one, enum carrier_deed deed,
                    ssize_t answer)
{
    bool is_unfinished =
        answer == LIBSSH2_ERROR_EAGAIN &&
        (libssh2_session_block_directions(carrier->ssh->session) & LIBSSH2_SESSION_BLOCK_OUTBOUND);

    carrier->unfinished = is_unfinished ? one : NULL;
    carrier->deed = deed;
    return answer;
}

static int lost(struct carrier *carrier, ssize_t answer, const char *doing, struct err *err)
{
    (void)ssh_fail(carrier->ssh, (int)answer, EFFECT_UNKNOWN, doing, err); /* the answer says it */
    return CARRIER_LOST;
}

static int library_open(struct carrier *carrier, int64_t deadline_ms, struct err *err)
{
    carrier->unfinished = NULL;
    return ssh_open(&carrier->ssh, carrier->options->ssh, deadline_ms, err);
}

static void library_close(struct carrier *carrier)
{
    ssh_close(carrier->ssh); /* with its channels */
    carrier->ssh = NULL;
}

static struct pollfd library_poll(const struct carrier *carrier)
{
    struct pollfd wanted = ssh_poll(carrier->ssh);

    if (carrier->unfinished)
        wanted.events = POLLOUT; /* nothing else goes on until then */
    return wanted;
}

/*
 * A session makes one connection at a time, whoever asks: one may get what was begun for another,
 * which is the same, as all lead to one port.
 */
static int library_connect(struct carrier *carrier, struct carried *one, struct err *err)
{
    const struct ssh_tunnel_options *options = carrier->options;

    if (!may_go(carrier, one, CARRIER_OPENS))
        return CARRIER_LATER;
    int answer = (int)note(carrier, one, CARRIER_OPENS,
                           ssh_ask_path(carrier->ssh, options->host, options->port, &one->channel));
    if (answer == 0)
        return CARRIER_DONE;
    if (answer == LIBSSH2_ERROR_EAGAIN)
        return CARRIER_LATER;
    if (answer != LIBSSH2_ERROR_CHANNEL_FAILURE)
        return lost(carrier, answer, "open a connection behind it", err);
    (void)ssh_path_refused(carrier->ssh, options->host, options->port, err);
    return CARRIER_REFUSED;
}

static ssize_t library_read(struct carrier *carrier, struct carried *one, char *out, size_t size,
                            struct err *err)
{
    if (!may_go(carrier, one, CARRIER_READS))
        return CARRIER_LATER;
    ssize_t answer =
        note(carrier, one, CARRIER_READS, libssh2_channel_read(one->channel, out, size));
    if (answer > 0)
        return answer;
    if (answer == 0 && libssh2_channel_eof(one->channel))
        return CARRIER_DONE;
    if (answer == 0 || answer == LIBSSH2_ERROR_EAGAIN)
        return CARRIER_LATER;
    return lost(carrier, answer, "read what comes back", err);
}

static ssize_t library_write(struct carrier *carrier, struct carried *one, const char *bytes,
                             size_t len, struct err *err)
{
    if (!may_go(carrier, one, CARRIER_WRITES))
        return CARRIER_LATER;
    ssize_t answer =
        note(carrier, one, CARRIER_WRITES, libssh2_channel_write(one->channel, bytes, len));
    if (answer > 0)
        return answer;
    if (answer == 0 || answer == LIBSSH2_ERROR_EAGAIN)
        return CARRIER_LATER;
    if (answer == LIBSSH2_ERROR_CHANNEL_CLOSED || answer == LIBSSH2_ERROR_CHANNEL_EOF_SENT)
        return CARRIER_REFUSED; /* over there it was closed; the session is well */
    return lost(carrier, answer, "send", err);
}

static int library_end(struct carrier *carrier, struct carried *one, struct err *err)
{
    if (!may_go(carrier, one, CARRIER_ENDS))
        return CARRIER_LATER;
    int answer = (int)note(carrier, one, CARRIER_ENDS, libssh2_channel_free(one->channel));
    if (answer == LIBSSH2_ERROR_EAGAIN)
        return CARRIER_LATER;
    if (answer != 0)
        return lost(carrier, answer, "close a connection behind it", err);
    one->channel = NULL;
    return CARRIER_DONE;
}

const struct carrier_kind carrier_by_library = {
    .open = library_open,
    .close = library_close,
    .poll = library_poll,
    .connect = library_connect,
    .read = library_read,
    .write = library_write,
    .end = library_end,
};

/* --- either ----------------------------------------------------------------------------------- */

void carrier_init(struct carrier *carrier, const struct ssh_tunnel_options *options)
{
    *carrier = (struct carrier){
        .options = options,
        .input_fd = -1,
        .output_fd = -1,
        .errors_fd = -1,
    };
}

int carrier_open(struct carrier *carrier, int64_t deadline_ms, struct err *err)
{
    int rc = kind_of(carrier)->open(carrier, deadline_ms, err);

    carrier->is_open = rc == 0;
    return rc;
}

void carrier_close(struct carrier *carrier)
{
    kind_of(carrier)->close(carrier);
    carrier->is_open = false;
}

struct pollfd carrier_poll(const struct carrier *carrier)
{
    return carrier->is_open ? kind_of(carrier)->poll(carrier) : (struct pollfd){.fd = -1};
}

int carried_fd(const struct carried *one)
{
    return one->fd_plus_one - 1;
}

int carrier_connect(struct carrier *carrier, struct carried *one, struct err *err)
{
    return kind_of(carrier)->connect(carrier, one, err);
}

ssize_t carrier_read(struct carrier *carrier, struct carried *one, char *out, size_t size,
                     struct err *err)
{
    return kind_of(carrier)->read(carrier, one, out, size, err);
}

ssize_t carrier_write(struct carrier *carrier, struct carried *one, const char *bytes, size_t len,
                      struct err *err)
{
    return kind_of(carrier)->write(carrier, one, bytes, len, err);
}

int carrier_end(struct carrier *carrier, struct carried *one, struct err *err)
{
    return one->channel || one->fd_plus_one ? kind_of(carrier)->end(carrier, one, err)
                                            : CARRIER_DONE;
}

void carrier_drop(struct carried *one)
{
    if (one->fd_plus_one)
        (void)close(one->fd_plus_one - 1); /* a connection that is lost already */
    *one = (struct carried){0};
}
