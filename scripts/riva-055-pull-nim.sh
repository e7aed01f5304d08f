#!/usr/bin/env bash
# 055: gets the image of the NIM from NVIDIA's registry: the first time by its tag, from then on by its
# digest.
#
# Needs:     Docker on the GPU machine (045), NGC_API_KEY, and, with its account, the right to use the
#            image. NIM_MODEL or NIM_IMAGE says which.
# Changes:   the image is on the machine; its digest is in .env as NIM_IMAGE_DIGEST, and later pulls get
#            nothing else. The login is made for the pull alone: what Docker keeps of it lies in memory
#            (/run/captioner-docker), readable by root alone, and is removed at the end.
# Validates: the image there has that digest.
# Undo:      there: sudo docker image rm IMAGE
# Costs:     a download of about 10 GB; about 25 GB of the volume.
# Runs: nim
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-nim.sh
. "$ROOT/scripts/lib/riva-nim.sh"

CREDENTIALS=/run/captioner-docker
PULLING=

load_config() {
    need DEPLOYMENT_ID RIVA_HOST SSH_USER SSH_KEY_FILE HOST_FOLDER
    use_nim_image
}

validate_prerequisites() { use_docker; }

report_state() {
    local id
    id=$(image_id) || id=missing
    printf '%s is %s; pinned: %s' "$IMAGE" "$id" "${IMAGE_DIGEST:-not yet}"
}

perform_operation() {
    if has_image; then
        info "The image is there."
        return 0
    fi
    need NGC_API_KEY
    need_room "$(docker_do info --format '{{.DockerRootDir}}')" 30
    will "Pull $IMAGE${IMAGE_DIGEST:+, $IMAGE_DIGEST}" || return 0
    undo_with log_out
    undo_with stop_pulling
    log_in
    if [ -n "$IMAGE_DIGEST" ]; then
        pull "$IMAGE_REPOSITORY@$IMAGE_DIGEST"
        docker_do tag "$IMAGE_REPOSITORY@$IMAGE_DIGEST" "$IMAGE"
    else
        pull "$IMAGE"
    fi
    log_out
    check_digest
    note_image
}

log_in() {
    as_root install -d -m 700 "$CREDENTIALS" </dev/null
    # shellcheck disable=SC2016  # that is the name of the user
    secret NGC_API_KEY | as_root docker --config "$CREDENTIALS" login "${IMAGE%%/*}" \
        --username '$oauthtoken' --password-stdin >/dev/null 2>"$SCRATCH/docker-errors" || docker_failed "docker login"
}

log_out() { as_root rm -rf "$CREDENTIALS" </dev/null; }

# What is pulled by a killed process the next one goes on with: Docker keeps whole layers.
pull() {
    local start=$SECONDS
    write_log DEBUG "docker pull $1"
    as_root docker --config "$CREDENTIALS" pull "$1" </dev/null >"$SCRATCH/pull" 2>"$SCRATCH/docker-errors" &
    PULLING=$!
    while kill -0 "$PULLING" 2>/dev/null; do
        sleep 5
        [ "$((SECONDS - start))" -lt 15 ] || { start=$SECONDS; info "$(layers 'Pull complete') of $(layers 'Pulling fs layer') layers"; }
    done
    wait "$PULLING" || pull_failed "$1"
    PULLING=
}

layers() { grep -c "$1" "$SCRATCH/pull" || true; }

stop_pulling() { [ -z "$PULLING" ] || kill "$PULLING" 2>/dev/null || true; }

pull_failed() {
    log_lines <"$SCRATCH/docker-errors"
    if [ -n "$IMAGE_DIGEST" ] && [[ $(docker_said) == *'manifest unknown'* || $(docker_said) == *'not found'* ]]; then
        fail "The registry does not have $1 any more: $(docker_said)" \
            "Restore a saved one (scripts/riva-066-restore-nim.sh). If another image of the same tag is meant, empty NIM_IMAGE_DIGEST in $ENV_FILE."
    fi
    docker_failed "docker pull"
}

# The digest that Docker knows the image by is pinned, or has to be the pinned one.
check_digest() {
    local known digest
    known=$(docker_do image inspect --format '{{join .RepoDigests "\n"}}' "$IMAGE")
    digest=$(grep -F "$IMAGE_REPOSITORY@" <<<"$known" | head -n 1) || digest=
    digest=${digest#*@}
    [ -n "$digest" ] || fail "Docker knows no digest of $IMAGE." "Remove the image there (sudo docker image rm $IMAGE), then run this again."
    if [ -z "$IMAGE_DIGEST" ]; then
        keep_digest "$digest"
    elif ! grep -qF "@$IMAGE_DIGEST" <<<"$known"; then
        fail "$IMAGE is $digest, and not the pinned $IMAGE_DIGEST." \
            "Find out why. If the new one is meant, empty NIM_IMAGE_DIGEST in $ENV_FILE and run this again."
    fi
}

validate_results() { has_image || fail "The image is not the pinned one, $IMAGE_DIGEST." "Run this again."; }

run_step "$@"
