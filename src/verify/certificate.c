/* SPDX-License-Identifier: MIT */
/* A certificate as a sentence and as JSON, and back. */
#include "verify/certificate.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define COUNT_SIZE 32

const char *certificate_algorithm(unsigned fast_tables, unsigned remote_tables)
{
    if (fast_tables)
        return "CHECKSUM TABLE (32 bits) for some tables";
    if (remote_tables)
        return "hashes made by the servers for some tables";
    return "XXH3-128 of length-prefixed values";
}

/* "1,234,567" */
static const char *count_text(uint64_t count, char out[COUNT_SIZE])
{
    char digits[COUNT_SIZE];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    size_t at = 0;

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static const char *rewritten_text(const struct certificate *certificate, char out[128])
{
    char reproven[COUNT_SIZE], settled[COUNT_SIZE];

    if (!certificate->reproven)
        (void)snprintf(out, 128, "none was written to since it was compared");
    else
        (void)snprintf(out, 128,
                       "%s were written to meanwhile and compared again, %s of them in the last "
                       "%" PRId64 " ms",
                       count_text(certificate->reproven, reproven),
                       count_text(certificate->settled, settled), certificate->settle_ms);
    return out;
}

void certificate_text(const struct certificate *certificate, char *out, size_t out_size)
{
    char rows[COUNT_SIZE], position[200], rewritten[128];

    position_show(&certificate->position, position, sizeof(position));
    (void)snprintf(out, out_size,
                   "every row of %u %s (%s rows) is the same as of %s%s; %s; hash %s",
                   certificate->tables, certificate->tables == 1 ? "table" : "tables",
                   count_text(certificate->rows, rows), position,
                   certificate->is_fenced ? ", while nobody could write" : "",
                   rewritten_text(certificate, rewritten), certificate->hash);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* All whole numbers, by name. */
enum member_type { MEMBER_U64, MEMBER_I64, MEMBER_UNSIGNED };
static const struct member {
    const char *name;
    enum member_type type;
    size_t offset;
} members[] = {
    {"tables", MEMBER_UNSIGNED, offsetof(struct certificate, tables)},
    {"rows", MEMBER_U64, offsetof(struct certificate, rows)},
    {"bytes", MEMBER_U64, offsetof(struct certificate, bytes)},
    {"rows_reproven", MEMBER_U64, offsetof(struct certificate, reproven)},
    {"rows_settled", MEMBER_U64, offsetof(struct certificate, settled)},
    {"pass_began_us", MEMBER_I64, offsetof(struct certificate, pass_began_us)},
    {"pass_ended_us", MEMBER_I64, offsetof(struct certificate, pass_ended_us)},
    {"sealed_us", MEMBER_I64, offsetof(struct certificate, sealed_us)},
    {"pass_ms", MEMBER_I64, offsetof(struct certificate, pass_ms)},
    {"settle_ms", MEMBER_I64, offsetof(struct certificate, settle_ms)},
    {"stream_tables", MEMBER_UNSIGNED, offsetof(struct certificate, stream_tables)},
    {"remote_tables", MEMBER_UNSIGNED, offsetof(struct certificate, remote_tables)},
    {"fast_tables", MEMBER_UNSIGNED, offsetof(struct certificate, fast_tables)},
};

static json_int_t get_number(const struct certificate *certificate, const struct member *member)
{
    const char *at = (const char *)certificate + member->offset;
    uint64_t whole;
    int64_t signed_whole;
    unsigned small;

    switch (member->type) {
    case MEMBER_U64:
        memcpy(&whole, at, sizeof(whole));
        return (json_int_t)whole;
    case MEMBER_I64:
        memcpy(&signed_whole, at, sizeof(signed_whole));
        return (json_int_t)signed_whole;
    case MEMBER_UNSIGNED:
        memcpy(&small, at, sizeof(small));
        return (json_int_t)small;
    }
    return 0;
}

static void set_number(struct certificate *certificate, const struct member *member,
                       json_int_t value)
{
    char *at = (char *)certificate + member->offset;
    const int64_t whole = value;
    const unsigned small = (unsigned)value;

    if (member->type == MEMBER_UNSIGNED)
        memcpy(at, &small, sizeof(small));
    else
        memcpy(at, &whole, sizeof(whole));
}

json_t *certificate_json(const struct certificate *certificate)
{
    char position[POSITION_TEXT_SIZE], text[1024], sealed[32];
    struct err err = {0};

    if (position_text(&certificate->position, position, sizeof(position), &err))
        return NULL;
    certificate_text(certificate, text, sizeof(text));
    json_t *json =
        json_pack("{s:s,s:s,s:b,s:s,s:s,s:s,s:s}", "source", side_name(certificate->source),
                  "position", position, "fenced", (int)certificate->is_fenced, "algorithm",
                  certificate->algorithm, "hash", certificate->hash, "sealed",
                  clock_iso8601(certificate->sealed_us, sealed), "text", text);
    for (size_t i = 0; json && i < ARRAY_LEN(members); i++)
        if (json_object_set_new(json, members[i].name,
                                json_integer(get_number(certificate, &members[i])))) {
            json_decref(json);
            return NULL;
        }
    return json;
}

static int not_there(const char *name, const char *wanted, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a certificate's \"%s\" is not %s", name,
                   wanted);
}

static int read_text(const json_t *json, const char *name, char *out, size_t out_size,
                     struct err *err)
{
    const char *text = json_string_value(json_object_get(json, name));

    if (!text || strlen(text) >= out_size)
        return not_there(name, "a short text", err);
    (void)snprintf(out, out_size, "%s", text);
    return 0;
}

static int read_head(const json_t *json, struct certificate *out, struct err *err)
{
    const char *side = json_text_or(json, "source", "");
    const char *position = json_string_value(json_object_get(json, "position"));
    const json_t *is_fenced = json_object_get(json, "fenced");

    if (strcmp(side, side_name(SIDE_OLD)) != 0 && strcmp(side, side_name(SIDE_NEW)) != 0)
        return not_there("source", "a side", err);
    out->source = strcmp(side, side_name(SIDE_NEW)) == 0 ? SIDE_NEW : SIDE_OLD;
    if (!position || position_parse_any(position, &out->position, err))
        return not_there("position", "a position", err);
    if (!json_is_boolean(is_fenced))
        return not_there("fenced", "true or false", err);
    out->is_fenced = json_is_true(is_fenced);
    return 0;
}

int certificate_of_json(const json_t *json, struct certificate *out, struct err *err)
{
    struct certificate read = {0};
    int rc = read_head(json, &read, err);

    if (!rc)
        rc = read_text(json, "algorithm", read.algorithm, sizeof(read.algorithm), err);
    if (!rc)
        rc = read_text(json, "hash", read.hash, sizeof(read.hash), err);
    for (size_t i = 0; !rc && i < ARRAY_LEN(members); i++) {
        const json_t *value = json_object_get(json, members[i].name);
        json_int_t number = json_integer_value(value);
        bool is_small = number >= 0 && (members[i].type != MEMBER_UNSIGNED || number <= UINT32_MAX);
        if (!json_is_integer(value) || !is_small)
            return not_there(members[i].name, "a whole number", err);
        set_number(&read, &members[i], number);
    }
    if (!rc)
        *out = read;
    return rc;
}
