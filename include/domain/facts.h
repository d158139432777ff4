/* SPDX-License-Identifier: MIT */
/*
 * domain/facts.h - what the servers and the DNS said at one moment. Nothing here is remembered or
 * assumed.
 * Invariant: a field that was not read is zero, and zero means unknown (enum tri, "" text,
 *            is_reached false).
 * Owns:      records[]; facts_release() frees.
 * Threads:   a struct facts is built by one thread and then copied or read only.
 */
#ifndef CUTOVER_DOMAIN_FACTS_H
#define CUTOVER_DOMAIN_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/position.h"
#include "domain/service.h"
#include "domain/version.h"

#define FACTS_CHANNEL_CAP 8
#define FACTS_REPLICA_CAP 16

/* One replication channel, as SHOW ALL SLAVES STATUS has it. */
struct channel_facts {
    char name[64]; /* "" is the default channel */
    char source_host[256];
    unsigned source_port;
    enum tri is_receiving; /* IO thread runs and is connected ("Yes"; "Connecting" is NO) */
    enum tri is_applying;  /* SQL thread */
    unsigned receive_errno, apply_errno;
    char receive_error[256], apply_error[256];
    bool has_delay;           /* false when the server says NULL */
    int64_t delay_s;          /* Seconds_Behind: shown, never decided upon */
    struct position received; /* MySQL: since the channel was made, not all that it holds */
    char ignored_domains[64];
    char filters[300]; /* what it leaves out: "Replicate_Do_DB = a"; cut when there are many */
    enum tri uses_gtid, uses_tls;
};

/* One that replicates from a node now, as it introduced itself. */
struct replica_facts {
    uint32_t server_id;
    char address[280]; /* "db7:3306"; ":3306" without report_host */
};

struct node_facts {
    const struct node *node; /* borrowed from the service */
    enum tri is_reached;
    char error[384]; /* why not */
    struct server_version version;
    char version_text[64];
    uint32_t server_id;
    struct origin origin;
    enum tri is_read_only, has_binlog, logs_replica_updates;
    /* accounts that we have locked here, so that a restart lets nobody write; see domain/hold.h */
    unsigned held_count;
    enum tri is_held; /* there are some, and each is locked */
    char held_run[65];
    enum tri is_super_read_only; /* MySQL: closed for administrators, too */
    enum tri is_gtid_strict;     /* MySQL: gtid_mode and enforce_gtid_consistency are ON */
    char binlog_format[16], binlog_row_image[16], event_scheduler[16];
    /* MySQL: one set in all three */
    struct position binlog_pos, binlog_state, slave_pos;
    char binlog_file[128]; /* being written; "" without a binary log */
    uint64_t binlog_offset;
    char log_filters[300]; /* databases that the binary log leaves out; "" when none */
    struct replica_facts replicas[FACTS_REPLICA_CAP];
    unsigned replica_count;
    char group[64]; /* "a Galera cluster of 3": a group that decides who may write; "": none */
    unsigned increment, offset; /* global auto_increment_increment, auto_increment_offset */
    unsigned kept_increment, kept_offset; /* MySQL, on a primary: persisted; 0: nothing is */
    struct channel_facts channels[FACTS_CHANNEL_CAP];
    unsigned channel_count;
    enum tri has_data; /* any configured database exists with at least one table */
    int64_t skew_us;   /* server clock minus ours, at the middle of the round trip */
    int64_t round_trip_us;
    unsigned app_sessions;      /* sessions that are neither ours, nor replication, nor system */
    unsigned open_transactions; /* innodb_trx of such sessions that hold writes */
    unsigned oldest_transaction_s;
    unsigned prepared_xa;
    char tls_cipher[64]; /* "" = plaintext */
    char address[48];    /* the number that its name led to; "" = through a tunnel, or not known */
};

enum dns_points { DNS_UNKNOWN = 0, DNS_NONE, DNS_OLD, DNS_NEW, DNS_MIXED };

struct record_facts {
    const struct service_record *record; /* borrowed */
    enum tri is_found;
    char id[64];
    char content[256];
    unsigned ttl_s;
    bool is_proxied;
    char comment[128];
    enum dns_points points;
};

struct facts {
    int64_t wall_us; /* when the gathering began */
    int64_t mono_ms;
    struct node_facts nodes[SERVICE_NODE_CAP];
    size_t node_count;
    enum dns_points dns; /* DNS_NONE when the service has no records */
    char dns_error[384];
    struct record_facts *records;
    size_t record_count;
};

void facts_release(struct facts *facts);

const struct node_facts *facts_primary(const struct facts *facts, enum side side);

/*
 * The channel of the link that ends at `replica_side`; NULL when that primary has none or was not
 * reached.
 */
const struct channel_facts *facts_link(const struct facts *facts, enum side replica_side);

/* Does the channel read from this node? Host names are compared as text. */
bool channel_comes_from(const struct channel_facts *channel, const struct node *node);
/* YES: receiving and applying without error. NO: stopped or in error. */
enum tri channel_runs(const struct channel_facts *channel);

/*
 * What a person types on the node to START or STOP a channel of it, for hints: "START REPLICA FOR
 * CHANNEL 'x'", "START SLAVE 'x'".
 */
void channel_command(const struct node_facts *node, const char *verb, const char *channel,
                     char *out, size_t out_size);

/*
 * As channel_runs(); NO also when absent or when it reads from anything but the other side's
 * primary. UNKNOWN: not reached.
 */
enum tri facts_link_runs(const struct facts *facts, enum side replica_side);
enum tri facts_link_exists(const struct facts *facts, enum side replica_side);

/* YES: read_only is off, and the application may log in: its accounts are not held. */
enum tri facts_is_open(const struct facts *facts, enum side side);

#endif
