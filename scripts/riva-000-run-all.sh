#!/usr/bin/env bash
# 000: runs the steps of this deployment in their order, and stops at the first that fails.
#
# Needs:     .env (005), or a terminal, where 005 asks for it.
# Changes:   what the steps change; each says so with --help. Steps that run by hand (210, 215, 220,
#            999) are left out.
# Validates: every step validates itself.
# Undo:      scripts/riva-999-tear-down.sh
# Costs:     what the steps cost.
# Runs: by hand
#
# Options of this script:
#   --from N  begins with step N
#   --to M    ends with step M
#   --resume  begins with the step that failed last, or the first that never ran
#   --list    shows the steps, and which of them are done
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"

# Its steps lock for themselves.
LOCK=run
FROM=0 TO=999 RESUME='' LIST_ONLY='' UNKNOWN=()

step_option() {
    case $1 in
        --from | --to)
            is_number "${2:-}" 0 999 || fail "$1 wants the number of a step." "See --list."
            if [ "$1" = --from ]; then FROM=$((10#$2)); else TO=$((10#$2)); fi
            TAKEN=2
            ;;
        --resume) RESUME=yes ;;
        --list) LIST_ONLY=yes ;;
        *) return 1 ;;
    esac
}

load_config() { need DEPLOY_ON RIVA_ENGINE; }

# Which steps are done: a line each, the number and when. A step is noted when it has validated.
done_file() { printf '%s/%s.done' "$WORK" "$(configuration_id)"; }

when_done() { awk -v number="$1" '$1 == number { when = $2 } END { print when }' "$(done_file)" 2>/dev/null || true; }

validate_prerequisites() {
    local script
    [ "$FROM" -le "$TO" ] || fail "--from $FROM comes after --to $TO; there is no step between them." "Exchange them."
    [ -n "$RESUME" ] || return 0
    for script in "${STEPS[@]}"; do
        if in_route "$script" && [ -z "$(when_done "$(number_of "$script")")" ]; then
            FROM=$((10#$(number_of "$script")))
            return 0
        fi
    done
    info "All steps are done. Begin anew with --from 5."
    FROM=1000
}

perform_operation() {
    local script number
    for script in "${STEPS[@]}"; do
        number=$(number_of "$script")
        if ! in_route "$script"; then continue; fi
        if [ -n "$LIST_ONLY" ]; then
            printf '%-34s %s\n' "$(basename "$script" .sh)" "$(when_done "$number")"
        elif [ "$((10#$number))" -ge "$FROM" ] && [ "$((10#$number))" -le "$TO" ]; then
            run_one "$script" "$number"
            # 005 may have chosen another place or engine, and so other steps.
            read_env
        fi
    done
    [ "${#UNKNOWN[@]}" -eq 0 ] || warn "Not foreseen: $(join ', ' "${UNKNOWN[@]}"). They miss what they name above; steps before them may make it."
}

# A dry run goes on after a failure: later steps need what earlier ones would make.
run_one() {
    forget "$2"
    if [ -n "$DRY_RUN" ]; then
        run_script "$1" --env-file "$ENV_FILE" --dry-run || UNKNOWN+=("$2")
        return 0
    fi
    run_script "$1" --env-file "$ENV_FILE" ${YES:+"$YES"} \
        || fail "Step $2 failed." "Mend what it says, then run: scripts/riva-000-run-all.sh --resume"
    printf '%s %s\n' "$2" "$(now)" >>"$(done_file)"
}

# A step that runs again is not done until it has validated again; nor are those after it.
forget() {
    [ -z "$DRY_RUN" ] && [ -f "$(done_file)" ] || return 0
    awk -v number="$1" '$1 < number' "$(done_file)" >"$SCRATCH/done"
    cat "$SCRATCH/done" >"$(done_file)"
}

validate_results() {
    local script number left=() never=()
    for script in "${STEPS[@]}"; do
        number=$(number_of "$script")
        if ! in_route "$script" || [ -n "$(when_done "$number")" ]; then continue; fi
        # Who begins later has what the steps before would make: only those after it come next.
        if [ -z "$LIST_ONLY" ] && [ "$((10#$number))" -lt "$FROM" ]; then never+=("$number"); else left+=("$number"); fi
    done
    [ "${#never[@]}" -eq 0 ] || info "Never run for this .env: $(join ', ' "${never[@]}")."
    if [ "${#left[@]}" -gt 0 ]; then
        NEXT="scripts/riva-000-run-all.sh --from ${left[0]}"
    elif [ "$DEPLOY_ON" = aws ]; then
        NEXT=scripts/riva-220-status.sh
    else
        NEXT='nothing; all steps up to the last are done'
    fi
}

run_step "$@"
