/* SPDX-License-Identifier: MIT */
/* What programs of a host print, one reader each. What a reader does not know is an error. */
#include "domain/host_parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define NAME_SIZE 1024

/* Ends the text at the next separator; returns what follows, "" at its end. */
static char *cut(char *text, char separator)
{
    char *at = strchr(text, separator);
    if (at == NULL)
        return text + strlen(text);
    *at = '\0';
    return at + 1;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
    return text;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int odd(const struct host_answer *answer, const char *line, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s: \"%.80s\" is not understood",
                   host_probe_name(answer->probe), line);
}

/* --- "name<TAB>value" ------------------------------------------------------------------------- */

int host_parse_pairs(const struct host_answer *answer, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *value = trim(cut(answer->lines[i], '\t'));
        if (value[0] != '\0')
            rc = host_answer_add(answer, answer->lines[i], value, "", 0, err);
    }
    return rc;
}

/* What a database is made of, and what it rests on. */
static bool matters(const char *package)
{
    static const char *const parts[] = {
        "mysql",       "mariadb",  "percona",  "galera",         "xtrabackup", "openssl",
        "libssl",      "jemalloc", "tcmalloc", "proxysql",       "maxscale",   "haproxy",
        "mydumper",    "zstd",     "socat",    "chrony",         "ntp",        "linux-image",
        "kernel-core", "libc6",    "glibc",    "openssh-server", "systemd",    "libaio",
        "liburing",
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strstr(package, parts[i]) != NULL)
            return true;
    return false;
}

int host_parse_packages(const struct host_answer *answer, struct err *err)
{
    int rc = 0;
    if (answer->count == 0)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "no package is installed");
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *version = cut(answer->lines[i], '\t');
        const char *status = cut(version, '\t');
        if (begins(status, "ii") && matters(answer->lines[i]))
            rc = host_answer_add(answer, answer->lines[i], version, "", 0, err);
    }
    return rc;
}

/* --- disks: role, folder, a line of df -Pk, type, options ------------------------------------- */

int host_parse_disks(const struct host_answer *answer, struct err *err)
{
    for (size_t i = 0; i < answer->count; i++) {
        char *role = answer->lines[i], *folder = cut(role, '\t'), *row = cut(folder, '\t');
        char *type = cut(row, '\t'), *options = cut(type, '\t'), device[256], where[512];
        unsigned long long total_kb = 0, used_kb = 0, free_kb = 0;
        CLEANUP(buf_release) struct buf text = {0};
        if (sscanf(row, "%255s %llu %llu %llu %*s %511[^\n]", device, &total_kb, &used_kb, &free_kb,
                   where) != 5)
            return odd(answer, row, err);
        buf_init(&text, NAME_SIZE * 4);
        buf_printf(&text, "%s: %s on %s, %llu MB, %s, %s", folder, device, where, total_kb >> 10,
                   type[0] != '\0' ? type : "unknown type", options);
        int rc = buf_check(&text, err);
        char total[32];
        (void)snprintf(total, sizeof(total), "%llu", total_kb << 10);
        if (rc == 0)
            rc = host_answer_add(answer, role, buf_text(&text), total, free_kb << 10, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* --- /proc/PID/limits ------------------------------------------------------------------------- */

static const char *limit_of(const char *text, uint64_t *out)
{
    char *end = NULL;
    if (begins(text, "unlimited")) {
        *out = UINT64_MAX;
        return text + strlen("unlimited");
    }
    *out = strtoull(text, &end, 10);
    return end == text ? NULL : end;
}

int host_parse_limits(const struct host_answer *answer, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *line = answer->lines[i], *columns = strstr(line, "  ");
        uint64_t soft = 0, hard = 0;
        if (!begins(line, "Max ") || columns == NULL)
            continue;
        columns[0] = '\0';
        columns = trim(columns + 1);
        const char *second = limit_of(columns, &soft);
        if (second == NULL || limit_of(second + strspn(second, " "), &hard) == NULL)
            return odd(answer, columns, err);
        char value[96];
        size_t first_len = strcspn(columns, " ");
        second += strspn(second, " ");
        (void)snprintf(value, sizeof(value), "%.*s, at most %.*s", (int)first_len, columns,
                       (int)strcspn(second, " "), second);
        rc = host_answer_add(answer, line + strlen("Max "), value, "", soft, err);
    }
    return rc;
}

/* --- chronyc -n tracking, timedatectl show, ntpq -pn ------------------------------------------ */

static int is_synchronized(const struct host_answer *answer)
{
    const char *program = answer->lines[0];
    for (size_t i = 1; i < answer->count; i++) {
        const char *line = answer->lines[i];
        if (strcmp(program, "chronyc") == 0 && begins(line, "Leap status"))
            return strstr(line, "Not synchronised") == NULL;
        if (strcmp(program, "timedatectl") == 0 && begins(line, "NTPSynchronized="))
            return strcmp(line, "NTPSynchronized=yes") == 0;
        if (strcmp(program, "ntpq") == 0 && (line[0] == '*' || line[0] == 'o'))
            return 1;
    }
    return strcmp(program, "ntpq") == 0 ? 0 : -1;
}

int host_parse_clock(const struct host_answer *answer, struct err *err)
{
    int is_well = answer->count > 1 ? is_synchronized(answer) : -1;
    if (is_well < 0)
        return odd(answer, answer->count > 0 ? answer->lines[0] : "", err);
    int rc = host_answer_add(answer, "synchronized", is_well ? "yes" : "no", "", 0, err);
    return rc != 0 ? rc : host_answer_add(answer, "asked", answer->lines[0], "", 0, err);
}

/* --- ss -ltnp, netstat -ltn ------------------------------------------------------------------- */

static const char *reach_of(const char *address)
{
    if (begins(address, "127.") || strcmp(address, "[::1]") == 0 || strcmp(address, "::1") == 0)
        return "from this host";
    if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "*") == 0 ||
        strcmp(address, "[::]") == 0 || strcmp(address, "::") == 0)
        return "from everywhere";
    return "at one address";
}

/* The word after so many others; "" when there are fewer. */
static char *word_at(char *line, size_t index)
{
    char *word = trim(line);
    for (size_t i = 0; i < index; i++) {
        word += strcspn(word, " \t");
        word += strspn(word, " \t");
    }
    return word;
}

static int add_port(const struct host_answer *answer, char *local, const char *users,
                    struct err *err)
{
    char name[NAME_SIZE], who[64] = "";
    char *colon = strrchr(local, ':');
    if (colon == NULL)
        return odd(answer, local, err);
    *colon = '\0';
    const char *quote = strchr(users, '"');
    if (quote != NULL)
        (void)snprintf(who, sizeof(who), ", %.*s", (int)strcspn(quote + 1, "\""), quote + 1);
    char value[160];
    (void)snprintf(name, sizeof(name), "tcp %s %s", colon + 1, reach_of(local));
    (void)snprintf(value, sizeof(value), "listens%s", who);
    return host_answer_add(answer, name, value, "", strtoull(colon + 1, NULL, 10), err);
}

int host_parse_ports(const struct host_answer *answer, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        bool is_ss = begins(answer->lines[i], "LISTEN");
        if (!is_ss && !begins(answer->lines[i], "tcp"))
            continue; /* headings */
        char *local = word_at(answer->lines[i], 3);
        char *rest = local + strcspn(local, " \t");
        if (*rest != '\0')
            *rest++ = '\0';
        rc = add_port(answer, local, is_ss ? rest : "", err);
    }
    return rc;
}

/* --- nft list ruleset, iptables-save, ufw status ---------------------------------------------- */

/* Counters are different every time: "counter packets 5 bytes 300", "[5:300]". */
static void drop_counters(char *line)
{
    char *at = strstr(line, " packets ");
    if (at != NULL) {
        char *end = strstr(at, " bytes ");
        end = end == NULL ? NULL : end + strlen(" bytes ");
        end = end == NULL ? NULL : end + strspn(end, "0123456789");
        if (end != NULL)
            memmove(at, end, strlen(end) + 1);
    }
    at = strchr(line, '[');
    if (at != NULL && at[1 + strspn(at + 1, "0123456789:")] == ']') {
        char *end = at + 2 + strspn(at + 1, "0123456789:");
        memmove(at, end, strlen(end) + 1);
    }
}

int host_parse_firewall(const struct host_answer *answer, struct err *err)
{
    CLEANUP(buf_release) struct buf where; /* "table inet filter, chain input: " */
    const char *program = "";
    int rc = 0;
    buf_init(&where, NAME_SIZE);
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *line = trim(answer->lines[i]);
        size_t len = strlen(line);
        if (begins(line, "= "))
            program = line + 2;
        else if (len > 0 && line[len - 1] == '{' && strchr(line, ',') == NULL)
            buf_printf(&where, "%.*s ", (int)len - 1, line);
        else if (line[0] == '}')
            buf_reset(&where);
        else if (len > 0 && line[0] != '#') {
            char name[NAME_SIZE * 2];
            drop_counters(line);
            (void)snprintf(name, sizeof(name), "%s: %s%s", program, buf_text(&where), line);
            rc = host_answer_add(answer, name, "", "", 0, err);
        }
    }
    return rc != 0 ? rc : buf_check(&where, err);
}

/* --- what is done at times: "where<TAB>line" -------------------------------------------------- */

int host_parse_schedule(const struct host_answer *answer, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        CLEANUP(buf_release) struct buf name;
        const char *line = cut(answer->lines[i], '\t');
        buf_init(&name, NAME_SIZE * 16);
        buf_printf(&name, "%s: %s", answer->lines[i], line);
        rc = buf_check(&name, err);
        if (rc == 0)
            rc = host_answer_add(answer, buf_text(&name), "", "", 0, err);
    }
    return rc;
}

/* --- openssl x509 ----------------------------------------------------------------------------- */

struct certificate {
    const char *file, *subject, *issuer, *end, *print;
};

static int add_certificate(const struct host_answer *answer, const struct certificate *c,
                           struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    if (c->file == NULL)
        return 0;
    if (c->end == NULL)
        return odd(answer, c->file, err);
    buf_init(&text, NAME_SIZE * 4);
    buf_printf(&text, "%s, issued by %s, ends %s, SHA-256 %s", c->subject, c->issuer, c->end,
               c->print);
    int rc = buf_check(&text, err);
    return rc != 0 ? rc : host_answer_add(answer, c->file, buf_text(&text), c->end, 0, err);
}

int host_parse_certificates(const struct host_answer *answer, struct err *err)
{
    struct certificate c = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *value = cut(answer->lines[i], '=');
        const char *name = answer->lines[i];
        if (strcmp(name, "unseen") == 0)
            rc = host_answer_add(answer, value, HOST_UNSEEN, "", 0, err);
        else if (strcmp(name, "file") == 0) {
            rc = add_certificate(answer, &c, err);
            c = (struct certificate){value, "?", "?", NULL, "?"};
        } else if (strcmp(name, "subject") == 0)
            c.subject = trim(value);
        else if (strcmp(name, "issuer") == 0)
            c.issuer = trim(value);
        else if (strcmp(name, "notAfter") == 0)
            c.end = value;
        else if (strcasestr(name, "fingerprint") != NULL)
            c.print = value;
    }
    return rc != 0 ? rc : add_certificate(answer, &c, err);
}

/* --- option files: "file<TAB>line" ------------------------------------------------------------ */

/* Options of one name in one group are one item: "replicate_do_db" may come twice. */
static int add_option(const struct host_answer *answer, const char *file, const char *group,
                      char *line, struct err *err)
{
    char name[NAME_SIZE];
    char *value = cut(line, '=');
    (void)snprintf(name, sizeof(name), "%s [%s] %s", file, group, trim(line));
    return host_answer_add(answer, name, trim(value), "", 0, err);
}

int host_parse_config(const struct host_answer *answer, struct err *err)
{
    char group[128] = "";
    const char *file = "";
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *line = trim(cut(answer->lines[i], '\t'));
        if (strcmp(file, answer->lines[i]) != 0 && line[0] != '[')
            group[0] = '\0';
        file = answer->lines[i];
        if (strcmp(file, HOST_UNSEEN) == 0)
            rc = host_answer_add(answer, HOST_UNSEEN, line, "", 0, err);
        else if (line[0] == '[')
            (void)snprintf(group, sizeof(group), "%.*s", (int)strcspn(line + 1, "]"), line + 1);
        else if (line[0] != '\0' && line[0] != '#' && line[0] != ';')
            rc = add_option(answer, file, group, line, err);
    }
    return rc;
}

/* Options as the server takes them: "--skip-name-resolve", "--max_connections=100". */
int host_parse_restart(const struct host_answer *answer, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < answer->count; i++) {
        char *name = answer->lines[i];
        if (!begins(name, "--"))
            continue;
        name += 2;
        bool has_value = strchr(name, '=') != NULL;
        const char *value = cut(name, '=');
        if (begins(name, "loose-") || begins(name, "loose_"))
            name += strlen("loose-");
        for (char *c = name; *c != '\0'; c++)
            *c = (char)(*c == '-' ? '_' : tolower((unsigned char)*c));
        rc = host_answer_add(answer, name, value, has_value ? "=" : "", 0, err);
    }
    return rc;
}

/* --- binary logs: how many, bytes, of these in the first, when the first and the last ended --- */

int host_parse_logs(const struct host_answer *answer, struct err *err)
{
    unsigned long long count = 0, bytes = 0, first_bytes = 0, first_s = 0, last_s = 0;
    const char *line = answer->count > 0 ? answer->lines[0] : "";
    if (sscanf(line, "%llu %llu %llu %llu %llu", &count, &bytes, &first_bytes, &first_s, &last_s) !=
        5)
        return odd(answer, line, err);
    int rc = host_answer_add(answer, "files", "", "", count, err);
    if (rc == 0)
        rc = host_answer_add(answer, "bytes", "", "", bytes, err);
    if (rc != 0 || last_s < first_s + 3600)
        return rc; /* a rate of minutes is none */
    return host_answer_add(
        answer, "bytes a day", "", "",
        (uint64_t)((double)(bytes - first_bytes) * 86400 / (double)(last_s - first_s)), err);
}
