# shellcheck shell=bash
# Programs that go on on the GPU machine when the connection, or the step, ends; and its files. All as
# root there. Sourced after riva-host.sh.

# host_reads FILE: prints a file of the GPU machine; nothing where there is none.
host_reads() { as_root cat "$1" </dev/null 2>/dev/null || true; }

# host_writes FILE: makes a file of the GPU machine from standard input, as a whole.
host_writes() {
    as_root install -D -m 600 /dev/stdin "$1.new"
    as_root mv -f "$1.new" "$1" </dev/null
}

# begin_there KEEP PROGRAM ARGUMENT...: begins a program of scripts/lib, with NGC_API_KEY for it; KEEP is
# how its files begin on the GPU machine.
begin_there() {
    local keep=$1 program=$2 name
    shift 2
    for name in riva-detach.sh "$program"; do host_writes "$HOST_FOLDER/bin/$name" <"$ROOT/scripts/lib/$name"; done
    secret NGC_API_KEY | as_root bash "$HOST_FOLDER/bin/riva-detach.sh" "$keep" "$HOST_FOLDER/bin/$program" "$@" 2>"$SCRATCH/host-errors" \
        || { log_lines <"$SCRATCH/host-errors"; fail "$program could not be begun: $(tail -n 1 "$SCRATCH/host-errors")" "Read the log, then run this again."; }
}

# shellcheck disable=SC2016  # that is for the shell there
# works_there KEEP: whether it is at work.
works_there() { as_root bash -c 'kill -0 "$(cat "$1")"' bash "$1.pid" </dev/null 2>/dev/null; }

# follow_there KEEP TITLE SECONDS: says what it is doing until it ends, and whether it succeeded; the end of
# its log is then in SCRATCH/there.
follow_there() {
    local keep=$1 title=$2 limit=$3 start=$SECONDS line last=''
    while works_there "$keep"; do
        [ "$((SECONDS - start))" -lt "$limit" ] || fail "$title has worked for $limit s and is not done." \
            "It goes on: $keep.log on $(host_title). Run this again to go on watching."
        line=$(as_root tail -n 1 "$keep.log" </dev/null 2>/dev/null | tr '\r' '\n' | tail -n 1 | cut -c1-120)
        [ "$line" = "$last" ] || info "$((SECONDS - start)) s: $line"
        last=$line
        sleep 10
    done
    as_root tail -n 200 "$keep.log" </dev/null 2>/dev/null >"$SCRATCH/there" || true
    log_lines <"$SCRATCH/there"
    [ "$(host_reads "$keep.rc")" = 0 ]
}

# failed_there KEEP TITLE: ends the step with the end of what it said.
failed_there() {
    local rc
    rc=$(host_reads "$1.rc")
    tail -n 8 "$SCRATCH/there" >&2
    [[ $(<"$SCRATCH/there") != *'o space left'* ]] || fail "$(host_title) has no space left." "Make room, or take a larger volume; then run this again."
    fail "$2 failed (exit code ${rc:-unknown: it was ended})." "Read $1.log on $(host_title), mend it, then run this again."
}
