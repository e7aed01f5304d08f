#!/usr/bin/env bash
# 010: checks that this machine can run the other steps, and installs the AWS CLI where there is none.
#
# Needs:     .env (005); for AWS, credentials where the AWS CLI finds them (aws configure, aws sso
#            login, or the AWS_* names of the environment).
# Changes:   nothing, or a virtual environment with the AWS CLI in build/riva/awscli.
# Validates: the programs, the AWS CLI, and that AWS knows who you are.
# Undo:      remove build/riva/awscli.
# Costs:     nothing.
# Runs: always
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"

# No instance is looked for: that needs the AWS CLI, which may be missing still.
unset -f report_state

load_config() { need DEPLOYMENT_ID DEPLOY_ON SSH_USER; }

validate_prerequisites() {
    local program missing=()
    [ "$(uname -s)" = Linux ] || fail "This is $(uname -s)." "Run the steps on Linux, WSL or a container."
    for program in ssh ssh-keygen curl openssl python3 awk sed realpath; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ "${#missing[@]}" -eq 0 ] || fail "These programs are missing: ${missing[*]}." \
        "Install them; Debian and Ubuntu: sudo apt-get install openssh-client curl openssl python3 gawk sed coreutils"
    info "All programs are there: $(ssh -V 2>&1), $(python3 -V)"
}

perform_operation() {
    local python
    [ "$DEPLOY_ON" = aws ] || return 0
    need AWS_REGION
    if find_aws && aws_is_new_enough "$AWS"; then
        info "The AWS CLI is there: $("$AWS" --version 2>&1)"
        return 0
    fi
    python=$(find_python) || fail "There is no Python from 3.11 to 3.13 with its venv module." "Install python3-venv."
    if will "Install the AWS CLI into $WORK/awscli"; then
        logged "The virtual environment could not be made." "Check the free space, then run this again." \
            "$python" -m venv --clear "$WORK/awscli"
        logged "The AWS CLI could not be installed." "Check the network, then run this again." \
            "$WORK/awscli/bin/python" -m pip install --constraint "$CONSTRAINTS" awscli
    fi
}

validate_results() {
    [ "$DEPLOY_ON" = aws ] || return 0
    need_aws
    aws_is_new_enough "$AWS" || fail "$AWS is too old." "Remove $WORK/awscli and run this again."
    info "AWS knows you as $(aws_do sts get-caller-identity --query '[Account, Arn]' | tr '\t' ' ')"
}

run_step "$@"
