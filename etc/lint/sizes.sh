#!/bin/bash
# SPDX-License-Identifier: MIT
# No function above 100 lines, no file above 1,200, no line above 100 characters. clang-format puts a function's braces into the first column.
set -euo pipefail

# shellcheck disable=SC2016 # the dollars are awk's
find src include tests/unit tests/fuzz tests/bench -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    function finish_file() {
        if (lines > 1200) {
            printf "%s: %d lines; at most 1200\n", file, lines
            bad = 1
        }
    }
    FNR == 1 { finish_file(); file = FILENAME; began = 0 }
    { lines = FNR }
    /^\{/ { began = FNR; title = previous }
    /^\}/ && began {
        length_of_it = FNR - began + 1
        if (length_of_it > 100) {
            printf "%s:%d: %d lines; at most 100: %s\n", file, began, length_of_it, title
            bad = 1
        }
        began = 0
    }
    {
        previous = $0
        shown = $0
        gsub(/[\200-\277]/, "", shown) # one character may be many bytes
        if (length(shown) > 100) {
            printf "%s:%d: %d characters; at most 100\n", FILENAME, FNR, length(shown)
            bad = 1
        }
    }
    END { finish_file(); exit bad }'
