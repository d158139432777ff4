#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetch database servers that this host's own release does not have, for the tests and the demo:
#
#   etc/servers.sh FOLDER KIND...       KIND: mysql, mariadb-11.8, mariadb-10.5, prometheus (the table below)
#
# The packages come from the Debian release that has them, with all they depend on (their own libc too), and are
# unpacked into FOLDER/KIND. Nothing is installed, started or changed on this host, and root is not needed. apt does
# the choosing and the checking (its own lists and cache, the archive's signature), so no version is written here.
# FOLDER/KIND/run PROGRAM ARGS... runs one of the programs through that folder's own dynamic loader;
# FOLDER/KIND/env prints what a compiler needs to link against its libraries; FOLDER/KIND/packages is what was fetched.
# A second call finds the folder complete and does nothing; two calls at once wait for each other; a call that was
# interrupted leaves nothing under the final name. Removing FOLDER/KIND is always safe: it is fetched again.
# Exit: 0 all there, 1 failed, 2 usage, 69 the archive does not have it (any more, or today): skip what needs it.
set -euo pipefail

# KIND         RELEASE   PACKAGES
table='
mysql          sid       mysql-server-core mysql-client-core libmysqlclient-dev
mariadb-11.8   trixie    mariadb-server-core mariadb-client-core mariadb-backup
mariadb-10.5   bullseye  mariadb-server-core-10.5 mariadb-client-core-10.5 mariadb-backup
prometheus     bookworm  prometheus
'

# What the servers' packages ask for and the servers themselves never run counts as installed.
never_run='adduser debconf galera-4 gawk init-system-helpers iproute2 libconfig-inifiles-perl libdbi-perl lsb-base
libjs-bootstrap libjs-bootstrap4 libjs-eonasdan-bootstrap-datetimepicker libjs-jquery libjs-jquery-hotkeys libjs-moment
libjs-moment-timezone libjs-mustache libjs-popper.js libjs-rickshaw
mariadb-common mysql-common passwd perl perl-base procps psmisc rsync socat systemd systemd-standalone-sysusers
sysvinit-utils'

readonly not_in_archive=69
readonly old_releases=http://archive.debian.org/debian
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

say() {
    printf 'servers: %s\n' "$*" >&2
}

# The mirror that this host's own apt uses.
own_mirror() {
    {
        awk '/^URIs:/ { print $2 }' /etc/apt/sources.list.d/*.sources
        awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; break } }' /etc/apt/sources.list
        echo http://deb.debian.org/debian
    } 2>/dev/null | sed -n 's|^\(https\{0,1\}://.*/debian\)/*$|\1|p' | sed -n 1p
}

# apt with lists, cache and a dpkg status of its own. Arguments: WORK apt-get's.
foreign_apt() {
    local work=$1
    shift
    apt-get -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" \
        -o Dir::Cache="$work/cache" -o Dir::Log="$work" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
        -o APT::Install-Recommends=0 -o Acquire::Languages=none -o APT::Update::Error-Mode=any \
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false --quiet "$@"
}

# Download the packages and what they depend on into WORK/cache/archives; apt's words are in WORK/log.
# Arguments: WORK MIRROR RELEASE PACKAGE...
download() {
    local work=$1 mirror=$2 release=$3 name
    shift 3
    rm -rf "$work"
    mkdir -p "$work"/{lists,cache/archives}/partial
    echo "deb [signed-by=$keyring] $mirror $release main" >"$work/sources.list"
    for name in $never_run; do
        printf 'Package: %s\nStatus: install ok installed\nVersion: 9999:1\nArchitecture: %s\nMulti-Arch: allowed\n' \
            "$name" "$(dpkg --print-architecture)"
        printf 'Maintainer: nobody\nDescription: never run\n\n'
    done >"$work/status"
    if ! foreign_apt "$work" update >"$work/log" 2>&1; then
        grep -q 'does not have a Release file' "$work/log" && return $not_in_archive
        return 1
    fi
    foreign_apt "$work" --yes --download-only install "$@" >>"$work/log" 2>&1 && return 0
    # The names are unknown, or the release cannot install them today: both are the archive's.
    grep -qE 'Unable to locate package|no installation candidate|Unable to correct problems|Unmet dependencies' \
        "$work/log" && return $not_in_archive
    return 1
}

# The dynamic loader of an unpacked release, relative to it. Some have it in lib and link to it absolutely.
find_loader() {
    local root=$1 found
    for found in "$root"/usr/lib64/ld-linux-*.so.* "$root"/usr/lib/ld-linux-*.so.* "$root"/lib/*-linux-gnu/ld-2.*.so \
        "$root"/lib/*-linux-gnu/ld-linux-*.so.*; do
        if [[ -x $found && $(readlink -e "$found") == "$root"/* ]]; then
            echo "${found#"$root/"}"
            return
        fi
    done
    say "no dynamic loader in what was unpacked into $root"
    return 1
}

write_run() {
    local root=$1 loader=$2 argv0=''
    if "$root/$loader" --help 2>/dev/null | grep -q argv0; then # glibc 2.33 and later
        # shellcheck disable=SC2016 # the dollar is for the script that is written here
        argv0='--argv0 "$program" '
    fi
    cat >"$root/run" <<RUN
#!/bin/bash
# run PROGRAM ARGS...: a program of this folder (usr/sbin/mysqld, or an absolute path) with this folder's libraries.
# The process becomes the program; ps shows the loader's name.
root=\$(cd "\${BASH_SOURCE[0]%/*}" && pwd) || exit
case \$1 in /*) program=\$1 ;; *) program=\$root/\$1 ;; esac
shift
libraries=
for folder in "\$root"/usr/lib/*-linux-gnu "\$root"/lib/*-linux-gnu; do
    [[ -d \$folder ]] && libraries+=\${libraries:+:}\$folder
done
exec "\$root/$loader" $argv0--library-path "\$libraries" "\$program" "\$@"
RUN
    cat >"$root/env" <<ENV
#!/bin/bash
# env: where this folder's loader, libraries and headers are, as shell assignments.
root=\$(cd "\${BASH_SOURCE[0]%/*}" && pwd) || exit
libraries=("\$root"/usr/lib/*-linux-gnu)
printf 'root=%q\nloader=%q\nlibraries=%q\n' "\$root" "\$root/$loader" "\${libraries[0]}"
ENV
    chmod 755 "$root/run" "$root/env"
}

# Arguments: WORK ROOT
unpack() {
    local work=$1 root=$2 package
    mkdir -p "$root"
    for package in "$work"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" |
            tar -x -C "$root" --no-same-owner --keep-directory-symlink \
                --exclude './usr/share/doc/*' --exclude './usr/share/man/*'
        # shellcheck disable=SC2016 # the dollars are dpkg's
        dpkg-deb --showformat '${Package} ${Version}\n' --show "$package"
    done >"$work/packages"
    local loader
    loader=$(find_loader "$root")
    write_run "$root" "$loader"
    mv "$work/packages" "$root/packages"
}

# Arguments: FOLDER KIND RELEASE PACKAGE...
fetch() {
    local folder=$1 kind=$2 release=$3 rc=0
    shift 3
    local root=$folder/$kind work=$folder/.$kind.work part=$folder/.$kind.part
    rm -rf "$part"
    say "fetching $kind from Debian $release into $root (once; a minute at most)"
    download "$work" "$(own_mirror)" "$release" "$@" || rc=$?
    if ((rc)); then
        sed -n 's/^[EW]:/servers: apt: &/p' "$work/log" >&2
    fi
    if ((rc == not_in_archive)); then
        say "looking where Debian keeps releases that mirrors no longer carry"
        ! download "$work" "$old_releases" "$release" "$@" || rc=0
    fi
    if ((rc == not_in_archive)); then
        say "Debian's archive does not have $kind for this machine now ($release: $*); what needs it must be skipped"
        return "$rc"
    elif ((rc)); then
        say "could not fetch $kind; apt's words are above"
        return "$rc"
    fi
    unpack "$work" "$part"
    rm -rf "$work"
    mv "$part" "$root"
    say "$kind is there: $(awk -v name="$1" '$1 == name { print $1, $2 }' "$root/packages")"
}

# Was all of it fetched? What is asked for may have grown since. Arguments: ROOT PACKAGE...
is_whole() {
    local root=$1 name
    shift
    [[ -e $root/packages ]] || return
    for name in "$@"; do
        awk -v name="$name" '$1 == name { found = 1 } END { exit !found }' "$root/packages" || return
    done
}

main() {
    if (($# < 2)); then
        say "usage: etc/servers.sh FOLDER KIND..., of: $(awk 'NF { print $1 }' <<<"$table" | paste -s -d ' ')"
        return 2
    fi
    mkdir -p "$1"
    local folder kind row words
    folder=$(cd "$1" && pwd)
    shift
    for kind in "$@"; do
        row=$(awk -v kind="$kind" '$1 == kind' <<<"$table")
        if [[ -z $row ]]; then
            say "there is no kind $kind; there are: $(awk 'NF { print $1 }' <<<"$table" | paste -s -d ' ')"
            return 2
        fi
        read -r -a words <<<"$row"
        ! is_whole "$folder/$kind" "${words[@]:2}" || continue
        if ! command -v apt-get dpkg-deb >/dev/null || [[ ! -r $keyring ]]; then
            say "needs apt-get, dpkg-deb and $keyring (package debian-archive-keyring) to fetch $kind"
            return "$not_in_archive"
        fi
        exec {lock}>"$folder/.$kind.lock"
        flock "$lock"
        if ! is_whole "$folder/$kind" "${words[@]:2}"; then
            rm -rf "${folder:?}/$kind"
            fetch "$folder" "${words[@]}" # alone, so that what fails in it ends the script
        fi
        exec {lock}>&-
    done
}

main "$@"
