/* SPDX-License-Identifier: MIT */
/* MariaDB positions: what was parsed reads back as the same position, and covers itself. */
#include <stdlib.h>
#include <string.h>

#include "domain/gtid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char input[2048] = "", text[4096];
    struct gtid_list list, again, errant;

    if (size >= sizeof input)
        return 0;
    if (size)
        memcpy(input, data, size);
    if (gtid_list_parse(input, &list, NULL))
        return 0;
    if (gtid_list_text(&list, text, sizeof text, NULL) || gtid_list_parse(text, &again, NULL))
        abort();
    gtid_list_errant(&list, &again, &errant);
    if (!gtid_list_equal(&list, &again) || !gtid_list_covers(&list, &again) ||
        gtid_list_distance(&list, &again) != 0 || errant.count != 0)
        abort();
    return 0;
}
