/* SPDX-License-Identifier: MIT */
/*
 * ctl/www.h - the dashboard's files, which are a part of the program.
 * Threads: static const data.
 */
#ifndef CUTOVER_CTL_WWW_H
#define CUTOVER_CTL_WWW_H

#include <stddef.h>

struct www_file {
    const char *name; /* without a folder */
    const char *bytes, *end;
};

/* Made by src/ctl/www/embed.sh. */
extern const struct www_file www_files[];
extern const size_t www_file_count;

#endif
