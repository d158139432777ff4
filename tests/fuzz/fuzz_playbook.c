/* SPDX-License-Identifier: MIT */
/* A playbook, from the file to steps that join. */
#include "fuzz_file.h"
#include "playbook/read.h"

static struct service_record records[] = {
    {.name = "ghost.org", .type = "A", .content = {"192.0.2.10", "198.51.100.10"}},
    {.name = "api.ghost.org", .type = "A", .content = {"192.0.2.11", "198.51.100.11"}},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct service service = {.name = "blog",
                              .dns = {.is_configured = true,
                                      .zone = "ghost.org",
                                      .records = records,
                                      .record_count = ARRAY_LEN(records),
                                      .min_ttl_s = 60}};
    struct playbook playbook = {0};
    struct err err = {0};

    if (playbook_read(fuzz_file(data, size), &service, &playbook, &err) == 0)
        playbook_release(&playbook);
    else
        fuzz_check_error(&err);
    return 0;
}
