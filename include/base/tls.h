/* SPDX-License-Identifier: MIT */
/*
 * base/tls.h - how a connection is to be protected, as a person configured it.
 * Threads: plain data.
 */
#ifndef CUTOVER_BASE_TLS_H
#define CUTOVER_BASE_TLS_H

#include <limits.h>

enum tls_mode { TLS_OFF, TLS_REQUIRED, TLS_VERIFY_CA, TLS_VERIFY_IDENTITY };

struct tls_options {
    enum tls_mode mode;
    char ca_path[PATH_MAX]; /* absolute; "" when unset */
};

#endif
