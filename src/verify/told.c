/* SPDX-License-Identifier: MIT */
/* Changes on hold. */
#include "verify/told.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for changes that wait");
}

static void told_free(struct told *told)
{
    free(told->database);
    free(told->name);
    free(told->key);
    *told = (struct told){0};
}

/* The number of parts, then of each its length and its bytes. NULL when out of memory. */
static char *pack_key(const struct key_point *key, size_t *out_len)
{
    size_t len = sizeof(size_t);

    for (size_t i = 0; i < key->count; i++)
        len += sizeof(size_t) + key->parts[i].len;
    char *packed = malloc(len);
    if (!packed)
        return NULL;
    char *at = packed;
    memcpy(at, &key->count, sizeof(size_t));
    at += sizeof(size_t);
    for (size_t i = 0; i < key->count; i++) {
        memcpy(at, &key->parts[i].len, sizeof(size_t));
        at += sizeof(size_t);
        memcpy(at, buf_text(&key->parts[i]), key->parts[i].len);
        at += key->parts[i].len;
    }
    *out_len = len;
    return packed;
}

static bool unpack_key(const char *packed, struct key_point *out)
{
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];
    size_t count;

    memcpy(&count, packed, sizeof(count));
    packed += sizeof(count);
    for (size_t i = 0; i < count && i < INDEX_COLUMN_CAP; i++) {
        size_t len;
        memcpy(&len, packed, sizeof(len));
        values[i] = packed + sizeof(len);
        lengths[i] = len;
        packed += sizeof(len) + len;
    }
    return key_point_set(out, values, lengths, count, NULL) == 0;
}

static bool is_told(const struct told_list *list, enum change_kind kind, const char *database,
                    const char *name)
{
    for (size_t i = 0; list->table_count && i < list->count; i++)
        if (list->items[i].kind == kind && !strcmp(list->items[i].database, database) &&
            !strcmp(list->items[i].name, name))
            return true;
    return false;
}

/* Rows become their tables. */
static void collapse(struct told_list *list)
{
    struct told_list fewer = {.items = list->items, .room = list->room};

    for (size_t i = 0; i < list->count; i++) {
        struct told told = list->items[i];
        list->items[i] = (struct told){0};
        if (told.kind == CHANGE_ROW)
            told.kind = CHANGE_TABLE;
        free(told.key);
        told.key = NULL;
        if (is_told(&fewer, told.kind, told.database, told.name)) {
            told_free(&told);
            continue;
        }
        fewer.bytes += sizeof(told) + strlen(told.database) + strlen(told.name);
        fewer.items[fewer.count++] = told;
        fewer.table_count++;
    }
    *list = fewer;
}

static int append(struct told_list *list, const struct change *change, enum change_kind kind,
                  struct err *err)
{
    size_t key_len = 0;

    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 8;
        struct told *items = realloc(list->items, room * sizeof(*items));
        if (!items)
            return out_of_memory(err);
        list->items = items;
        list->room = room;
    }
    struct told told = {.kind = kind,
                        .action = change->action,
                        .database = strdup(change->database),
                        .name = strdup(change->name)};
    if (kind == CHANGE_ROW)
        told.key = pack_key(change->key, &key_len);
    if (!told.database || !told.name || (kind == CHANGE_ROW && !told.key)) {
        told_free(&told);
        return out_of_memory(err);
    }
    list->bytes += sizeof(told) + strlen(told.database) + strlen(told.name) + key_len;
    list->items[list->count++] = told;
    list->table_count += kind != CHANGE_ROW;
    return 0;
}

int told_add(struct told_list *list, const struct change *change, struct err *err)
{
    enum change_kind kind = change->kind;

    if (list->bytes > TOLD_CAP_BYTES)
        collapse(list);
    if (kind == CHANGE_ROW && is_told(list, CHANGE_TABLE, change->database, change->name))
        return 0;
    if (kind != CHANGE_ROW && is_told(list, kind, change->database, change->name))
        return 0;
    return append(list, change, kind, err);
}

bool told_next(struct told_list *list, struct change *out, struct key_point *out_key)
{
    if (list->next == list->count)
        return false;
    const struct told *told = &list->items[list->next++];
    *out = (struct change){
        .kind = told->kind, .action = told->action, .database = told->database, .name = told->name};
    if (told->kind != CHANGE_ROW)
        return true;
    if (unpack_key(told->key, out_key))
        out->key = out_key;
    else
        out->kind = CHANGE_TABLE; /* no memory for the key: the table, then */
    return true;
}

void told_rewind(struct told_list *list)
{
    list->next = 0;
}

void told_clear(struct told_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        told_free(&list->items[i]);
    list->count = list->next = list->table_count = 0;
    list->bytes = 0;
}

void told_release(struct told_list *list)
{
    told_clear(list);
    free(list->items);
    *list = (struct told_list){0};
}
