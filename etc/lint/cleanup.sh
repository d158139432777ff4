#!/bin/bash
# SPDX-License-Identifier: MIT
# A local that releases itself does so on every way out. One that is declared without a value is initialised before the
# first statement that may leave or branch; otherwise it gets "= {0}".
set -euo pipefail

# shellcheck disable=SC2016 # the dollars are awk's
find src include tests/unit tests/fuzz tests/integration -name '*.[ch]' -print0 | sort -z | xargs -0 awk '
    FNR == 1 || /^\}/ { delete declared }
    {
        for (name in declared) {
            if ($0 ~ ("[a-z]\\(&?" name "[,)]") || $0 ~ ("(^|[^a-z_])" name " = "))
                delete declared[name]
            else if ($0 ~ /(^|[^a-z_])(return|if|for|while|switch|rc =)([^a-z_]|$)/) {
                printf "%s:%d: %s is released on a way out on which it was never initialised; say = {0}\n", FILENAME, declared[name], name
                bad = 1
                delete declared[name]
            }
        }
    }
    /CLEANUP\([a-z_0-9]+\) [^=;()]*;$/ {
        count = split($0, words, /[ ;*]+/)
        declared[words[count - 1]] = FNR
    }
    END { exit bad }'
