/* SPDX-License-Identifier: MIT */
/* Other agents, one row each. Names are those of their own manuals and sample files. */
#include "domain/agents.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_SIZE 64

static const struct agent agents[] = {
    {"orchestrator", "agent.orchestrator", true,
     "it takes a closed primary for a dead one, and makes another one writable",
     "orchestrator-client -c disable-global-recoveries (afterwards: -c enable-global-recoveries)",
     "orchestrator", "meta.cluster meta.cluster_domain_name meta.pseudo_gtid_status",
     "orchestrator* orc orc_*", "orchestrator*"},
    {"MHA", "agent.mha", true, "it promotes another server when the primary does not answer",
     "masterha_stop --conf=/etc/mha/APP.cnf (afterwards: masterha_manager)", "mha", "",
     "mha mha_* mha-* mhauser masterha*", "masterha*"},
    {"MaxScale", "agent.maxscale", true,
     "with auto_failover, auto_rejoin or enforce_read_only_* it opens, closes and repoints servers",
     "maxctrl stop monitor NAME (afterwards: maxctrl start monitor NAME)", "maxscale_schema", "",
     "maxscale*", "maxscale*"},
    {"replication-manager", "agent.replication_manager", true,
     "it fails over by itself, and sets read_only on every server but the one it calls master",
     "failover-mode = \"manual\", and failover-readonly-state = false, in its configuration",
     "replication_manager_schema", "", "repmgr* replication-manager* replication_manager*",
     "replication-manager*"},
    {"ClusterControl", "agent.clustercontrol", true,
     "its automatic recovery promotes servers and sets read_only",
     "switch off Auto Recovery of cluster and node in its page", "cmon", "",
     "cmon cmonagent cmonui*", "cmon*"},
    {"ProxySQL", "agent.others", false,
     "its monitor sends writers to whichever server has read_only off",
     "on its admin port: UPDATE global_variables SET variable_value='false' WHERE "
     "variable_name='mysql-monitor_enabled'; LOAD MYSQL VARIABLES TO RUNTIME; and move the hosts "
     "by hand",
     "", "", "proxysql* monitor", "proxysql*"},
    {"pt-heartbeat", "agent.others", false,
     "with SUPER it writes to a closed side as well, which the fence finds and refuses",
     "pt-heartbeat --stop (afterwards remove /tmp/pt-heartbeat-sentinel)", "", "percona.heartbeat",
     "", "pt-heartbeat*"},
    {"keepalived or HAProxy", "agent.others", false,
     "it moves the service's address by what its check of the servers says",
     "systemctl stop keepalived, or put the server into maintenance there", "", "",
     "keepalived* haproxy* vrrp*", "keepalived* haproxy*"},
    {"configuration management", "agent.others", false,
     "its next round writes my.cnf, variables and accounts as they are declared",
     "puppet agent --disable, systemctl stop chef-client, or no play against these hosts", "", "",
     "puppet* ansible* chef* salt*", "puppet* ansible* chef*"},
};

const struct agent *agent_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(agents);
    return agents;
}

/* --- words ------------------------------------------------------------------------------------ */

/* The next word of a list, "" at its end. */
static const char *next_word(const char *list, char out[WORD_SIZE])
{
    size_t len = strcspn(list, " ");
    size_t kept = len < WORD_SIZE ? len : WORD_SIZE - 1;
    memcpy(out, list, kept);
    out[kept] = '\0';
    return list + len + (list[len] == ' ');
}

static bool is_word(const char *list, const char *text)
{
    char word[WORD_SIZE];
    while (list[0] != '\0') {
        list = next_word(list, word);
        size_t len = strlen(word);
        bool is_open = word[len - 1] == '*';
        if (is_open ? strncasecmp(word, text, len - 1) == 0 : strcasecmp(word, text) == 0)
            return true;
    }
    return false;
}

/* "orc_*" becomes "orc_.*"; what else could mean something to a REGEXP is put into brackets. */
static void add_pattern(struct buf *out, const char *word)
{
    for (const char *c = word; *c != '\0'; c++)
        if (*c == '*')
            buf_puts(out, ".*");
        else if (isalnum((unsigned char)*c) || *c == '_' || *c == '-')
            buf_add(out, c, 1);
        else
            buf_printf(out, "[%c]", *c);
}

static void add_patterns(struct buf *out, const char *list)
{
    char word[WORD_SIZE];
    while (list[0] != '\0') {
        list = next_word(list, word);
        buf_puts(out, out->len > 2 ? "|" : "");
        add_pattern(out, word);
    }
}

void agent_accounts(struct buf *out)
{
    buf_puts(out, "^(");
    for (size_t i = 0; i < ARRAY_LEN(agents); i++)
        add_patterns(out, agents[i].accounts);
    buf_puts(out, ")$");
}

void agent_programs(struct buf *out)
{
    buf_puts(out, "^(");
    for (size_t i = 0; i < ARRAY_LEN(agents); i++)
        add_patterns(out, agents[i].programs);
    buf_puts(out, ")$");
}

void agent_databases(struct buf *out)
{
    for (size_t i = 0; i < ARRAY_LEN(agents); i++)
        if (agents[i].databases[0] != '\0')
            buf_printf(out, "%s'%s'", out->len > 0 ? ", " : "", agents[i].databases);
}

/* --- traces ----------------------------------------------------------------------------------- */

/* An account's or a session's, "orc_client@10.0.0.5", by its user. */
static void user_of(const char *account, char out[WORD_SIZE])
{
    const char *at = strrchr(account, '@');
    size_t len = at == NULL ? strlen(account) : (size_t)(at - account);
    size_t kept = len < WORD_SIZE ? len : WORD_SIZE - 1;
    memcpy(out, account, kept);
    out[kept] = '\0';
}

static bool has_left(const struct agent *agent, const struct survey_item *item)
{
    char user[WORD_SIZE];
    if (strcmp(item->name, "database") == 0)
        return is_word(agent->databases, item->example);
    if (strcmp(item->name, "table") == 0)
        return is_word(agent->tables, item->example);
    if (strcmp(item->name, "program") == 0)
        return is_word(agent->programs, item->value);
    if (strcmp(item->name, "account") != 0 && strcmp(item->name, "session") != 0)
        return false;
    user_of(item->example, user);
    return is_word(agent->accounts, user);
}

const struct agent *agent_of(const struct survey_item *item)
{
    for (size_t i = 0; i < ARRAY_LEN(agents); i++)
        if (has_left(&agents[i], item))
            return &agents[i];
    return NULL;
}

/* --- records ---------------------------------------------------------------------------------- */

static const struct record_mark {
    const char *agent, *mark; /* in lower case */
} record_marks[] = {
    {"external-dns", "external-dns"},
    {"octoDNS", "octodns"},
    {"Terraform", "terraform"},
    {"OpenTofu", "opentofu"},
    {"Pulumi", "pulumi"},
    {"Ansible", "ansible"},
    {"DNSControl", "dnscontrol"},
    {"Crossplane", "crossplane"},
    {"a program of yours", "managed by"},
};

const char *agent_of_record(const char *type, const char *name, const char *content,
                            const char *comment, const char *tags)
{
    bool is_text = strcasecmp(type, "TXT") == 0;
    if (is_text && strncasecmp(name, "_owner.", strlen("_owner.")) == 0)
        return "octoDNS";
    for (size_t i = 0; i < ARRAY_LEN(record_marks); i++) {
        const char *mark = record_marks[i].mark;
        if ((is_text && strcasestr(content, mark) != NULL) || strcasestr(comment, mark) != NULL ||
            strcasestr(tags, mark) != NULL)
            return record_marks[i].agent;
    }
    return NULL;
}

const char *agents_unseen(void)
{
    return "what moves addresses (keepalived, a virtual IP), configuration management and jobs of "
           "a scheduler need not leave a trace on a server: see that they rest as well";
}
