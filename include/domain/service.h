/* SPDX-License-Identifier: MIT */
/*
 * domain/service.h - what a person configured: clusters, accounts, TLS, DNS records, limits.
 * Owns:      its strings and secrets; service_release() frees and wipes.
 * Invariant: after service_read() succeeded, each side has exactly one primary, node names are
 *            unique, and every limit is positive.
 * Threads:   read-only after loading; shared by all threads.
 */
#ifndef CUTOVER_DOMAIN_SERVICE_H
#define CUTOVER_DOMAIN_SERVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "base/tls.h"

#define SERVICE_NODE_CAP 16
#define NODE_NAME_SIZE 280

enum side { SIDE_OLD = 0, SIDE_NEW = 1 };
#define SIDE_COUNT 2

static inline enum side side_other(enum side side)
{
    return side == SIDE_OLD ? SIDE_NEW : SIDE_OLD;
}
static inline const char *side_name(enum side side)
{
    return side == SIDE_OLD ? "old" : "new";
}
static inline const char *side_title(enum side side)
{
    return side == SIDE_OLD ? "OLD" : "NEW";
}

/* How a node's host is reached over SSH, and what is of use to us there. */
struct node_ssh {
    char host[256]; /* the node's own, unless another address is written */
    unsigned port;
    char user[128];
    char identity[PATH_MAX]; /* "" = none */
    bool has_passphrase;
    struct secret passphrase;
    char known_hosts[PATH_MAX];
    bool agent, is_program, sudo;
    char jump_host[256], jump_user[128]; /* "" = none */
    unsigned jump_port;
    char drop_in[PATH_MAX];       /* folder of *.cnf files that the server reads; "" = none */
    char defaults_file[PATH_MAX]; /* what the server is started with; "" = the usual ones */
    /* The words of the commands that stop and start the server; none: systemctl's. */
    char **stop, **start;
    size_t stop_count, start_count;
    unsigned seed_port; /* where it listens for a copy; 4444 */
    bool has_tunnel;    /* every connection of ours to the database goes through SSH, to: */
    char tunnel_host[256];
    unsigned tunnel_port;
};

struct node {
    char name[NODE_NAME_SIZE]; /* "host:port", unique */
    char host[256];
    unsigned port;
    enum side side;
    bool is_primary;
    struct node_ssh *ssh; /* the service's; NULL: nothing is done there over SSH */
    char socket[108];     /* of this host, leads to its database; "" = by TCP */
};

/* A program beside the database that works on one side only: cron, a timer, a queue's worker. */
#define SERVICE_WORKER_CAP 32
struct side_worker {
    char name[64]; /* once a side; letters, digits, . _ - */
    enum side side;
    struct node at; /* its host: only the name, the host and the ssh of it, which is our own */
    char unit[128]; /* of systemd; "": the words below */
    char **stop, **start, **is_running;
    size_t stop_count, start_count, is_running_count;
    int64_t timeout_ms; /* for each of these to come true */
};

struct account {
    char user[128];
    struct secret password;
};

/*
 * Who uses the databases, by which account, from which hosts: tried from there, by `check`.
 * Each host is only a name, an address and an ssh of its own.
 */
#define APPLICATION_HOST_CAP 32
struct application {
    char name[64]; /* once; letters, digits, . _ - */
    struct account account;
    bool reads_replicas;
    struct node hosts[APPLICATION_HOST_CAP];
    size_t host_count;
};

struct service_record {
    char name[256]; /* full name, no trailing dot */
    char type[8];   /* A, AAAA or CNAME */
    char content[SIDE_COUNT][256];
};

struct service_dns {
    bool is_configured;
    char provider[32];
    char zone[256];
    char api[512];
    struct secret token;
    struct service_record *records;
    size_t record_count;
    char **authoritative; /* "host:port"; empty means ask the provider */
    size_t authoritative_count;
    char **resolvers;
    size_t resolver_count;
    int64_t watch_ms;   /* how often a run looks at each record; 30 s unless configured */
    unsigned min_ttl_s; /* the plan's lowest TTL; 60 unless configured */
};

/* One check that a named person lets pass until a moment, knowing what it says. */
struct waiver {
    char check[64]; /* the id: "pair.way_back" */
    char by[128];
    char why[256];
    int64_t until_us; /* wall clock */
};

/* What differs on purpose, and is not counted when the two sides are compared. */
struct acceptance {
    char what[80]; /* "character set of title", as it is reported; * stands for anything */
    char of[320];  /* "blog.posts", "blog.posts trigger ai_posts" */
    char by[128];
    char why[256];
    int64_t until_us; /* wall clock */
};

struct service_limits {
    int64_t statement_ms;
    int64_t lock_wait_ms;
    int64_t lag_ms;
    int64_t drain_ms;
    int64_t dns_ms;
    int64_t stragglers_ms;
};

/* How a comparison treats the servers; 0 and "" stand for verify/pace.h's and verify/verify.h's. */
struct service_verify {
    int64_t chunk_ms, lag_ms, snapshot_ms;
    unsigned threads_running, duty_percent, workers;
    char mode[16]; /* "stream", "remote", "fast" */
};

/* What would be hit by a mistake. Nobody has said: the careful one. */
enum environment { ENVIRONMENT_PRODUCTION = 0, ENVIRONMENT_STAGING, ENVIRONMENT_LAB };
const char *environment_name(enum environment environment);

/* How a drill is done here. */
struct service_drill {
    char canary[256]; /* the one record that a drill on production may flip; "" none */
};

/* How a closed side stays closed when it restarts; see domain/hold.h. */
enum fence_hold {
    FENCE_HOLD_DEFAULT = 0,
    FENCE_HOLD_LOCK,
    FENCE_HOLD_CONFIG,
    FENCE_HOLD_FILE,
    FENCE_HOLD_NONE,
};

struct service_fence {
    enum fence_hold hold;
    char **accounts; /* "app", "app@10.%"; none: all that can write */
    size_t account_count;
    char **except;
    size_t except_count;
};

/* The dashboard: who may look at it and who may act. */
#define SERVE_LISTEN_DEFAULT "127.0.0.1:8306"
struct service_serve {
    char listen[80];      /* "127.0.0.1:8306", "[::1]:8306"; "" = SERVE_LISTEN_DEFAULT */
    bool has_tokens;      /* false: people on this host may look, and nobody may act */
    struct secret tokens; /* the text of the file: NAME ROLE TOKEN, one a line */
    char certificate_path[PATH_MAX], key_path[PATH_MAX]; /* "": no TLS */
    char **hosts; /* names under which it is reached, besides the address it listens on */
    size_t host_count;
};

/* One who is told of events: a URL that is posted to, or a program that is started. */
struct service_notify {
    struct secret url;   /* also the path of a URL can be a password */
    char exec[PATH_MAX]; /* absolute; "": there is a URL */
    char label[128];     /* the URL's host, the program's name: what may be shown */
    char **events;       /* patterns of names, "step.*"; none: every event */
    size_t event_count;
    struct secret secret; /* signs what is posted; empty: nothing is signed */
    int64_t timeout_ms;
};

struct tunnels;

struct service {
    char path[PATH_MAX]; /* the file it came from, absolute */
    char name[64];
    enum environment environment;
    struct service_drill drill;
    char journal_path[PATH_MAX];
    char **databases;
    size_t database_count;
    struct node nodes[SERVICE_NODE_CAP];
    size_t node_count;
    struct side_worker workers[SERVICE_WORKER_CAP];
    size_t worker_count;
    struct account controller, monitor, replication;
    struct application *applications;
    size_t application_count;
    struct tls_options tls;
    struct service_dns dns;
    struct service_limits limits;
    struct service_verify verify;
    struct service_fence fence;
    struct service_serve serve;
    struct service_notify *notified;
    size_t notified_count;
    struct waiver *waivers;
    size_t waiver_count;
    struct acceptance *accepted; /* verify = { accept = ( ... ) } */
    size_t accepted_count;
    struct tunnels *tunnels; /* end with the service, by `end_tunnels`; NULL: none */
    void (*end_tunnels)(struct tunnels *tunnels);
};

const struct node *service_primary(const struct service *service, enum side side);
const struct node *service_node(const struct service *service,
                                const char *name);         /* NULL when absent */
void worker_release(struct side_worker *worker);           /* zeroed memory allowed */
void application_release(struct application *application); /* zeroed memory allowed */
/* By name, on that side; NULL when absent. */
const struct side_worker *service_worker(const struct service *service, enum side side,
                                         const char *name);
void service_release(struct service *service);

/* From here on the service has the records of that name and no other. False: it has none. */
bool service_keep_record(struct service *service, const char *name);
/* A waiver of that check which runs at that moment; NULL when there is none. */
const struct waiver *service_waiver(const struct service *service, const char *check,
                                    int64_t wall_us);

/*
 * The name of the channel that carries the link which ends at `side`: "cutover_forward" on NEW,
 * "cutover_reverse" on OLD.
 */
const char *link_channel(enum side replica_side);
static inline const char *link_name(enum side replica_side)
{
    return replica_side == SIDE_NEW ? "forward" : "reverse";
}

#endif
