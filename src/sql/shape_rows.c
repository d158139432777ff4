/* SPDX-License-Identifier: MIT */
#include "sql/shape_rows.h"

struct result_row {
    const struct db_result *result;
    size_t row;
};

static const char *get_text(const void *context, const char *column)
{
    const struct result_row *at = context;
    return db_result_get(at->result, at->row, column);
}

int shape_rows_add(struct table_catalog *catalog, const struct db_result *rows, shape_add_fn add,
                   struct err *err)
{
    for (size_t row = 0; row < rows->row_count; row++) {
        const struct result_row at = {.result = rows, .row = row};
        int rc = add(catalog, &(struct row_reader){.get = get_text, .context = &at}, err);
        if (rc)
            return rc;
    }
    return 0;
}
