#!/bin/bash
# SPDX-License-Identifier: MIT
# What a physical seed does on a host, and how the way between two hosts is measured. Run as bash -o pipefail -c THIS cutover VERB ARGUMENT...; every VERB ends with
# status 0 only when what it says is true.
#
# A copy lives in DATADIR.cutover-seed, or in DATADIR/.cutover-seed where the data directory is a file system of its own:
#   state   one line: copying|prepared|out|in|swapped RUN
#   stage   the copy
#   old     what the copy replaces
#   keys    this host's key and certificate for one copy
# Nothing that is half replaced can start: while it is, ibdata1 is a folder, or there is no folder mysql.
set -eu

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

say() {
    printf '%s=%s\n' "$1" "$2"
}

place() {
    local datadir=${1%/}
    if [ -d "$datadir/.cutover-seed" ]; then
        echo "$datadir/.cutover-seed"
    elif [ ! -d "$datadir.cutover-seed" ] &&
        { [ "$(stat -c %d "$datadir")" != "$(stat -c %d "$datadir/..")" ] || [ ! -w "$datadir/.." ]; }; then
        echo "$datadir/.cutover-seed"
    else
        echo "$datadir.cutover-seed"
    fi
}

# On disk before anything that goes by it happens.
note() {
    printf '%s\n' "$2 $3" >"$1/state.new"
    sync "$1/state.new"
    mv "$1/state.new" "$1/state"
    sync "$1"
}

state() {
    if [ -f "$1/state" ]; then cat "$1/state"; else echo none; fi
}

bytes_in() {
    du -s -B1 --apparent-size "$@" 2>/dev/null | cut -f1
}

# Say so once a second while it works: the other side ends us when nobody listens any more.
watch_it() {
    local pid=$1 folder=$2 tenths=0
    while kill -0 "$pid" 2>/dev/null; do
        [ $((tenths++ % 10)) != 0 ] || say bytes "$(bytes_in "$folder" || true)"
        sleep 0.1
    done
    wait "$pid"
}

# $1 data directory, $2 path of the binary logs without their number: facts about this host, one a line
look() {
    local datadir=${1%/} missing='' program
    for program in mariadb-backup mbstream zstd socat openssl pv du df find; do
        command -v "$program" >/dev/null || missing="$missing $program"
    done
    say missing "$missing"
    say backup "$(mariadb-backup --version 2>&1 | sed -n 's/.*MariaDB server \([0-9]*\.[0-9]*\).*/\1/p')"
    [ -d "$datadir" ] || fail "there is no folder $datadir on this host"
    if [ "$(id -u)" = 0 ] || [ -O "$datadir" ]; then say rights 1; else say rights 0; fi
    say used "$(bytes_in --exclude="${2##*/}.*" --exclude='ib_logfile*' --exclude='ibtmp*' "$datadir")"
    say free "$(df -B1 --output=avail "$datadir" | tail -n 1 | tr -d ' ')"
    say outside "$(find "$datadir" -mindepth 1 \( -type l -o -name '*.isl' \) -print -quit)"
    say state "$(state "$(place "$datadir")")"
    find "$datadir" -mindepth 1 -maxdepth 1 -type d ! -name '[.#]*' ! -name lost+found -printf 'folder=%f\n'
}

# $1 folder: a key for one copy, which stays here, and its certificate
make_key() {
    rm -rf "$1"
    mkdir -m 700 "$1"
    (
        umask 077
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=cutover-seed \
            -keyout "$1/key" -out "$1/cert" 2>"$1/log" || fail "openssl: $(tail -n 1 "$1/log")"
    )
    cat "$1/cert"
}

# $1 data directory, $2 run: an empty stage
begin() {
    local datadir=$1 at
    at=$(place "$datadir")
    case $(state "$at") in
    'out '* | 'in '*) fail "$at: an earlier copy is half in place; cutover abort finishes it" ;;
    esac
    rm -rf "$at"
    mkdir -m 700 "$at" "$at/stage"
    note "$at" copying "$2"
    make_key "$at/keys"
}

# $1 host, $2 port: options for socat, from the keys in $3
tls() {
    local host=$1
    case $host in *:*) host="[$host]" ;; esac
    printf '%s:%s,cert=%s,key=%s,cafile=%s,verify=1,openssl-commonname=cutover-seed' \
        "$host" "$2" "$3/cert" "$3/key" "$3/peer"
}

listen() {
    local at=$1 bind=$2 port=$3 family=''
    case $bind in *:*) bind="[$bind]" family=,pf=ip6 ;; esac
    socat -d -d -u "OPENSSL-LISTEN:$port,bind=$bind$family,reuseaddr,accept-timeout=60,cert=$at/keys/cert,key=$at/keys/key,cafile=$at/keys/peer,verify=1,openssl-commonname=cutover-seed" \
        STDOUT 2>"$at/socat.log" | zstd -d -q | mbstream -x -C "$at/stage"
}

# $1 data directory, $2 run, $3 address and $4 port to listen at; the donor's certificate is read
receive() {
    local datadir=$1 run=$2 at pid
    at=$(place "$datadir")
    [ "$(state "$at")" = "copying $run" ] || fail "$at is not that of run $run"
    cat >"$at/keys/peer"
    listen "$at" "$3" "$4" 2>"$at/receive.log" &
    pid=$!
    until grep -q 'listening on' "$at/socat.log" 2>/dev/null; do
        kill -0 "$pid" 2>/dev/null || fail "cannot listen at $3 port $4: $(grep ' E ' "$at/socat.log" | tail -n 1)"
        sleep 0.02
    done
    say listening 1
    watch_it "$pid" "$at/stage" ||
        fail "receiving: $(cat "$at/receive.log") $(grep ' E ' "$at/socat.log" | tail -n 1)"
    [ -s "$(binlog_info "$at")" ] || fail "the copy has no position: it is not whole"
    rm -rf "$at/keys"
}

binlog_info() {
    local name
    for name in xtrabackup_binlog_info mariadb_backup_binlog_info; do
        [ ! -e "$1/stage/$name" ] || echo "$1/stage/$name"
    done
}

# The redo log is looked at ten times a second, not once: all commits of the donor wait for the last look.
stream() {
    local keys=$1 datadir=$2 socket=$3 defaults=$4 workers=$5
    set --
    [ -z "$defaults" ] || set -- --defaults-file="$defaults"
    mariadb-backup "$@" --backup --stream=xbstream --parallel="$workers" --log-copy-interval=100 \
        --socket="$socket" --datadir="$datadir" --target-dir="$keys/target" 2>"$keys/backup.log"
}

transmit() {
    local keys=$1 rate=$6 to=$7
    if [ "$rate" -gt 0 ]; then
        stream "$@" | pv -q -L "$rate" | zstd -q -1 -T0 | socat -u STDIN "OPENSSL:$to" 2>"$keys/socat.log"
    else
        stream "$@" | zstd -q -1 -T0 | socat -u STDIN "OPENSSL:$to" 2>"$keys/socat.log"
    fi
}

# $1 name of the donor: its key for one copy
offer() {
    make_key "$HOME/.cutover-seed-$1"
}

# $1 name of the donor: what a sender that was killed has left
withdraw() {
    rm -rf "$HOME/.cutover-seed-$1"
}

# $1 name of the donor, $2 data directory, $3 socket, $4 defaults file or '', $5 workers, $6 bytes a second or 0, $7
# address and $8 port of the recipient, whose certificate is read
send() {
    local keys=$HOME/.cutover-seed-$1 pid
    scrap=$keys
    cat >"$keys/peer"
    transmit "$keys" "$2" "$3" "$4" "$5" "$6" "$(tls "$7" "$8" "$keys")" &
    pid=$!
    watch_it "$pid" "$keys" ||
        fail "sending: $(grep -iE 'error|denied|fail' "$keys/backup.log" | tail -n 2) $(tail -n 1 "$keys/socat.log")"
    tail -n 1 "$keys/backup.log" | grep -q 'completed OK!' || fail "sending: $(tail -n 1 "$keys/backup.log")"
}

# $1 data directory, $2 run: the copy becomes one that a server can start from
prepare() {
    local datadir=$1 at pid
    at=$(place "$datadir")
    case $(state "$at") in
    "prepared $2") ;;
    "copying $2")
        mariadb-backup --prepare --target-dir="$at/stage" 2>"$at/prepare.log" &
        pid=$!
        watch_it "$pid" "$at/stage" || fail "preparing: $(grep -iE 'error|fail' "$at/prepare.log" | tail -n 2)"
        tail -n 1 "$at/prepare.log" | grep -q 'completed OK!' || fail "preparing: $(tail -n 1 "$at/prepare.log")"
        cat "$at"/stage/*_checkpoints | grep -qE 'log-applied|full-prepared' || fail "$at/stage is not prepared"
        chown -R --reference="$datadir" "$at/stage"
        sync -f "$at/stage"
        note "$at" prepared "$2"
        ;;
    *) fail "$at is not that of run $2" ;;
    esac
    say binlog "$(tr '\t' ' ' <"$(binlog_info "$at")" | tr -d '\n')"
}

is_in_use() {
    local cwd
    for cwd in /proc/[0-9]*/cwd; do
        [ "$(readlink "$cwd" 2>/dev/null)" != "$1" ] || case $(cat "${cwd%cwd}comm" 2>/dev/null) in
        mariadbd | mysqld) return 0 ;;
        esac
    done
    return 1
}

# What storage engines and replication own. What else is there is the host's: certificates, flags of a package.
is_data() {
    local name=${1##*/}
    case $name in
    lost+found | .*) return 1 ;;
    ibdata* | ib_logfile* | ib_buffer_pool | ibtmp* | undo[0-9]* | aria_log* | tc.log | ddl_recovery* | *.info) return 0 ;;
    esac
    [ -d "$1" ]
}

bar() {
    local datadir=$1
    [ ! -d "$datadir/ibdata1" ] || return 0
    [ ! -e "$datadir/ibdata1" ] || mv "$datadir/ibdata1" "$2/old/"
    mkdir "$datadir/ibdata1"
    printf '%s\n' "cutover is putting a copy in place here: this server must not start before it is done." \
        "cutover abort finishes it: docs/hosts.md" >"$datadir/ibdata1/README"
    sync "$datadir"
}

move_out() {
    local datadir=$1 at=$2 entry
    bar "$datadir" "$at"
    for entry in "$datadir/mysql" "$datadir"/*; do
        if [ -e "$entry" ] && [ "${entry##*/}" != ibdata1 ] && is_data "$entry"; then mv "$entry" "$at/old/"; fi
    done
    sync "$datadir"
}

move_in() {
    local datadir=$1 at=$2 entry
    for entry in "$at"/stage/*; do
        case ${entry##*/} in
        xtrabackup_* | mariadb_backup_* | backup-my.cnf | ibdata1 | mysql) ;;
        *) mv -T "$entry" "$datadir/${entry##*/}" ;;
        esac
    done
    [ ! -d "$datadir/ibdata1" ] || rm -r "$datadir/ibdata1"
    for entry in ibdata1 mysql; do
        sync "$datadir"
        [ ! -e "$at/stage/$entry" ] || mv -T "$at/stage/$entry" "$datadir/$entry"
    done
    if command -v restorecon >/dev/null; then restorecon -R "$datadir"; fi
    sync "$datadir"
}

# $1 data directory, $2 run: the copy takes the place of what the server held, which has to be stopped. Renames only:
# it is done before anybody who ends us loses patience.
swap() {
    local datadir=${1%/} run=$2 at
    at=$(place "$datadir")
    trap '' TERM HUP INT
    case $(state "$at") in "prepared $run" | "out $run" | "in $run" | "swapped $run") ;; *) fail "$at holds no copy of run $run" ;; esac
    ! is_in_use "$datadir" || fail "the server of $datadir still runs"
    if [ "$(state "$at")" = "prepared $run" ]; then
        mkdir -p "$at/old"
        note "$at" out "$run"
    fi
    if [ "$(state "$at")" = "out $run" ]; then
        move_out "$datadir" "$at"
        note "$at" in "$run"
    fi
    if [ "$(state "$at")" = "in $run" ]; then
        move_in "$datadir" "$at"
        note "$at" swapped "$run"
    fi
}

# $1 data directory: nothing of a copy is left, unless it is half in place
clean() {
    local at
    at=$(place "$1")
    case $(state "$at") in 'out '* | 'in '*) fail "$at is half in place" ;; esac
    rm -rf "$at"
}

# $1 data directory: how far a copy has come
where() {
    say state "$(state "$(place "$1")")"
}

# $1 defaults file or '': what a server that is started here goes by
options() {
    local found
    if [ -n "$1" ]; then set -- --defaults-file="$1"; else set --; fi
    found=$(my_print_defaults "$@" --mysqld)
    say datadir "$(sed -n 's/^--datadir=//p' <<<"$found" | tail -n 1)"
    say scheduler "$(sed -nE 's/^--event[-_]scheduler=//p' <<<"$found" | tail -n 1)"
}

# $1 address, $2 port: can it be reached from another host? Ends when it was, or after ten seconds.
listen_once() {
    local bind=$1 family='' log
    case $bind in *:*) bind="[$bind]" family=,pf=ip6 ;; esac
    log=$(mktemp)
    scrap=$log
    socat -d -d -u "TCP-LISTEN:$2,bind=$bind$family,reuseaddr,accept-timeout=10" OPEN:/dev/null 2>"$log" &
    until grep -q 'listening on' "$log"; do
        kill -0 $! 2>/dev/null || fail "cannot listen at $1 port $2: $(grep ' E ' "$log" | tail -n 1)"
        sleep 0.02
    done
    say listening 1
    wait $!
}

# $1 address, $2 port
reach() {
    local host=$1
    case $host in *:*) host="[$host]" ;; esac
    socat -u OPEN:/dev/null "TCP:$host:$2,connect-timeout=5"
}

# $1 address, $2 port, $3 how often: microseconds until a connection was there, each
trips() {
    local i began
    for ((i = 0; i < $3; i++)); do
        began=${EPOCHREALTIME/[.,]/}
        { exec 3<>"/dev/tcp/$1/$2"; } 2>/dev/null || fail "no connection to $1 port $2"
        say trip $((${EPOCHREALTIME/[.,]/} - began))
        exec 3>&-
    done
}

# $1 address, $2 port: how much comes over one connection, and in what time from its first byte on
take() {
    local bind=$1 family='' log began
    case $bind in *:*) bind="[$bind]" family=,pf=ip6 ;; esac
    log=$(mktemp)
    scrap=$log
    socat -b 65536 -d -d -u "TCP-LISTEN:$2,bind=$bind$family,reuseaddr,accept-timeout=10" STDOUT 2>"$log" | {
        head -c 1 >/dev/null
        began=${EPOCHREALTIME/[.,]/}
        say bytes "$(wc -c)"
        say took $((${EPOCHREALTIME/[.,]/} - began))
    } &
    until grep -q 'listening on' "$log"; do
        kill -0 $! 2>/dev/null || fail "cannot listen at $1 port $2: $(grep ' E ' "$log" | tail -n 1)"
        sleep 0.02
    done
    say listening 1
    wait $!
}

# Segments that this host has sent, and those of them that it sent again.
segments() {
    awk '/^Tcp:/ && !names { for (i = 1; i <= NF; i++) at[$i] = i; names = 1; next }
         /^Tcp:/ { print $at["OutSegs"], $at["RetransSegs"] }' /proc/net/snmp 2>/dev/null || true
}

# $1 address, $2 port, $3 bytes, $4 seconds: no more and no longer than that
give() {
    local host=$1 before after
    case $host in *:*) host="[$host]" ;; esac
    before=$(segments)
    head -c "$3" /dev/urandom | timeout "$4" socat -b 65536 -u STDIN "TCP:$host:$2,connect-timeout=5" || [ $? = 124 ] ||
        fail "cannot send to $1 port $2"
    after=$(segments)
    [ -n "$before" ] && [ -n "$after" ] || return 0
    say sent $((${after% *} - ${before% *}))
    say again $((${after#* } - ${before#* }))
}

scrap='' # goes with us
trap '[ -z "$scrap" ] || rm -rf "$scrap"' EXIT
verb=$1
shift
case $verb in
look | begin | offer | withdraw | receive | send | prepare | swap | clean | where | options | listen_once | reach | trips | take | give) "$verb" "$@" ;;
*) fail "no such verb: $verb" ;;
esac
