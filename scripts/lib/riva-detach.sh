#!/usr/bin/env bash
# Runs on the GPU machine: begins a program and returns; the program goes on by itself.
#
#   riva-detach.sh KEEP PROGRAM ARGUMENT... <key
#
# KEEP.log then has what it says, KEEP.pid is there while it works, and KEEP.rc when it has ended. The
# line on standard input is NGC_API_KEY for it. One that is at work already is left alone.
set -euo pipefail
KEEP=$1
shift
IFS= read -r NGC_API_KEY || true
export NGC_API_KEY
mkdir -p "$(dirname "$KEEP")"
if [ -e "$KEEP.pid" ] && kill -0 "$(<"$KEEP.pid")" 2>/dev/null; then exit 0; fi
rm -f "$KEEP.rc" "$KEEP.pid"
# Nothing of whoever asked is held open by it, such as the lock of a step.
# shellcheck disable=SC2016  # that is for the inner shell
setsid --fork bash -c '
    for file in /proc/self/fd/*; do [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"; done
    KEEP=$1
    shift
    echo $$ >"$KEEP.pid"
    rc=0
    bash "$@" || rc=$?
    echo "$rc" >"$KEEP.rc.new"
    mv "$KEEP.rc.new" "$KEEP.rc"
    rm -f "$KEEP.pid"' bash "$KEEP" "$@" >"$KEEP.log" 2>&1 </dev/null
# Until it has noted that it works: whoever asks next must not find it ended.
for _ in {1..100}; do
    [ ! -e "$KEEP.pid" ] && [ ! -e "$KEEP.rc" ] || exit 0
    sleep 0.1
done
echo "$1 does not begin." >&2
exit 1
