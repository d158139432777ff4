/* SPDX-License-Identifier: MIT */
/* The service's configuration and playbooks, from the file to the checked structs. */
#include "fuzz_file.h"
#include "playbook/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct service service = {0};
    struct err err = {0};

    if (service_read(fuzz_file(data, size), &service, &err) == 0)
        service_release(&service);
    else
        fuzz_check_error(&err);
    return 0;
}
