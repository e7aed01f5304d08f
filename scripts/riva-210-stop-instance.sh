#!/usr/bin/env bash
# 210: stops the instance. Its volume with the models stays.
#
# Needs:     the instance (015).
# Changes:   the instance is stopped; its public address is given back.
# Validates: reads the state back.
# Undo:      scripts/riva-215-start-instance.sh
# Costs:     only the volume, about 0.08 USD a GB and month.
# Runs: by hand
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"

NEXT="scripts/riva-215-start-instance.sh, when it is needed again"

load_config() { use_aws; }

validate_prerequisites() { need_instance; }

perform_operation() {
    case $STATE in
        stopped) info "$INSTANCE is stopped already." ;;
        *)
            confirm "Stop $INSTANCE ($ADDRESS)? Captions that it makes now end."
            if will "Stop $INSTANCE"; then
                [ "$STATE" != pending ] || wait_for_state running
                [ "$STATE" = stopping ] || aws_do ec2 stop-instances --instance-ids "$INSTANCE" >/dev/null
                wait_for_state stopped
            fi
            ;;
    esac
}

validate_results() { instance_is stopped || fail "$INSTANCE is $STATE." "Run this again."; }

run_step "$@"
