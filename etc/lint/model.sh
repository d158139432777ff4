#!/bin/bash
# SPDX-License-Identifier: MIT
# The model of the protocol has the parts that a cutover is compiled to, in their order, and the names of what is done
# about the past. A part that is not modelled is named here.
set -euo pipefail

model=tests/model/cutover.pml
# About replicas, records, TTLs and definitions: nothing that decides which side takes writes.
left_out="note-schema check-replicas check-records check-ttl restore-ttl"
# Modelled ahead of the code. Take a name out when its part is there.
ahead=""
bad=0

# Names of parts between two functions of actions_flip.c, in the order of the text.
parts_of() {
    awk -v from="$1" -v to="$2" '$0 ~ from { on = 1 } $0 ~ to { exit } on' src/engine/actions_flip.c |
        grep -oE 'part(_hold|_let_in)?\(c, ("[a-z-]+")?' |
        sed -E 's/part_hold\(c, /hold-from/; s/part_let_in\(c, /let-in/; s/part\(c, "?//; s/"//'
}

compiled=$({
    parts_of '^static void parts_before' '^void expand_cutover'
    parts_of '^static void flip_one' '^static json_t .record_names'
    parts_of '^void parts_flip' '^void expand_flip'
    parts_of '^static void restore_one' 'void_that_is_not_there'
} | sort -u)
modelled=$(grep -oE '^#define [A-Z_]+ [0-9]+' "$model" | awk '{ print $2, $3 }' |
    awk '$1 == "CHECK_LINKS" { on = 1 } on { print tolower($1) } $1 == "DRAIN" { seen++ } seen == 2 { exit }' |
    tr _ - | grep -vx shared | sort -u)

for part in $compiled; do
    if ! grep -qxF "$part" <<<"$modelled" && [[ " $left_out " != *" $part "* ]]; then
        echo "$model: src/engine/actions_flip.c has the part $part, which the model lacks"
        bad=1
    fi
done
for part in $modelled; do
    if ! grep -qxF "$part" <<<"$compiled" && [[ " $ahead " != *" $part "* ]]; then
        echo "$model: no part of src/engine/actions_flip.c is called $part"
        bad=1
    fi
    if ! grep -qE "^inline ${part//-/_}\(\)" "$model"; then
        echo "$model: $part is numbered but does nothing"
        bad=1
    fi
    if grep -qxF "$part" <<<"$compiled" && [[ " $ahead " == *" $part "* ]]; then
        echo "etc/lint/model.sh: $part is in the code now: it is not ahead any more"
        bad=1
    fi
done
for name in take_back_commit:recover undo:recover doubt_committed:recover prepare_resume:recover settle_failure:run \
    abort:run adopt:run lease_take:lease lease_renew:lease lease_check_any:lease; do
    if ! grep -qE "\b(run_)?${name%:*}[a-z_]*\(" src/*/"${name#*:}".c; then
        echo "$model: src has no ${name%:*}() in ${name#*:}.c any more"
        bad=1
    fi
    if ! grep -qiE "\b${name%:*}(_run)?\b" "$model"; then
        echo "$model: does not have ${name%:*}"
        bad=1
    fi
done
exit $bad
