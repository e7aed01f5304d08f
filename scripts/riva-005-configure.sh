#!/usr/bin/env bash
# 005: asks for what is missing in the configuration and writes it to .env.
#
# Needs:     nothing.
# Changes:   .env of the checkout, readable by you alone. It begins as a copy of .env.example;
#            comments and order stay, and a value that is there is replaced only when you agree.
# Validates: every value, and reads the file back.
# Undo:      edit the file, or remove it.
# Costs:     nothing.
# Runs: always
#
# Options of this step:
#   --set NAME=VALUE  takes the value without asking; may be given more than once. Not for secrets:
#                     every user of a machine sees the arguments of its programs. Secrets are asked
#                     for without echo; NGC_API_KEY in the environment serves in place of a kept one.
# What the environment gives is offered for a value that is missing, and taken where nobody is asked.
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"

declare -A GIVEN=()

step_option() {
    [ "$1" = --set ] || return 1
    local name=${2:-}
    name=${name%%=*}
    if [ -z "$name" ] || [[ $2 != *=* ]]; then fail "--set wants NAME=VALUE." "--set AWS_REGION=eu-central-1"; fi
    ! is_secret "$name" || fail "$name is a secret; it does not belong into an argument." \
        "Leave it out: it is asked for without echo. Or set it in the environment."
    row "$name" || fail "There is no name '$name'." "See .env.example for the names."
    GIVEN[$name]=${2#*=}
    TAKEN=2
}

load_config() { :; }

validate_prerequisites() {
    local name
    for name in "${!GIVEN[@]}"; do
        row "$name"
        check_value "$KIND" "${GIVEN[$name]}" || fail "$name $PROBLEM." "--set $name=... with another value."
    done
    [ ! -e "$ENV_FILE" ] || { [ -f "$ENV_FILE" ] && [ -w "$ENV_FILE" ]; } \
        || fail "$ENV_FILE is no file that you can write." "Move it away, or name another with --env-file."
    [ -d "$(dirname "$ENV_FILE")" ] || fail "There is no folder for $ENV_FILE." "Make it, or name another file with --env-file."
}

# Asks for a value until it is good; an empty answer takes what is offered. Sets ANSWER.
ask() {
    local name=$1 offered=$2
    while :; do
        printf '%s (%s)%s: ' "$MEANING" "$name" "${offered:+ [$offered]}" >&2
        read -r ANSWER || fail "The input ended." "Answer the questions, or use --set and --yes."
        ANSWER=${ANSWER:-$offered}
        ! check_value "$KIND" "$ANSWER" || return 0
        warn "$name $PROBLEM."
    done
}

# Asks for a secret without echo and writes it at once, out of sight of `set -x`.
ask_secret() {
    local - answer
    set +x
    # Before the question is shown: what is typed or pasted early must not be echoed either.
    TERMINAL=$(stty -g)
    stty -echo
    while :; do
        printf '%s (%s), not shown, empty: later: ' "$MEANING" "$1" >&2
        IFS= read -r answer || answer=
        printf '\n' >&2
        if check_value "$KIND" "$answer"; then break; fi
        warn "$1 $PROBLEM."
    done
    stty "$TERMINAL"
    [ -n "$answer" ] || return 0
    write_env "$1" <<<"$answer"
    SECRETS[$1]=$answer
    info "$1 is kept in $ENV_FILE."
}

warn_of_environment() {
    warn "The environment has $name=$given; $ENV_FILE has not. It counts only while it is set: --set $name=... writes it."
}

configure() {
    local name=$1 kept given offered
    if is_secret "$name"; then
        if has_secret "$name"; then
            info "$name is set; it stays as it is."
        elif [ -t 0 ] && [ -z "$YES$DRY_RUN" ]; then
            ask_secret "$name"
        else
            warn "$name is not set. The steps that need it will say so."
        fi
        return 0
    fi
    kept=$(in_file "$name")
    given=${GIVEN_BY_ENVIRONMENT[$name]:-}
    offered=${given:-$DEFAULT}
    if [ "$WHEN" = unasked ] && [ -z "$kept${GIVEN[$name]:-}" ]; then
        [ -z "$given" ] || warn_of_environment
        return 0
    fi
    if [ -n "${GIVEN[$name]+given}" ]; then
        keep "$name" "${GIVEN[$name]}"
    elif [ -n "$kept" ] && check_value "$KIND" "$kept"; then
        info "$name is $kept; it stays as it is."
        [ "${given:-$kept}" = "$kept" ] || warn_of_environment
    elif [ -t 0 ] && [ -z "$YES$DRY_RUN" ]; then
        [ -z "$kept" ] || warn "$name $PROBLEM (it is '$kept')."
        ask "$name" "$offered"
        [ "$ANSWER" = "$kept" ] || keep "$name" "$ANSWER"
    elif [ -n "$kept" ]; then
        fail "$name $PROBLEM (it is '$kept')." "Give another one: --set $name=..."
    elif check_value "$KIND" "$offered"; then
        [ -z "$offered" ] || keep "$name" "$offered"
    elif [ -n "$given" ]; then
        fail "$name $PROBLEM (the environment has '$given')." "Set another there, or give it: --set $name=..."
    else
        fail "$name $PROBLEM, and there is nobody to ask: $MEANING." "Give it: --set $name=..."
    fi
}

perform_operation() {
    local line
    if [ ! -e "$ENV_FILE" ] && will "Make $ENV_FILE from .env.example"; then
        cp "$ROOT/.env.example" "$ENV_FILE.new"
        chmod 600 "$ENV_FILE.new"
        mv -n "$ENV_FILE.new" "$ENV_FILE"
    elif [ -e "$ENV_FILE" ] && [ "$(stat -c %a "$ENV_FILE")" != 600 ] && will "Let nobody but you read $ENV_FILE"; then
        chmod 600 "$ENV_FILE"
    fi
    DEPLOY_ON=${GIVEN[DEPLOY_ON]:-$DEPLOY_ON}
    RIVA_ENGINE=${GIVEN[RIVA_ENGINE]:-$RIVA_ENGINE}
    for line in "${CONFIGURATION[@]}"; do
        row "${line%%|*}"
        if is_wanted; then configure "${line%%|*}"; fi
    done
}

validate_results() {
    local line names=()
    read_env
    for line in "${CONFIGURATION[@]}"; do
        row "${line%%|*}"
        if is_wanted && ! is_secret "${line%%|*}"; then names+=("${line%%|*}"); fi
    done
    need "${names[@]}"
    [ "$(stat -c %a "$ENV_FILE")" = 600 ] || fail "$ENV_FILE can be read by others." "chmod 600 '$ENV_FILE'"
}

run_step "$@"
