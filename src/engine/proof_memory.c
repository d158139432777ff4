/* SPDX-License-Identifier: MIT */
/* A proof as one JSON text in the journal's memory. */
#include "engine/proof_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

#define MEMORY_SIZE (2 * POSITION_TEXT_SIZE + 4096)

static const char *memory_name(enum side source)
{
    return source == SIDE_OLD ? "proof.old" : "proof.new";
}

static json_t *pass_json(const struct verify_report *pass)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s,s:s}", "tables",
                     (json_int_t)pass->tables, "rows", (json_int_t)pass->rows, "bytes",
                     (json_int_t)pass->bytes, "began_us", (json_int_t)pass->began_us, "ended_us",
                     (json_int_t)pass->ended_us, "duration_ms", (json_int_t)pass->duration_ms,
                     "stream", (json_int_t)pass->stream_tables, "remote",
                     (json_int_t)pass->remote_tables, "fast", (json_int_t)pass->fast_tables, "hash",
                     pass->hash, "algorithm", pass->algorithm);
}

static void pass_of_json(const json_t *json, struct verify_report *out)
{
    *out = (struct verify_report){
        .tables = (unsigned)json_int_or(json, "tables", 0),
        .rows = (uint64_t)json_int_or(json, "rows", 0),
        .bytes = (uint64_t)json_int_or(json, "bytes", 0),
        .began_us = json_int_or(json, "began_us", 0),
        .ended_us = json_int_or(json, "ended_us", 0),
        .duration_ms = json_int_or(json, "duration_ms", 0),
        .stream_tables = (unsigned)json_int_or(json, "stream", 0),
        .remote_tables = (unsigned)json_int_or(json, "remote", 0),
        .fast_tables = (unsigned)json_int_or(json, "fast", 0),
    };
    (void)snprintf(out->hash, sizeof out->hash, "%s", json_text_or(json, "hash", ""));
    (void)snprintf(out->algorithm, sizeof out->algorithm, "%s",
                   json_text_or(json, "algorithm", ""));
}

void proof_memory_of(const struct proof_status *now, enum side source,
                     const struct verify_report *pass, bool is_resting, struct proof_memory *out)
{
    *out = (struct proof_memory){
        .is_there = true,
        .source = source,
        .is_resting = is_resting,
        .is_covering = now->is_covering,
        .floor = now->floor,
        .pass = *pass,
        .rows_touched = now->rows_touched + now->ranges_touched + now->tables_touched,
        .rows_reproven = now->rows_reproven,
        .age_ms = now->age_ms,
        .at_us = clock_wall_us(),
    };
    (void)snprintf(out->problem, sizeof out->problem, "%s", now->problem);
}

/* JSON's null while it is not known. */
static json_t *place_json(const struct binlog_place *place)
{
    if (!binlog_place_is_known(place))
        return json_null();
    return json_pack("{s:s,s:I,s:I}", "file", place->file, "born_s", (json_int_t)place->born_s,
                     "offset", (json_int_t)place->offset);
}

static void place_of_json(const json_t *json, struct binlog_place *out)
{
    json_int_t born_s = json_int_or(json, "born_s", 0), offset = json_int_or(json, "offset", 0);

    *out = (struct binlog_place){0};
    if (born_s <= 0 || born_s > UINT32_MAX || offset <= 0 || offset > UINT32_MAX)
        return;
    out->born_s = (uint32_t)born_s;
    out->offset = (uint32_t)offset;
    (void)snprintf(out->file, sizeof out->file, "%s", json_text_or(json, "file", ""));
}

static json_t *memory_json(const struct proof_memory *memory, struct err *err)
{
    char source[POSITION_TEXT_SIZE], replica[POSITION_TEXT_SIZE];

    if (position_text(&memory->floor.source, source, sizeof source, err) ||
        position_text(&memory->floor.replica, replica, sizeof replica, err))
        return NULL;
    return json_pack(
        "{s:s,s:s,s:o,s:o,s:b,s:b,s:I,s:I,s:I,s:I,s:s,s:o}", "source", source, "replica", replica,
        "source_at", place_json(&memory->floor.source_at), "replica_at",
        place_json(&memory->floor.replica_at), "resting", (int)memory->is_resting, "covering",
        (int)memory->is_covering, "rows_touched", (json_int_t)memory->rows_touched, "rows_reproven",
        (json_int_t)memory->rows_reproven, "age_ms", (json_int_t)memory->age_ms, "at_us",
        (json_int_t)memory->at_us, "problem", memory->problem, "pass", pass_json(&memory->pass));
}

int proof_memory_put(struct journal *journal, const char *service,
                     const struct proof_memory *memory, struct err *err)
{
    CLEANUP(json_release) json_t *json = memory_json(memory, err);
    if (!json && err->code)
        return err->code;
    char *text = json ? json_canonical(json) : NULL;
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what a proof needs");
    int rc = journal_memory_put(journal, service, memory_name(memory->source), text, err);
    free(text);
    return rc;
}

static int read_json(struct journal *journal, const char *service, enum side source, json_t **out,
                     struct err *err)
{
    char *text = malloc(MEMORY_SIZE);
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what a proof needs");
    int rc = journal_memory_get(journal, service, memory_name(source), text, MEMORY_SIZE, err);
    if (!rc && text[0])
        rc = json_parse(text, strlen(text), out, err);
    free(text);
    return rc;
}

int proof_memory_get(struct journal *journal, const char *service, enum side source,
                     struct proof_memory *out, struct err *err)
{
    CLEANUP(json_release) json_t *json = NULL;
    struct proof_memory memory = {.source = source};

    int rc = read_json(journal, service, source, &json, err);
    if (rc || !json) {
        *out = rc ? *out : memory;
        return rc;
    }
    memory.is_there = true;
    memory.is_resting = json_bool_or(json, "resting", 0);
    memory.is_covering = json_bool_or(json, "covering", 0);
    memory.rows_touched = (uint64_t)json_int_or(json, "rows_touched", 0);
    memory.rows_reproven = (uint64_t)json_int_or(json, "rows_reproven", 0);
    memory.age_ms = json_int_or(json, "age_ms", 0);
    memory.at_us = json_int_or(json, "at_us", 0);
    (void)snprintf(memory.problem, sizeof memory.problem, "%s", json_text_or(json, "problem", ""));
    pass_of_json(json_object_get(json, "pass"), &memory.pass);
    place_of_json(json_object_get(json, "source_at"), &memory.floor.source_at);
    place_of_json(json_object_get(json, "replica_at"), &memory.floor.replica_at);
    rc = position_parse_any(json_text_or(json, "source", ""), &memory.floor.source, err);
    if (!rc)
        rc = position_parse_any(json_text_or(json, "replica", ""), &memory.floor.replica, err);
    if (!rc)
        *out = memory;
    return rc;
}

int proof_memory_latest(struct journal *journal, const char *service, struct proof_memory *out,
                        struct err *err)
{
    struct proof_memory latest = {0};

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        struct proof_memory memory;
        int rc = proof_memory_get(journal, service, side, &memory, err);
        if (rc)
            return rc;
        if (memory.is_there && memory.at_us >= latest.at_us)
            latest = memory;
    }
    *out = latest;
    return 0;
}

int proof_memory_forget(struct journal *journal, const char *service, enum side source,
                        struct err *err)
{
    return journal_memory_put(journal, service, memory_name(source), NULL, err);
}
