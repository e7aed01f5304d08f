#!/usr/bin/env bash
# 115: plays a recording in real time, as a microphone would: words have to be there before a caption
# is finished, and both latencies have to stay under their limits.
#
# Needs:     a server with a streaming model (105) and room for two streams.
# Changes:   nothing on the server; keeps the figures in build/riva/results.
# Validates: partials before finals and none after; no audio lost; no stream broken; 95 % of the chunks
#            answered within PROOF_MAX_P95_MS, 95 % of the finals within PROOF_MAX_FINAL_MS of the end of
#            speech.
# Undo:      remove the results.
# Costs:     takes as long as the recording, and PROOF_SECONDS at least.
# Runs: always
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"
# shellcheck source=scripts/lib/riva-proof.sh
. "$ROOT/scripts/lib/riva-proof.sh"

load_config() { need_proof; }

validate_prerequisites() { use_recording; }

# One stream as Captioner captions it, and one that is measured, at the same time.
perform_operation() {
    will "Stream ${PROOF_AUDIO:-the sample} to $(server_title) in real time" || return 0
    caption --source "file:$AUDIO"
    KEPT=yes
    measure loadtest --streams 1 --ramp 0s --duration "${PROOF_SECONDS}s" --limit-errors 0 \
        --limit-p95 "$PROOF_MAX_P95_MS" --limit-final-p95 "$PROOF_MAX_FINAL_MS" "$AUDIO" || KEPT=
    captions_end
}

validate_results() {
    local said
    said=$(captions_are_in_order "$CAPTIONS") || fail "The captions are not live: $said." "Is it a streaming model (105)?"
    info "Captions: $said"
    [ -n "$KEPT" ] || limits_are_kept "Look at the server's load (nvidia-smi, 150) and at the network between; or raise the limit in $ENV_FILE."
}

run_step "$@"
