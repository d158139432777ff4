#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the checks of this folder and report in TAP, so that tests/run.py can count them. --quick leaves out the slow ones.
# A check is a script here that prints what is wrong and exits non-zero, or prints nothing and exits with 0.
# Environment: BUILD (where build/cutover is), LINT_CFLAGS (how headers are to be compiled); the Makefile sets them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export BUILD=${BUILD:-build} CC=${CC:-gcc} PYTHON=${PYTHON:-/usr/bin/python3}

quick=(layers owners banned cleanup sizes names licence symbols python model)
slow=(headers format cppcheck shell docs service)

checks=("${quick[@]}")
[[ ${1:-} == --quick ]] || checks+=("${slow[@]}")

failed=0
number=0
echo "1..${#checks[@]}"
for check in "${checks[@]}"; do
    number=$((number + 1))
    if found=$("etc/lint/$check.sh" 2>&1); then
        echo "ok $number - lint: $check"
    else
        failed=$((failed + 1))
        echo "not ok $number - lint: $check"
        while IFS= read -r line; do
            echo "#   $line"
        done <<<"$found"
    fi
done
exit $((failed > 0))
