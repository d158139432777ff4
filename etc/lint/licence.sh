#!/bin/bash
# SPDX-License-Identifier: MIT
# Every source file says its licence in its first two lines.
set -euo pipefail

bad=0
while IFS= read -r -d '' file; do
    if ! head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT'; then
        echo "$file: no SPDX line"
        bad=1
    fi
done < <(find src include tests etc .ci -type f -size +0 \( -name '*.[ch]' -o -name '*.py' -o -name '*.sh' -o -name '*.awk' \) -print0)
exit $bad
