/* SPDX-License-Identifier: MIT */
/*
 * A binary log of whatever bytes: nothing is read beyond an event's end, and all of it is either
 * told or refused. Events stand behind each other as in a file; their checksums are put right.
 */
#include <stdlib.h>
#include <string.h>

#include "io/unpack.h"
#include "verify/binlog_event.h"
#include "verify/change_reader.h"

#define CHANGE_CAP 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(const void *context, const char *column)
{
    const char *const *at = context;
    for (; at[0]; at += 2)
        if (!strcmp(at[0], column))
            return at[1];
    return NULL;
}

/* One column: its type, as the catalog has it. All are parts of the key that can be. */
static void add_column(struct table_catalog *catalog, const char *table, const char *name,
                       const char *data_type, const char *type)
{
    const char *const column[] = {
        "TABLE_SCHEMA", "rec", "TABLE_NAME",  table, "COLUMN_NAME", name, "DATA_TYPE", data_type,
        "COLUMN_TYPE",  type,  "IS_NULLABLE", "NO",  NULL,          NULL};
    const char *const part[] = {"TABLE_SCHEMA", "rec", "TABLE_NAME", table, "INDEX_NAME", "PRIMARY",
                                "COLUMN_NAME",  name,  "NON_UNIQUE", "0",   "INDEX_TYPE", "BTREE",
                                NULL,           NULL};
    const struct row_reader column_row = {.get = get, .context = column};
    const struct row_reader part_row = {.get = get, .context = part};

    if (table_catalog_add_column(catalog, &column_row, NULL) ||
        (strcmp(data_type, "float") != 0 && table_catalog_add_index_part(catalog, &part_row, NULL)))
        abort();
}

static void make_catalog(struct table_catalog *catalog)
{
    static const char *const types[][2] = {
        {"float", "float"},
        {"bigint", "bigint unsigned"},
        {"decimal", "decimal(12,4)"},
        {"varchar", "text"},
        {"datetime", "datetime(3)"},
        {"binary", "binary(4)"},
        {"varbinary", "char(5)"},
        {"time", "time(3)"},
        {"timestamp", "timestamp(6)"},
        {"smallint", "smallint(6) unsigned zerofill"},
    };
    static const char *const names[] = {"f", "a", "b", "t", "c", "d", "e", "g", "h", "i"};
    static const char *const tables[] = {"k", "wide"};

    for (size_t i = 0; i < 2; i++) {
        const char *const table[] = {"TABLE_SCHEMA", "rec",        "TABLE_NAME", tables[i],
                                     "TABLE_TYPE",   "BASE TABLE", NULL,         NULL};
        const struct row_reader row = {.get = get, .context = table};
        if (table_catalog_add_table(catalog, &row, NULL))
            abort();
    }
    add_column(catalog, "k", "id", "int", "int(11)");
    add_column(catalog, "k", "v", "varbinary", "varbinary(300)");
    add_column(catalog, "k", "n", "int", "int(11)");
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        add_column(catalog, "wide", names[i], types[i][0], types[i][1]);
}

static int read_one(struct change_reader *reader, const uint8_t *event, size_t len)
{
    struct err err = {0};
    struct change change;
    int rc = change_reader_feed(reader, event, len, &err);

    for (unsigned count = 0; !rc && count < CHANGE_CAP; count++) {
        rc = change_reader_take(reader, &change, &err);
        if (rc <= 0)
            break;
        if (!change.database || !change.name || !change.transaction ||
            (change.kind == CHANGE_ROW && (!change.table || !change.key->is_set)))
            abort();
        rc = 0;
    }
    if (rc < 0 && (err.code != rc || !err.msg[0]))
        abort();
    return rc;
}

/* Else hardly any input would get beyond it. */
static void put_checksum(uint8_t *event, size_t len)
{
    if (len < BINLOG_HEADER_LEN + 4)
        return;
    event[17] &= 0xFE; /* a description is summed up without this mark */
    uint32_t sum = unpack_crc32(event, len - 4);
    for (unsigned i = 0; i < 4; i++)
        event[len - 4 + i] = (uint8_t)(sum >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct table_catalog catalog;
    static const struct position nowhere;
    struct change_reader *reader = NULL;

    if (!catalog.count)
        make_catalog(&catalog);
    const struct change_reader_options options = {
        .from = &nowhere, .catalog = &catalog, .server_id = 101};
    if (change_reader_new(&options, &reader, NULL))
        return 0;
    while (size >= BINLOG_HEADER_LEN) {
        size_t len = binlog_event_len(data);
        len = len < BINLOG_HEADER_LEN || len > size ? size : len;
        uint8_t *event = malloc(len); /* of its own, so that one byte beyond it is noticed */
        if (!event)
            break;
        memcpy(event, data, len);
        put_checksum(event, len);
        int rc = read_one(reader, event, len);
        free(event);
        if (rc)
            break;
        data += len;
        size -= len;
    }
    change_reader_free(reader);
    return 0;
}
