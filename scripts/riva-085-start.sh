#!/usr/bin/env bash
# 085: starts the server of the Riva quickstart, and waits until it answers.
#
# Needs:     the models (080).
# Changes:   the container riva-speech on the GPU machine: it comes back after a crash or a restart of the
#            machine, and its log is limited. One that runs with this configuration and certificate is left
#            alone; another is replaced, which ends its streams.
# Validates: gRPC health, asked in the container.
# Undo:      --stop, or --remove
# Costs:     the GPU machine.
# Runs: quickstart
#
# Options of this step:
#   --stop    stops the server and removes its container; the models stay
#   --remove  removes, too, the certificate and all else that this step has put on the GPU machine; what
#             070 and 080 have fetched stays
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-host-tls.sh
. "$ROOT/scripts/lib/riva-host-tls.sh"
# shellcheck source=scripts/lib/riva-background.sh
. "$ROOT/scripts/lib/riva-background.sh"
# shellcheck source=scripts/lib/riva-quickstart.sh
. "$ROOT/scripts/lib/riva-quickstart.sh"

STOP='' REMOVE=''

step_option() {
    case $1 in
        --stop) STOP=yes ;;
        --remove) STOP=yes REMOVE=yes ;;
        *) return 1 ;;
    esac
    NEXT="nothing; scripts/$STEP.sh starts it again"
}

load_config() {
    use_quickstart
    need RIVA_PORT
}

validate_prerequisites() {
    use_docker
    CONTAINER=$(engine_container)
    if [ -n "$REMOVE" ]; then
        need_own_container
        return 0
    fi
    need_quickstart
    [ -z "$STOP" ] || return 0
    [ "$(host_reads "$MODELS/captioner-models")" = "$(models_sum)" ] || fail "The models of this configuration are not there." "Run scripts/riva-080-init.sh."
    use_certificate
}

# The name is NVIDIA's: a server that somebody started by hand has it, too.
need_own_container() {
    ! runs_there start || fail "riva_start.sh is at work on $(host_title)." "Wait until it has ended: run this step without --remove, then this again."
    [ "$(container_state "$CONTAINER")" = missing ] || [ -n "$(host_reads "$QUICKSTART/captioner-started")" ] \
        || fail "$CONTAINER on $(host_title) was not started by this step." "Stop it with --stop, if it may go."
}

report_state() { printf '%s on %s is %s' "$CONTAINER" "$(host_title)" "$(container_state "$CONTAINER")"; }

# What a server was started with: its configuration, and its certificate.
started_with() { printf '%s %s' "$(as_root sha256sum "$QUICKSTART/config.sh" </dev/null | cut -d' ' -f1)" "$(certificate_sum)"; }

is_as_wanted() { [ "$(container_state "$CONTAINER")" = running ] && [ "$(host_reads "$QUICKSTART/captioner-started")" = "$(started_with)" ]; }

perform_operation() {
    if [ -n "$REMOVE" ]; then
        remove
        return 0
    fi
    if [ -n "$STOP" ]; then
        stop
        return 0
    fi
    install_certificate root
    if runs_there start; then
        info "riva_start.sh is at work already."
    elif is_as_wanted; then
        info "$CONTAINER runs with this configuration."
        return 0
    else
        if [ "$(container_state "$CONTAINER")" != missing ]; then stop; fi
        will "Start the server on $(host_title)" || return 0
        undo_with stop
        started_with | host_writes "$QUICKSTART/captioner-started"
        run_there start
    fi
    [ -n "$DRY_RUN" ] || follow start 900
}

stop() {
    if [ "$(container_state "$CONTAINER")" = missing ]; then
        info "There is no $CONTAINER on $(host_title)."
    elif will "Stop $CONTAINER, which ends its streams"; then
        docker_do stop --time 20 "$CONTAINER" >/dev/null
        docker_try rm --force "$CONTAINER" >/dev/null || true
    fi
}

# Prints what this step has put on the GPU machine and is there.
left_files() {
    local keep="$QUICKSTART/captioner-start" name files=()
    files=("${keep}ed" "${keep}ed.new")
    for name in log rc rc.new pid; do files+=("$keep.$name"); done
    for name in riva-detach.sh riva-quickstart-run.sh; do files+=("$HOST_FOLDER/bin/$name" "$HOST_FOLDER/bin/$name.new"); done
    for name in server.pem server.key ca.pem; do files+=("$HOST_FOLDER/tls/$name" "$HOST_FOLDER/tls/$name.new"); done
    files_there "${files[@]}"
}

remove() {
    local files
    mapfile -t files < <(left_files)
    is_there_to_remove ${files[@]+"${files[@]}"} || return 0
    confirm "Remove all of this?"
    stop
    will "Remove the files" || return 0
    [ "${#files[@]}" = 0 ] || as_root rm -f "${files[@]}" </dev/null
    as_root rmdir "$HOST_FOLDER/bin" "$HOST_FOLDER/tls" </dev/null 2>/dev/null || true
}

# shellcheck disable=SC2153  # RIVA_PORT is a name of the configuration
# As riva_start.sh asks: the name of the certificate does not matter inside of the container.
answers() {
    local words=(-addr=":$RIVA_PORT")
    [ "$TLS_MODE" = disabled ] || words+=(-tls -tls-no-verify -tls-client-cert /ssl/server.crt -tls-client-key /ssl/server.key)
    docker_try exec "$CONTAINER" /bin/grpc_health_probe "${words[@]}" >/dev/null
}

validate_results() {
    if [ -n "$STOP" ]; then
        [ "$(container_state "$CONTAINER")" = missing ] || fail "$CONTAINER is still there." "docker rm --force $CONTAINER, on $(host_title)."
        [ -z "$REMOVE" ] || need_none_left "$(left_files)"
        return 0
    fi
    wait_until 120 5 "Waiting for gRPC" answers || {
        container_log "$CONTAINER" 20 >&2
        fail "$CONTAINER is $(container_state "$CONTAINER") and does not answer: $(docker_said)" "Read its log above; is the GPU free? Then run this again."
    }
    is_as_wanted || fail "$CONTAINER is not what was started." "Run this again."
    info "The server answers on port $RIVA_PORT."
}

run_step "$@"
