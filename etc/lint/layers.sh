#!/bin/bash
# SPDX-License-Identifier: MIT
# Every include line points to a layer that layers.txt allows; headers named without a layer are generated ones.
set -euo pipefail

# shellcheck disable=SC2016 # the dollars are awk's
find src include -name '*.[ch]' -mindepth 2 -print0 | sort -z | xargs -0 awk '
    BEGIN {
        while ((getline line < "etc/lint/layers.txt") > 0) {
            if (line ~ /^(#|$)/)
                continue
            count = split(line, words, " ")
            known[words[1]] = 1
            for (i = 1; i <= count; i++)
                allowed[words[1] " " words[i]] = 1
        }
    }
    FNR == 1 {
        split(FILENAME, part, "/")
        layer = part[2]
        if (!(layer in known)) {
            printf "%s: folder \"%s\" is not in etc/lint/layers.txt\n", FILENAME, layer
            bad = 1
        }
    }
    /^#include "/ {
        split($2, quoted, "\"")
        target = quoted[2]
        if (target == "sql_ids.h")
            next
        split(target, part, "/")
        if (!((layer " " part[1]) in allowed)) {
            printf "%s:%d: %s may not include \"%s\"\n", FILENAME, FNR, layer, target
            bad = 1
        }
    }
    END { exit bad }'
