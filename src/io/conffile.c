/* SPDX-License-Identifier: MIT */
/*
 * A libconfig file as a tree. The file is read whole and handed to the parser as text: so it is
 * looked at before parsing (size, NUL bytes, @include), and what was checked is what was parsed.
 */
#include "io/conffile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define CONFFILE_CAP_BYTES ((size_t)1 << 20)
#define SUGGEST_DISTANCE 3
#define SUGGEST_WORD_CAP 48

struct conffile {
    config_t config;
    char *path;
};

/* A node is libconfig's own setting under our name; the root's hook leads back to the file. */
static config_setting_t *setting_of(const struct conf_node *node)
{
    return (config_setting_t *)(uintptr_t)node;
}

static const struct conf_node *node_of(const config_setting_t *setting)
{
    return (const struct conf_node *)(const void *)setting;
}

/* --- opening ---------------------------------------------------------------------------------- */

static void close_fdp(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* only read from */
}

static int file_error(const char *path, const char *problem, struct err *err)
{
    int rc = err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read %s: %s", path, problem);

    (void)err_where(err, "%s", path);
    return rc;
}

static int read_whole(const char *path, struct buf *text, struct err *err)
{
    CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;

    if (fd < 0 || fstat(fd, &about) != 0)
        return file_error(path, strerror(errno), err);
    if (!S_ISREG(about.st_mode))
        return file_error(path, S_ISDIR(about.st_mode) ? "it is a directory" : "it is not a file",
                          err);
    while (!text->is_failed) {
        char piece[8192];
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0)
            return file_error(path, strerror(errno), err);
        if (got == 0)
            break;
        buf_add(text, piece, (size_t)got);
    }
    buf_putc(text, '\n'); /* the parser refuses a last line that is a comment without an end */
    if (text->is_failed)
        return file_error(path, "it is larger than 1 MiB", err);
    return 0;
}

static int text_error(const char *path, unsigned line, const char *problem, struct err *err)
{
    int rc = err_set(err, ERR_CONFIG, EFFECT_NONE, "%s", problem);

    (void)err_where(err, "%s:%u", path, line);
    return rc;
}

/* The end of the string or comment that starts at `at`, or `at` itself. */
static const char *skip_prose(const char *at)
{
    if (*at == '"') {
        for (at++; *at && *at != '"'; at++)
            at += *at == '\\' && at[1];
        return *at ? at + 1 : at;
    }
    if (*at == '#' || (at[0] == '/' && at[1] == '/'))
        return at + strcspn(at, "\n");
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");
        return end ? end + 2 : at + strlen(at);
    }
    return at;
}

/* Does the number at `at` survive the parser, which cuts plain ones to 32 bits and says nothing? */
static bool is_number_kept(const char *at, const char **out_end)
{
    const char *digits = at + strspn(at, "+-");
    bool is_hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    char *end;

    errno = 0;
    long long value = strtoll(at, &end, is_hex ? 16 : 10);
    *out_end = end > at ? end : at + 1;
    bool is_float = !is_hex && *end && strchr(".eE", *end);
    if (is_float) {
        (void)strtod(at, &end);
        *out_end = end;
        return true;
    }
    bool is_wide = *end == 'L';
    *out_end += strspn(*out_end, "L");
    return errno == 0 && (is_wide || (value >= INT_MIN && value <= INT_MAX));
}

/* Where the text holds what the parser would take in without a word; NULL when there is nothing. */
static const char *find_trap(const char *text, const char **out_problem)
{
    static const char name_bytes[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-*";

    for (const char *at = text; *at;) {
        const char *start = at;
        bool is_line_start = at == text || at[-1] == '\n';
        if (is_line_start && strncmp(at + strspn(at, " \t"), "@include", strlen("@include")) == 0) {
            *out_problem = "@include is not allowed: a file is read whole, by people as well";
            return start;
        }
        at = skip_prose(at);
        if (at != start)
            continue;
        if (isalpha((unsigned char)*at) || *at == '_' || *at == '*') {
            at += strspn(at, name_bytes);
        } else if (isdigit((unsigned char)at[strspn(at, "+-")])) {
            if (!is_number_kept(at, &at)) {
                *out_problem = "this number is too large; above 2147483647 write an L behind it";
                return start;
            }
        } else {
            at++;
        }
    }
    return NULL;
}

static int check_text(const char *path, const struct buf *text, struct err *err)
{
    const char *problem = "", *start = buf_text(text);
    unsigned line = 1;

    if (strlen(start) != text->len)
        return file_error(path, "it holds NUL bytes, so it is not a text file", err);
    const char *trap = find_trap(start, &problem);
    if (!trap)
        return 0;
    for (const char *at = start; at < trap; at++)
        line += *at == '\n';
    return text_error(path, line, problem, err);
}

int conffile_open(const char *path, struct conffile **out, struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    buf_init(&text, CONFFILE_CAP_BYTES + 1);
    int rc = read_whole(path, &text, err);
    if (rc == 0)
        rc = check_text(path, &text, err);
    if (rc != 0)
        return rc;

    CLEANUP(conffile_freep) struct conffile *file = calloc(1, sizeof *file);
    if (!file)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %s", path);
    config_init(&file->config);
    file->path = strdup(path);
    if (!file->path)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %s", path);
    if (config_read_string(&file->config, buf_text(&text)) != CONFIG_TRUE)
        return text_error(path, (unsigned)config_error_line(&file->config),
                          config_error_text(&file->config), err);
    config_setting_set_hook(config_root_setting(&file->config), file);
    *out = file;
    file = NULL;
    return 0;
}

void conffile_free(struct conffile *file)
{
    if (!file)
        return;
    config_destroy(&file->config);
    free(file->path);
    free(file);
}

void conffile_freep(struct conffile **file)
{
    conffile_free(*file);
    *file = NULL;
}

const char *conffile_path(const struct conffile *file)
{
    return file->path;
}

const struct conf_node *conffile_root(const struct conffile *file)
{
    return node_of(config_root_setting(&file->config));
}

/* --- looking ---------------------------------------------------------------------------------- */

enum conf_kind conf_kind(const struct conf_node *node)
{
    switch (config_setting_type(setting_of(node))) {
    case CONFIG_TYPE_STRING:
        return CONF_TEXT;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return CONF_INT;
    case CONFIG_TYPE_FLOAT:
        return CONF_FLOAT;
    case CONFIG_TYPE_BOOL:
        return CONF_BOOL;
    case CONFIG_TYPE_ARRAY:
        return CONF_ARRAY;
    case CONFIG_TYPE_LIST:
        return CONF_LIST;
    default:
        return CONF_GROUP;
    }
}

const char *conf_kind_name(enum conf_kind kind)
{
    static const char *const names[] = {
        [CONF_GROUP] = "group { }",    [CONF_LIST] = "list ( )",
        [CONF_ARRAY] = "array [ ]",    [CONF_TEXT] = "string",
        [CONF_INT] = "number",         [CONF_FLOAT] = "number with a fraction",
        [CONF_BOOL] = "true or false",
    };

    return names[kind];
}

const char *conf_name(const struct conf_node *node)
{
    return config_setting_name(setting_of(node));
}

unsigned conf_line(const struct conf_node *node)
{
    unsigned line = (unsigned)config_setting_source_line(setting_of(node));

    return line ? line : 1; /* the file itself, as a group, has none */
}

const char *conf_file(const struct conf_node *node)
{
    config_setting_t *at = setting_of(node);

    while (config_setting_parent(at))
        at = config_setting_parent(at);
    const struct conffile *file = config_setting_get_hook(at);
    return file->path;
}

size_t conf_count(const struct conf_node *node)
{
    return config_setting_is_aggregate(setting_of(node))
               ? (size_t)config_setting_length(setting_of(node))
               : 0;
}

const struct conf_node *conf_at(const struct conf_node *node, size_t index)
{
    if (index >= conf_count(node))
        return NULL;
    return node_of(config_setting_get_elem(setting_of(node), (unsigned)index));
}

const struct conf_node *conf_child(const struct conf_node *group, const char *name)
{
    if (conf_kind(group) != CONF_GROUP)
        return NULL;
    return node_of(config_setting_get_member(setting_of(group), name));
}

/* --- errors ----------------------------------------------------------------------------------- */

int conf_error(const struct conf_node *node, struct err *err, const char *fmt, ...)
{
    char text[sizeof err->msg];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return text_error(conf_file(node), conf_line(node), text, err);
}

/* "the number 3306", "the string "x"", "a list ( )": what a person sees at that place. */
static const char *found_text(const struct conf_node *node, char out[96])
{
    config_setting_t *setting = setting_of(node);

    switch (conf_kind(node)) {
    case CONF_TEXT:
        (void)snprintf(out, 96, "the string \"%.64s\"", config_setting_get_string(setting));
        break;
    case CONF_INT:
        (void)snprintf(out, 96, "the number %lld", config_setting_get_int64(setting));
        break;
    case CONF_FLOAT:
        (void)snprintf(out, 96, "the number %g", config_setting_get_float(setting));
        break;
    case CONF_BOOL:
        (void)snprintf(out, 96, "%s", config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONF_GROUP:
    case CONF_LIST:
    case CONF_ARRAY:
        (void)snprintf(out, 96, "a %s", conf_kind_name(conf_kind(node)));
        break;
    }
    return out;
}

/* "for "host"", or "as item 3 of "records"" where items have no names. */
static const char *place_text(const struct conf_node *node, char out[128])
{
    config_setting_t *setting = setting_of(node);
    config_setting_t *parent = config_setting_parent(setting);
    const char *parent_name = parent ? config_setting_name(parent) : NULL;

    if (conf_name(node))
        (void)snprintf(out, 128, "for \"%.100s\"", conf_name(node));
    else if (parent_name)
        (void)snprintf(out, 128, "as item %d of \"%.80s\"", config_setting_index(setting) + 1,
                       parent_name);
    else
        (void)snprintf(out, 128, "here");
    return out;
}

static int wrong_kind(const struct conf_node *node, const char *expected, struct err *err)
{
    char place[128], found[96];

    return conf_error(node, err, "expected %s %s, found %s", expected, place_text(node, place),
                      found_text(node, found));
}

static int absent(const struct conf_node *group, const char *name, const char *expected,
                  struct err *err)
{
    const char *in = conf_name(group);

    if (in)
        return conf_error(group, err, "\"%s\" is missing in \"%s\": expected %s", name, in,
                          expected);
    return conf_error(group, err, "\"%s\" is missing here: expected %s", name, expected);
}

/* --- values ----------------------------------------------------------------------------------- */

int conf_text(const struct conf_node *group, const char *name, const char **out, struct err *err)
{
    const struct conf_node *node = conf_child(group, name);

    if (!node)
        return absent(group, name, "a string", err);
    if (conf_kind(node) != CONF_TEXT)
        return wrong_kind(node, "a string", err);
    *out = conf_as_text(node);
    return 0;
}

int conf_int(const struct conf_node *group, const char *name, int64_t *out, struct err *err)
{
    const struct conf_node *node = conf_child(group, name);

    if (!node)
        return absent(group, name, "a whole number", err);
    return conf_as_int(node, out, err);
}

int conf_bool(const struct conf_node *group, const char *name, bool *out, struct err *err)
{
    const struct conf_node *node = conf_child(group, name);

    if (!node)
        return absent(group, name, "true or false", err);
    if (conf_kind(node) != CONF_BOOL)
        return wrong_kind(node, "true or false", err);
    *out = config_setting_get_bool(setting_of(node)) != 0;
    return 0;
}

const char *conf_as_text(const struct conf_node *node)
{
    return conf_kind(node) == CONF_TEXT ? config_setting_get_string(setting_of(node)) : NULL;
}

int conf_as_int(const struct conf_node *node, int64_t *out, struct err *err)
{
    if (conf_kind(node) != CONF_INT)
        return wrong_kind(node, "a whole number", err);
    *out = config_setting_get_int64(setting_of(node));
    return 0;
}

/* --- unknown keys ----------------------------------------------------------------------------- */

static bool is_among(const char *word, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(word, *known) == 0)
            return true;
    return false;
}

int conf_only(const struct conf_node *group, const char *const *known, struct err *err)
{
    for (size_t i = 0; i < conf_count(group); i++) {
        const struct conf_node *node = conf_at(group, i);
        const char *name = conf_name(node);
        if (!name || is_among(name, known))
            continue;
        const char *nearest = conf_suggest(name, known);
        if (nearest)
            return conf_error(node, err, "unknown key \"%s\"; did you mean \"%s\"?", name, nearest);
        return conf_error(node, err, "unknown key \"%s\"", name);
    }
    return 0;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

/* Damerau's distance: insert, delete, replace, or swap two neighbours. Long words are never near.
 */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[SUGGEST_WORD_CAP + 1][SUGGEST_WORD_CAP + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > SUGGEST_WORD_CAP || b_len > SUGGEST_WORD_CAP)
        return SUGGEST_WORD_CAP;
    for (size_t i = 0; i <= a_len; i++)
        rows[i][0] = i;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            rows[i][j] = least(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                rows[i - 2][j - 2] + 1 < rows[i][j])
                rows[i][j] = rows[i - 2][j - 2] + 1;
        }
    }
    return rows[a_len][b_len];
}

const char *conf_suggest(const char *word, const char *const *known)
{
    const char *nearest = NULL;
    size_t nearest_distance = SUGGEST_DISTANCE + 1;

    for (; *known; known++) {
        size_t distance = edit_distance(word, *known);
        if (distance < nearest_distance && distance < strlen(word)) {
            nearest = *known;
            nearest_distance = distance;
        }
    }
    return nearest;
}
