#!/bin/bash
# SPDX-License-Identifier: MIT
# cppcheck, the fast settings. Its cache makes the second run short.
set -euo pipefail

mkdir -p "$BUILD/cppcheck"
cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=nullPointerRedundantCheck --max-configs=1 --library=posix \
    --cppcheck-build-dir="$BUILD/cppcheck" -j "$(nproc)" -D_GNU_SOURCE -DCUTOVER_VERSION='""' \
    -Iinclude -I"$BUILD/gen" src
