/* SPDX-License-Identifier: MIT */
/*
 * The words of a statement. Names are taken where the grammar of both vendors has them; a name that
 * may have been read wrongly makes the answer larger, and one too many does no harm.
 */
#include "verify/binlog_statement.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define WORD_SIZE 257

/* --- words ------------------------------------------------------------------------------------ */

enum word_kind { WORD_END, WORD_PLAIN, WORD_QUOTED, WORD_STRING, WORD_SIGN };

struct words {
    const char *at, *end;
    enum word_kind kind;
    char text[WORD_SIZE]; /* of a name without its quotes; of a sign, the character */
    bool is_cut;          /* a word did not fit, or was not ended */
};

static bool is_in(const struct words *words, size_t offset, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(words->end - words->at) >= offset + len &&
           memcmp(words->at + offset, text, len) == 0;
}

static void skip_line(struct words *words)
{
    while (words->at < words->end && *words->at != '\n')
        words->at++;
}

/* What stands in a comment for some versions only counts as said: both vendors log it so. */
static bool skip_comment(struct words *words)
{
    if (is_in(words, 0, "*/")) {
        words->at += 2; /* of such a comment */
        return true;
    }
    if (is_in(words, 0, "/*!") || is_in(words, 0, "/*M!")) {
        words->at += is_in(words, 0, "/*!") ? 3 : 4;
        while (words->at < words->end && isdigit((unsigned char)*words->at))
            words->at++;
        return true;
    }
    if (is_in(words, 0, "/*")) {
        words->at += 2;
        while (words->at < words->end && !is_in(words, 0, "*/"))
            words->at++;
        if (words->at < words->end)
            words->at += 2;
        return true;
    }
    if (is_in(words, 0, "#") || is_in(words, 0, "-- ") || is_in(words, 0, "--\n")) {
        skip_line(words);
        return true;
    }
    return false;
}

static bool is_word_byte(unsigned char byte)
{
    return isalnum(byte) || byte == '_' || byte == '$' || byte >= 0x80;
}

static void take_quoted(struct words *words, char quote)
{
    size_t len = 0;

    words->at++;
    for (;; words->at++) {
        if (words->at >= words->end || len + 1 >= WORD_SIZE) {
            words->is_cut |= words->kind == WORD_QUOTED || words->at >= words->end;
            if (words->at >= words->end)
                break;
            len = 0; /* a long string: nobody wants its text */
        }
        if (*words->at == '\\' && quote != '`' && words->at + 1 < words->end) {
            words->at++;
        } else if (*words->at == quote) {
            words->at++;
            if (words->at >= words->end || *words->at != quote)
                break; /* not doubled */
        }
        words->text[len++] = *words->at;
    }
    words->text[len] = '\0';
}

static void take_plain(struct words *words)
{
    size_t len = 0;

    while (words->at < words->end && is_word_byte((unsigned char)*words->at)) {
        if (len + 1 < WORD_SIZE)
            words->text[len++] = *words->at;
        else
            words->is_cut = true;
        words->at++;
    }
    words->text[len] = '\0';
}

/* A double quote is a name's with ANSI_QUOTES and a string's without: as a name it does no harm. */
static void next_word(struct words *words)
{
    do {
        while (words->at < words->end && isspace((unsigned char)*words->at))
            words->at++;
    } while (words->at < words->end && skip_comment(words));
    words->text[0] = '\0';
    words->kind = WORD_END;
    if (words->at >= words->end)
        return;
    char first = *words->at;
    if (first == '`' || first == '"' || first == '\'') {
        words->kind = first == '\'' ? WORD_STRING : WORD_QUOTED;
        take_quoted(words, first);
    } else if (is_word_byte((unsigned char)first)) {
        words->kind = WORD_PLAIN;
        take_plain(words);
    } else {
        words->kind = WORD_SIGN;
        words->text[0] = first;
        words->text[1] = '\0';
        words->at++;
    }
}

static bool is_word(const struct words *words, const char *word)
{
    return words->kind == WORD_PLAIN && !strcasecmp(words->text, word);
}

static bool is_sign(const struct words *words, char sign)
{
    return words->kind == WORD_SIGN && words->text[0] == sign;
}

static bool is_any_word(const struct words *words, const char *const *list)
{
    for (; *list; list++)
        if (is_word(words, *list))
            return true;
    return false;
}

/* Pass the word when it is this one. */
static bool pass(struct words *words, const char *word)
{
    if (!is_word(words, word))
        return false;
    next_word(words);
    return true;
}

/* --- names ------------------------------------------------------------------------------------ */

struct statement {
    const struct binlog_query *query;
    struct told_list *told;
    struct words words;
};

static int tell(struct statement *statement, enum change_kind kind, const char *database,
                const char *name, struct err *err)
{
    const struct change change = {.kind = kind, .database = database, .name = name};
    return told_add(statement->told, &change, err);
}

static int tell_everything(struct statement *statement, enum change_kind kind, struct err *err)
{
    return tell(statement, kind, "", "", err);
}

/* May the bytes of a name mean other letters than the catalog's? */
static bool is_foreign(const struct statement *statement, const char *name)
{
    if (statement->query->is_utf8)
        return false;
    for (; *name; name++)
        if ((unsigned char)*name >= 0x80)
            return true;
    return false;
}

/* "name" or "database.name", from the word that is there on; the word behind it is read. */
static int tell_name(struct statement *statement, enum change_kind kind, struct err *err)
{
    struct words *words = &statement->words;
    char first[WORD_SIZE];

    if (words->kind != WORD_PLAIN && words->kind != WORD_QUOTED)
        return tell_everything(statement, kind, err);
    memcpy(first, words->text, sizeof(first));
    next_word(words);
    bool is_qualified = is_sign(words, '.');
    if (is_qualified)
        next_word(words);
    if (words->is_cut || is_foreign(statement, first) ||
        (is_qualified && is_foreign(statement, words->text)))
        return tell_everything(statement, kind, err);
    if (!is_qualified)
        return tell(statement, kind, statement->query->database, first, err);
    int rc = tell(statement, kind, first, words->text, err);
    next_word(words);
    return rc;
}

/* "a, b.c, d" */
static int tell_names(struct statement *statement, enum change_kind kind, struct err *err)
{
    int rc;

    do {
        rc = tell_name(statement, kind, err);
        if (rc || !is_sign(&statement->words, ','))
            return rc;
        next_word(&statement->words);
    } while (statement->words.kind != WORD_END);
    return rc;
}

/* Wherever else in a statement a table may be named: RENAME TO x, EXCHANGE ... WITH TABLE x. */
static int tell_later_names(struct statement *statement, struct err *err)
{
    static const char *const before[] = {"TO", "AS", "TABLE", "RENAME", NULL};
    struct words *words = &statement->words;

    while (words->kind != WORD_END) {
        bool is_announced = is_any_word(words, before);
        next_word(words);
        if (!is_announced)
            continue;
        if (is_sign(words, '='))
            next_word(words);
        if (words->kind != WORD_PLAIN && words->kind != WORD_QUOTED)
            continue;
        if (is_any_word(words, before))
            continue;
        int rc = tell_name(statement, CHANGE_SCHEMA, err);
        if (rc)
            return rc;
    }
    return 0;
}

/* --- kinds of statements ---------------------------------------------------------------------- */

static void pass_if_exists(struct words *words)
{
    if (pass(words, "IF")) {
        (void)pass(words, "NOT");
        (void)pass(words, "EXISTS");
    }
}

/* Everything that may stand between CREATE, ALTER or DROP and the kind of thing. */
static bool pass_to_thing(struct words *words)
{
    static const char *const things[] = {
        "TABLE",   "TABLES",  "DATABASE", "SCHEMA",   "VIEW", "INDEX",   "PROCEDURE", "FUNCTION",
        "TRIGGER", "EVENT",   "SEQUENCE", "PACKAGE",  "USER", "ROLE",    "SERVER",    "TABLESPACE",
        "LOGFILE", "SPATIAL", "RESOURCE", "INSTANCE", "UNDO", "CATALOG", NULL};
    bool is_temporary = false;

    while (words->kind != WORD_END && !is_any_word(words, things)) {
        is_temporary |= is_word(words, "TEMPORARY");
        if (pass(words, "DEFINER")) {
            if (!is_sign(words, '=')) /* SQL SECURITY DEFINER */
                continue;
            next_word(words); /* user @ host, any of which may be called TABLE */
            next_word(words);
            if (!is_sign(words, '@') && !is_sign(words, '('))
                continue;
            next_word(words);
        }
        next_word(words);
    }
    return is_temporary;
}

/* ON table, wherever it comes. */
static int tell_after_on(struct statement *statement, struct err *err)
{
    struct words *words = &statement->words;

    while (words->kind != WORD_END && !is_word(words, "ON"))
        next_word(words);
    next_word(words);
    return tell_name(statement, CHANGE_SCHEMA, err);
}

static int tell_database(struct statement *statement, struct err *err)
{
    static const char *const attributes[] = {"CHARACTER", "CHARSET", "COLLATE",
                                             "DEFAULT",   "COMMENT", "ENCRYPTION",
                                             "READ",      "UPGRADE", NULL};
    struct words *words = &statement->words;

    next_word(words);
    pass_if_exists(words);
    if (words->kind == WORD_END ||
        is_any_word(words, attributes)) /* ALTER DATABASE of the default */
        return tell(statement, CHANGE_SCHEMA, statement->query->database, "", err);
    if (words->is_cut || is_foreign(statement, words->text))
        return tell_everything(statement, CHANGE_SCHEMA, err);
    return tell(statement, CHANGE_SCHEMA, words->text, "", err);
}

static int tell_table(struct statement *statement, bool is_alter, bool is_temporary,
                      struct err *err)
{
    struct words *words = &statement->words;

    if (is_temporary)
        return 0;
    next_word(words);
    pass_if_exists(words);
    if (is_alter)
        (void)pass(words, "ONLINE");
    int rc = tell_names(statement, CHANGE_SCHEMA, err);
    return rc || !is_alter ? rc : tell_later_names(statement, err);
}

static int read_definition(struct statement *statement, struct err *err)
{
    static const char *const nobody[] = {"USER",       "ROLE", "SERVER",   "RESOURCE", "LOGFILE",
                                         "TABLESPACE", "UNDO", "INSTANCE", "CATALOG",  NULL};
    struct words *words = &statement->words;
    bool is_alter = is_word(words, "ALTER");

    next_word(words);
    bool is_temporary = pass_to_thing(words);
    if (is_any_word(words, nobody))
        return 0;
    if (is_word(words, "DATABASE") || is_word(words, "SCHEMA"))
        return tell_database(statement, err);
    if (is_word(words, "INDEX") || is_word(words, "SPATIAL"))
        return tell_after_on(statement, err);
    if (is_word(words, "TABLE") || is_word(words, "TABLES") || is_word(words, "SEQUENCE") ||
        is_word(words, "VIEW"))
        return tell_table(statement, is_alter, is_temporary, err);
    if (words->kind == WORD_END)
        return tell_everything(statement, CHANGE_SCHEMA, err);
    next_word(words); /* a program */
    (void)pass(words, "BODY");
    pass_if_exists(words);
    return tell_name(statement, CHANGE_SCHEMA, err);
}

/* RENAME TABLE a TO b, c TO d */
static int read_rename(struct statement *statement, struct err *err)
{
    struct words *words = &statement->words;
    int rc = 0;

    next_word(words);
    if (is_word(words, "USER"))
        return 0;
    if (!pass(words, "TABLE") && !pass(words, "TABLES"))
        return tell_everything(statement, CHANGE_SCHEMA, err);
    pass_if_exists(words);
    while (!rc && words->kind != WORD_END) {
        rc = tell_name(statement, CHANGE_SCHEMA, err);
        while (words->kind != WORD_END && !is_word(words, "TO") && !is_sign(words, ','))
            next_word(words); /* WAIT n */
        next_word(words);
    }
    return rc;
}

static int read_truncate(struct statement *statement, struct err *err)
{
    next_word(&statement->words);
    (void)pass(&statement->words, "TABLE");
    return tell_name(statement, CHANGE_TABLE, err);
}

/* Data, by whatever statement. */
static int read_data(struct statement *statement, struct err *err)
{
    const struct binlog_query *query = statement->query;

    if (!query->has_updated)
        return tell_everything(statement, CHANGE_TABLE, err);
    for (size_t i = 0; i < query->updated_count; i++) {
        int rc = tell(statement, CHANGE_TABLE, query->updated[i], "", err);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_nothing(struct statement *statement UNUSED, struct err *err UNUSED)
{
    return 0;
}

/* SET PASSWORD, SET DEFAULT ROLE; but MariaDB: SET STATEMENT variable = 1 FOR another one */
static int read_set(struct statement *statement, struct err *err)
{
    next_word(&statement->words);
    return is_word(&statement->words, "STATEMENT") ? tell_everything(statement, CHANGE_SCHEMA, err)
                                                   : 0;
}

/* Statements that are neither here nor part of a transaction's frame change data. */
static const struct {
    const char *word;
    int (*read)(struct statement *statement, struct err *err);
} verbs[] = {
    {"CREATE", read_definition}, {"ALTER", read_definition},  {"DROP", read_definition},
    {"RENAME", read_rename},     {"TRUNCATE", read_truncate}, {"GRANT", read_nothing},
    {"REVOKE", read_nothing},    {"FLUSH", read_nothing},     {"ANALYZE", read_nothing},
    {"OPTIMIZE", read_nothing},  {"REPAIR", read_nothing},    {"CHECK", read_nothing},
    {"INSTALL", read_nothing},   {"UNINSTALL", read_nothing}, {"SET", read_set},
};

/* "XA START X'31',X'',1": what follows the second word, as it is. */
static enum statement_role read_xa(struct words *words, char out_xid[BINLOG_XID_SIZE])
{
    static const struct {
        const char *word;
        enum statement_role role;
    } roles[] = {
        {"START", STATEMENT_XA_START},       {"BEGIN", STATEMENT_XA_START},
        {"END", STATEMENT_XA_END},           {"COMMIT", STATEMENT_XA_COMMIT},
        {"ROLLBACK", STATEMENT_XA_ROLLBACK},
    };
    next_word(words);
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (!is_word(words, roles[i].word))
            continue;
        while (words->at < words->end && *words->at == ' ')
            words->at++;
        size_t len = (size_t)(words->end - words->at);
        len = len < BINLOG_XID_SIZE ? len : BINLOG_XID_SIZE - 1;
        memcpy(out_xid, words->at, len);
        out_xid[len] = '\0';
        return roles[i].role;
    }
    return STATEMENT_CHANGE;
}

static enum statement_role role_of(struct words *words, char out_xid[BINLOG_XID_SIZE])
{
    if (is_word(words, "BEGIN") || is_word(words, "START"))
        return STATEMENT_BEGIN;
    if (is_word(words, "COMMIT"))
        return STATEMENT_COMMIT;
    if (is_word(words, "SAVEPOINT") || is_word(words, "RELEASE"))
        return STATEMENT_SAVEPOINT;
    if (is_word(words, "XA"))
        return read_xa(words, out_xid);
    if (is_word(words, "ROLLBACK")) {
        next_word(words);
        return is_word(words, "TO") ? STATEMENT_SAVEPOINT : STATEMENT_ROLLBACK;
    }
    return STATEMENT_CHANGE;
}

int statement_read(const struct binlog_query *query, struct told_list *told,
                   enum statement_role *out_role, char out_xid[BINLOG_XID_SIZE], struct err *err)
{
    struct statement statement = {
        .query = query,
        .told = told,
        .words = {.at = query->sql, .end = query->sql + query->sql_len},
    };
    out_xid[0] = '\0';
    next_word(&statement.words);
    *out_role = role_of(&statement.words, out_xid);
    if (*out_role != STATEMENT_CHANGE)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (is_word(&statement.words, verbs[i].word))
            return verbs[i].read(&statement, err);
    return statement.words.kind == WORD_END ? 0 : read_data(&statement, err);
}
