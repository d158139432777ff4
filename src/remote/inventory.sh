#!/bin/sh
# SPDX-License-Identifier: MIT
# What a host is, told in one login: sh -c THIS cutover DATADIR TMPDIR BINLOGS PID_FILE DEFAULTS_FILE SERIES CERTIFICATES.
# BINLOGS is their path without the number, CERTIFICATES one path a line. Reads only. Answers, for each probe:
#   @NAME     it begins
#   |TEXT     a line of what it said
#   !TEXT     a line of its complaints
#   =STATUS   how it ended; when it is not 0 nothing of it is known
# domain/host_probe.c has the same names, and reads what they say.
set -u
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin
export LC_ALL PATH
DATABASE='mysql|mariadb|mydumper|xtrabackup|galera|percona'

fail() {
    printf '%s\n' "$*" >&2
    return 1
}

# Nothing here may hang: a file system that does not answer, a daemon that does not.
brief() {
    timeout 10 "$@"
}

tell() {
    printf '%s\t%s\n' "$1" "$2"
}

unseen() {
    tell '(not seen)' "$1"
}

system() {
    tell 'operating system' "$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release | tr -d '"')"
    tell kernel "$(uname -srm)"
    tell processors "$(grep -c '^processor' /proc/cpuinfo) $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)"
    tell memory "$(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
    tell swap "$(sed -n 's/^SwapTotal: *//p' /proc/meminfo)"
    tell swappiness "$(cat /proc/sys/vm/swappiness)"
    tell 'transparent huge pages' "$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null)"
}

packages() {
    # shellcheck disable=SC2016  # words of dpkg-query
    if command -v dpkg-query >/dev/null; then
        brief dpkg-query -W -f '${Package}\t${Version}\t${db:Status-Abbrev}\n'
    elif command -v rpm >/dev/null; then
        brief rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\tii\n'
    else
        fail 'neither dpkg-query nor rpm is there'
    fi
}

disk() {
    row=$(brief df -Pk -- "$2" | tail -n 1)
    [ -n "$row" ] || return 1
    mount=$(printf '%s\n' "$row" | sed 's/^.*[0-9-]%* *\(\/.*\)$/\1/')
    how=$(awk -v mount="$mount" '$2 == mount { how = $3 "\t" $4 } END { print how }' /proc/self/mounts)
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$row" "$how"
}

disks() {
    disk 'data directory' "$datadir" && disk 'temporary files' "${tmpdir%%:*}" &&
        { [ -z "$binlogs" ] || disk 'binary logs' "$(dirname -- "$binlogs")"; }
}

server_pid() {
    pid=$(cat "$pid_file" 2>/dev/null) || pid=$(pidof mariadbd mysqld) || pid=''
    case $pid in
    '' | *[!0-9]*) fail "which process is the server is not known: $pid_file cannot be read" ;;
    *) echo "$pid" ;;
    esac
}

limits() {
    pid=$(server_pid) && cat "/proc/$pid/limits"
}

clock() {
    if said=$(brief chronyc -n tracking 2>/dev/null); then
        printf 'chronyc\n%s\n' "$said"
    elif said=$(brief timedatectl show 2>/dev/null); then
        printf 'timedatectl\n%s\n' "$said"
    elif said=$(brief ntpq -pn 2>/dev/null); then
        printf 'ntpq\n%s\n' "$said"
    else
        fail 'neither chronyc, timedatectl nor ntpq answers'
    fi
}

ports() {
    if command -v ss >/dev/null; then
        brief ss -ltnp
    else
        brief netstat -ltn
    fi
}

firewall() {
    any=''
    for program in 'nft list ruleset' iptables-save 'ufw status'; do
        command -v "${program%% *}" >/dev/null || continue
        any=1
        printf '= %s\n' "${program%% *}"
        # shellcheck disable=SC2086  # its words
        brief $program || return 1
    done
    [ -n "$any" ] || fail 'neither nft, iptables-save nor ufw is there'
}

# Does this line, or a script that it names, speak of a database? A line may just say what it is for.
touches() {
    if printf '%s\n' "$1" | grep -qiE "$DATABASE|dump|backup|pt-"; then return 0; fi
    set -f
    # shellcheck disable=SC2086  # its words
    set -- $1
    set +f
    for word in "$@"; do
        case $word in
        /*) if [ -f "$word" ] && [ -r "$word" ] && grep -qiE "$DATABASE" "$word" 2>/dev/null; then return 0; fi ;;
        esac
    done
    return 1
}

# $1 whose; its lines are read
cron_lines() {
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '' | [[:space:]]*'#'* | '#'*) ;;
        *) if touches "$line"; then tell "$1" "$line"; fi ;;
        esac
    done
}

# shellcheck disable=SC2094  # they are only read
cron_files() {
    for file in "$@"; do
        if [ -f "$file" ] && [ -r "$file" ]; then
            cron_lines "$file" <"$file"
        elif [ -f "$file" ]; then
            unseen "$file: no right to read it"
        fi
    done
}

timers() {
    command -v systemctl >/dev/null || return 0
    if ! units=$(brief systemctl show '*.timer' -p Unit --value 2>/dev/null); then
        unseen 'timers: systemd does not answer'
        return 0
    fi
    for unit in $units; do
        what=$(brief systemctl show "$unit" -p ExecStart --value | sed 's/ ; ignore_errors=.*//; s/.*argv\[\]=//')
        if touches "$what"; then tell "timer of $unit" "$what"; fi
    done
}

schedule() {
    cron_files /etc/crontab /etc/anacrontab /etc/cron.d/*
    for file in /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*; do
        if [ -f "$file" ] && grep -qiE "$DATABASE" "$file"; then tell "$file" 'a script'; fi
    done
    for folder in /var/spool/cron/crontabs /var/spool/cron; do
        if [ -d "$folder" ] && [ -r "$folder" ] && [ -x "$folder" ]; then
            cron_files "$folder"/*
        elif [ -d "$folder" ]; then
            unseen "$folder: no right to read it"
            if command -v crontab >/dev/null; then crontab -l 2>/dev/null | cron_lines "crontab of $(id -un)"; fi
        fi
    done
    timers
}

under_datadir() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "${datadir%/}/$1" ;;
    esac
}

certificates() {
    command -v openssl >/dev/null || { fail 'there is no openssl'; return 1; }
    printf '%s\n' "$certificates" | while IFS= read -r file; do
        [ -n "$file" ] || continue
        file=$(under_datadir "$file")
        if said=$(openssl x509 -in "$file" -noout -subject -issuer -enddate -fingerprint -sha256 2>/dev/null); then
            printf 'file=%s\n%s\n' "$file" "$said"
        else
            printf 'unseen=%s\n' "$file"
        fi
    done
}

trimmed() {
    printf '%s\n' "$1" | sed 's/^[[:space:]]*//; s/[[:space:]/]*$//'
}

# $1 file, $2 how deep
# shellcheck disable=SC2094  # it is only read
option_file() {
    [ -f "$1" ] || return 0
    if [ ! -r "$1" ] || [ "$2" -gt 10 ]; then
        unseen "$1: no right to read it"
        return 0
    fi
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '!includedir'[[:space:]]*)
            for file in "$(trimmed "${line#!includedir}")"/*.cnf; do option_file "$file" $(($2 + 1)); done
            ;;
        '!include'[[:space:]]*) option_file "$(trimmed "${line#!include}")" $(($2 + 1)) ;;
        *) tell "$1" "$line" ;;
        esac
    done <"$1"
}

config() {
    files=$defaults_file
    if [ -z "$files" ]; then
        files=$(my_print_defaults --help 2>/dev/null | sed -n '/^Default options are read/{n;p;}')
        files=${files:-/etc/my.cnf /etc/mysql/my.cnf}
    fi
    any=''
    for name in $files; do
        case $name in '~'*) continue ;; esac # of who is logged in here, not of the server
        if [ -f "$name" ]; then any=1; fi
        option_file "$name" 0
    done
    [ -n "$any" ] || fail "there is none of $files"
}

# What a restart would go by: the files as the server's own program reads them, then its command line.
restart() {
    command -v my_print_defaults >/dev/null || { fail 'there is no my_print_defaults'; return 1; }
    if [ -n "$defaults_file" ]; then set -- --defaults-file="$defaults_file"; else set --; fi
    said=$(my_print_defaults "$@" --mysqld 2>/dev/null) ||
        said=$(my_print_defaults "$@" mysqld server "mysqld-$series") || return 1
    printf '%s\n' "$said"
    pid=$(server_pid) && tr '\0' '\n' <"/proc/$pid/cmdline" | sed 1d
}

logs() {
    [ -n "$binlogs" ] || { fail 'there is no binary log'; return 1; }
    stat -c '%Y %s' -- "$binlogs".[0-9]* | awk '
        NR == 1 { first = $1; first_bytes = $2 }
        { bytes += $2; last = $1 }
        END { if (NR == 0) exit 1; print NR, bytes, first_bytes, first, last }'
}

probe() {
    printf '@%s\n' "$1"
    status=$({ { { "$1" || echo "$?" >&3; } | sed 's/^/|/' >&4; } 2>&1 | sed 's/^/!/' >&4; } 3>&1)
    printf '=%s\n' "${status:-0}"
}

exec 4>&1
datadir=$1 tmpdir=${2:-/tmp} binlogs=$3 pid_file=$4 defaults_file=$5 series=$6 certificates=$7
pid_file=$(under_datadir "$pid_file")
for name in system packages disks limits clock ports firewall schedule certificates config restart logs; do
    probe "$name"
done
