/* SPDX-License-Identifier: MIT */
/* Table maps and the rows behind them. */
#include "verify/binlog_rows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAP_CAP                                                                                    \
    4096 /* beyond it all are forgotten; a statement's maps come right before its rows */
#define COLUMN_CAP 4096
#define KEY_PART_CAP_BYTES 65536

static int cut_short(const char *what, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s in the binary log are cut short", what);
}

static int out_of_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for the tables of a binary log");
}

/* --- maps ------------------------------------------------------------------------------------- */

static void map_free(struct row_map *map)
{
    if (!map)
        return;
    free(map->raw);
    free(map->columns);
    free(map);
}

/*
 * Columns at the end that a map may have and no list of columns shows: a table with history has
 * two, and MariaDB keeps the hash of a long unique key in one.
 */
static size_t hidden_columns(const struct table_shape *table)
{
    bool is_versioned = !strcasecmp(table->kind, "SYSTEM VERSIONED");
    size_t hidden = is_versioned ? 2 : 0;

    for (size_t i = 0; is_versioned && i < table->column_count; i++)
        if (strcasestr(table->columns[i].expression, "ROW START"))
            hidden = 0; /* they have names, and are shown */
    for (size_t i = 0; i < table->index_count; i++)
        hidden += strstr(table->indexes[i].text, "UNIQUE HASH") != NULL;
    return hidden;
}

/* The fraction's digits are in the type's text only: "datetime(3)". */
static void take_decimals(struct binlog_column *column, const struct column_shape *shape)
{
    bool is_old = column->type == TYPE_TIMESTAMP || column->type == TYPE_DATETIME ||
                  column->type == TYPE_TIME;
    const char *bracket = is_old ? strchr(shape->type, '(') : NULL;
    unsigned long decimals = bracket ? strtoul(bracket + 1, NULL, 10) : 0;

    column->decimals = decimals <= 6 ? (uint8_t)decimals : 0;
}

static enum row_map_fit fit_of(struct row_map *map)
{
    const struct table_shape *table = map->table;
    const struct index_shape *key = map->key;

    if (!table)
        return MAP_OUTSIDE;
    if (!map->columns) /* a type that is not known */
        return MAP_NO_KEY;
    if (map->column_count < table->column_count ||
        map->column_count > table->column_count + hidden_columns(table))
        return MAP_MISFIT;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!binlog_column_fits(&map->columns[i], &table->columns[i]))
            return MAP_MISFIT;
        take_decimals(&map->columns[i], &table->columns[i]);
    }
    if (!key)
        return MAP_NO_KEY;
    map->last_part = 0;
    for (size_t i = 0; i < key->column_count; i++) {
        map->part_column[i] = key->columns[i];
        if (key->columns[i] > map->last_part)
            map->last_part = key->columns[i];
    }
    return MAP_KEYED;
}

static void bind(struct row_map *map, const struct table_catalog *catalog)
{
    map->table = table_catalog_find(catalog, map->database, map->name);
    map->key = map->table ? table_shape_key(map->table) : NULL;
    map->fit = fit_of(map);
}

static bool take_name(struct bytes *body, char out[257])
{
    size_t len = (size_t)bytes_number(body, 1);
    const unsigned char *name = bytes_take(body, len + 1);

    if (!name)
        return false;
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}

/* Types that are not known leave the map without columns: it can tell no row. */
static int read_columns(struct row_map *map, const unsigned char *types, struct bytes *metadata,
                        struct err *err)
{
    struct binlog_column *columns = calloc(map->column_count + 1, sizeof(*columns));

    if (!columns)
        return out_of_memory(err);
    for (size_t i = 0; i < map->column_count; i++) {
        if (!binlog_column_read(types[i], metadata, &columns[i])) {
            free(columns);
            return 0;
        }
        map->json_count += columns[i].type == TYPE_JSON;
    }
    map->columns = columns;
    return 0;
}

static int read_map(struct row_map *map, struct bytes body, struct err *err)
{
    map->raw_len = bytes_left(&body);
    map->raw = malloc(map->raw_len + 1);
    if (!map->raw)
        return out_of_memory(err);
    memcpy(map->raw, body.at, map->raw_len);

    map->id = bytes_number(&body, 6);
    (void)bytes_take(&body, 2); /* flags */
    bool has_names = take_name(&body, map->database) && take_name(&body, map->name);
    uint64_t count = bytes_packed(&body);
    const unsigned char *types = bytes_take(&body, (size_t)count);
    size_t metadata_len = (size_t)bytes_packed(&body);
    const unsigned char *at = bytes_take(&body, metadata_len);
    if (!has_names || body.is_short || count > COLUMN_CAP)
        return cut_short("columns of a table", err);
    map->column_count = (size_t)count;
    struct bytes metadata = {.at = at, .end = at + metadata_len};
    int rc = read_columns(map, types, &metadata, err);
    return rc || !metadata.is_short ? rc : cut_short("columns of a table", err);
}

static struct row_map *find(const struct row_maps *maps, uint64_t id)
{
    for (size_t i = maps->count; i > 0; i--)
        if (maps->items[i - 1]->id == id)
            return maps->items[i - 1];
    return NULL;
}

const struct row_map *row_maps_find(const struct row_maps *maps, uint64_t id)
{
    return find(maps, id);
}

/* Room for one more, or none of the old ones any more. */
static int make_room(struct row_maps *maps, struct err *err)
{
    if (maps->count >= MAP_CAP)
        row_maps_clear(maps);
    if (maps->count < maps->room)
        return 0;
    size_t room = maps->room ? maps->room * 2 : 16;
    struct row_map **items = realloc(maps->items, room * sizeof(struct row_map *));
    if (!items)
        return out_of_memory(err);
    maps->items = items;
    maps->room = room;
    return 0;
}

static void forget(struct row_maps *maps, uint64_t id)
{
    for (size_t i = 0; i < maps->count; i++) {
        if (maps->items[i]->id != id)
            continue;
        map_free(maps->items[i]);
        maps->items[i] = maps->items[--maps->count];
        return;
    }
}

int row_maps_add(struct row_maps *maps, const struct table_catalog *catalog,
                 const struct binlog_event *event, struct err *err)
{
    struct bytes body = event->body;
    uint64_t id = bytes_number(&body, 6);
    const struct row_map *known = find(maps, id);

    if (known && known->raw_len == bytes_left(&event->body) &&
        memcmp(known->raw, event->body.at, known->raw_len) == 0)
        return 0;
    forget(maps, id);
    int rc = make_room(maps, err);
    if (rc)
        return rc;
    struct row_map *map = calloc(1, sizeof(*map));
    if (!map)
        return out_of_memory(err);
    rc = read_map(map, event->body, err);
    if (rc) {
        map_free(map);
        return rc;
    }
    bind(map, catalog);
    maps->items[maps->count++] = map;
    return 0;
}

void row_maps_bind(struct row_maps *maps, const struct table_catalog *catalog)
{
    for (size_t i = 0; i < maps->count; i++)
        bind(maps->items[i], catalog);
}

void row_maps_clear(struct row_maps *maps)
{
    for (size_t i = 0; i < maps->count; i++)
        map_free(maps->items[i]);
    maps->count = 0;
}

void row_maps_release(struct row_maps *maps)
{
    row_maps_clear(maps);
    free(maps->items);
    *maps = (struct row_maps){0};
}

/* --- rows ------------------------------------------------------------------------------------- */

/* By type: what was done, whether more than flags stands in the head, whether it is compressed. */
static const struct rows_kind {
    enum binlog_event_type type;
    enum change_action action;
    bool is_second, is_compressed;
} kinds[] = {
    {EVENT_WRITE_ROWS_V1, CHANGE_INSERT, false, false},
    {EVENT_UPDATE_ROWS_V1, CHANGE_UPDATE, false, false},
    {EVENT_DELETE_ROWS_V1, CHANGE_DELETE, false, false},
    {EVENT_WRITE_ROWS, CHANGE_INSERT, true, false},
    {EVENT_UPDATE_ROWS, CHANGE_UPDATE, true, false},
    {EVENT_DELETE_ROWS, CHANGE_DELETE, true, false},
    {EVENT_PARTIAL_UPDATE_ROWS, CHANGE_UPDATE, true, false},
    {EVENT_WRITE_ROWS_COMPRESSED_V1, CHANGE_INSERT, false, true},
    {EVENT_UPDATE_ROWS_COMPRESSED_V1, CHANGE_UPDATE, false, true},
    {EVENT_DELETE_ROWS_COMPRESSED_V1, CHANGE_DELETE, false, true},
    {EVENT_WRITE_ROWS_COMPRESSED, CHANGE_INSERT, true, true},
    {EVENT_UPDATE_ROWS_COMPRESSED, CHANGE_UPDATE, true, true},
    {EVENT_DELETE_ROWS_COMPRESSED, CHANGE_DELETE, true, true},
};

static const struct rows_kind *kind_of(unsigned type)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

static bool bit(const unsigned char *bits, size_t i)
{
    return bits[i / 8] >> (i % 8) & 1;
}

static size_t count_bits(const unsigned char *bits, size_t count)
{
    size_t set = 0;

    for (size_t i = 0; i < count; i++)
        set += bit(bits, i);
    return set;
}

/* Which columns are in the images: one list, for an update two. */
static int read_images(struct rows *rows, size_t column_count, struct err *err)
{
    size_t len = (column_count + 7) / 8;

    rows->before = bytes_take(&rows->data, len);
    rows->after = rows->before;
    if (rows->action == CHANGE_UPDATE)
        rows->after = bytes_take(&rows->data, len);
    if (!rows->before || !rows->after)
        return cut_short("rows", err);
    rows->before_count = count_bits(rows->before, column_count);
    rows->after_count = count_bits(rows->after, column_count);
    rows->is_blank = rows->before_count == 0;
    return 0;
}

int rows_open(const struct row_maps *maps, const struct binlog_event *event,
              struct binlog_scratch *unpacked, struct rows *out, struct err *err)
{
    const uint64_t nobody = 0xFFFFFF; /* only says that a statement is complete */
    const struct rows_kind *kind = kind_of(event->type);
    struct bytes body = event->body;
    uint64_t id = bytes_number(&body, 6);

    *out = (struct rows){0};
    (void)bytes_take(&body, 2); /* flags */
    if (kind && kind->is_second) {
        size_t extra = (size_t)bytes_number(&body, 2);
        (void)bytes_take(&body, extra < 2 ? 0 : extra - 2);
    }
    uint64_t column_count = bytes_packed(&body);
    if (!kind || body.is_short)
        return cut_short("rows", err);
    if (id == nobody && column_count == 0)
        return 0;
    const struct row_map *map = row_maps_find(maps, id);
    if (!map)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "rows of a table that the binary log did not name before");
    *out = (struct rows){.map = map,
                         .action = kind->action,
                         .data = body,
                         .has_options = event->type == EVENT_PARTIAL_UPDATE_ROWS};
    if (map->fit != MAP_KEYED)
        return 0;
    if (column_count != map->column_count)
        return cut_short("rows", err);
    int rc = read_images(out, (size_t)column_count, err);
    return rc || !kind->is_compressed ? rc : binlog_unpack(&out->data, unpacked, err);
}

static void set_part(struct key_point *key, size_t part, const struct row_map *map,
                     const unsigned char *value, size_t len, bool *out_is_known)
{
    size_t column = map->part_column[part];
    struct buf *text = &key->parts[part];

    text->cap_bytes = KEY_PART_CAP_BYTES;
    buf_reset(text);
    *out_is_known =
        binlog_value_text(&map->columns[column], &map->table->columns[column], value, len, text) &&
        !text->is_failed;
}

/* Which part of the key a column is; the key's number of parts when none. */
static size_t part_of(const struct row_map *map, size_t column)
{
    size_t part = 0;

    while (part < map->key->column_count && map->part_column[part] != column)
        part++;
    return part;
}

struct image {
    const unsigned char *present;
    size_t present_count;
    struct key_point *key;
    size_t parts_found;
    bool is_vague; /* a part has no text that is known */
};

/* The columns of one image, one after the other; those of the key are kept. */
static int read_image(struct rows *rows, struct image *image, struct err *err)
{
    const struct row_map *map = rows->map;
    const unsigned char *nulls = bytes_take(&rows->data, (image->present_count + 7) / 8);
    size_t position = 0;

    if (!nulls)
        return cut_short("rows", err);
    for (size_t i = 0; i < map->column_count; i++) {
        if (!bit(image->present, i))
            continue;
        if (bit(nulls, position++))
            continue;
        size_t len;
        const unsigned char *value = binlog_value_take(&map->columns[i], &rows->data, &len);
        if (!value || rows->data.is_short)
            return cut_short("rows", err);
        size_t part = i <= map->last_part ? part_of(map, i) : map->key->column_count;
        if (part == map->key->column_count)
            continue;
        bool is_known = false;
        set_part(image->key, part, map, value, len, &is_known);
        image->is_vague |= !is_known;
        image->parts_found++;
    }
    return 0;
}

/* An update's second image may have options, and of JSON columns which are there in part only. */
static int pass_options(struct rows *rows, struct err *err)
{
    enum { HAS_PARTIAL_JSON = 1 };

    if (rows->has_options && (bytes_packed(&rows->data) & HAS_PARTIAL_JSON))
        (void)bytes_take(&rows->data, (rows->map->json_count + 7) / 8);
    return rows->data.is_short ? cut_short("rows", err) : 0;
}

static bool are_same(const struct key_point *a, const struct key_point *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->parts[i].len != b->parts[i].len ||
            memcmp(buf_text(&a->parts[i]), buf_text(&b->parts[i]), a->parts[i].len) != 0)
            return false;
    return true;
}

static int copy_parts(struct key_point *to, const struct key_point *from, struct err *err)
{
    for (size_t i = 0; i < from->count; i++) {
        to->parts[i].cap_bytes = KEY_PART_CAP_BYTES;
        buf_reset(&to->parts[i]);
        buf_add(&to->parts[i], buf_text(&from->parts[i]), from->parts[i].len);
        int rc = buf_check(&to->parts[i], err);
        if (rc)
            return rc;
    }
    return 0;
}

/* A key of which the second image has nothing did not change; one that it has a part of did not in
 * the rest. */
static int read_update(struct rows *rows, const struct image *before, struct key_point *moved,
                       struct err *err)
{
    struct image after = {.present = rows->after, .present_count = rows->after_count, .key = moved};

    moved->count = before->key->count;
    moved->is_set = true;
    int rc = copy_parts(moved, before->key, err);
    rc = rc ? rc : pass_options(rows, err);
    rc = rc ? rc : read_image(rows, &after, err);
    if (rc)
        return rc;
    if (after.is_vague)
        return ROWS_VAGUE;
    return are_same(before->key, moved) ? ROWS_KEY : ROWS_MOVED;
}

int rows_next(struct rows *rows, struct key_point *key, struct key_point *moved, struct err *err)
{
    struct image before = {
        .present = rows->before, .present_count = rows->before_count, .key = key};

    if (rows->is_blank) {
        rows->is_blank = false;
        rows->data.at = rows->data.end;
        return ROWS_VAGUE;
    }
    if (!bytes_left(&rows->data))
        return ROWS_END;
    key->count = rows->map->key->column_count;
    key->is_set = true;
    int rc = read_image(rows, &before, err);
    if (rc)
        return rc;
    bool is_vague = before.is_vague || before.parts_found < key->count;
    int found = is_vague ? ROWS_VAGUE : ROWS_KEY;
    if (rows->action != CHANGE_UPDATE)
        return found;
    rc = read_update(rows, &before, moved, err);
    return rc < 0 || !is_vague ? rc : ROWS_VAGUE;
}
