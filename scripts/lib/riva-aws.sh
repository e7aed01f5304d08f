# shellcheck shell=bash
# What the AWS steps share: the AWS CLI, and the things of this deployment. Those are found by their
# tags, Project and Deployment; no file says what exists. Sourced after riva-common-functions.sh.

AWS=
export AWS_PAGER='' AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=5

# ---- the AWS CLI ----

# Knows AWS_ENDPOINT_URL, which old ones pass over in silence.
aws_is_new_enough() {
    local major minor
    [[ $("$1" --version 2>&1) =~ aws-cli/([0-9]+)\.([0-9]+) ]] || return 1
    major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
    [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 13 ]; } || { [ "$major" -eq 1 ] && [ "$minor" -ge 29 ]; }
}

# Sets AWS to the AWS CLI: the one that 010 has installed, else that of the system.
find_aws() {
    AWS="$WORK/awscli/bin/aws"
    [ -x "$AWS" ] || AWS=$(command -v aws)
}

need_aws() { find_aws || fail "There is no AWS CLI." "Run scripts/riva-010-check-prerequisites.sh, which installs one."; }

# aws_try COMMAND...: runs the AWS CLI; what it says about a failure goes to the log alone.
aws_try() {
    local rc=0
    write_log DEBUG "aws $*"
    "$AWS" --region "$AWS_REGION" --output text "$@" 2>"$SCRATCH/aws-errors" </dev/null || rc=$?
    [ ! -s "$SCRATCH/aws-errors" ] || log_lines <"$SCRATCH/aws-errors"
    return "$rc"
}

# aws_do COMMAND...: the same for what has to succeed: says what AWS said, and what mends it.
aws_do() {
    local said fix
    ! aws_try "$@" || return 0
    said=$({ grep -v '^$' "$SCRATCH/aws-errors" || echo "it gave no reason"; } | tail -n 1)
    case $said in
        *'Unable to locate credentials'* | *'could not be found'* | *ExpiredToken* | *InvalidClientTokenId* | *AuthFailure* | *'Token has expired'*)
            fix="Log in (aws configure, or aws sso login), or name a profile: AWS_PROFILE in $ENV_FILE." ;;
        *UnauthorizedOperation* | *AccessDenied*)
            fix="Ask the owner of the account for the right to call: aws $1 $2." ;;
        *VcpuLimitExceeded*) fix="Run scripts/riva-012-check-gpu-quota.sh, which prints the request for more." ;;
        *InsufficientInstanceCapacity* | *Unsupported*)
            fix="Try another type or region: scripts/riva-005-configure.sh --set AWS_INSTANCE_TYPE=g5.xlarge" ;;
        *'Could not connect'* | *'timed out'* | *'Connection was closed'*) fix="Check the network, AWS_REGION and AWS_ENDPOINT_URL, then run this again." ;;
        *) fix="Read what AWS said, mend it, then run this again." ;;
    esac
    fail "aws $1 $2 failed: $said" "$fix"
}

# ---- things of this deployment ----

NAME='' TAGS='' FILTERS=()

# Sets what things are tagged with, and found by.
use_tags() {
    NAME="$PROJECT-$DEPLOYMENT_ID"
    TAGS="[{Key=Project,Value=$PROJECT},{Key=Deployment,Value=$DEPLOYMENT_ID},{Key=Name,Value=$NAME}]"
    FILTERS=("Name=tag:Project,Values=$PROJECT" "Name=tag:Deployment,Values=$DEPLOYMENT_ID")
}

# Everything that an AWS step begins with.
use_aws() {
    need DEPLOYMENT_ID AWS_REGION
    need_aws
    use_tags
}

# Sets INSTANCE and what is known of it; empty where there is none.
find_instance() {
    local rows
    rows=$(aws_do ec2 describe-instances --filters "${FILTERS[@]}" \
        Name=instance-state-name,Values=pending,running,stopping,stopped \
        --query "Reservations[].Instances[].[InstanceId, State.Name, InstanceType, PublicIpAddress,
            LaunchTime, Tags[?Key=='Address'] | [0].Value, Tags[?Key=='RanMinutes'] | [0].Value,
            Tags[?Key=='Counted'] | [0].Value, StateTransitionReason]")
    IFS=$'\t' read -r INSTANCE STATE TYPE ADDRESS LAUNCHED KEPT_ADDRESS RAN_MINUTES COUNTED_RUN REASON <<<"$rows"
    [ "$ADDRESS" != None ] || ADDRESS=
    [ "$KEPT_ADDRESS" != None ] || KEPT_ADDRESS=
    [[ $RAN_MINUTES =~ ^[0-9]+$ ]] || RAN_MINUTES=0
    if [ "$(grep -c . <<<"$rows")" -gt 1 ]; then
        fail "There is more than one instance of $NAME: $(cut -f1 <<<"$rows" | tr '\n' ' ')" \
            "Remove those that are too many in the console of AWS, or all with scripts/riva-999-tear-down.sh."
    fi
}

need_instance() {
    find_instance
    [ -n "$INSTANCE" ] || fail "There is no instance of $NAME in $AWS_REGION." "Run scripts/riva-015-create-instance.sh."
}

# Says what the step found last.
report_state() {
    [ -n "${STATE+known}" ] || find_instance
    if [ -n "$INSTANCE" ]; then
        printf '%s is %s, %s, address %s' "$INSTANCE" "$TYPE" "$STATE" "${ADDRESS:-none}"
    else
        printf 'there is no instance of %s in %s' "$NAME" "$AWS_REGION"
    fi
}

instance_is() {
    find_instance
    [ "$STATE" = "$1" ]
}

# wait_for_state STATE
wait_for_state() {
    wait_until 900 5 "Waiting until $INSTANCE is $1" instance_is "$1" \
        || fail "$INSTANCE is still $STATE." "Look at it in the console of AWS, then run this again."
}

# Minutes of the run that is on, or of the last one. AWS tells when a stopped one was stopped, as a
# rule; where it does not, the time until now counts, which is the most that it can be. A run that was
# counted by a start that was killed then is not counted again.
last_run_minutes() {
    local end=now
    if [ "$STATE" = stopped ] && [ "$COUNTED_RUN" = "$LAUNCHED" ]; then
        printf 0
        return 0
    fi
    if [ "$STATE" = stopped ] && [[ $REASON =~ \(([0-9-]+\ [0-9:]+)\ (GMT|UTC)\) ]]; then end="${BASH_REMATCH[1]} UTC"; fi
    printf '%s' $((($(date -d "$end" +%s) - $(date -d "$LAUNCHED" +%s) + 59) / 60))
}

# Starts a stopped instance and keeps how long it ran before: AWS forgets that when it starts again.
start_instance() {
    local minutes
    minutes=$((RAN_MINUTES + $(last_run_minutes)))
    will "Start $INSTANCE" || return 0
    aws_do ec2 create-tags --resources "$INSTANCE" --tags "Key=RanMinutes,Value=$minutes" "Key=Counted,Value=$LAUNCHED" >/dev/null
    aws_do ec2 start-instances --instance-ids "$INSTANCE" >/dev/null
    wait_for_state running
}

# Writes the address to .env as RIVA_HOST. One that another start had put there is replaced at once.
keep_address() {
    [ -n "$ADDRESS" ] || fail "$INSTANCE has no public address." "Name a public subnet: AWS_SUBNET_ID in $ENV_FILE."
    local YES=$YES
    if [ -n "$KEPT_ADDRESS" ] && [ "$(in_file RIVA_HOST)" = "$KEPT_ADDRESS" ]; then YES=--yes; fi
    keep RIVA_HOST "$ADDRESS"
    if [ "$KEPT_ADDRESS" != "$ADDRESS" ] && [ "$(in_file RIVA_HOST)" = "$ADDRESS" ]; then
        aws_do ec2 create-tags --resources "$INSTANCE" --tags "Key=Address,Value=$ADDRESS" >/dev/null
    fi
}

# Sets GROUP to the security group; empty where there is none.
find_group() {
    GROUP=$(aws_do ec2 describe-security-groups --filters "${FILTERS[@]}" --query 'SecurityGroups[0].GroupId')
    [ "$GROUP" != None ] || GROUP=
}

# Makes the security group where there is none: at first nobody may connect.
make_group() {
    local network
    find_group
    [ -z "$GROUP" ] && will "Make the security group $NAME, closed to everybody" || return 0
    if [ -n "$AWS_SUBNET_ID" ]; then
        network=$(aws_do ec2 describe-subnets --subnet-ids "$AWS_SUBNET_ID" --query 'Subnets[0].VpcId')
    else
        network=$(aws_do ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId')
        [ "$network" != None ] || fail "There is no default network in $AWS_REGION." "Name a subnet: AWS_SUBNET_ID in $ENV_FILE."
    fi
    undo_with remove_group
    GROUP=$(aws_do ec2 create-security-group --group-name "$NAME" --vpc-id "$network" \
        --description "Speech server $DEPLOYMENT_ID" --query GroupId \
        --tag-specifications "ResourceType=security-group,Tags=$TAGS")
}

remove_group() {
    find_group
    [ -z "$GROUP" ] || aws_do ec2 delete-security-group --group-id "$GROUP"
}
