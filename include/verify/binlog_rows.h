/* SPDX-License-Identifier: MIT */
/*
 * verify/binlog_rows.h - the keys of the rows in a rows event.
 * How:     a table map says which columns follow in which form; the maps are kept by their number,
 *          bound to the catalog's tables. A map that does not fit the table's shape is a change of
 *          the definition; a row whose key is not in the event, or cannot be told, is a change of
 *          the table.
 * Threads: belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_BINLOG_ROWS_H
#define CUTOVER_VERIFY_BINLOG_ROWS_H

#include "verify/binlog_event.h"
#include "verify/binlog_value.h"
#include "verify/change_log.h"

/* What can be told of a table's rows. */
enum row_map_fit {
    MAP_OUTSIDE, /* not in the catalog */
    MAP_MISFIT,  /* another definition than the catalog's */
    MAP_NO_KEY,  /* only that there was a change */
    MAP_KEYED,
};

struct row_map {
    uint64_t id;
    unsigned char *raw; /* the event's body: the same again needs no reading */
    size_t raw_len;
    char database[257], name[257];
    enum row_map_fit fit;
    const struct table_shape *table;
    const struct index_shape *key;
    struct binlog_column *columns;
    size_t column_count, json_count;
    size_t last_part;                     /* the last column of the key */
    size_t part_column[INDEX_COLUMN_CAP]; /* of the key's parts */
};

struct row_maps { /* zeroed memory is empty */
    struct row_map **items;
    size_t count, room;
};

/* ERR_PROTOCOL/NONE cut short; ERR_MEMORY/NONE. */
MUST_CHECK int row_maps_add(struct row_maps *maps, const struct table_catalog *catalog,
                            const struct binlog_event *event, struct err *err);
/* Bind all maps to another catalog. */
void row_maps_bind(struct row_maps *maps, const struct table_catalog *catalog);
const struct row_map *row_maps_find(const struct row_maps *maps, uint64_t id);
void row_maps_clear(struct row_maps *maps);
void row_maps_release(struct row_maps *maps);

struct rows {
    const struct row_map *map; /* NULL: nothing to read */
    enum change_action action;
    struct bytes data;
    const unsigned char *before, *after; /* which columns are in the images */
    size_t before_count, after_count;
    bool has_options; /* an update may have a part of a JSON value */
    bool is_blank;    /* no column is in the images: how many rows there are is not known */
};

/* out->map is NULL for an event of no table. ERR_PROTOCOL/NONE: cut short, or without its map. */
MUST_CHECK int rows_open(const struct row_maps *maps, const struct binlog_event *event,
                         struct binlog_scratch *unpacked, struct rows *out, struct err *err);

enum rows_found {
    ROWS_END,
    ROWS_KEY,   /* *key is the row's */
    ROWS_MOVED, /* it was *key, and is *moved now */
    ROWS_VAGUE, /* the key is not there */
};
/* What the next row is; negative an error. Of a map that is keyed. */
MUST_CHECK int rows_next(struct rows *rows, struct key_point *key, struct key_point *moved,
                         struct err *err);

#endif
