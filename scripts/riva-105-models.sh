#!/usr/bin/env bash
# 105: lists the server's models, and checks that there is one for live captions.
#
# Needs:     a server that can be reached (100).
# Changes:   nothing on the server; keeps the list in build/riva/results.
# Validates: there is a streaming model, the model that RIVA_MODEL names, and the language of
#            RIVA_LANGUAGE_CODE.
# Undo:      remove the results.
# Costs:     nothing.
# Runs: always
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"

load_config() {
    need DEPLOYMENT_ID
    need_server
}

validate_prerequisites() { use_captioner; }

perform_operation() {
    local models line
    will "List the models of $(server_title)" || return 0
    ask_server
    cp "$SERVER" "$(result_file server)"
    models=$(from_json "$SERVER" \
        '["{}: {}, {}".format(each["name"], each["language"] or "any language", each["kind"]) for each in it["models"]]')
    while IFS= read -r line; do
        [ -z "$line" ] || info "$line"
    done <<<"$models"
}

validate_results() {
    local found
    [ "$(from_json "$SERVER" 'it["status"]')" != failed ] || fail "$(from_json "$SERVER" 'it["reason"]')" \
        "$(from_json "$SERVER" 'it["fix"] or "Run scripts/riva-100-connectivity.sh."')"
    found=$(from_json "$SERVER" '[each["name"] for each in it["models"] if each["kind"] == "online"]')
    [ -n "$found" ] || fail "$(server_title) lists no model for live captions." "Deploy a streaming model."
    success "For live captions: ${found//$'\n'/, }"
}

run_step "$@"
