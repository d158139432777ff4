/* SPDX-License-Identifier: MIT */
/*
 * verify/certificate.h - "every row, as of this position, is the same", with what that rests on.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_CERTIFICATE_H
#define CUTOVER_VERIFY_CERTIFICATE_H

#include "base/buf.h"
#include "base/json.h"
#include "domain/position.h"
#include "domain/service.h"
#include "verify/verify.h"

struct certificate {
    enum side source;
    struct position position; /* of the source, as of which all rows are the same */
    bool is_fenced;           /* nobody could write while the rest was proven */
    unsigned tables;
    uint64_t rows;                        /* of the full pass */
    uint64_t bytes;                       /* of their values */
    uint64_t reproven;                    /* rows touched since, and proven again, in all */
    uint64_t settled;                     /* of these, in the last look */
    int64_t pass_began_us, pass_ended_us; /* wall clock */
    int64_t sealed_us;
    int64_t pass_ms, settle_ms; /* duration of the full pass, and of the last look */
    unsigned stream_tables, remote_tables, fast_tables; /* by how they were compared */
    char algorithm[64]; /* "XXH3-128 of length-prefixed values": the weakest that was used */
    char hash[33];      /* over the hashes of all chunks and of the last look */
};

/* One line: "every row of 12 tables (1,234,567 rows) is the same as of 0-1-17". */
void certificate_text(const struct certificate *certificate, char *out, size_t out_size);
/* What the weakest of the ways in which tables were compared rests on. */
const char *certificate_algorithm(unsigned fast_tables, unsigned remote_tables);
/* NULL when memory is out. */
json_t *certificate_json(const struct certificate *certificate);
/* ERR_PROTOCOL/NONE names the member. */
MUST_CHECK int certificate_of_json(const json_t *json, struct certificate *out, struct err *err);

#endif
