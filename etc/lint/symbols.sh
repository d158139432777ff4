#!/bin/bash
# SPDX-License-Identifier: MIT
# No two objects define the same name: an archive hides that until both are needed in one program.
set -euo pipefail

twice=$(nm --defined-only --extern-only "$BUILD/libcutover.a" | awk '$2 ~ /^[A-Z]$/ && NF == 3 { print $3 }' | sort | uniq -d)
if [[ -n $twice ]]; then
    echo "defined more than once: $twice"
    exit 1
fi
