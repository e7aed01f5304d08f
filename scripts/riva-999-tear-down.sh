#!/usr/bin/env bash
# 999: removes everything that the steps made for this deployment, for good: listed first, confirmed,
# verified gone.
#
# Needs:     .env (005); the AWS CLI (010) where DEPLOY_ON=aws; kubectl and helm where 160 was run.
# Changes:   removes what has the tags Project=captioner and Deployment=DEPLOYMENT_ID in AWS_REGION:
#            instances with their volumes (and the models there), security groups, key pairs, the bucket of
#            065; and the SSH key that 015 made here, and the certificates and keys of 095; in the cluster
#            of 160, the namespace captioner-DEPLOYMENT_ID with all that is in it. RIVA_HOST in .env is
#            emptied when it was the address.
# Validates: looks for all of it again.
# Undo:      none; 015 makes new ones.
# Costs:     nothing, and nothing from now on.
# Runs: by hand
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"
# shellcheck source=scripts/lib/riva-bucket.sh
. "$ROOT/scripts/lib/riva-bucket.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-kubernetes.sh
. "$ROOT/scripts/lib/riva-kubernetes.sh"

NEXT=scripts/riva-015-create-instance.sh

load_config() {
    need DEPLOYMENT_ID KUBERNETES_CONTEXT
    use_kubernetes_names
    if [ "$DEPLOY_ON" = aws ]; then
        use_aws
    else
        NEXT=scripts/riva-005-configure.sh
        warn "What runs on the GPU machine stays; its own steps remove it, as their --help says under Undo: 150, and 060 (nim), 085 (quickstart) or 090 (nemo), each with --remove."
    fi
}

validate_prerequisites() { LIST=$(things); }

# Prints all that there is, a line each: what it is, its id, and what one should know of it.
things() {
    kubernetes_things
    [ "$DEPLOY_ON" != aws ] || aws_things
    certificates | sed 's/^/file\t/'
}

aws_things() {
    instances
    volumes
    aws_do ec2 describe-security-groups --filters "${FILTERS[@]}" --query "SecurityGroups[].['group', GroupId, GroupName]"
    aws_do ec2 describe-key-pairs --filters "${FILTERS[@]}" --query "KeyPairs[].['key', KeyName]"
    use_bucket
    if has_bucket; then printf 'bucket\t%s\twith the saved NIM\n' "$BUCKET"; fi
    if made_here; then printf 'file\t%s\n' "$(key_file)"; fi
}

kubernetes_things() {
    [ -n "$KUBERNETES_CONTEXT" ] || return 0
    command -v kubectl >/dev/null || fail "160 was run in $KUBERNETES_CONTEXT, and there is no kubectl." "Install kubectl and helm; or empty KUBERNETES_CONTEXT in $ENV_FILE."
    find_namespace
    [ "$NAMESPACE_IS" != ours ] || printf 'namespace\t%s\tin %s\n' "$NAME" "$KUBERNETES_CONTEXT"
}

instances() {
    aws_do ec2 describe-instances --filters "${FILTERS[@]}" \
        Name=instance-state-name,Values=pending,running,stopping,stopped,shutting-down \
        --query "Reservations[].Instances[].['instance', InstanceId, InstanceType, State.Name,
            PublicIpAddress, Tags[?Key=='Address'] | [0].Value]"
}

volumes() { aws_do ec2 describe-volumes --filters "${FILTERS[@]}" --query "Volumes[].['volume', VolumeId, to_string(Size), 'GB']"; }

report_state() { printf '%s things of %s %s' "$(grep -c . <<<"$LIST")" "$NAME" "$(place)"; }

# Where they are looked for.
place() {
    printf 'on this computer'
    [ "$DEPLOY_ON" != aws ] || printf ' and in %s' "$AWS_REGION"
    [ -z "$KUBERNETES_CONTEXT" ] || printf ' and in %s' "$KUBERNETES_CONTEXT"
}

# The SSH key is ours when its comment says so: one of the user's own stays.
made_here() { [[ -f "$(key_file).pub" && "$(<"$(key_file).pub")" == *" $NAME" ]]; }

# What 095 made. The profile's settings stay: there may be more in them than this server.
certificates() { find "$(server_folder)" "$(client_folder)" -maxdepth 1 -type f \( -name '*.pem' -o -name '*.key' \) 2>/dev/null || true; }

remove_certificates() {
    local file name
    certificates | while IFS= read -r file; do rm -f "$file"; done
    rmdir "$(server_folder)" 2>/dev/null || true
    for name in RIVA_SSL_CERT RIVA_SSL_CLIENT_CERT RIVA_SSL_KEY; do
        [[ $(in_file "$name") != "$(client_folder)"/* ]] || write_env "$name" </dev/null
    done
}

# ids KIND: prints the ids in LIST.
ids() { awk -v kind="$1" '$1 == kind { print $2 }' <<<"$LIST"; }

no_instance_is_left() { [ -z "$(instances)" ]; }

try_to_remove_group() { aws_try ec2 delete-security-group --group-id "$1" >/dev/null; }

perform_operation() {
    local line host
    if [ -z "$LIST" ]; then
        info "There is nothing of $NAME $(place)."
        return 0
    fi
    while IFS= read -r line; do warn "To be removed: ${line//$'\t'/ }"; done <<<"$LIST"
    confirm "Remove all of this for good?"
    will "Remove $(grep -c . <<<"$LIST") things" || return 0
    host=$(in_file RIVA_HOST)
    [ -n "$host" ] && grep -qwF -- "$host" <<<"$LIST" || host=
    [ -z "$(ids namespace)" ] || remove_from_kubernetes
    [ "$DEPLOY_ON" != aws ] || remove_from_aws
    rm -f "$(known_hosts_file)"
    remove_certificates
    if [ -n "$host" ]; then write_env RIVA_HOST </dev/null; fi
}

remove_from_aws() {
    local id
    for id in $(ids instance); do aws_do ec2 terminate-instances --instance-ids "$id" >/dev/null; done
    wait_until 900 5 "Waiting until the instances are gone" no_instance_is_left \
        || fail "AWS does not end the instances." "Run this again in a few minutes."
    for id in $(volumes | cut -f2); do aws_do ec2 delete-volume --volume-id "$id" >/dev/null; done
    for id in $(ids group); do
        wait_until 300 5 "Waiting until nothing uses $id" try_to_remove_group "$id" \
            || aws_do ec2 delete-security-group --group-id "$id"
    done
    for id in $(ids key); do aws_do ec2 delete-key-pair --key-name "$id" >/dev/null; done
    for BUCKET in $(ids bucket); do remove_bucket; done
    if made_here; then rm -f "$(key_file)" "$(key_file).pub"; fi
}

validate_results() {
    LIST=$(things)
    [ -z "$LIST" ] || fail "This is still there: ${LIST//[$'\t\n']/ }" "Run this again in a few minutes."
}

run_step "$@"
