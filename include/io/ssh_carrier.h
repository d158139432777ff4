/* SPDX-License-Identifier: MIT */
/*
 * io/ssh_carrier.h - what carries the connections of one tunnel: a session of libssh2 with a
 *                    channel each, or one `ssh` process that forwards a socket of its own.
 * Invariant: only carrier_open() and carrier_close() wait. After CARRIER_LOST nothing but
 *            carrier_drop() and carrier_close() is called until it is open again.
 * Threads:   those of the tunnel that has it.
 */
#ifndef CUTOVER_IO_SSH_CARRIER_H
#define CUTOVER_IO_SSH_CARRIER_H

#include <poll.h>
#include <sys/types.h>

#include "io/child.h"
#include "io/ssh_inner.h"
#include "io/ssh_tunnel.h"

enum carrier_answer {
    CARRIER_DONE = 0,     /* of a read: the other end has closed */
    CARRIER_LATER = -1,   /* when poll() says so */
    CARRIER_REFUSED = -2, /* this connection only; err says why */
    CARRIER_LOST = -3,    /* all of them; err says why */
};

/* What has begun on a session and is not finished. */
enum carrier_deed { CARRIER_OPENS, CARRIER_READS, CARRIER_WRITES, CARRIER_ENDS };

/* One connection there. Zeroed: none. */
struct carried {
    LIBSSH2_CHANNEL *channel;
    int fd_plus_one; /* of the program's socket */
};

struct carrier {
    const struct ssh_tunnel_options *options;
    bool is_open;
    struct ssh *ssh;
    /*
     * libssh2 keeps one packet that could be sent in part only, for the whole session: until who
     * began it has finished it, nobody else's packet is taken.
     */
    const struct carried *unfinished;
    enum carrier_deed deed;
    struct child child;
    int input_fd, output_fd, errors_fd; /* the program's streams; -1: none */
    char said[200];                     /* its last line */
    char socket_path[112];
};

void carrier_init(struct carrier *carrier, const struct ssh_tunnel_options *options);
/* Errors of ssh_open(). */
MUST_CHECK int carrier_open(struct carrier *carrier, int64_t deadline_ms, struct err *err);
void carrier_close(struct carrier *carrier);

/* What poll() looks at for all connections; .fd may be -1. */
struct pollfd carrier_poll(const struct carrier *carrier);
/* And for one, or -1. */
int carried_fd(const struct carried *one);

MUST_CHECK int carrier_connect(struct carrier *carrier, struct carried *one, struct err *err);
/* Bytes, or an answer. */
MUST_CHECK ssize_t carrier_read(struct carrier *carrier, struct carried *one, char *out,
                                size_t size, struct err *err);
MUST_CHECK ssize_t carrier_write(struct carrier *carrier, struct carried *one, const char *bytes,
                                 size_t len, struct err *err);
/* End one in order: done, later, or lost. */
MUST_CHECK int carrier_end(struct carrier *carrier, struct carried *one, struct err *err);
/* Forget one after the session was lost. */
void carrier_drop(struct carried *one);

/* The same by each transport. */
struct carrier_kind {
    int (*open)(struct carrier *carrier, int64_t deadline_ms, struct err *err);
    void (*close)(struct carrier *carrier);
    struct pollfd (*poll)(const struct carrier *carrier);
    int (*connect)(struct carrier *carrier, struct carried *one, struct err *err);
    ssize_t (*read)(struct carrier *carrier, struct carried *one, char *out, size_t size,
                    struct err *err);
    ssize_t (*write)(struct carrier *carrier, struct carried *one, const char *bytes, size_t len,
                     struct err *err);
    int (*end)(struct carrier *carrier, struct carried *one, struct err *err);
};
extern const struct carrier_kind carrier_by_library, carrier_by_program;

#endif
