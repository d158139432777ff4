/* SPDX-License-Identifier: MIT */
/* A row of the binary protocol: the first byte says how many columns, then come their types. */
#include <stdint.h>
#include <stdlib.h>

#include "io/db_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_column columns[32];
    struct wire_row row;
    struct wire_value value;
    char scratch[WIRE_TEXT_SIZE];
    const char *text;
    size_t text_len, values = 0;

    (void)!wire_column_read(data, size, &columns[0],
                            NULL); /* anything may come of it but a crash */
    size_t count = size ? data[0] % 32 : 0;
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
        if (value.bytes < bytes || value.len > len || value.bytes + value.len > bytes + len)
            abort();
        if (wire_value_text(column, &value, scratch, &text, &text_len, NULL) == 0 &&
            text == scratch && text_len >= sizeof(scratch))
            abort();
    }
    if (rc == 0 && values != count)
        abort();
    return 0;
}
