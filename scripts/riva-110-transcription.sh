#!/usr/bin/env bash
# 110: transcribes a recording as fast as the server takes it, and counts the words that are wrong.
#
# Needs:     a server with a model (105). PROOF_AUDIO names a recording, with its words in a .txt of the
#            same name beside it; without it the sample of Captioner is taken.
# Changes:   nothing on the server; keeps the figures in build/riva/results.
# Validates: at most PROOF_MAX_WER of a hundred words are wrong.
# Undo:      remove the results.
# Costs:     nothing.
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

perform_operation() {
    KEPT=yes
    will "Have $(server_title) transcribe ${PROOF_AUDIO:-the sample}" || return 0
    measure bench --pace full --limit-wer "$PROOF_MAX_WER" "$AUDIO" || KEPT=
}

validate_results() {
    [ -n "$KEPT" ] || limits_are_kept "Is it the right model and language (105), and is $REFERENCE what is said? Else raise PROOF_MAX_WER in $ENV_FILE."
}

run_step "$@"
