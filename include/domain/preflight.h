/* SPDX-License-Identifier: MIT */
/*
 * domain/preflight.h - the checks of `cutover check` as one table of pure functions over facts.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_PREFLIGHT_H
#define CUTOVER_DOMAIN_PREFLIGHT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "domain/facts.h"
#include "domain/hold.h"
#include "domain/host_probe.h"
#include "domain/survey_topic.h"

enum severity { SEVERITY_OK, SEVERITY_NOTE, SEVERITY_WARN, SEVERITY_BLOCK };

/* Extra things that only `check` reads (cluster/survey.h fills them). */
struct survey_table {
    char name[160]; /* database.table */
    char engine[32];
    bool has_primary_key;
    uint64_t rows_estimate, bytes;
};
struct survey_account {
    char name[200];  /* user@host */
    char reason[96]; /* which privilege lets it write through read_only */
    bool is_remote;  /* host is not localhost */
    bool is_live;    /* has a session now */
    bool is_held;    /* it is locked, and its sessions ended, while its side is closed */
    bool is_stopped; /* the fence of that flavour stops it all the same: super_read_only */
};
/* One login, from the host that will use it to one node. */
struct survey_login {
    const struct application *application; /* NULL: the replication account */
    const struct node *from, *to;          /* the service's own */
    bool is_tried_here;                    /* from our host: that of `from` has no ssh */
    enum tri works;   /* no: the server answered so; unknown: it was not to be tried */
    char answer[320]; /* why not */
};
/* The way that rows will go, as it was measured. */
struct survey_path {
    const struct node *from, *to; /* the service's own; `to` connects */
    unsigned trips;               /* so many connections; 0: see trip_problem */
    int64_t middle_us, worst_us;  /* until one was there */
    double bytes_per_s;           /* 0: see bulk_problem */
    uint64_t sent, sent_again;    /* segments, while that was sent; 0: see loss_problem */
    char trip_problem[200], bulk_problem[200], loss_problem[200];
};
struct survey_event {
    char name[160], definer[200], status[32];
};
struct survey {
    struct survey_table *tables;
    size_t table_count;
    struct {
        enum tri is_read;
        struct survey_account *bypass; /* accounts that read_only does not stop */
        size_t bypass_count;
        struct survey_event *events;
        size_t event_count;
        struct hold_account *accounts; /* all that can log in, but ours */
        size_t account_count;
        char read_only_origin[32]; /* CONFIG, COMPILE-TIME, SQL: what a restart goes by */
        bool is_read_only_set;
        char
            drop_in_problem[400]; /* why no file of ours could keep it closed; "" = none is known */
        char sql_mode[512], collation[64], time_zone[64];
        char **
            /* definers of views, routines, triggers, events with no account there */
            missing_definers;
        size_t missing_definer_count;
        /* the replication account was tried against this side's primary */
        enum tri replication_login;
        char replication_login_error[256];
        bool is_login_tried_here; /* from our host, not from that of the node that will log in */
        enum tri monitor_login;
        char monitor_login_error[256];
        char missing_grants[512]; /* of the controller; "" when none */
        struct survey_list topics[SURVEY_TOPIC_COUNT];
        struct host_report host; /* of the primary, where ssh is configured */
    } side[SIDE_COUNT];
    struct {                 /* what works beside the database, as the service lists it */
        enum tri is_running; /* unknown: why not, below */
        char problem[400];
    } workers[SERVICE_WORKER_CAP];
    struct survey_path *paths; /* NULL: nobody wanted them measured */
    size_t path_count;
    struct survey_login *logins; /* of applications */
    size_t login_count;
    struct survey_login *replica_logins; /* of NEW's replicas, to NEW's primary */
    size_t replica_login_count;
    struct {
        enum tri is_valid; /* the token */
        char error[384];
        unsigned min_ttl_s;
        char plan[32];
        /* who says that it keeps a record: the record's name, who, what was found */
        struct survey_list keepers;
    } dns;
};
void survey_release(struct survey *survey);

struct finding {
    const char *check; /* stable id: "binlog.format" */
    enum severity severity;
    char subject[300]; /* node, table, record */
    char found[400];   /* evidence */
    char fix[400];     /* how to mend it */
    char waived[500];  /* by whom, until when and why; or that such a waiver has ended */
};

struct findings {
    struct finding *items;
    size_t count, room;
    bool is_failed; /* one could not be added: out of memory */
};
void findings_release(struct findings *findings);

/* Whom it is about: the move to NEW, the way back to OLD, or both. */
enum check_way { CHECK_BOTH_WAYS, CHECK_WAY_THERE, CHECK_WAY_BACK };
const char *check_way_name(enum check_way way); /* "both", "there", "back" */

struct check_row {
    const char *id;
    const char *why;     /* why it matters, one sentence */
    const char *how;     /* how to mend it in general; a finding knows better */
    const char *source;  /* manual section or incident */
    enum severity worst; /* no finding of it is worse */
    enum check_way way;
    void (*look)(const struct service *service, const struct facts *facts,
                 const struct survey *survey, const struct check_row *row, struct findings *out);
    bool is_bar;   /* a setting that no plan towards NEW can live with; decided by facts alone */
    bool is_final; /* nothing works without it: it cannot be waived */
};

/* What belongs to one topic, in the order in which it is asked and shown. */
struct check_section {
    const char *title;
    const struct check_row *rows;
    size_t count;
};

size_t preflight_count(void);
/* Each NULL past the end, or when there is none. */
const struct check_row *preflight_at(size_t index);
const struct check_row *preflight_find(const char *id);
const struct check_section *preflight_section(size_t index);

/*
 * Do the bars allow a plan that leads towards NEW? `run` and `plan` ask, without the slower
 * questions of `check`.
 * out_waived  what would have blocked if nobody had waived it: to be shown; may be NULL
 * Errors  ERR_REFUSED/NONE names the first check that blocks, what it found and how to mend it
 */
MUST_CHECK int preflight_bars(const struct service *service, const struct facts *facts,
                              struct findings *out_waived, struct err *err);

/*
 * How many traces of agents that act by themselves are there, without those that are waived? Only
 * the topics SURVEY_AGENTS and SURVEY_PROGRAMS of the survey are used.
 * Errors  ERR_REFUSED/NONE a side was not asked: it is not known; ERR_MEMORY/NONE
 */
MUST_CHECK int preflight_agents(const struct service *service, const struct facts *facts,
                                const struct survey *survey, size_t *out_acting, struct err *err);

/*
 * Run all rows. survey may be NULL: everything only `check` reads is then unknown. Every row yields
 * at least one finding (SEVERITY_OK when all is well). What is waived (service->waivers, now is
 * facts->wall_us) warns instead of blocking, and says so. ERR_MEMORY/NONE.
 */
MUST_CHECK int preflight_run(const struct service *service, const struct facts *facts,
                             const struct survey *survey, struct findings *out, struct err *err);

enum severity findings_worst(const struct findings *findings);
const char *severity_name(enum severity severity);

#endif
