#!/usr/bin/env bash
# 020: lets exactly the networks of AWS_ALLOWED_CIDRS in: SSH (22), HTTP (9000), gRPC (50051).
#
# Needs:     .env (005), the AWS CLI (010), the right to change security groups.
# Changes:   the rules of the security group: what is missing is added, everything else is removed.
#            Networks that are most of the internet (0.0.0.0/0, ::/0, or nearly) are refused.
# Validates: reads the rules back.
# Undo:      change AWS_ALLOWED_CIDRS and run this again; scripts/riva-999-tear-down.sh removes all.
#            When this step fails it removes the rules that it had added.
# Costs:     nothing.
# Runs: aws
#
# Options of this step:
#   --allow-anywhere  takes such wide networks all the same. Without TLS (095) and mutual TLS anybody
#                     could then use the recogniser, and try SSH.
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"

PORTS=(22 9000 50051)
ANYWHERE=

step_option() {
    [ "$1" = --allow-anywhere ] || return 1
    ANYWHERE=yes
}

load_config() {
    use_aws
    need AWS_ALLOWED_CIDRS AWS_SUBNET_ID
}

validate_prerequisites() {
    local network
    NETWORKS=()
    for network in ${AWS_ALLOWED_CIDRS//,/ }; do
        if [ -z "$ANYWHERE" ] && is_wide "$network"; then
            fail "$network would let most of the internet in." \
                "Give your own network in AWS_ALLOWED_CIDRS, for one address ADDRESS/32; or, if you mean it, add --allow-anywhere."
        fi
        NETWORKS+=("$(canonical "$network")")
    done
}

# As AWS keeps it: 10.1.2.3/8 is 10.0.0.0/8 there.
canonical() { python3 -c 'import ipaddress, sys; print(ipaddress.ip_network(sys.argv[1], strict=False))' "$1"; }

# Prints what may connect, a line each: protocol, ports, network; and the id of the rule behind it.
rules() {
    aws_do ec2 describe-security-group-rules --filters "Name=group-id,Values=$GROUP" \
        --query "SecurityGroupRules[?!IsEgress].[IpProtocol, to_string(FromPort), to_string(ToPort),
            CidrIpv4 || CidrIpv6 || ReferencedGroupInfo.GroupId || PrefixListId, SecurityGroupRuleId]" \
        | awk '{ print $1 ":" $2 "-" $3 ":" $4, $5 }' | LC_ALL=C sort
}

wanted() {
    local port network
    for port in "${PORTS[@]}"; do
        for network in "${NETWORKS[@]}"; do printf 'tcp:%s-%s:%s\n' "$port" "$port" "$network"; done
    done | LC_ALL=C sort --unique
}

perform_operation() {
    local had missing extra rule port network kind
    make_group
    had=''
    [ -z "$GROUP" ] || had=$(rules)
    missing=$(LC_ALL=C comm -13 <(cut -d' ' -f1 <<<"$had" | LC_ALL=C sort -u) <(wanted))
    extra=$(LC_ALL=C comm -23 <(cut -d' ' -f1 <<<"$had" | LC_ALL=C sort -u) <(wanted))
    if [ -z "$missing$extra" ]; then
        info "The rules are as they should be."
        return 0
    fi
    if [ -n "$missing" ] && will "Let in: ${missing//$'\n'/ }"; then
        local permissions=()
        while IFS= read -r rule; do
            IFS=: read -r _ port network <<<"$rule"
            kind='IpRanges=[{CidrIp'
            [[ $network != *:* ]] || kind='Ipv6Ranges=[{CidrIpv6'
            permissions+=("IpProtocol=tcp,FromPort=${port%-*},ToPort=${port#*-},$kind=$network,Description=$NAME}]")
        done <<<"$missing"
        undo_with let_out "$missing"
        aws_do ec2 authorize-security-group-ingress --group-id "$GROUP" --ip-permissions "${permissions[@]}" >/dev/null
    fi
    if [ -n "$extra" ] && will "Let in no more: ${extra//$'\n'/ }"; then
        let_out "$extra"
    fi
}

# Removes rules, a line each.
let_out() {
    local ids=() rule id
    while read -r rule id; do
        [[ $'\n'$1$'\n' != *$'\n'"$rule"$'\n'* ]] || ids+=("$id")
    done < <(rules)
    [ "${#ids[@]}" -eq 0 ] \
        || aws_do ec2 revoke-security-group-ingress --group-id "$GROUP" --security-group-rule-ids "${ids[@]}" >/dev/null
}

validate_results() {
    local is
    find_group
    is=$(rules | cut -d' ' -f1 | LC_ALL=C sort -u)
    [ "$is" = "$(wanted)" ] || fail "The rules are not what was asked for: ${is//$'\n'/ }" "Run this again; does something else change the group?"
    info "Only these may connect: ${is//$'\n'/ }"
}

run_step "$@"
