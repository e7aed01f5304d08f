# shellcheck shell=bash
# NVIDIA's Riva quickstart on the GPU machine: where it is, and its programs. Sourced after
# riva-container.sh and riva-background.sh.

# The last one for servers is 2.19.0; later ones are for embedded boards alone
# (https://docs.nvidia.com/deeplearning/riva/user-guide/docs/quick-start-guide/asr.html, November 2026).
QUICKSTART_FILES=(config.sh riva_init.sh riva_start.sh riva_stop.sh)

# shellcheck disable=SC2034  # set for the caller
use_quickstart() {
    need RIVA_ENGINE HOST_FOLDER QUICKSTART_VERSION SSH_USER SSH_KEY_FILE
    [ "$RIVA_ENGINE" = quickstart ] || fail "RIVA_ENGINE is $RIVA_ENGINE." "Set RIVA_ENGINE=quickstart in $ENV_FILE for this step."
    QUICKSTART="$HOST_FOLDER/riva_quickstart_v$QUICKSTART_VERSION"
    MODELS="$HOST_FOLDER/quickstart-models"
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

# run_there NAME: begins riva_NAME.sh, in the background.
run_there() { begin_there "$QUICKSTART/captioner-$1" riva-quickstart-run.sh "$QUICKSTART" "$1"; }

runs_there() { works_there "$QUICKSTART/captioner-$1"; }

# follow NAME SECONDS: says what riva_NAME.sh is doing until it ends.
follow() {
    ! follow_there "$QUICKSTART/captioner-$1" "riva_$1.sh" "$2" || return 0
    case $(<"$SCRATCH/there") in
        *'API Key is invalid'* | *nauthorized* | *denied*) fail "NVIDIA refuses NGC_API_KEY." "Make one at https://org.ngc.nvidia.com/setup/api-keys and run 005." ;;
        *'could not select device driver'*) fail "Docker finds no GPU." "Run scripts/riva-040-driver.sh and scripts/riva-045-docker.sh." ;;
    esac
    failed_there "$QUICKSTART/captioner-$1" "riva_$1.sh"
}
