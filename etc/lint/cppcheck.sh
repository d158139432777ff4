#!/bin/bash
# SPDX-License-Identifier: MIT
# cppcheck, the fast settings. Its cache makes the second run short.
set -euo pipefail

mkdir -p "$BUILD/cppcheck"
cppcheck --quiet --std=c11 --language=c --library=posix --library=etc/lint/cppcheck.cfg --max-configs=1 --enable=warning,performance --inline-suppr \
    --error-exitcode=1 --suppressions-list=etc/lint/cppcheck.txt --cppcheck-build-dir="$BUILD/cppcheck" -j "$(nproc)" \
    -D_GNU_SOURCE -DCUTOVER_VERSION='""' \
    -Iinclude -I"$BUILD/gen" src
