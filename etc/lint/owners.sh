#!/bin/bash
# SPDX-License-Identifier: MIT
# Each third-party header of owners.txt is included by its one owner and by nobody else.
set -euo pipefail

bad=0
while read -r header owner; do
    [[ -n $header && $header != \#* ]] || continue
    pattern="^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"](mariadb/|mysql/)?${header//./\\.}"
    while IFS=: read -r file line _; do
        if [[ $file != "$owner" ]]; then
            echo "$file:$line: only $owner may include $header"
            bad=1
        fi
    done < <(grep -rnE "$pattern" src include || true)
done <etc/lint/owners.txt
exit $bad
