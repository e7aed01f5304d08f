#!/usr/bin/env bash
# 100: asks the server, step by step, whether it can be used: name, port, encryption and certificate,
# health service, models, key, time of a call.
#
# Needs:     a running server, RIVA_HOST; for TLS, what 095 wrote to .env.
# Changes:   nothing on the server; keeps the answers in build/riva/results.
# Validates: the server is ready; with TLS its certificate lasts for a week at least.
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
    local steps good said
    will "Ask $(server_title)" || return 0
    ask_server
    cp "$SERVER" "$(result_file server)"
    steps=$(from_json "$SERVER" \
        '["{}\t{}: {}".format(step["ok"], step["name"], step["said"]) for step in it["probes"]]
         + ["None\tauthority: " + found["issuer"] for found in [it["certificate"]] if found]
         + ["False\tinsecure: {what} {fix}".format(**each) for each in it["insecure"]]')
    while IFS=$'\t' read -r good said; do
        case $good in
            False) warn "$said" ;;
            *) info "$said" ;;
        esac
    done <<<"$steps"
}

validate_results() {
    local days reason fix
    reason=$(from_json "$SERVER" 'it["reason"]')
    fix=$(from_json "$SERVER" 'it["fix"]')
    [ "$(from_json "$SERVER" 'it["status"]')" != failed ] || fail "$reason" "${fix:-Read the steps above.}"
    [ "$(from_json "$SERVER" 'it["state"]')" != starting ] || fail "$reason" "${fix:-Wait, then run this again.}"
    days=$(from_json "$SERVER" 'it["certificate"] and it["certificate"]["days_left"]')
    [ -z "$days" ] || [ "$days" -ge 7 ] || fail "The certificate of $(server_title) expires in $days days." \
        "Run scripts/riva-095-certificates.sh, then this again."
    success "$(server_title): $reason"
}

run_step "$@"
