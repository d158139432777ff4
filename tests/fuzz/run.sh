#!/bin/bash
# SPDX-License-Identifier: MIT
# Run every fuzzer for a while: tests/fuzz/run.sh FOLDER SECONDS [NAME...]. FOLDER holds the programs that `make fuzzers`
# built. Each begins with its seeds (tests/fuzz/corpus/NAME) and with what earlier runs found. A crash leaves its input
# in FOLDER and fails this script; make a unit test of it before mending the fault, and keep the input as a seed.
set -euo pipefail

folder=$1
seconds=$2
shift 2
here=$(dirname "${BASH_SOURCE[0]}")
root=$here/../..

# Files that the repository has anyway are not kept a second time.
seeds() {
    case $1 in
    fuzz_conffile) cp "$root"/etc/cutover.cfg "$2" ;;
    fuzz_playbook) cp "$root"/playbooks/*.cfg "$2" ;;
    fuzz_binlog) cp "$root"/tests/unit/binlog/*.bin "$2" ;;
    esac
    if [[ -d $here/corpus/$1 ]]; then
        cp "$here/corpus/$1"/* "$2"
    fi
}

names=("$@")
if ((${#names[@]} == 0)); then
    for source in "$here"/fuzz_*.c; do
        names+=("$(basename "$source" .c)")
    done
fi

export LSAN_OPTIONS="suppressions=$here/lsan.txt:print_suppressions=0"
failed=0
for name in "${names[@]}"; do
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
