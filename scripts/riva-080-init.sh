#!/usr/bin/env bash
# 080: downloads the models of the Riva quickstart and builds them for the GPU: an hour or more.
#
# Needs:     the configured quickstart (075), NGC_API_KEY, 60 GB free on the GPU machine.
# Changes:   images of Docker, and the folder quickstart-models in HOST_FOLDER there. It works on the GPU
#            machine by itself: when this step ends or the connection breaks, run it again to go on
#            watching. What was built for the same models stays as it is.
# Validates: NVIDIA's riva_init.sh has succeeded, and there is a model that streams.
# Undo:      remove the folder quickstart-models; docker image rm, the images.
# Costs:     the GPU machine, for as long as it takes.
# Runs: quickstart
#
# Options of this step:
#   --again  downloads and builds anew what is there already
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-background.sh
. "$ROOT/scripts/lib/riva-background.sh"
# shellcheck source=scripts/lib/riva-quickstart.sh
. "$ROOT/scripts/lib/riva-quickstart.sh"

NEED_GB=60 AGAIN=''

step_option() {
    [ "$1" = --again ] || return 1
    AGAIN=yes
}

load_config() {
    use_quickstart
    need NGC_API_KEY
}

validate_prerequisites() {
    local said place free
    use_docker
    need_quickstart
    said=$(quickstart_says) || fail "config.sh cannot be read: $(tail -n 1 <<<"$said")" "Run scripts/riva-075-configure-models.sh."
    [ "$(sed -n 3p <<<"$said")" = ours ] || fail "config.sh is not configured yet." "Run scripts/riva-075-configure-models.sh."
    is_done || runs_there init || for place in "$HOST_FOLDER" "$(docker_try info --format '{{.DockerRootDir}}')"; do
        free=$(as_root df --output=avail --block-size=1G "$place" </dev/null | tail -n 1 | tr -d ' ')
        [ "${free:-0}" -ge "$NEED_GB" ] || fail "$place on $(host_title) has ${free:-no} GB free; images and models need $NEED_GB." \
            "Make room, or take a larger volume (AWS_VOLUME_GB)."
    done
}

is_done() { [ "$(host_reads "$MODELS/captioner-models")" = "$(models_sum)" ]; }

report_state() {
    if runs_there init; then printf 'riva_init.sh is at work on %s' "$(host_title)"; else printf '%s GB of models in %s' "$(size)" "$MODELS"; fi
}

size() { as_root du -s --block-size=1G "$MODELS" </dev/null 2>/dev/null | cut -f1 | grep . || printf 0; }

perform_operation() {
    if runs_there init; then
        info "riva_init.sh is at work already."
    elif [ -z "$AGAIN" ] && is_done; then
        info "The models are there: $(size) GB."
        return 0
    elif will "Download and build the models on $(host_title)"; then
        as_root rm -f "$MODELS/captioner-models" </dev/null
        run_there init
    fi
    [ -z "$DRY_RUN" ] || return 0
    follow init 14400
    streams || fail "There is no streaming model in $MODELS/models." "Read $QUICKSTART/captioner-init.log on $(host_title); then run this with --again."
    models_sum | host_writes "$MODELS/captioner-models"
}

# shellcheck disable=SC2016  # that is for the shell there
# A model repository of Triton has a configuration for each model; the streaming ones say so by name.
streams() { as_root bash -c 'compgen -G "$1/models/*str*/config.pbtxt" >/dev/null' bash "$MODELS" </dev/null; }

validate_results() {
    is_done || fail "The models are not those of config.sh." "Run this again."
    streams || fail "There is no streaming model in $MODELS/models." "Run this again with --again."
    info "$(size) GB of models in $MODELS"
}

run_step "$@"
