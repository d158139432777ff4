/* SPDX-License-Identifier: MIT */
/* A row of the binary protocol: the first byte says how many columns, then come their types. The
 * same bytes as the description of a column, and as a row of the text protocol. */
#include <stdint.h>
#include <stdlib.h>

#include "io/db_wire.h"

#define COLUMNS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(const void *text, size_t text_len, const uint8_t *data, size_t size)
{
    const uint8_t *bytes = text;

    if (bytes < data || text_len > size || bytes + text_len > data + size)
        abort();
}

static void read_texts(const uint8_t *data, size_t size)
{
    const char *name, *values[COLUMNS];
    unsigned long lengths[COLUMNS];
    size_t name_len, count = size ? data[0] % COLUMNS : 0;

    if (wire_column_name(data, size, &name, &name_len))
        check_within(name, name_len, data, size);
    if (!size || wire_text_row(data + 1, size - 1, count, values, lengths, NULL) != 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (values[i])
            check_within(values[i], lengths[i], data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_column columns[COLUMNS];
    struct wire_row row;
    struct wire_value value;
    char scratch[WIRE_TEXT_SIZE];
    const char *text;
    size_t text_len, values = 0;

    read_texts(data, size);
    (void)!wire_column_read(data, size, &columns[0],
                            NULL); /* anything may come of it but a crash */
    size_t count = size ? data[0] % COLUMNS : 0;
    if (size < 1 + 2 * count)
        return 0;
    for (size_t i = 0; i < count; i++)
        columns[i] = (struct wire_column){.type = data[1 + 2 * i],
                                          .is_unsigned = data[2 + 2 * i] & 1,
                                          .is_zerofill = data[2 + 2 * i] & 2,
                                          .decimals = data[2 + 2 * i] >> 4,
                                          .display_len = data[2 + 2 * i]};
    const uint8_t *bytes = data + 1 + 2 * count;
    size_t len = size - 1 - 2 * count;
    if (wire_row_start(&row, columns, count, bytes, len, NULL) != 0)
        return 0;
    int rc;
    while ((rc = wire_row_next(&row, &value, NULL)) == 1) {
        const struct wire_column *column = &columns[values++];
        if (!value.bytes)
            continue;
        check_within(value.bytes, value.len, bytes, len);
        if (wire_value_text(column, &value, scratch, &text, &text_len, NULL) == 0 &&
            text == scratch && text_len >= sizeof(scratch))
            abort();
    }
    if (rc == 0 && values != count)
        abort();
    return 0;
}
