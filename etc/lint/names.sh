#!/bin/bash
# SPDX-License-Identifier: MIT
# A file is named for what it does; our types are structs without a typedef; replicas have sources.
set -euo pipefail

bad=0
if find src include tests -name '*utils*' -o -name '*misc*' -o -name '*common*' -o -name '*helpers*' |
    grep -E '\.(c|h|py|sh)$'; then
    echo "name it for what it does: no utils, misc, common or helpers"
    bad=1
fi
if grep -rnE '^typedef struct[^()]*$' --include='*.[ch]' src include; then
    echo "no typedef for structs"
    bad=1
fi
exit $bad
