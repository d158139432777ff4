#!/bin/bash
# SPDX-License-Identifier: MIT
# Functions that overflow, hide their state or start a shell; sleeping outside the clock; wording of the field.
set -euo pipefail

functions='strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|localtime|gmtime|asctime|ctime|system|popen|alloca'
sleeps='sleep|usleep|nanosleep|clock_nanosleep'
bad=0

if grep -rnwE "($functions)[[:space:]]*\(" --include='*.[ch]' src include tests/unit tests/fuzz tests/bench; then
    echo "banned: see the list in etc/lint/banned.sh"
    bad=1
fi
if grep -rnwE "($sleeps)[[:space:]]*\(" --include='*.[ch]' src include | grep -v '^src/base/clock\.c:'; then
    echo "only src/base/clock.c sleeps: clock_sleep_ms() can be cut short by a signal"
    bad=1
fi
if grep -rnwE '\bgoto\b' --include='*.[ch]' src include | grep -vE ':[[:space:]]*(/?\*|//)'; then
    echo "locals clean themselves: no goto"
    bad=1
fi
if grep -rnE '\.\./shared|farm-' --include='*' src include tests etc playbooks docs .ci Makefile ./*.md 2>/dev/null |
    grep -vE '^(etc/lint/banned\.sh|\.ci/run):'; then
    echo "the repository stands alone: it refers to nothing outside"
    bad=1
fi
exit $bad
