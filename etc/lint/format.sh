#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make format` would change. It ends all other debates.
set -euo pipefail

unformatted=$(find src include tests/unit tests/fuzz tests/integration tests/bench -name '*.[ch]' -print0 | sort -z |
    xargs -0 clang-format --dry-run -Werror --ferror-limit=1 2>&1 | grep -E 'error:' | cut -d : -f 1,2 |
    sed 's/$/: not formatted; make format/' || true)
if [[ -n $unformatted ]]; then
    echo "$unformatted"
    exit 1
fi
