/* SPDX-License-Identifier: MIT */
/*
 * domain/hold.h - how a closed side stays closed when it restarts, and whom that concerns.
 * Ways:      persisted  the server writes down that it is closed (MySQL 8.0 and later)
 *            lock       the accounts that could write are locked while the side is closed
 *            config     the operator says that my.cnf closes it
 *            file       a file of ours, which its my.cnf includes, closes it; over SSH
 *            none       nothing does
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_HOLD_H
#define CUTOVER_DOMAIN_HOLD_H

#include "domain/service.h"
#include "domain/version.h"

enum hold_way { HOLD_PERSISTED, HOLD_LOCK, HOLD_CONFIG, HOLD_FILE, HOLD_NONE };

/* What `fence = { hold = ... }` comes to on such a server. */
enum hold_way hold_way(const struct service *service, const struct server_version *version);
const char *hold_way_name(enum hold_way way);

/* An account that can be logged in as, as the server describes it. */
struct hold_account {
    char user[129], host[256];
    char writes[200]; /* what lets it write; "" when nothing does */
    bool is_locked;
    bool is_admin;  /* has SUPER */
    bool is_socket; /* the operating system vouches for it: it cannot come over the network */
    bool is_local;  /* comes from localhost */
};

enum hold_choice {
    HOLD_LOCKS,
    HOLD_LEAVES_HARMLESS, /* it cannot write */
    HOLD_LEAVES_LOCKED,   /* somebody has locked it already, and it is not ours to unlock */
    HOLD_LEAVES_ADMIN,    /* somebody must be able to get in */
    HOLD_LEAVES_EXCEPTED, /* fence.except */
    HOLD_LEAVES_UNLISTED, /* it can write, but fence.accounts does not name it */
};

/*
 * What becomes of accounts[index]. An administrator who is vouched for by the operating system is
 * left; when there is none, those who come from localhost are: somebody has to be able to get in.
 */
enum hold_choice hold_choose(const struct service *service, const struct hold_account *accounts,
                             size_t count, size_t index);

/*
 * Does what read_only came from contradict an operator who says that my.cnf has it on?
 * origin  "COMPILE-TIME", "CONFIG", "SQL", as MariaDB names it
 */
bool hold_is_contradicted(const char *origin, bool is_on);

/*
 * Would a server that is started with these options be closed? One a line, as my_print_defaults
 * prints them: the last that is about read_only counts.
 */
bool hold_options_close(const char *options);
/* The number that such options give to one named as "--auto-increment-offset"; the last counts. */
unsigned hold_option_number(const char *options, const char *name, unsigned fallback);

#endif
