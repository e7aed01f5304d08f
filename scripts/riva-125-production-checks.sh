#!/usr/bin/env bash
# 125: a checklist before others rely on the server: fails where something is insecure or unmonitored,
# and says for each what mends it.
#
# Needs:     a server (100); for AWS the AWS CLI (010), for the machine SSH (025). What cannot be asked
#            is not taken for good.
# Changes:   nothing; the list goes to build/riva/report/DEPLOYMENT_ID/production.md.
# Validates: every line of the list.
# Undo:      there is nothing to undo.
# Costs:     nothing.
# Runs: by hand
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-checks.sh
. "$ROOT/scripts/lib/riva-checks.sh"

unset -f report_state

# NAME|TITLE|FIX; NAME is the end of a function's name in lib/riva-checks.sh.
CHECKS=(
    'configuration_private|The configuration is private|chmod 600 .env'
    'cloud_keys_elsewhere|Keys of AWS are not in .env|Remove them, and use aws configure or aws sso login.'
    'keys_private|Private keys are private|chmod 600 FILE'
    'reachable|The server is ready|Run scripts/riva-100-connectivity.sh.'
    'encrypted|The connection is encrypted|Set TLS_MODE=mtls, run scripts/riva-095-certificates.sh and deploy the server anew.'
    'certificate_lasts|Certificates last for 30 days|Run scripts/riva-095-certificates.sh --renew and deploy the server anew.'
    'callers_known|Callers are known|Set TLS_MODE=mtls, run scripts/riva-095-certificates.sh and deploy the server anew.'
    'network_closed|The internet is kept out|Give your networks in AWS_ALLOWED_CIDRS and run scripts/riva-020-security-group.sh.'
    'metadata_v2|The metadata service wants tokens (IMDSv2)|aws ec2 modify-instance-metadata-options --http-tokens required --instance-id ID'
    'volumes_encrypted|Volumes are encrypted|Make the instance anew: 999, then 015, which encrypts.'
    'idle_stop|An unused machine stops|Set AWS_IDLE_STOP_MINUTES; on the machine: /etc/captioner-idle-stop.conf.'
    'host_reached|The GPU machine can be asked|Run scripts/riva-025-wait-for-instance.sh, or check SSH_USER and SSH_KEY_FILE.'
    'no_key_in_arguments|No key is among the arguments of programs|Stop that program, make a new key at NVIDIA, and hand it over through standard input.'
    'ssh_keys_only|SSH takes keys only|Set PasswordAuthentication no in /etc/ssh/sshd_config.d and restart ssh.'
    'updates|Security updates install themselves|sudo apt-get install unattended-upgrades, and sudo systemctl enable it.'
    'disk|The disk has room|docker system prune, or a larger volume.'
    'runs|The recogniser runs and is healthy|Look at its log, and deploy it anew; a container needs a health check.'
    'restart_policy|It is started again after a crash|docker update --restart unless-stopped CONTAINER; for a service Restart=always.'
    'not_root|It does not run as root|Deploy it with a user of its own (--user 1000:1000, User=), without --privileged.'
    'log_limits|Its logs are limited|Deploy it with --log-opt max-size=50m --log-opt max-file=5.'
    'no_key_in_environment|No key in its environment is open to others|Deploy it with 060, which keeps the key in a file of root; take users out of the group docker (gpasswd --delete USER docker).'
    'image_pinned|The image is pinned by its digest|Pull it by scripts/riva-055, which records the digest.'
    'scraped|Prometheus watches the server|Run scripts/riva-150-monitoring.sh, or name yours in PROMETHEUS_URL.'
    'alerts|Alert rules are loaded|Run scripts/riva-150-monitoring.sh, or load the rules of resources/monitoring into yours.'
)

load_config() {
    need DEPLOYMENT_ID DEPLOY_ON RIVA_ENGINE HOST_FOLDER NIM_IMAGE_DIGEST TLS_MODE PROMETHEUS_URL SSH_USER SSH_KEY_FILE
    need_server
    if [ "$DEPLOY_ON" = aws ]; then use_aws; fi
}

validate_prerequisites() {
    use_captioner
    INSTANCE=
    if [ "$DEPLOY_ON" = aws ]; then need_instance; fi
}

perform_operation() {
    local line name title fix detail rc
    will "Check ${#CHECKS[@]} things" || return 0
    gather
    FAILED=0
    REPORT="$WORK/report/$DEPLOYMENT_ID/production.md"
    mkdir -p "$(dirname "$REPORT")"
    printf '# Production checks of %s, %s\n\n' "$DEPLOYMENT_ID" "$(now)" >"$REPORT"
    for line in "${CHECKS[@]}"; do
        IFS='|' read -r name title fix <<<"$line"
        rc=0
        detail=$("check_$name" 2>>"$SCRATCH/check-errors") || rc=$?
        case $rc in
            0)
                success "$title: $detail"
                printf -- '- [x] %s: %s\n' "$title" "$detail" >>"$REPORT"
                ;;
            2)
                info "$title: does not apply here"
                printf -- '- %s: does not apply\n' "$title" >>"$REPORT"
                ;;
            *)
                say ERROR "$RED" "$title: NO. ${detail:-It could not be found out.}"
                say FIX "$GREEN" "$fix"
                printf -- '- [ ] **%s: no.** %s. Fix: %s\n' "$title" "${detail:-It could not be found out}" "$fix" >>"$REPORT"
                FAILED=$((FAILED + 1))
                ;;
        esac
    done
    [ ! -s "$SCRATCH/check-errors" ] || log_lines <"$SCRATCH/check-errors"
    info "The list: $REPORT"
}

validate_results() {
    [ "$FAILED" -eq 0 ] || fail "$FAILED of ${#CHECKS[@]} checks failed." "Mend what the lines above say, then run this again."
}

run_step "$@"
