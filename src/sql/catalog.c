/* SPDX-License-Identifier: MIT */
/*
 * Which text of a statement fits which server, and how values get into it. The texts are in the
 * .sql files beside this one; generate.awk turns them into sql_variants[].
 */
#include "sql/catalog.h"

#include <limits.h>
#include <string.h>

#include "sql/variants.h"

#define SQL_ARG_CAP 32
#define SQL_IDENTIFIER_MAX_CHARS 64
#define SQL_STATEMENT_CAP (16U << 20)

/*
 * The variants and their servers. "any" is everything we support. A new server gets a row here and
 * the .sql files that differ; two rows that fit the same server and the same statement are a defect
 * that test_catalog finds. "mysql57to8021" is everything up to and with 8.0.21.
 */
static const struct sql_range {
    const char *variant;
    enum flavour flavour; /* FLAVOUR_UNKNOWN: both */
    unsigned from, below; /* version_number(): major * 10000 + minor * 100 + patch */
} ranges[] = {
    {.variant = "any", .flavour = FLAVOUR_UNKNOWN, .from = 0, .below = UINT_MAX},
    {.variant = "mariadb", .flavour = FLAVOUR_MARIADB, .from = 100500, .below = UINT_MAX},
    /* 10.6: an index can be IGNORED */
    {.variant = "mariadb105", .flavour = FLAVOUR_MARIADB, .from = 100500, .below = 100600},
    {.variant = "mariadb106", .flavour = FLAVOUR_MARIADB, .from = 100600, .below = UINT_MAX},
    /* 10.8: CRC32C() */
    {.variant = "mariadb105to107", .flavour = FLAVOUR_MARIADB, .from = 100500, .below = 100800},
    {.variant = "mariadb108", .flavour = FLAVOUR_MARIADB, .from = 100800, .below = UINT_MAX},
    /* 11.2: character_set_collations */
    {.variant = "mariadb105to111", .flavour = FLAVOUR_MARIADB, .from = 100500, .below = 110200},
    {.variant = "mariadb112", .flavour = FLAVOUR_MARIADB, .from = 110200, .below = UINT_MAX},

    {.variant = "mysql", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = UINT_MAX},
    /* 8.0: SET PERSIST, roles, dynamic privileges, the data dictionary, LOCK INSTANCE */
    {.variant = "mysql57", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80000},
    {.variant = "mysql80", .flavour = FLAVOUR_MYSQL, .from = 80000, .below = UINT_MAX},
    /* 8.0.13: sql_require_primary_key, parts of indexes that are expressions */
    {.variant = "mysql80to8012", .flavour = FLAVOUR_MYSQL, .from = 80000, .below = 80013},
    {.variant = "mysql8013", .flavour = FLAVOUR_MYSQL, .from = 80013, .below = UINT_MAX},
    {.variant = "mysql8013to8029", .flavour = FLAVOUR_MYSQL, .from = 80013, .below = 80030},
    /* 8.0.16: CHECK constraints are kept */
    {.variant = "mysql57to8015", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80016},
    {.variant = "mysql8016", .flavour = FLAVOUR_MYSQL, .from = 80016, .below = UINT_MAX},
    /* 8.0.17: the clone plugin, print_identified_with_as_hex */
    {.variant = "mysql57to8016", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80017},
    {.variant = "mysql8017", .flavour = FLAVOUR_MYSQL, .from = 80017, .below = UINT_MAX},
    /* 8.0.18: show_create_table_skip_secondary_engine */
    {.variant = "mysql80to8017", .flavour = FLAVOUR_MYSQL, .from = 80000, .below = 80018},
    {.variant = "mysql8018to8029", .flavour = FLAVOUR_MYSQL, .from = 80018, .below = 80030},
    /* 8.0.19: REQUIRE_ROW_FORMAT */
    {.variant = "mysql57to8018", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80019},
    {.variant = "mysql8019", .flavour = FLAVOUR_MYSQL, .from = 80019, .below = UINT_MAX},
    /* 8.0.22: START REPLICA, SHOW REPLICA STATUS and their Source_ columns */
    {.variant = "mysql57to8021", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80022},
    {.variant = "mysql8022", .flavour = FLAVOUR_MYSQL, .from = 80022, .below = UINT_MAX},
    /* 8.0.23: CHANGE REPLICATION SOURCE TO */
    {.variant = "mysql80to8022", .flavour = FLAVOUR_MYSQL, .from = 80000, .below = 80023},
    {.variant = "mysql8023", .flavour = FLAVOUR_MYSQL, .from = 80023, .below = UINT_MAX},
    /* 8.0.26: variables are named replica_ and source_ */
    {.variant = "mysql57to8025", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80026},
    {.variant = "mysql8026", .flavour = FLAVOUR_MYSQL, .from = 80026, .below = UINT_MAX},
    /* 8.0.30: sql_generate_invisible_primary_key */
    {.variant = "mysql8030", .flavour = FLAVOUR_MYSQL, .from = 80030, .below = UINT_MAX},
    {.variant = "mysql8030to83", .flavour = FLAVOUR_MYSQL, .from = 80030, .below = 80400},
    /* 8.2.0: SHOW BINARY LOG STATUS, RESET BINARY LOGS AND GTIDS, DISABLE ON REPLICA */
    {.variant = "mysql57to81", .flavour = FLAVOUR_MYSQL, .from = 50700, .below = 80200},
    {.variant = "mysql82", .flavour = FLAVOUR_MYSQL, .from = 80200, .below = UINT_MAX},
    /* 8.4.0: restrict_fk_on_non_standard_key; what was renamed in 8.0 has lost its old name */
    {.variant = "mysql84", .flavour = FLAVOUR_MYSQL, .from = 80400, .below = UINT_MAX},
};

static bool range_fits(const struct sql_range *range, const struct server_version *version)
{
    if (range->flavour == FLAVOUR_UNKNOWN)
        return true;
    if (version == NULL || version->flavour != range->flavour)
        return false;
    unsigned number = version_number(version);
    return number >= range->from && number < range->below;
}

bool sql_variant_fits(const char *variant, const struct server_version *version)
{
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
        if (strcmp(ranges[i].variant, variant) == 0)
            return range_fits(&ranges[i], version);
    return false;
}

/* The generator writes the texts in the order of their ids. */
static size_t first_of(enum sql_id id)
{
    size_t from = 0, below = sql_variant_count;
    while (from < below) {
        size_t middle = from + (below - from) / 2;
        if (sql_variants[middle].id < id)
            from = middle + 1;
        else
            below = middle;
    }
    return from;
}

/* A sampler asks this for each column of each answer. */
static const struct sql_variant *variant_for(enum sql_id id, const struct server_version *version)
{
    for (size_t i = first_of(id); i < sql_variant_count && sql_variants[i].id == id; i++)
        if (sql_variant_fits(sql_variants[i].variant, version))
            return &sql_variants[i];
    return NULL;
}

const char *sql_for(enum sql_id id, const struct server_version *version)
{
    const struct sql_variant *variant = variant_for(id, version);
    return variant == NULL ? NULL : variant->text;
}

const char *sql_column(enum sql_id id, const struct server_version *version, const char *key)
{
    const struct sql_variant *variant = variant_for(id, version);
    if (variant == NULL)
        return NULL;
    if (variant->reads == NULL)
        return key;
    for (const struct sql_read *read = variant->reads; read->key != NULL; read++)
        if (strcmp(read->key, key) == 0)
            return read->column[0] == '\0' ? NULL : read->column;
    return NULL;
}

bool sql_is_nothing(enum sql_id id, const struct server_version *version)
{
    const char *text = sql_for(id, version);
    return text != NULL && strcmp(text, "DO 0") == 0;
}

const char *sql_journal(enum sql_id id)
{
    for (size_t i = 0; i < sql_variant_count; i++)
        if (sql_variants[i].id == id && strcmp(sql_variants[i].variant, "journal") == 0)
            return sql_variants[i].text;
    return NULL;
}

const char *sql_id_name(enum sql_id id)
{
    for (size_t i = 0; i < sql_variant_count; i++)
        if (sql_variants[i].id == id)
            return sql_variants[i].name;
    return "unknown statement";
}

/* Characters, not bytes: the server counts the first byte of each UTF-8 sequence. */
static size_t utf8_length(const char *text, size_t len)
{
    size_t chars = 0;
    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)text[i] & 0xC0) != 0x80;
    return chars;
}

static int quote_part(const char *name, struct buf *out, struct err *err)
{
    size_t len = strlen(name);
    if (len == 0 || utf8_length(name, len) > SQL_IDENTIFIER_MAX_CHARS)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "\"%.80s\" cannot be a name: 1 to %d characters", name,
                       SQL_IDENTIFIER_MAX_CHARS);
    buf_putc(out, '`');
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '`')
            buf_putc(out, '`');
        buf_putc(out, name[i]);
    }
    buf_putc(out, '`');
    return 0;
}

int sql_quote_identifier(const char *name, struct buf *out, struct err *err)
{
    const char *dot = strchr(name, '.');
    if (dot == NULL)
        return quote_part(name, out, err);
    char schema[4 * SQL_IDENTIFIER_MAX_CHARS + 1];
    size_t len = (size_t)(dot - name);
    if (len >= sizeof(schema))
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "\"%.80s\" cannot be a name: 1 to %d characters a part", name,
                       SQL_IDENTIFIER_MAX_CHARS);
    memcpy(schema, name, len);
    schema[len] = '\0';
    int rc = quote_part(schema, out, err);
    if (rc != 0)
        return rc;
    buf_putc(out, '.');
    return quote_part(dot + 1, out, err);
}

void sql_quote_literal(const char *text, size_t len, struct buf *out)
{
    buf_putc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0') {
            buf_puts(out, "\\0");
            continue;
        }
        if (text[i] == '\'' || text[i] == '\\')
            buf_putc(out, text[i]);
        buf_putc(out, text[i]);
    }
    buf_putc(out, '\'');
}

void sql_quote_list(const char *const *texts, size_t count, struct buf *out)
{
    if (count == 0)
        buf_puts(out, "NULL");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_puts(out, ", ");
        sql_quote_literal(texts[i], strlen(texts[i]), out);
    }
}

/* -12, 0.5, 42: what may stand in a statement without quotes. */
static bool is_number(const char *text)
{
    if (*text == '-')
        text++;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return false;
    text += digits;
    if (*text == '.') {
        digits = strspn(text + 1, "0123456789");
        if (digits == 0)
            return false;
        text += 1 + digits;
    }
    return *text == '\0';
}

static int put_value(char kind, const char *name, const char *text, struct buf *out,
                     struct err *err)
{
    switch (kind) {
    case '#':
        if (!is_number(text))
            return err_set(err, ERR_BUG, EFFECT_NONE, "parameter %s: \"%.40s\" is not a number",
                           name, text);
        buf_puts(out, text);
        return 0;
    case '`':
        return sql_quote_identifier(text, out, err);
    case '!':
        buf_puts(out, text);
        return 0;
    default:
        sql_quote_literal(text, strlen(text), out);
        return 0;
    }
}

/* One :{name}, :{name#}, :{name`} or :{name!} at `*cursor`, which moves behind it. */
static int put_parameter(const char **cursor, const struct sql_arg *args, size_t arg_count,
                         bool *is_used, struct buf *out, struct err *err)
{
    const char *name = *cursor + 2;
    size_t len = strcspn(name, "}#`!");
    char kind = name[len] == '}' ? '\0' : name[len];
    const char *end = kind == '\0' ? name + len : name + len + 1;
    if (*end != '}')
        return err_set(err, ERR_BUG, EFFECT_NONE, "parameter \"%.20s\" is not closed", name);
    for (size_t i = 0; i < arg_count; i++) {
        if (strlen(args[i].name) != len || strncmp(args[i].name, name, len) != 0)
            continue;
        if (args[i].text == NULL)
            return err_set(err, ERR_BUG, EFFECT_NONE, "parameter %s has no value", args[i].name);
        is_used[i] = true;
        *cursor = end + 1;
        return put_value(kind, args[i].name, args[i].text, out, err);
    }
    return err_set(err, ERR_BUG, EFFECT_NONE, "parameter %.*s is not given", (int)len, name);
}

int sql_fill(const char *template, const struct sql_arg *args, size_t arg_count, struct buf *out,
             struct err *err)
{
    bool is_used[SQL_ARG_CAP] = {false};
    if (arg_count > SQL_ARG_CAP)
        return err_set(err, ERR_BUG, EFFECT_NONE, "more than %d arguments", SQL_ARG_CAP);
    const char *cursor = template;
    while (*cursor != '\0') {
        const char *next = strstr(cursor, ":{");
        size_t plain = next == NULL ? strlen(cursor) : (size_t)(next - cursor);
        buf_add(out, cursor, plain);
        cursor += plain;
        if (next == NULL)
            break;
        int rc = put_parameter(&cursor, args, arg_count, is_used, out, err);
        if (rc != 0)
            return rc;
    }
    for (size_t i = 0; i < arg_count; i++)
        if (!is_used[i])
            return err_set(err, ERR_BUG, EFFECT_NONE, "argument %s is not used", args[i].name);
    return buf_check(out, err);
}

static bool text_uses(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = text; (at = strstr(at, ":{")) != NULL; at += 2)
        if (strncmp(at + 2, name, len) == 0 && strchr("}#`!", at[2 + len]) != NULL)
            return true;
    return false;
}

/* A caller gives what any server could need; the text for this one may do with less. */
static bool another_variant_uses(enum sql_id id, const char *name)
{
    for (size_t i = 0; i < sql_variant_count; i++)
        if (sql_variants[i].id == id && text_uses(sql_variants[i].text, name))
            return true;
    return false;
}

static int render_used(enum sql_id id, const char *template, const struct sql_arg *args,
                       size_t arg_count, struct buf *out, struct err *err)
{
    struct sql_arg used[SQL_ARG_CAP];
    size_t count = 0;
    if (arg_count > ARRAY_LEN(used))
        return err_set(err, ERR_BUG, EFFECT_NONE, "more than %d arguments", SQL_ARG_CAP);
    for (size_t i = 0; i < arg_count; i++)
        if (text_uses(template, args[i].name) || !another_variant_uses(id, args[i].name))
            used[count++] = args[i];
    return sql_fill(template, used, count, out, err);
}

int sql_render(enum sql_id id, const struct server_version *version, const struct sql_arg *args,
               size_t arg_count, struct buf *out, struct err *err)
{
    const char *template = sql_for(id, version);
    if (template == NULL)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "there is no form of the statement %s for %s %u.%u", sql_id_name(id),
                       version == NULL ? "this server" : flavour_name(version->flavour),
                       version == NULL ? 0 : version->major, version == NULL ? 0 : version->minor);
    if (render_used(id, template, args, arg_count, out, err) != 0)
        return err_wrap(err, "statement %s", sql_id_name(id));
    return 0;
}
