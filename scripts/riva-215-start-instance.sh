#!/usr/bin/env bash
# 215: starts the stopped instance and keeps its new address.
#
# Needs:     the instance (015).
# Changes:   the instance runs; RIVA_HOST in .env is its new address.
# Validates: reads state and address back.
# Undo:      scripts/riva-210-stop-instance.sh
# Costs:     from now on the instance, by the second.
# Runs: by hand
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"

NEXT=scripts/riva-025-wait-for-instance.sh

load_config() { use_aws; }

validate_prerequisites() { need_instance; }

perform_operation() {
    if [ "$STATE" = stopping ] && [ -z "$DRY_RUN" ]; then wait_for_state stopped; fi
    case $STATE in
        running | pending) info "$INSTANCE is $STATE already." ;;
        *) start_instance ;;
    esac
    [ -z "$DRY_RUN" ] || return 0
    [ "$STATE" = running ] || wait_for_state running
    keep_address
}

validate_results() {
    need_instance
    [ "$STATE" = running ] || fail "$INSTANCE is $STATE." "Run this again."
    [ "$(in_file RIVA_HOST)" = "$ADDRESS" ] || warn "RIVA_HOST in $ENV_FILE is not the address of $INSTANCE, $ADDRESS."
}

run_step "$@"
