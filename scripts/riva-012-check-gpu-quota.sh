#!/usr/bin/env bash
# 012: checks that the account may run the GPU instance: new accounts have a quota of 0 vCPUs.
#
# Needs:     .env (005), the AWS CLI (010), the rights servicequotas:GetServiceQuota,
#            servicequotas:GetAWSDefaultServiceQuota, ec2:DescribeInstances and
#            ec2:DescribeInstanceTypes.
# Changes:   nothing.
# Validates: quota minus the vCPUs in use is at least what the instance has; else it prints the
#            request for more, which AWS answers within hours or days.
# Undo:      there is nothing to undo.
# Costs:     nothing.
# Runs: aws
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"

load_config() {
    use_aws
    need AWS_INSTANCE_TYPE
}

validate_prerequisites() {
    # AWS counts G and P instances apart.
    case $AWS_INSTANCE_TYPE in
        p*) QUOTA_CODE=L-417A185B QUOTA_NAME="Running On-Demand P instances" COUNTED='p*' ;;
        *) QUOTA_CODE=L-DB2E81BA QUOTA_NAME="Running On-Demand G and VT instances" COUNTED='g*,vt*' ;;
    esac
    find_instance
}

# Prints a quota as a whole number.
quota() {
    local value
    value=$(aws_try service-quotas get-service-quota --service-code ec2 --quota-code "$QUOTA_CODE" --query Quota.Value) \
        || value=$(aws_do service-quotas get-aws-default-service-quota --service-code ec2 --quota-code "$QUOTA_CODE" --query Quota.Value)
    printf '%s' "${value%%.*}"
}

perform_operation() {
    local counted
    VCPUS=$(aws_do ec2 describe-instance-types --instance-types "$AWS_INSTANCE_TYPE" --query 'InstanceTypes[0].VCpuInfo.DefaultVCpus')
    counted=$(aws_do ec2 describe-instances --filters "Name=instance-type,Values=$COUNTED" \
        Name=instance-state-name,Values=pending,running \
        --query 'Reservations[].Instances[].[CpuOptions.CoreCount, CpuOptions.ThreadsPerCore]')
    USED=$(awk '{ sum += $1 * $2 } END { print sum + 0 }' <<<"$counted")
    QUOTA=$(quota)
    info "$QUOTA_NAME in $AWS_REGION: $QUOTA vCPUs, $USED in use; a $AWS_INSTANCE_TYPE has $VCPUS."
}

validate_results() {
    if [ "$STATE" = running ] || [ "$STATE" = pending ]; then
        info "$INSTANCE is $STATE already."
    elif [ "$((QUOTA - USED))" -lt "$VCPUS" ]; then
        fail "The quota does not allow a $AWS_INSTANCE_TYPE: $VCPUS vCPUs are needed, $((QUOTA - USED)) are free." \
            "Ask for more, wait until AWS agrees, then run this again: aws service-quotas request-service-quota-increase --region $AWS_REGION --service-code ec2 --quota-code $QUOTA_CODE --desired-value $((USED + VCPUS))"
    fi
}

run_step "$@"
