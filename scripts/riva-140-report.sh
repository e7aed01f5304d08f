#!/usr/bin/env bash
# 140: a report on latency and accuracy from all that the steps before have measured, as Markdown and as
# a page with plots that loads nothing from elsewhere.
#
# Needs:     results of 110, 115 or 130, in build/riva/results; those of 120 and 135 come in where they
#            have run.
# Changes:   build/riva/report/DEPLOYMENT_ID.
# Validates: both files are there; the page has plots.
# Undo:      remove the folder.
# Costs:     nothing.
# Runs: always
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"

load_config() {
    need DEPLOYMENT_ID CAPTIONER
    FOLDER="$WORK/report/$DEPLOYMENT_ID"
}

validate_prerequisites() {
    local file
    RESULTS=()
    for file in "$(results_folder)"/*-loadtest.json "$(results_folder)"/*-bench.json; do
        [ ! -s "$file" ] || RESULTS+=("$file")
    done
    [ "${#RESULTS[@]}" -gt 0 ] || fail "There are no results in $(results_folder)." "Run scripts/riva-110-transcription.sh, 115 and 130 first."
    for file in "$(results_folder)"/*-end-to-end.json "$(results_folder)"/*-fault.json; do
        # What earlier versions of 135 kept does not say what it is.
        ! grep -qs '"captioner.captioned/1"' "$file" || RESULTS+=("$file")
    done
    use_captioner
}

perform_operation() {
    will "Make a report of ${#RESULTS[@]} results in $FOLDER" || return 0
    captioner_do report "${RESULTS[@]}" --out "$FOLDER" >/dev/null || fail "The report could not be made." "Read the log: $LOG"
}

validate_results() {
    if [ ! -s "$FOLDER/report.md" ] || ! grep -q '<svg' "$FOLDER/report.html"; then
        fail "The report in $FOLDER is not complete." "Make room on the disk, then run this again."
    fi
    success "The report: $FOLDER/report.html and report.md"
}

run_step "$@"
