#!/bin/bash
# SPDX-License-Identifier: MIT
# Write the generated parts of docs/ from what the program prints: etc/docs.sh [--check] PROGRAM.
#   docs/ref/COMMAND.md   whole pages
#   docs/situations.md    the diagram      } between the lines <!-- generated: WHAT --> and <!-- end of generated -->
#   docs/playbooks.md     the actions      }
#   docs/servers.md       the tables       }
#   docs/checks.md        the table        }
#   docs/machines.md      the metrics      }
# --check changes nothing and exits with 1 when something differs.
set -euo pipefail

check=
if [[ ${1:-} == --check ]]; then
    check=1
    shift
fi
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
differs=0

# settle FILE NEW: put NEW in FILE's place, or say that they differ.
settle() {
    cmp -s "$2" "$1" && return
    if [[ $check ]]; then
        echo "$1 is not what the program prints; make docs"
        differs=1
    else
        mkdir -p "$(dirname "$1")"
        cp "$2" "$1"
        echo "docs: $1"
    fi
}

# between FILE WHAT: replace what stands between the marks by the standard input.
between() {
    cat >"$work/part"
    if ! grep -qxF "<!-- generated: $2 -->" "$1"; then
        echo "$1: no line <!-- generated: $2 -->"
        differs=1
        return
    fi
    awk -v mark="<!-- generated: $2 -->" -v part="$work/part" '
        $0 == mark { print; while ((getline line < part) > 0) print line; skip = 1 }
        $0 == "<!-- end of generated -->" { skip = 0 }
        !skip' "$1" >"$work/whole"
    settle "$1" "$work/whole"
}

"$program" generate reference >"$work/commands"
while read -r command; do
    "$program" generate reference "$command" >"$work/page"
    settle "docs/ref/$command.md" "$work/page"
done <"$work/commands"
for page in docs/ref/*.md; do
    name=$(basename "$page" .md)
    if ! grep -qxF "$name" "$work/commands"; then
        echo "$page: there is no such command"
        differs=1
    fi
done

{ echo '```mermaid'; "$program" generate mermaid; echo '```'; } | between docs/situations.md mermaid
"$program" generate playbook-reference | between docs/playbooks.md playbook-reference
"$program" generate checks | between docs/checks.md checks
"$program" generate servers | between docs/servers.md servers
"$program" generate metrics | between docs/machines.md metrics
exit $differs
