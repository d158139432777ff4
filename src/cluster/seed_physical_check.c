/* SPDX-License-Identifier: MIT */
/*
 * What would be in the way of a physical seed, on every host that takes part in it. Whatever is not
 * known refuses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/drop_in.h"
#include "cluster/log_need.h"
#include "cluster/seed_physical.h"
#include "cluster/seed_physical_facts.h"

#define ASSUMED_RATE 50000000ULL /* bytes a second: a slow disk, prepared as well */
#define MARGIN_PERCENT 110
#define PORT_TEXT_SIZE 16
#define LISTEN_MS 30000
#define POLL_MS 100

/* A server, its host, and what the two say. */
struct party {
    struct physical_server server;
    struct ssh_result look;
};

static void party_release(struct party *party)
{
    ssh_result_release(&party->look);
}

static int refuse(struct err *err, const char *hint)
{
    return err_hint(err, "%s", hint);
}

/* The folder of a database: what is no letter, digit or "_" is written as a code. "": not known. */
static void folder_of(const char *database, char *out, size_t out_size)
{
    size_t len = 0;
    for (const unsigned char *byte = (const unsigned char *)database; *byte; byte++) {
        bool is_plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
                               *byte) != NULL;
        if (len + 6 >= out_size || *byte > 127) {
            out[0] = '\0';
            return;
        }
        len += (size_t)snprintf(out + len, out_size - len, is_plain ? "%c" : "@%04x", *byte);
    }
}

static bool is_expected(const struct service *service, const struct physical_server *server,
                        const char *folder)
{
    static const char *const own[] = {"mysql", "sys", "performance_schema", "cutover"};
    char expected[512];

    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (strcmp(folder, own[i]) == 0)
            return true;
    for (size_t i = 0; i < service->database_count; i++) {
        folder_of(service->databases[i], expected, sizeof expected);
        if (server->lower_case ? strcasecmp(folder, expected) == 0 : strcmp(folder, expected) == 0)
            return true;
    }
    return false;
}

/* Nothing may come along, and nothing may go, that the service does not name. */
static int check_folders(const struct service *service, const struct party *party, struct err *err)
{
    const struct node *node = party->server.node;
    const char *at = NULL;
    char folder[512];

    while (seed_host_next(&party->look, "folder", &at, folder, sizeof folder)) {
        if (is_expected(service, &party->server, folder))
            continue;
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "%s holds the database \"%s\", which the service does not list: a physical "
                      "seed would %s",
                      node->name, folder,
                      node->side == SIDE_OLD ? "take it along" : "throw it away");
        return refuse(err, "list it in the service, move it away, or seed with method = \"copy\"");
    }
    return 0;
}

static int check_host(const struct party *party, struct err *err)
{
    const char *name = party->server.node->name;
    char value[PATH_MAX + 64], series[16];

    seed_host_value(&party->look, "missing", value, sizeof value);
    if (value[0] != '\0') {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "the host of %s lacks:%s", name, value);
        return refuse(err, "there: apt-get install mariadb-backup zstd socat openssl pv");
    }
    (void)snprintf(series, sizeof series, "%u.%u", party->server.version.major,
                   party->server.version.minor);
    seed_host_value(&party->look, "backup", value, sizeof value);
    if (strcmp(value, series) != 0) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "%s is MariaDB %s, and mariadb-backup on its host is of %s", name, series,
                      value[0] ? value : "an unknown version");
        return refuse(err, "install the mariadb-backup of the server's own series there");
    }
    if (seed_host_number(&party->look, "rights") != 1) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "who logs in on the host of %s may not "
                      "change %.300s",
                      name, party->server.datadir);
        return refuse(err, "ssh = { ...; sudo = true; }, or log in as the server's own user");
    }
    seed_host_value(&party->look, "outside", value, sizeof value);
    if (value[0] == '\0')
        (void)snprintf(value, sizeof value, "%s", party->server.outside);
    if (value[0] == '\0')
        return 0;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "%s keeps data outside of its data directory: %.250s", name, value);
    return refuse(err, "seed with method = \"copy\"");
}

static int read_party(const struct service *service, const struct node *node, struct party *out,
                      struct err *err)
{
    int rc = physical_server_read(service, node, &out->server, err);
    if (!rc && out->server.version.flavour != FLAVOUR_MARIADB) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s is a %s: mariadb-backup cannot copy it",
                      node->name, flavour_name(out->server.version.flavour));
        return refuse(err, "seed with method = \"clone\" or \"copy\"");
    }
    if (!rc)
        rc = physical_look(&out->server, &out->look, err);
    if (!rc)
        rc = check_host(out, err);
    return rc ? rc : check_folders(service, out, err);
}

static int check_alike(const struct physical_server *donor, const struct physical_server *server,
                       struct err *err)
{
    const char *from = donor->node->name, *to = server->node->name;

    if (donor->version.major != server->version.major ||
        donor->version.minor != server->version.minor) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "%s is %u.%u and %s %u.%u: a physical copy stays within one series", from,
                      donor->version.major, donor->version.minor, to, server->version.major,
                      server->version.minor);
        return refuse(err, "seed with method = \"copy\"");
    }
    if (donor->page_size != server->page_size)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has innodb_page_size %lld, %s has %lld",
                       from, (long long)donor->page_size, to, (long long)server->page_size);
    if (donor->lower_case != server->lower_case)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "%s has lower_case_table_names %lld, %s has %lld", from,
                       (long long)donor->lower_case, to, (long long)server->lower_case);
    if (strcmp(donor->encryption, server->encryption) != 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has the key plugin \"%s\", %s \"%s\"",
                       from, donor->encryption, to, server->encryption);
    return 0;
}

static int check_room(const struct party *donor, const struct party *recipient, struct err *err)
{
    uint64_t used = seed_host_number(&donor->look, "used");
    uint64_t free_bytes = seed_host_number(&recipient->look, "free");
    uint64_t needed = used / 100 * MARGIN_PERCENT;

    if (used == 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "how much %s holds is not known",
                       donor->server.node->name);
    if (free_bytes >= needed)
        return 0;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "the disk of %s has %.1f GB free; a copy of %s needs %.1f GB beside its data",
                  recipient->server.node->name, (double)free_bytes / 1e9, donor->server.node->name,
                  (double)needed / 1e9);
    return refuse(err, "free some, or empty NEW first with a playbook that has only `reset`");
}

/* All nodes are copied before the first one follows. */
static int check_retention(const struct party *donor, size_t copies, uint64_t rate, struct err *err)
{
    const struct log_need need = {.node = donor->server.node,
                                  .kept_s = donor->server.keep_log_s,
                                  .bytes = (uint64_t)seed_host_number(&donor->look, "used"),
                                  .copies = copies,
                                  .rate = rate,
                                  .assumed_rate = ASSUMED_RATE};
    return log_need_check(&need, err);
}

/* Tried for real: the one listens, the other connects. */
static int check_port(const struct node *donor, const struct node *recipient, struct err *err)
{
    CLEANUP(seed_end_release) struct seed_end end = {0};
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    struct seed_end_state state = {0};
    char port[PORT_TEXT_SIZE];

    (void)snprintf(port, sizeof port, "%u", recipient->ssh->seed_port);
    const char *const listen[] = {"listen_once", recipient->host, port, NULL};
    const char *const reach[] = {"reach", recipient->host, port, NULL};
    int rc = seed_end_start(&end, recipient, listen, NULL, LISTEN_MS, err);
    for (; !rc && !state.is_listening && !state.is_over; seed_end_look(&end, &state))
        (void)clock_sleep_ms(POLL_MS);
    if (!rc && !state.is_over) {
        rc = seed_host_ask(donor, reach, LISTEN_MS, &result, err);
        if (rc) {
            (void)err_wrap(err, "%s cannot reach %s at port %u", donor->name, recipient->name,
                           recipient->ssh->seed_port);
            return refuse(err, "open that port between the two, or name another: ssh.seed_port");
        }
    }
    return rc ? rc : seed_end_join(&end, err);
}

static int check_recipient(const struct service *service, const struct party *donor,
                           const struct node *from, const struct node *node, struct err *err)
{
    CLEANUP(party_release) struct party party = {0};
    char datadir[PATH_MAX];
    bool has_scheduler;

    int rc = read_party(service, node, &party, err);
    if (!rc)
        rc = check_alike(&donor->server, &party.server, err);
    if (!rc)
        rc = check_room(donor, &party, err);
    if (!rc)
        rc = drop_in_try(node, err);
    if (!rc)
        rc = physical_datadir(node, datadir, &has_scheduler, err);
    if (!rc && strcmp(datadir, party.server.datadir) != 0) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "%s has its data in %.200s, and its option files say %.200s", node->name,
                      party.server.datadir, datadir);
        return refuse(err, "ssh = { ...; defaults_file = \"/etc/my.cnf\"; }: what it is started "
                           "with");
    }
    return rc ? rc : check_port(from, node, err);
}

int physical_check(const struct service *service, uint64_t rate, struct err *err)
{
    CLEANUP(party_release) struct party donor = {0};
    const struct node *old = service_primary(service, SIDE_OLD);
    const struct node *new = service_primary(service, SIDE_NEW);
    size_t copies = 0;

    int rc = read_party(service, old, &donor, err);
    for (size_t i = 0; !rc && i < service->node_count; i++) {
        const struct node *node = &service->nodes[i];
        if (node->side != SIDE_NEW)
            continue;
        copies++;
        rc = check_recipient(service, &donor, node == new ? old : new, node, err);
    }
    return rc ? rc : check_retention(&donor, copies, rate, err);
}
