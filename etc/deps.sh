#!/bin/bash
# SPDX-License-Identifier: MIT
# Install the Debian packages that are missing: etc/deps.sh GROUP... (groups are in packages.txt beside this file).
# Changes nothing, and needs no root, when nothing is missing.
# A package that would start a service is installed with service starts forbidden, and its service is then
# disabled: the lab runs its own instances on other addresses, and this machine's ports 53 are not ours to take.
set -euo pipefail

list="${BASH_SOURCE[0]%/*}/packages.txt"
policy=/usr/sbin/policy-rc.d

say() {
    echo "deps: $*" >&2
}

# One a line; a name that an installed package provides counts (a nodejs from elsewhere may bring npm).
installed_names() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Provides}\n' |
        awk '$1 == "ii" { for (i = 2; i <= NF; i++) { sub(/,$/, "", $i); print $i } }'
}

# Print "PACKAGE SERVICE" for each row of the wanted groups of which no alternative is installed.
missing_rows() {
    awk -v groups=" $* " '
        NR == FNR          { installed[$1] = 1; next }
        /^#/ || NF < 3     { next }
        !index(groups, " " $1 " ") { next }
        {
            count = split($2, alternatives, "|")
            for (i = 1; i <= count; i++)
                if (alternatives[i] in installed)
                    next
            if (!seen[alternatives[1]]++)
                print alternatives[1], $3
        }' <(installed_names) "$list"
}

# Services of packages that are being installed must not start now (policy-rc.d) nor at the next boot (disable).
forbid_starts() {
    if [[ -e $policy ]]; then
        say "$policy exists and decides whether services start; leaving it alone"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
    say "while this runs, $policy forbids service starts"
}

disable_service() {
    if [[ -d /run/systemd/system ]]; then
        systemctl disable --quiet "$1" || say "could not disable $1; it may start at the next boot"
        say "$1 is installed but neither started nor enabled (systemctl enable --now $1, if you want it)"
    fi
}

# Arguments: PACKAGE SERVICE PACKAGE SERVICE ...
install_as_root() {
    local packages=() services=()
    while (($# > 1)); do
        packages+=("$1")
        [[ $2 == - ]] || services+=("$2")
        shift 2
    done
    if ((${#services[@]})); then
        forbid_starts
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet
    apt-get install --quiet --yes --no-install-recommends "${packages[@]}"
    local service
    for service in "${services[@]}"; do
        disable_service "$service"
    done
}

main() {
    if [[ ${1:-} == --as-root ]]; then
        shift
        install_as_root "$@"
        return
    fi
    if (($# == 0)); then
        say "usage: etc/deps.sh GROUP..., of: $(awk '!/^#/ && NF { print $1 }' "$list" | uniq | paste -s -d ' ')"
        return 1
    fi
    if ! command -v dpkg-query >/dev/null; then
        say "this is not Debian or a relative of it; install the equivalents of what $list names, then set SKIP_DEPS=1"
        return 1
    fi

    local rows
    rows=$(missing_rows "$@")
    [[ -n $rows ]] || return 0
    local words
    read -r -d '' -a words <<<"$rows" || true

    local names
    names=$(cut -d ' ' -f 1 <<<"$rows" | paste -s -d ' ')
    say "missing: $names"
    if ((EUID == 0)); then
        install_as_root "${words[@]}"
    elif command -v sudo >/dev/null; then
        say "asking for root to install them"
        sudo -- bash "${BASH_SOURCE[0]}" --as-root "${words[@]}"
    else
        say "neither root nor sudo here. As root: apt-get update && apt-get install --no-install-recommends $names"
        return 1
    fi
}

main "$@"
