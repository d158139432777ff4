/* SPDX-License-Identifier: MIT */
/*
 * The service's configuration: read whole, checked whole, and only then handed out. It opens no
 * connection; what it looks at outside the file are the files that the file names (secrets, the
 * CA).
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "io/conffile.h"
#include "playbook/member.h"
#include "playbook/read.h"
#include "playbook/service_applications.h"
#include "playbook/service_dns.h"
#include "playbook/service_fence.h"
#include "playbook/service_notify.h"
#include "playbook/service_serve.h"
#include "playbook/service_ssh.h"
#include "playbook/service_waivers.h"
#include "playbook/service_workers.h"

#define JOURNAL_FOLDER "/var/lib/cutover"
#define DEFAULT_PORT 3306
#define DATABASE_NAME_CAP 64 /* the servers' own limit */
#define GENTLE_CHUNK_MS 10
#define GENTLE_DUTY_PERCENT 10

static const struct service_limits DEFAULT_LIMITS = {
    .statement_ms = 10 * 1000,
    .lock_wait_ms = 1000,
    .lag_ms = 500,
    .drain_ms = 5 * 1000,
    .dns_ms = 10 * 60 * 1000,
    .stragglers_ms = 30 * 60 * 1000,
};

/* An absolute path: as written, or below the folder of the configuration. */
static int resolve_path(const struct conf_node *node, const char *key, const char *folder,
                        char *out, struct err *err)
{
    char written[PATH_MAX];
    int rc = node_text(node, key, written, sizeof(written), err);
    if (rc != 0) {
        return rc;
    }
    int len = written[0] == '/' ? snprintf(out, PATH_MAX, "%s", written)
                                : snprintf(out, PATH_MAX, "%s/%s", folder, written);
    if (len < 0 || len >= PATH_MAX) {
        return conf_error(node, err, "%s is too long for a path", key);
    }
    return 0;
}

/* The service's name becomes part of a lock's and a file's name, hence the plain alphabet. */
static int read_name(const struct conf_node *root, struct service *service, struct err *err)
{
    int rc = member_text(root, "service", service->name, sizeof(service->name), err);
    if (rc != 0) {
        return rc;
    }
    for (const char *c = service->name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_", *c) == NULL) {
            return conf_error(conf_child(root, "service"), err,
                              "service \"%s\" may hold letters, digits, - and _ only",
                              service->name);
        }
    }
    return 0;
}

static int read_journal(const struct conf_node *root, const char *folder, struct service *service,
                        struct err *err)
{
    const struct conf_node *node = conf_child(root, "journal");
    if (node != NULL) {
        return resolve_path(node, "journal", folder, service->journal_path, err);
    }
    snprintf(service->journal_path, sizeof(service->journal_path), "%s/%s.db", JOURNAL_FOLDER,
             service->name);
    return 0;
}

static int check_database(const struct conf_node *node, const char *name, struct err *err)
{
    static const char *const never_moved[] = {"mysql", "information_schema", "performance_schema",
                                              "sys", "cutover"};
    if (strlen(name) > DATABASE_NAME_CAP) {
        return conf_error(node, err, "database \"%s\" has a longer name than a server allows",
                          name);
    }
    for (size_t i = 0; i < ARRAY_LEN(never_moved); i++) {
        if (strcasecmp(name, never_moved[i]) == 0) {
            return conf_error(
                node, err,
                "database \"%s\" belongs to the server or to cutover itself and never "
                "moves",
                name);
        }
    }
    return 0;
}

static int read_databases(const struct conf_node *root, struct service *service, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(root, "databases", &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list == NULL || conf_count(list) == 0) {
        return conf_error(list != NULL ? list : root, err,
                          "databases must name at least one schema, such as [ \"blog\" ]");
    }
    rc = node_texts(list, "databases", &service->databases, &service->database_count, err);
    for (size_t i = 0; rc == 0 && i < service->database_count; i++) {
        rc = check_database(conf_at(list, i), service->databases[i], err);
    }
    return rc;
}

/* Two entries for one server would be probed twice, fenced once and trusted for ever. */
static int refuse_known_node(const struct conf_node *group, const struct service *service,
                             const struct node *node, struct err *err)
{
    for (size_t i = 0; i < service->node_count; i++) {
        if (strcasecmp(service->nodes[i].name, node->name) == 0) {
            return conf_error(group, err, "%s is listed twice, here and as a node of %s",
                              node->name, side_name(service->nodes[i].side));
        }
    }
    return 0;
}

static int read_port(const struct conf_node *group, unsigned *out, struct err *err)
{
    int64_t port = DEFAULT_PORT;
    const struct conf_node *node = conf_child(group, "port");
    if (node != NULL) {
        int rc = conf_int(group, "port", &port, err);
        if (rc != 0) {
            return rc;
        }
    }
    if (port < 1 || port > 65535) {
        return conf_error(node, err, "port %lld is not between 1 and 65535", (long long)port);
    }
    *out = (unsigned)port;
    return 0;
}

/* One side's group, and what its nodes share. */
struct cluster {
    const struct conf_node *group;
    const char *folder;
    enum side side;
};

static int read_node(const struct cluster *cluster, const struct conf_node *group, bool is_primary,
                     struct service *service, struct err *err)
{
    static const char *const known[] = {"host", "port", "ssh", NULL};
    if (conf_kind(group) != CONF_GROUP) {
        return conf_error(group, err, "a node is written { host = \"db1.example\"; port = 3306; }");
    }
    if (service->node_count == SERVICE_NODE_CAP) {
        return conf_error(group, err, "more than %d nodes", SERVICE_NODE_CAP);
    }
    struct node node = {.side = cluster->side, .is_primary = is_primary};
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "host", node.host, sizeof(node.host), err);
    rc = rc != 0 ? rc : read_port(group, &node.port, err);
    if (rc != 0) {
        return rc;
    }
    bool is_ipv6 = strchr(node.host, ':') != NULL;
    snprintf(node.name, sizeof(node.name), "%s%s%s:%u", is_ipv6 ? "[" : "", node.host,
             is_ipv6 ? "]" : "", node.port);
    rc = refuse_known_node(group, service, &node, err);
    if (rc == 0) {
        rc = service_ssh_read(cluster->group, group, cluster->folder, &node, err);
    }
    if (rc == 0) {
        service->nodes[service->node_count++] = node;
    }
    return rc;
}

static int read_cluster(const struct conf_node *root, enum side side, const char *folder,
                        struct service *service, struct err *err)
{
    static const char *const known[] = {"primary", "replicas", "ssh", "services", NULL};
    const char *expected = "{ primary = { host = \"...\"; port = 3306; }; replicas = ( ... ); }";
    struct cluster cluster = {.folder = folder, .side = side};
    const struct conf_node *primary = NULL;
    const struct conf_node *replicas = NULL;
    int rc = member_group(root, side_name(side), expected, &cluster.group, err);
    rc = rc != 0 ? rc : conf_only(cluster.group, known, err);
    rc = rc != 0 ? rc
                 : member_group(cluster.group, "primary", "one { host = \"...\"; port = 3306; }",
                                &primary, err);
    rc = rc != 0 ? rc : read_node(&cluster, primary, true, service, err);
    rc = rc != 0 ? rc : member_list(cluster.group, "replicas", &replicas, err);
    for (size_t i = 0; rc == 0 && replicas != NULL && i < conf_count(replicas); i++) {
        rc = read_node(&cluster, conf_at(replicas, i), false, service, err);
    }
    return rc != 0 ? rc : service_workers_read(cluster.group, side, folder, service, err);
}

static int read_account(const struct conf_node *accounts, const char *role, const char *folder,
                        struct account *out, struct err *err)
{
    static const char *const known[] = {"user", "password", NULL};
    const char *expected = "{ user = \"...\"; password = \"file:secrets/...\"; }";
    const struct conf_node *group = NULL;
    int rc = member_group(accounts, role, expected, &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc : member_text(group, "user", out->user, sizeof(out->user), err);
    return rc != 0 ? rc : member_secret(group, "password", folder, &out->password, err);
}

static int read_accounts(const struct conf_node *root, const char *folder, struct service *service,
                         struct err *err)
{
    static const char *const known[] = {"controller", "monitor", "replication", NULL};
    const struct conf_node *group = NULL;
    int rc = member_group(root, "accounts", "the groups controller, monitor and replication",
                          &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc : read_account(group, "controller", folder, &service->controller, err);
    rc = rc != 0 ? rc : read_account(group, "monitor", folder, &service->monitor, err);
    rc = rc != 0 ? rc : read_account(group, "replication", folder, &service->replication, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(service->monitor.user, service->controller.user) == 0) {
        return conf_error(conf_child(group, "monitor"), err,
                          "monitor must be an account of its own: the controller may write through "
                          "read_only, so its heartbeat would prove nothing");
    }
    return 0;
}

static int read_tls_mode(const struct conf_node *group, enum tls_mode *out, struct err *err)
{
    static const char *const modes[] = {"off", "required", "verify-ca", "verify-identity", NULL};
    static const enum tls_mode values[] = {TLS_OFF, TLS_REQUIRED, TLS_VERIFY_CA,
                                           TLS_VERIFY_IDENTITY};
    char mode[32];
    int rc = member_text(group, "mode", mode, sizeof(mode), err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; modes[i] != NULL; i++) {
        if (strcmp(mode, modes[i]) == 0) {
            *out = values[i];
            return 0;
        }
    }
    return conf_error(conf_child(group, "mode"), err,
                      "mode is \"%s\"; expected off, required, verify-ca or verify-identity", mode);
}

/* There is no default: sending passwords in clear is a decision that somebody has to write down. */
static int read_tls(const struct conf_node *root, const char *folder, struct tls_options *out,
                    struct err *err)
{
    static const char *const known[] = {"mode", "ca", NULL};
    const struct conf_node *group = NULL;
    int rc = member_group(root, "tls", "{ mode = \"verify-ca\"; ca = \"ca.pem\"; }", &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc : read_tls_mode(group, &out->mode, err);
    if (rc != 0) {
        return rc;
    }
    const struct conf_node *ca = conf_child(group, "ca");
    if (ca == NULL) {
        bool is_needed = out->mode == TLS_VERIFY_CA || out->mode == TLS_VERIFY_IDENTITY;
        return is_needed ? conf_error(group, err, "ca is missing: this mode verifies against it")
                         : 0;
    }
    rc = resolve_path(ca, "ca", folder, out->ca_path, err);
    if (rc == 0 && access(out->ca_path, R_OK) != 0) {
        return conf_error(ca, err, "ca: cannot read %s: %m", out->ca_path);
    }
    return rc;
}

static int read_limits(const struct conf_node *root, struct service_limits *out, struct err *err)
{
    static const char *const known[] = {"statement", "lock_wait",  "lag", "drain",
                                        "dns",       "stragglers", NULL};
    int64_t *fields[] = {&out->statement_ms, &out->lock_wait_ms, &out->lag_ms,
                         &out->drain_ms,     &out->dns_ms,       &out->stragglers_ms};
    _Static_assert(ARRAY_LEN(known) == ARRAY_LEN(fields) + 1, "one field a key");
    *out = DEFAULT_LIMITS;
    if (conf_child(root, "limits") == NULL) {
        return 0;
    }
    const struct conf_node *group = NULL;
    int rc = member_group(root, "limits", "{ statement = \"10s\"; ... }", &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    for (size_t i = 0; rc == 0 && known[i] != NULL; i++) {
        rc = member_duration(group, known[i], fields[i], err);
    }
    return rc;
}

static int read_number(const struct conf_node *group, const char *key, int64_t most, unsigned *out,
                       struct err *err)
{
    int64_t number = 0;
    const struct conf_node *node = conf_child(group, key);
    if (node == NULL) {
        return 0;
    }
    int rc = conf_int(group, key, &number, err);
    if (rc != 0) {
        return rc;
    }
    if (number < 1 || number > most) {
        return conf_error(node, err, "%s is %lld; expected a number from 1 to %lld", key,
                          (long long)number, (long long)most);
    }
    *out = (unsigned)number;
    return 0;
}

static int read_verify_mode(const struct conf_node *group, char *out, size_t out_size,
                            struct err *err)
{
    const struct conf_node *node = conf_child(group, "mode");
    if (node == NULL) {
        return 0;
    }
    int rc = member_text(group, "mode", out, out_size, err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(out, "stream") != 0 && strcmp(out, "remote") != 0 && strcmp(out, "fast") != 0) {
        return conf_error(node, err, "mode is \"%s\"; expected stream, remote or fast", out);
    }
    return 0;
}

/* What is hardly noticed, in settings; those that are written beside it come first. */
static int read_verify_pace(const struct conf_node *group, struct service_verify *out,
                            struct err *err)
{
    const struct conf_node *node = conf_child(group, "pace");
    char pace[16] = "";
    if (node == NULL) {
        return 0;
    }
    int rc = member_text(group, "pace", pace, sizeof(pace), err);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(pace, "full") != 0 && strcmp(pace, "gentle") != 0) {
        return conf_error(node, err, "pace is \"%s\"; expected full or gentle", pace);
    }
    if (strcmp(pace, "gentle") == 0) {
        out->chunk_ms = GENTLE_CHUNK_MS;
        out->duty_percent = GENTLE_DUTY_PERCENT;
        out->workers = 1;
    }
    return 0;
}

static int read_verify(const struct conf_node *root, struct service_verify *out, struct err *err)
{
    static const char *const known[] = {"chunk", "lag",      "threads_running", "duty", "workers",
                                        "mode",  "snapshot", "accept",          "pace", NULL};
    if (conf_child(root, "verify") == NULL) {
        return 0;
    }
    const struct conf_node *group = NULL;
    int rc = member_group(root, "verify", "{ chunk = \"500ms\"; ... }", &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc : read_verify_pace(group, out, err);
    rc = rc != 0 ? rc : member_duration(group, "chunk", &out->chunk_ms, err);
    rc = rc != 0 ? rc : member_duration(group, "lag", &out->lag_ms, err);
    rc = rc != 0 ? rc : member_duration(group, "snapshot", &out->snapshot_ms, err);
    rc = rc != 0 ? rc : read_number(group, "threads_running", 100000, &out->threads_running, err);
    rc = rc != 0 ? rc : read_number(group, "duty", 100, &out->duty_percent, err);
    rc = rc != 0 ? rc : read_number(group, "workers", 64, &out->workers, err);
    return rc != 0 ? rc : read_verify_mode(group, out->mode, sizeof(out->mode), err);
}

static int read_environment(const struct conf_node *root, enum environment *out, struct err *err)
{
    static const enum environment values[] = {ENVIRONMENT_PRODUCTION, ENVIRONMENT_STAGING,
                                              ENVIRONMENT_LAB};
    const struct conf_node *node = conf_child(root, "environment");
    char text[32];
    if (node == NULL) {
        return 0;
    }
    int rc = member_text(root, "environment", text, sizeof(text), err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        if (strcmp(text, environment_name(values[i])) == 0) {
            *out = values[i];
            return 0;
        }
    }
    return conf_error(node, err, "environment is \"%s\"; expected production, staging or lab",
                      text);
}

static bool is_record(const struct service_dns *dns, const char *name)
{
    for (size_t i = 0; i < dns->record_count; i++) {
        if (strcasecmp(dns->records[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* After the records: the canary is one of them. */
static int read_drill(const struct conf_node *root, struct service *service, struct err *err)
{
    static const char *const known[] = {"canary", NULL};
    const struct conf_node *group = NULL;
    if (conf_child(root, "drill") == NULL) {
        return 0;
    }
    int rc = member_group(root, "drill", "{ canary = \"canary.example.net\"; }", &group, err);
    rc = rc != 0 ? rc : conf_only(group, known, err);
    rc = rc != 0 ? rc
                 : member_text(group, "canary", service->drill.canary,
                               sizeof(service->drill.canary), err);
    if (rc != 0 || is_record(&service->dns, service->drill.canary)) {
        return rc;
    }
    return conf_error(conf_child(group, "canary"), err,
                      "canary \"%s\" is not one of dns.records: give it there its address on each "
                      "side",
                      service->drill.canary);
}

/* A service without names to move has no dns group. */
static int read_dns(const struct conf_node *root, const char *folder, struct service_dns *out,
                    struct err *err)
{
    if (conf_child(root, "dns") == NULL) {
        return 0;
    }
    const struct conf_node *group = NULL;
    int rc = member_group(root, "dns", "{ provider = \"cloudflare\"; zone = \"...\"; ... }", &group,
                          err);
    return rc != 0 ? rc : service_dns_read(group, folder, out, err);
}

static int read_all(const struct conf_node *root, const char *folder, struct service *service,
                    struct err *err)
{
    static const char *const known[] = {"service", "environment",  "journal", "databases", "old",
                                        "new",     "accounts",     "tls",     "dns",       "limits",
                                        "verify",  "waivers",      "drill",   "fence",     "serve",
                                        "notify",  "applications", NULL};
    int rc = conf_only(root, known, err);
    rc = rc != 0 ? rc : read_name(root, service, err);
    rc = rc != 0 ? rc : read_environment(root, &service->environment, err);
    rc = rc != 0 ? rc : read_journal(root, folder, service, err);
    rc = rc != 0 ? rc : read_databases(root, service, err);
    rc = rc != 0 ? rc : read_cluster(root, SIDE_OLD, folder, service, err);
    rc = rc != 0 ? rc : read_cluster(root, SIDE_NEW, folder, service, err);
    rc = rc != 0 ? rc : read_accounts(root, folder, service, err);
    rc = rc != 0 ? rc : service_applications_read(root, folder, service, err);
    rc = rc != 0 ? rc : read_tls(root, folder, &service->tls, err);
    rc = rc != 0 ? rc : read_dns(root, folder, &service->dns, err);
    rc = rc != 0 ? rc : read_drill(root, service, err);
    rc = rc != 0 ? rc : read_limits(root, &service->limits, err);
    rc = rc != 0 ? rc : read_verify(root, &service->verify, err);
    rc = rc != 0 ? rc : service_fence_read(root, &service->fence, err);
    rc = rc != 0 ? rc : service_serve_read(root, folder, &service->serve, err);
    rc = rc != 0 ? rc : service_notify_read(root, folder, service, err);
    return rc != 0 ? rc : service_waivers_read(root, service, err);
}

int service_read(const char *path, struct service *out, struct err *err)
{
    CLEANUP(conffile_freep) struct conffile *file = NULL;
    CLEANUP(service_release) struct service service = {0};
    int rc = conffile_open(path, &file, err);
    if (rc != 0) {
        return rc;
    }
    if (realpath(path, service.path) == NULL) {
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot find %s: %m", path);
    }
    char folder[PATH_MAX];
    memcpy(folder, service.path, sizeof(folder));
    char *slash = strrchr(folder, '/');
    slash[slash == folder ? 1 : 0] = '\0'; /* the root's own name is its slash */
    rc = read_all(conffile_root(file), folder, &service, err);
    if (rc != 0) {
        return rc;
    }
    *out = service;
    service = (struct service){0}; /* its memory is the caller's now */
    return 0;
}
