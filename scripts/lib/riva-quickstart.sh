# shellcheck shell=bash
# NVIDIA's Riva quickstart on the GPU machine: where it is, and its long programs. Sourced after
# riva-container.sh.

# The last one for servers is 2.19.0; later ones are for embedded boards alone
# (https://docs.nvidia.com/deeplearning/riva/user-guide/docs/quick-start-guide/asr.html, November 2026).
QUICKSTART_FILES=(config.sh riva_init.sh riva_start.sh riva_stop.sh)

# shellcheck disable=SC2034  # set for the caller
use_quickstart() {
    need RIVA_ENGINE HOST_FOLDER QUICKSTART_VERSION SSH_USER SSH_KEY_FILE
    [ "$RIVA_ENGINE" = quickstart ] || fail "RIVA_ENGINE is $RIVA_ENGINE." "Set RIVA_ENGINE=quickstart in $ENV_FILE for this step."
    QUICKSTART="$HOST_FOLDER/riva_quickstart_v$QUICKSTART_VERSION"
    MODELS="$HOST_FOLDER/quickstart-models"
    HELPER="$HOST_FOLDER/riva-quickstart-run.sh"
}

# host_reads FILE: prints a file of the GPU machine; nothing where there is none.
host_reads() { as_root cat "$1" </dev/null 2>/dev/null || true; }

# host_writes FILE: makes a file of the GPU machine from standard input, as a whole.
host_writes() {
    as_root install -D -m 600 /dev/stdin "$1.new"
    as_root mv -f "$1.new" "$1" </dev/null
}

need_quickstart() {
    as_root ls "${QUICKSTART_FILES[@]/#/$QUICKSTART/}" </dev/null >/dev/null 2>&1 \
        || fail "The Riva quickstart $QUICKSTART_VERSION is not on $(host_title)." "Run scripts/riva-070-fetch-quickstart.sh."
}

# shellcheck disable=SC2016  # that is for the shell there
# quickstart_says [FILE]: prints what a config.sh makes of itself: the names of the container and the
# image, whether the models go into our folder, and then the models; fails as it does.
quickstart_says() {
    as_root bash -c 'cd "$1" && . "./$2" >&2 && [ "$riva_model_loc" != "$3" ] || place=ours
        printf "%s\n" "$riva_daemon_speech" "$image_speech_api" "${place:-elsewhere}" "${models_asr[@]}"' \
        bash "$QUICKSTART" "${1:-config.sh}" "$MODELS" </dev/null 2>&1
}

# The models in what it says, by their names alone.
model_names() { sed -n '4,$p' | sed 's/.*\///' | paste -sd' '; }

# A checksum of all that the models depend on.
models_sum() { quickstart_says | sha256sum | cut -d' ' -f1; }

# run_there NAME: begins riva_NAME.sh on the GPU machine, with NGC_API_KEY on its standard input. It goes
# on when the connection, or this step, ends.
run_there() {
    host_writes "$HELPER" <"$ROOT/scripts/lib/riva-quickstart-run.sh"
    secret NGC_API_KEY | as_root bash "$HELPER" "$QUICKSTART" "$1" 2>"$SCRATCH/host-errors" \
        || { log_lines <"$SCRATCH/host-errors"; fail "riva_$1.sh could not be begun: $(tail -n 1 "$SCRATCH/host-errors")" "Read the log, then run this again."; }
}

# shellcheck disable=SC2016  # that is for the shell there
# runs_there NAME: whether it is at work.
runs_there() { as_root bash -c 'kill -0 "$(cat "$1")"' bash "$QUICKSTART/captioner-$1.pid" </dev/null 2>/dev/null; }

# follow NAME SECONDS: says what it is doing until it ends; fails with the end of what it said.
follow() {
    local name=$1 limit=$2 start=$SECONDS rc line last=''
    while runs_there "$name"; do
        [ "$((SECONDS - start))" -lt "$limit" ] || fail "riva_$name.sh has worked for $limit s and is not done." \
            "It goes on: $QUICKSTART/captioner-$name.log on $(host_title). Run this again to go on watching."
        line=$(as_root tail -n 1 "$QUICKSTART/captioner-$name.log" </dev/null 2>/dev/null | tr -d '\r' | cut -c1-120)
        [ "$line" = "$last" ] || info "$((SECONDS - start)) s: $line"
        last=$line
        sleep 10
    done
    as_root tail -n 200 "$QUICKSTART/captioner-$name.log" </dev/null 2>/dev/null >"$SCRATCH/there" || true
    log_lines <"$SCRATCH/there"
    rc=$(host_reads "$QUICKSTART/captioner-$name.rc")
    [ "$rc" != 0 ] || return 0
    tail -n 8 "$SCRATCH/there" >&2
    case $(<"$SCRATCH/there") in
        *'API Key is invalid'* | *nauthorized* | *denied*) fail "NVIDIA refuses NGC_API_KEY." "Make one at https://org.ngc.nvidia.com/setup/api-keys and run 005." ;;
        *'no space left'*) fail "$(host_title) has no space left." "Make room, or take a larger volume; then run this again." ;;
        *'could not select device driver'*) fail "Docker finds no GPU." "Run scripts/riva-040-driver.sh and scripts/riva-045-docker.sh." ;;
        *) fail "riva_$name.sh failed (exit code ${rc:-unknown: it was ended})." "Read $QUICKSTART/captioner-$name.log on $(host_title), mend it, then run this again." ;;
    esac
}
