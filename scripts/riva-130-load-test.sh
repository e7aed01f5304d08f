#!/usr/bin/env bash
# 130: many streams at the same time, each as fast as it is spoken.
#
# Needs:     a server that captions (115); PROOF_STREAMS and PROOF_SECONDS say how many and how long.
# Changes:   nothing on the server, which is busy meanwhile; keeps the figures in build/riva/results.
# Validates: no stream broken, 95 % of the chunks answered within PROOF_MAX_P95_MS, 95 % of the finals
#            within PROOF_MAX_FINAL_MS of the end of speech, and that this computer kept up.
# Undo:      remove the results.
# Costs:     the time of the server. Others who use it may get their captions late.
# Runs: always
#
# Options of this step:
#   --find-capacity  looks for the largest number of streams that keeps the limits; takes many minutes
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"
# shellcheck source=scripts/lib/riva-proof.sh
. "$ROOT/scripts/lib/riva-proof.sh"

CAPACITY=()

step_option() {
    [ "$1" = --find-capacity ] || return 1
    CAPACITY=(--find-capacity)
}

load_config() { need_proof; }

validate_prerequisites() { use_recording; }

perform_operation() {
    local ramp=$((PROOF_SECONDS < 10 ? PROOF_SECONDS : 10))
    KEPT=yes
    will "Stream to $(server_title) $PROOF_STREAMS times at once, for $PROOF_SECONDS s after a start of $ramp s" || return 0
    measure loadtest --streams "$PROOF_STREAMS" --ramp "${ramp}s" --duration "${PROOF_SECONDS}s" --limit-errors 0 \
        --limit-p95 "$PROOF_MAX_P95_MS" --limit-final-p95 "$PROOF_MAX_FINAL_MS" "${CAPACITY[@]}" "$AUDIO" || KEPT=
    if [ "${#CAPACITY[@]}" -gt 0 ]; then info "$(from_json "$MEASURED" 'it["capacity"]["confidence"]')"; fi
}

validate_results() {
    [ -n "$KEPT" ] || limits_are_kept "Serve fewer streams (PROOF_STREAMS), or on more or larger GPUs (160)."
}

run_step "$@"
