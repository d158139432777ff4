#!/bin/bash
# SPDX-License-Identifier: MIT
# systemd understands the unit (where systemd is).
set -euo pipefail

command -v systemd-analyze >/dev/null || exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# the program it starts need not be installed here
sed 's|@PREFIX@/bin/cutover|/bin/true|' etc/cutover.service >"$folder/cutover.service"
complaints=$(systemd-analyze verify --man=no --recursive-errors=no "$folder/cutover.service" 2>&1 | grep -F cutover.service || true)
if [[ -n $complaints ]]; then
    echo "$complaints"
    exit 1
fi
