/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/fuzz_file.h - for parsers that read a file: the input as one, and what every failure
 * must carry.
 */
#ifndef CUTOVER_FUZZ_FILE_H
#define CUTOVER_FUZZ_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory that holds the input; the same one each time. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

/* A file that a person wrote is answered with the file, and with a sentence. */
static inline void fuzz_check_error(const struct err *err)
{
    if (err->code == ERR_NONE || err->effect != EFFECT_NONE || !err->msg[0])
        abort();
}

#endif
