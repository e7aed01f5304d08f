#!/usr/bin/env bash
# 025: waits until the instance has started, keeps its address, and checks SSH.
#
# Needs:     the instance (015), and this machine in AWS_ALLOWED_CIDRS (020).
# Changes:   RIVA_HOST in .env: the address of the instance. Learns the machine's SSH key at the
#            first meeting, into a file beside the private key.
# Validates: both status checks of AWS, and a command on the machine through SSH.
# Undo:      there is nothing to undo.
# Costs:     nothing more than the instance.
# Runs: aws
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"

load_config() {
    use_aws
    need SSH_USER SSH_KEY_FILE
}

validate_prerequisites() {
    need_instance
    case $STATE in
        running | pending) ;;
        *) fail "$INSTANCE is $STATE." "Run scripts/riva-215-start-instance.sh." ;;
    esac
}

checks_are_good() {
    [ "$(aws_do ec2 describe-instance-status --instance-ids "$INSTANCE" \
        --query 'InstanceStatuses[0].[InstanceStatus.Status, SystemStatus.Status]')" = $'ok\tok' ]
}

ssh_answers() { on_host true </dev/null 2>"$SCRATCH/ssh-errors"; }

perform_operation() {
    if [ -n "$DRY_RUN" ]; then
        keep_address
        return 0
    fi
    [ "$STATE" = running ] || wait_for_state running
    keep_address
    wait_until 900 10 "Waiting for the status checks of $INSTANCE" checks_are_good \
        || fail "AWS does not call $INSTANCE healthy." "Look at its status checks in the console of AWS, or stop and start it (210, 215)."
}

validate_results() {
    use_ssh
    wait_until 300 5 "Waiting for SSH on $RIVA_HOST" ssh_answers && return 0
    log_lines <"$SCRATCH/ssh-errors"
    fail "SSH does not answer: $(tail -n 1 "$SCRATCH/ssh-errors")" \
        "Is this machine's public address in AWS_ALLOWED_CIDRS, and was 020 run since? Try: ${SSH[*]}"
}

run_step "$@"
