/* SPDX-License-Identifier: MIT */
/* Reading rows, in text or as packets, and hashing them on the way. */
#include "verify/walk_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/signals.h"
#include "io/db_packets.h"

#define STOP_CHECK_ROWS 1024
#define LAST_ROW_BYTES 4096

static int check_stop(const struct walk *walk, const struct chunk_sum *sum, struct err *err)
{
    if (sum->rows % STOP_CHECK_ROWS == 0 && signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while reading %s",
                       walk->table->label);
    return 0;
}

static int check_column_count(const struct walk *walk, size_t count, size_t expected,
                              struct err *err)
{
    if (count == expected)
        return 0;
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s answers %zu columns", walk->table->label,
                   count);
}

/* A row's hash becomes part of the sum's. */
static void add_row(const struct walk *walk, struct row_hash hash, struct chunk_sum *sum,
                    struct walk_chain *chain)
{
    sum->rows++;
    if (walk->key)
        (void)XXH3_128bits_update(&chain->state, &hash, sizeof(hash)); /* fails for NULL only */
    else
        sum->hash = row_hash_add(sum->hash, hash);
}

static void start_hash(XXH3_state_t *state)
{
    XXH3_INITSTATE(state);
    (void)XXH3_128bits_reset(state); /* fails for NULL only */
}

static void begin_chain(struct walk_chain *chain)
{
    if (!chain->is_begun)
        start_hash(&chain->state);
    chain->is_begun = true;
}

static void end_chain(const struct walk *walk, const struct walk_chain *chain,
                      struct chunk_sum *sum)
{
    XXH128_hash_t hash = XXH3_128bits_digest(&chain->state);

    if (walk->key)
        sum->hash = (struct row_hash){.low = hash.low64, .high = hash.high64};
}

/* --- text ------------------------------------------------------------------------------------- */

static int take_text(const struct walk *walk, const struct walk_read *read,
                     const struct db_row *row, struct chunk_sum *sum, struct walk_chain *chain,
                     struct err *err)
{
    size_t columns = walk->table->column_count;
    size_t key_columns = walk->key ? walk->key->column_count : 0;
    int rc = check_column_count(walk, row->column_count, columns + key_columns, err);
    if (rc)
        return rc;

    struct row_hash hash = row_hash_of(row->values, row->lengths, columns);
    for (size_t i = 0; i < columns; i++)
        sum->bytes += row->values[i] ? row->lengths[i] : 0;
    add_row(walk, hash, sum, chain);
    return read->on_row ? read->on_row(read->context, row->values, row->lengths, hash, err) : 0;
}

static int text_rows(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
                     struct chunk_sum *sum, struct key_point *out_last, struct err *err)
{
    struct walk_chain own = {0};
    struct walk_chain *chain = read->chain ? read->chain : &own;
    struct db_row row;

    begin_chain(chain);
    for (;;) {
        int rc = check_stop(walk, sum, err);
        int got = rc ? rc : db_stream_next(end->db, &row, err);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        rc = take_text(walk, read, &row, sum, chain, err);
        /* The row is gone with the next call, so each key is kept until a later one replaces it. */
        if (!rc && out_last && walk->key)
            rc = key_point_set(out_last, row.values + walk->table->column_count,
                               row.lengths + walk->table->column_count, walk->key->column_count,
                               err);
        if (rc)
            return rc;
    }
    end_chain(walk, chain, sum);
    return 0;
}

int walk_read_text(const struct walk *walk, struct verify_end *end, const char *sql,
                   const struct walk_read *read, struct chunk_sum *sum, struct key_point *out_last,
                   struct err *err)
{
    int rc = db_stream_open(end->db, sql, err);
    if (rc)
        return rc;
    rc = text_rows(walk, end, read, sum, out_last, err);
    db_stream_close(end->db);
    return rc;
}

/* --- packets ---------------------------------------------------------------------------------- */

/*
 * Why the bytes of a packet stand for the row: given the types of its columns, a row is read from
 * its packet without a doubt. A bitmap says which columns are NULL; each other value is of its
 * type's length, or has its length before it. So two rows with the same types and the same bytes
 * are the same row, and a border between two values cannot move unseen. The types are hashed along
 * with the rows: bytes that mean -1 here and 4294967295 there do not make equal sums, whatever
 * happened to the table since the two sides were asked.
 */
struct packet_read {
    const struct walk *walk;
    struct wire_column *columns; /* a copy: the rows may be over when a key is taken apart */
    size_t column_count;
    struct key_point *out_last; /* NULL: nobody asks */
    /* The last row, when it is small: it is taken apart only once, at the end. */
    size_t last_len;
    unsigned char last[LAST_ROW_BYTES];
};

static void packet_read_release(struct packet_read *reading)
{
    free(reading->columns);
}

static int packet_read_start(struct packet_read *reading, const struct db *db, struct err *err)
{
    const struct wire_column *columns = db_packets_columns(db, &reading->column_count);
    int rc = check_column_count(reading->walk, reading->column_count,
                                reading->walk->packet_column_count, err);
    if (rc)
        return rc;
    reading->columns = calloc(reading->column_count, sizeof(*columns));
    if (!reading->columns)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while reading %s",
                       reading->walk->table->label);
    memcpy(reading->columns, columns, reading->column_count * sizeof(*columns));
    return 0;
}

/* The types, as a row's hash. */
static struct row_hash types_hash(const struct packet_read *reading)
{
    XXH3_state_t state;

    start_hash(&state);
    for (size_t i = 0; i < reading->column_count; i++) {
        const unsigned char type[] = {reading->columns[i].type, reading->columns[i].is_unsigned};
        (void)XXH3_128bits_update(&state, type, sizeof(type)); /* fails for NULL only */
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (struct row_hash){.low = hash.low64, .high = hash.high64};
}

/* Which part of the key a column is; the number of parts when it is none. */
static size_t part_at(const struct walk *walk, size_t column)
{
    size_t part = 0;

    while (part < walk->key->column_count && walk->key_at[part] != column)
        part++;
    return part;
}

static int take_key(struct packet_read *reading, const unsigned char *bytes, size_t len,
                    struct err *err)
{
    const struct walk *walk = reading->walk;
    char scratch[INDEX_COLUMN_CAP][WIRE_TEXT_SIZE];
    const char *values[INDEX_COLUMN_CAP] = {0};
    unsigned long lengths[INDEX_COLUMN_CAP] = {0};
    struct wire_row row;
    struct wire_value value;

    int rc = wire_row_start(&row, reading->columns, reading->column_count, bytes, len, err);
    for (size_t i = 0; !rc && i <= reading->column_count; i++) {
        int got = wire_row_next(&row, &value, err);
        if (got < 0)
            return got;
        size_t part = part_at(walk, i), text_len;
        if (got == 0 || part == walk->key->column_count || !value.bytes)
            continue;
        rc = wire_value_text(&reading->columns[i], &value, scratch[part], &values[part], &text_len,
                             err);
        lengths[part] = text_len;
    }
    if (rc)
        return rc;
    return key_point_set(reading->out_last, values, lengths, walk->key->column_count, err);
}

/* The packet is gone with the next one: a small row is kept whole, of a large one the key. */
static int remember(struct packet_read *reading, const unsigned char *bytes, size_t len,
                    struct err *err)
{
    reading->last_len = 0;
    if (len > sizeof(reading->last))
        return take_key(reading, bytes, len, err);
    memcpy(reading->last, bytes, len);
    reading->last_len = len;
    return 0;
}

/* Told once, as long as they stay the same. */
static void add_types(const struct packet_read *reading, struct walk_chain *chain,
                      struct chunk_sum *sum)
{
    struct row_hash types = types_hash(reading);

    sum->hash = types;
    if (!row_hash_equal(types, chain->types))
        (void)XXH3_128bits_update(&chain->state, &types, sizeof(types)); /* fails for NULL only */
    chain->types = types;
}

static int packet_rows(struct packet_read *reading, struct verify_end *end,
                       struct walk_chain *chain, struct chunk_sum *sum, struct err *err)
{
    const struct walk *walk = reading->walk;
    const unsigned char *bytes;
    size_t len;

    begin_chain(chain);
    add_types(reading, chain, sum);
    for (;;) {
        int rc = check_stop(walk, sum, err);
        int got = rc ? rc : db_packets_next(end->db, &bytes, &len, err);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        XXH128_hash_t hash = XXH3_128bits(bytes, len);
        add_row(walk, (struct row_hash){.low = hash.low64, .high = hash.high64}, sum, chain);
        sum->bytes += len;
        rc = reading->out_last ? remember(reading, bytes, len, err) : 0;
        if (rc)
            return rc;
    }
    end_chain(walk, chain, sum);
    return reading->last_len ? take_key(reading, reading->last, reading->last_len, err) : 0;
}

int walk_read_packets(const struct walk *walk, struct verify_end *end, const char *sql,
                      const struct walk_read *read, struct chunk_sum *sum,
                      struct key_point *out_last, struct err *err)
{
    struct walk_chain own = {0};
    CLEANUP(packet_read_release)
    struct packet_read reading = {.walk = walk, .out_last = walk->key ? out_last : NULL};

    int rc = db_packets_open(end->db, sql, err);
    if (rc)
        return rc;
    rc = packet_read_start(&reading, end->db, err);
    if (!rc)
        rc = packet_rows(&reading, end, read->chain ? read->chain : &own, sum, err);
    db_packets_close(end->db);
    return rc;
}
