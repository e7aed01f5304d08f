#!/usr/bin/env bash
# 063: waits until the NIM is ready, and says meanwhile what it does.
#
# Needs:     the container (060).
# Changes:   nothing.
# Validates: the HTTP port says that it is ready, and the gRPC port lists a model for live captions.
# Undo:      there is nothing to undo.
# Costs:     nothing of its own. A first start takes 30 to 40 minutes: models are downloaded and made
#            ready for the GPU; a later one takes a few.
# Runs: nim
#
# Options of this step:
#   --minutes N  gives up after N minutes (60)
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-nim.sh
. "$ROOT/scripts/lib/riva-nim.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"

MINUTES=60

step_option() {
    [ "$1" = --minutes ] || return 1
    is_number "${2:-}" 1 600 || fail "--minutes wants a number from 1 to 600." "--minutes 60"
    MINUTES=$((10#$2))
    TAKEN=2
}

load_config() {
    need DEPLOYMENT_ID SSH_USER SSH_KEY_FILE HOST_FOLDER TLS_MODE
    need_server
    CONTAINER=$(engine_container)
}

validate_prerequisites() {
    use_docker
    use_captioner
    [ "$(container_state "$CONTAINER")" != missing ] || [ -n "$DRY_RUN" ] \
        || fail "There is no container $CONTAINER on $(host_title)." "Run scripts/riva-060-deploy-nim.sh."
}

report_state() { printf 'the container %s is %s' "$CONTAINER" "$(container_state "$CONTAINER")"; }

# Fails, with the reason, where the container has ended or begins again and again.
need_life() {
    local state restarts
    state=$(container_state "$CONTAINER")
    restarts=$(container_restarts "$CONTAINER")
    [ "$state" = running ] && [ "$restarts" = "$RESTARTS" ] && return 0
    container_log "$CONTAINER" 20 >&2
    if [ "$state" = running ] || [ "$state" = restarting ]; then
        fail "The container began again, $restarts times so far: $(why_it_ends)." "$(what_mends_it)"
    fi
    fail "The container is $state: $(why_it_ends)." "$(what_mends_it)"
}

# What it is at: how much of the models has come, and what it wrote last.
progress() {
    local cache last
    cache=$(as_root du -sm "$(nim_folder)/cache" </dev/null 2>/dev/null | cut -f1) || cache=
    last=$(container_log "$CONTAINER" 5 | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c1-120) || last=
    printf '%s MB of models; it says: %s' "${cache:-0}" "${last:-nothing yet}"
}

# With mutual TLS only who has a certificate is answered: then gRPC is asked alone.
says_ready() {
    if [ "$TLS_MODE" = mtls ]; then lists_models; else http_says_ready && lists_models; fi
}

lists_models() {
    ask_server
    [ "$(from_json "$SERVER" 'it["status"] != "failed" and any(each["kind"] == "online" for each in it["models"])')" = True ]
}

perform_operation() {
    local start=$SECONDS
    will "Wait until $CONTAINER is ready" || return 0
    RESTARTS=$(container_restarts "$CONTAINER")
    until says_ready; do
        need_life
        [ "$((SECONDS - start))" -lt "$((MINUTES * 60))" ] || {
            container_log "$CONTAINER" 20 >&2
            fail "$CONTAINER is not ready after $MINUTES minutes: $(not_ready)" \
                "Read the lines above. If it still downloads, run this again; else scripts/riva-060-deploy-nim.sh --back."
        }
        info "Not ready after $(((SECONDS - start) / 60)) min: $(progress)"
        sleep 15
    done
}

# Which of the two says no, and why.
not_ready() {
    if [ "$TLS_MODE" != mtls ] && ! http_says_ready; then printf 'the HTTP port does not say that it is ready.'; else from_json "$SERVER" 'it["reason"] or "it lists no model for live captions."'; fi
}

validate_results() {
    says_ready || fail "$CONTAINER is not ready: $(not_ready)" "Run this again."
    success "$(server_title) serves: $(from_json "$SERVER" '", ".join(each["name"] for each in it["models"] if each["kind"] == "online")')"
}

run_step "$@"
