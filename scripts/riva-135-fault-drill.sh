#!/usr/bin/env bash
# 135: kills the server while it captions, and sees that no word is lost and that it comes back.
#
# Needs:     a server that captions (115), and the right to kill it: SSH and root on the GPU machine
#            (025), or the commands PROOF_KILL and PROOF_RESTORE.
# Changes:   the server's main process is killed, as a crash would end it. Docker, or systemd for nemo,
#            has to bring it back; where it does not, this step starts it, and fails. What others have running
#            there breaks off, too: it asks first. The figures are kept in build/riva/results.
# Validates: captions in order, no audio lost, at most PROOF_MAX_WER of a hundred words wrong; the
#            server is ready again within half an hour.
# Undo:      there is nothing to undo; the server is started when the step is interrupted.
# Costs:     minutes in which the server loads its models.
# Runs: by hand
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"
# shellcheck source=scripts/lib/riva-proof.sh
. "$ROOT/scripts/lib/riva-proof.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"

NEXT=scripts/riva-140-report.sh
RESTARTED=yes KILLED=''

load_config() {
    need RIVA_ENGINE PROOF_KILL PROOF_RESTORE SSH_USER SSH_KEY_FILE
    need_proof
}

validate_prerequisites() {
    use_recording
    [ -z "$PROOF_KILL" ] || [ -n "$PROOF_RESTORE" ] || fail "PROOF_KILL is set, but no PROOF_RESTORE." "Write the command that starts the server to $ENV_FILE."
    if [ -n "$PROOF_KILL" ]; then
        use_ssh
    else
        CONTAINER=$(engine_container)
        SERVICE=$(engine_service)
        if [ -n "$CONTAINER" ]; then
            use_docker
        else
            use_ssh
            need_root
        fi
        is_started || fail "${CONTAINER:-$SERVICE} does not run on $(host_title)." "Start it; for a server of another kind write PROOF_KILL and PROOF_RESTORE to $ENV_FILE."
    fi
    [ -n "$DRY_RUN" ] || server_is_ready || fail "$(from_json "$SERVER" 'it["reason"]')" "Run scripts/riva-100-connectivity.sh."
}

server_is_ready() {
    ask_server
    [ "$(from_json "$SERVER" 'it["state"]')" = ready ]
}

# run_there COMMAND: a line of shell on the GPU machine. What it leaves running must not hold our lock.
run_there() (
    local file number
    for file in "/proc/$BASHPID/fd/"*; do
        number=${file##*/}
        [ "$number" -le 2 ] || eval "exec $number>&-"
    done
    logged "The command failed: $1" "Mend it in $ENV_FILE." on_host bash -c "$1"
)

kill_server() {
    local process
    if [ -n "$PROOF_KILL" ]; then
        run_there "$PROOF_KILL"
    elif [ -n "$SERVICE" ]; then
        as_root systemctl kill --signal KILL "$SERVICE" </dev/null
    else
        # Not `docker kill`: what a user ends, Docker does not start again.
        process=$(docker_do container inspect --format '{{.State.Pid}}' "$CONTAINER")
        as_root kill -KILL "$process" </dev/null
    fi
}

is_started() {
    if [ -n "$SERVICE" ]; then
        as_root systemctl is-active --quiet "$SERVICE" </dev/null
    else
        [ "$(container_state "$CONTAINER")" = running ]
    fi
}

restore_server() {
    if [ -n "$PROOF_KILL" ]; then
        run_there "$PROOF_RESTORE"
    elif ! wait_until 60 2 "Waiting until ${CONTAINER:-$SERVICE} is started again" is_started; then
        RESTARTED=
        if [ -n "$SERVICE" ]; then as_root systemctl start "$SERVICE" </dev/null; else docker_do start "$CONTAINER" >/dev/null; fi
    fi
}

# For a step that ends between the two.
bring_back() { [ -z "$KILLED" ] || restore_server; }

a_caption_is_finished() { grep -q '"type":"transcription"' "$CAPTIONS"; }

perform_operation() {
    local begun
    confirm "Kill the recogniser at $(server_title)? What it captions now breaks off there."
    will "Kill the recogniser at $(server_title) while it captions ${PROOF_AUDIO:-the sample}" || return 0
    caption --source "file:$AUDIO"
    wait_a_moment 60 a_caption_is_finished \
        || fail "There was no caption within a minute: $(tail -n 1 "$SCRATCH/live-errors")" "Run scripts/riva-115-streaming.sh."
    undo_with bring_back
    begun=$SECONDS
    KILLED=yes
    kill_server
    step "The recogniser is killed."
    restore_server
    KILLED=
    wait_until 1800 5 "Waiting until the recogniser is ready" server_is_ready \
        || fail "The recogniser did not come back: $(from_json "$SERVER" 'it["reason"]')" "Look at its log on the GPU machine."
    AWAY=$((SECONDS - begun))
    info "The recogniser was away for $AWAY s."
    captions_end
}

validate_results() {
    local said
    said=$(captions_are_in_order "$CAPTIONS") || fail "The captions did not survive: $said." "Read the log: $LOG"
    info "Captions: $said; the longest pause between two was $(longest_pause) s."
    words_are_right fault file "$AWAY" "${RESTARTED:-no}"
    [ -n "$RESTARTED" ] || fail "${CONTAINER:-$SERVICE} did not start again by itself." "Deploy it anew: the restart policy of a container must be unless-stopped or always, that of a service always."
}

run_step "$@"
