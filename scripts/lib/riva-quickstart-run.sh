#!/usr/bin/env bash
# Runs on the GPU machine: begins riva_NAME.sh of the quickstart and returns; it goes on by itself.
#
#   riva-quickstart-run.sh FOLDER NAME <key
#
# In FOLDER are then captioner-NAME.log, .pid, and .rc when it has ended. NGC_API_KEY comes by standard
# input. One that is at work already is left alone.
set -euo pipefail
FOLDER=$1 NAME=$2
KEEP="$FOLDER/captioner-$NAME"
IFS= read -r NGC_API_KEY || true
cd "$FOLDER"
if [ -e "$KEEP.pid" ] && kill -0 "$(<"$KEEP.pid")" 2>/dev/null; then exit 0; fi
rm -f "$KEEP.rc"

# NVIDIA's scripts call this instead of the program. They give the key as an argument, which every
# user of the machine sees, and ask for a terminal, which there is none; and the server they start has
# neither limits for its log nor a restart. Here the key goes by the environment instead.
docker() {
    local word words=() detached=''
    for word in "$@"; do
        case $word in
            NGC_CLI_API_KEY=* | RIVA_API_KEY=*)
                export "${word?}"
                words+=("${word%%=*}")
                ;;
            -it | -t | --tty) ;;
            -d | --detach)
                detached=yes
                words+=("$word")
                ;;
            *) words+=("$word") ;;
        esac
    done
    if [ "${words[0]:-}" = run ] && [ -n "$detached" ]; then
        for word in "${!words[@]}"; do [ "${words[word]}" != --rm ] || unset 'words[word]'; done
        words=(run --restart unless-stopped --log-opt max-size=50m --log-opt max-file=3 "${words[@]:1}")
    fi
    command docker "${words[@]}"
}
export -f docker
export NGC_API_KEY

# A first try that was ended may have left its container, whose name is taken then.
if [ "$NAME" = init ]; then command docker rm --force riva-service-maker >/dev/null 2>&1 || true; fi

# Nothing of whoever asked is held open by it, such as the lock of a step.
# shellcheck disable=SC2016  # that is for the inner shell
setsid --fork bash -c '
    for file in /proc/self/fd/*; do [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"; done
    echo $$ >"$1.pid"
    rc=0
    bash "riva_$2.sh" config.sh || rc=$?
    command docker logout nvcr.io >/dev/null 2>&1
    echo "$rc" >"$1.rc.new"
    mv "$1.rc.new" "$1.rc"
    rm -f "$1.pid"' bash "$KEEP" "$NAME" >"$KEEP.log" 2>&1 </dev/null
# Until it has noted that it works: whoever asks next must not find it ended.
for _ in {1..100}; do
    [ ! -e "$KEEP.pid" ] && [ ! -e "$KEEP.rc" ] || exit 0
    sleep 0.1
done
echo "riva_$NAME.sh does not begin." >&2
exit 1
