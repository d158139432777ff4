#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Let two independent judges try the stand-in for the Cloudflare API (tests/lab/cloudflare.py):
#   schema.js  every answer against the published OpenAPI schema; needs its path in CUTOVER_CF_SCHEMA
#   client.js  Cloudflare's own npm client
# Each judge is judged, too: it must reject a stand-in that leaves a field out of every record.
# Writes only below build/contract. Ends with 'N passed, N failed, N skipped'; fails unless none failed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/contract
python=${PYTHON:-/usr/bin/python3}
zone=example.com
token=lab-token-rw
passed=0 failed=0 skipped=0
stand_in_pid=

stop_stand_in() {
    if [ -n "$stand_in_pid" ]; then
        kill "$stand_in_pid" 2>/dev/null || true
        wait "$stand_in_pid" 2>/dev/null || true
        stand_in_pid=
    fi
}
trap stop_stand_in EXIT

# Install the pinned modules, once for each version of package.json.
install_modules() {
    mkdir -p "$build"
    if cmp -s "$here/package.json" "$build/installed.json"; then
        return
    fi
    cp "$here/package.json" "$build/package.json"
    (cd "$build" && npm install --no-package-lock --no-audit --no-fund --ignore-scripts)
    cp "$here/package.json" "$build/installed.json"
}

# judge SCRIPT LOG [OPTION OF THE STAND-IN...]: a fresh stand-in, one judge, his words in LOG.
judge() {
    local script=$1 log=$2 out ready base
    shift 2
    exec {out}< <(cd "$root" && exec "$python" -m tests.lab.cloudflare --zone "$zone=free" "$@")
    stand_in_pid=$!
    read -r -t 20 -u "$out" ready base
    [ "$ready" = ready ]
    local verdict=0
    NODE_PATH=$build/node_modules node "$here/$script" "$base" "$token" "$zone" >"$log" 2>&1 || verdict=$?
    stop_stand_in
    exec {out}<&-
    return "$verdict"
}

# Count the checks of a judge who tried the stand-in as it is.
try_stand_in() {
    local log=$build/$1.log verdict=0
    judge "$1" "$log" || verdict=$?
    cat "$log"
    passed=$((passed + $(grep -c '^ok ' "$log" || true)))
    local bad
    bad=$(grep -c '^not ok ' "$log" || true)
    if [ "$verdict" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "not ok - $1 ended with $verdict and no verdict"
        bad=1
    fi
    failed=$((failed + bad))
}

# A judge who accepts a broken stand-in proves nothing.
try_judge() {
    local log=$build/$1.broken.log
    if ! judge "$1" "$log" --drop-field ttl && grep -q '^not ok .*POST\|^not ok .*create' "$log"; then
        echo "ok - $1 rejects a stand-in that leaves out a field"
        passed=$((passed + 1))
    else
        echo "not ok - $1 accepts a stand-in that leaves out a field, see $log"
        failed=$((failed + 1))
    fi
}

install_modules
for script in schema.js client.js; do
    if [ "$script" = schema.js ] && [ -z "${CUTOVER_CF_SCHEMA:-}" ]; then
        echo "SKIPPED - $script: CUTOVER_CF_SCHEMA does not name the OpenAPI schema of the Cloudflare API"
        skipped=$((skipped + 1))
        continue
    fi
    try_stand_in "$script"
    try_judge "$script"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
