#!/bin/bash
# SPDX-License-Identifier: MIT
# Run every fuzzer for a while: tests/fuzz/run.sh FOLDER SECONDS. FOLDER holds the programs that `make fuzzers` built.
# Each begins with its seeds and with what earlier runs found. A crash leaves its input in FOLDER and fails this script;
# make a unit test of it before mending the fault.
set -euo pipefail

folder=$1
seconds=$2
here=$(dirname "${BASH_SOURCE[0]}")
root=$here/../..

# What a fuzzer starts from. Files that the repository has anyway are not kept a second time.
seeds() {
    case $1 in
    fuzz_conffile) cp "$root"/etc/cutover.cfg "$2" ;;
    fuzz_playbook) cp "$root"/playbooks/*.cfg "$2" ;;
    fuzz_binlog) cp "$root"/tests/unit/binlog/*.bin "$2" ;;
    fuzz_gtid)
        printf '0-1-5,1-101-36' >"$2/two"
        printf '0-1-5,\n 0-2-9' >"$2/state"
        ;;
    fuzz_gtid_set)
        local uuid=3e11fa47-71ca-11e1-9e33-c80aa942956
        printf '%s2:1-5:8;%s2:3-9' "$uuid" "$uuid" >"$2/gaps"
        printf '%s2:1-5:tag:1-2,\n%s3:7;%s2:tag:2' "$uuid" "$uuid" "$uuid" >"$2/tags"
        ;;
    fuzz_db_wire)
        printf '\4\3\0\375\0\14\60\1\0\0\20\7\0\0\0\2ab\4\350\7\2\35' >"$2/row"
        ;;
    fuzz_gate)
        printf 'lag < 500ms for 30s' >"$2/lag"
        printf 'verified = 100%%' >"$2/verified"
        printf 'verified_age <= 1h' >"$2/age"
        ;;
    esac
}

export LSAN_OPTIONS="suppressions=$here/lsan.txt:print_suppressions=0"
failed=0
for source in "$here"/fuzz_*.c; do
    name=$(basename "$source" .c)
    corpus=$folder/corpus/$name
    mkdir -p "$corpus"
    seeds "$name" "$corpus"
    echo "=== $name, $seconds s"
    if ! "$folder/$name" -max_total_time="$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -verbosity=0 -artifact_prefix="$folder/crash-$name-" "$corpus" 2>"$folder/$name.log"; then
        tail -n 40 "$folder/$name.log"
        failed=1
    fi
    grep -E 'stat::(number_of_executed_units|new_units_added)' "$folder/$name.log" || true
done
exit $failed
