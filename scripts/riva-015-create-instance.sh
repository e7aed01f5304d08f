#!/usr/bin/env bash
# 015: makes the GPU instance, or starts the one that is there.
#
# Needs:     .env (005), the AWS CLI (010), quota (012), the right to make instances, security
#            groups, key pairs and tags.
# Changes:   an SSH key pair (the private key stays here), a security group that lets nobody in, and
#            an instance with one encrypted gp3 volume, IMDSv2 only; all of it is tagged. A stopped
#            instance is started. The newest image that AWS_IMAGE_PARAMETER names is taken.
#            After AWS_IDLE_STOP_MINUTES minutes without use the instance stops itself.
# Validates: reads back state, IMDSv2 and encryption.
# Undo:      scripts/riva-210-stop-instance.sh stops it, scripts/riva-999-tear-down.sh removes it.
#            When this step fails it removes what it had begun.
# Costs:     from now on: the instance by the second (a g6.xlarge about 0.80 USD an hour in
#            us-east-1), the volume by the GB (about 0.08 USD a month), the address (0.005 USD an hour).
# Runs: aws
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-aws.sh
. "$ROOT/scripts/lib/riva-aws.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"

load_config() {
    use_aws
    need AWS_INSTANCE_TYPE AWS_VOLUME_GB AWS_IDLE_STOP_MINUTES AWS_IMAGE_PARAMETER AWS_SUBNET_ID SSH_KEY_FILE
}

validate_prerequisites() {
    find_instance
    if [ -n "$INSTANCE" ] && [ "$TYPE" != "$AWS_INSTANCE_TYPE" ]; then
        fail "$INSTANCE is a $TYPE, and .env wants a $AWS_INSTANCE_TYPE." \
            "Write AWS_INSTANCE_TYPE=$TYPE to $ENV_FILE, or remove the instance with scripts/riva-999-tear-down.sh."
    fi
}

perform_operation() {
    case $STATE in
        running) info "$INSTANCE runs already." ;;
        pending) [ -n "$DRY_RUN" ] || wait_for_state running ;;
        stopping)
            [ -n "$DRY_RUN" ] || wait_for_state stopped
            start_instance
            ;;
        stopped) start_instance ;;
        *) create_instance ;;
    esac
}

create_instance() {
    make_key
    make_group
    find_image
    if will "Make a $AWS_INSTANCE_TYPE with $AWS_VOLUME_GB GB from $IMAGE"; then
        user_data >"$SCRATCH/user-data"
        # Before the call: an interruption may come after it and before the next line.
        undo_with remove_instance
        INSTANCE=$(aws_do ec2 run-instances --image-id "$IMAGE" --instance-type "$AWS_INSTANCE_TYPE" \
            --key-name "$NAME" --security-group-ids "$GROUP" \
            ${AWS_SUBNET_ID:+--subnet-id "$AWS_SUBNET_ID" --associate-public-ip-address} \
            --metadata-options HttpTokens=required,HttpEndpoint=enabled,HttpPutResponseHopLimit=1 \
            --block-device-mappings "DeviceName=$ROOT_DEVICE,Ebs={VolumeSize=$AWS_VOLUME_GB,VolumeType=gp3,Encrypted=true,DeleteOnTermination=true}" \
            --instance-initiated-shutdown-behavior stop --user-data "file://$SCRATCH/user-data" \
            --tag-specifications "ResourceType=instance,Tags=$TAGS" "ResourceType=volume,Tags=$TAGS" \
            --query 'Instances[0].InstanceId')
        rm -f "$(known_hosts_file)"
        wait_for_state running
    fi
}

# There was none before: whatever is found now was begun by this step. The group can only go after it.
remove_instance() {
    find_instance
    [ -n "$INSTANCE" ] || return 0
    aws_do ec2 terminate-instances --instance-ids "$INSTANCE" >/dev/null
    wait_until 600 5 "Waiting until it is gone" instance_is_gone
}

instance_is_gone() {
    find_instance
    [ -z "$INSTANCE" ]
}

# Makes the SSH key where it is missing, here and at AWS.
make_key() {
    local key known
    key=$(key_file)
    if [ ! -e "$key" ] && will "Make the SSH key $key"; then
        mkdir -p "$(dirname "$key")"
        undo_with rm -f "$key" "$key.pub"
        ssh-keygen -q -t ed25519 -N '' -C "$NAME" -f "$key" </dev/null
    fi
    known=$(aws_do ec2 describe-key-pairs --filters "${FILTERS[@]}" --query 'KeyPairs[0].KeyName')
    [ "$known" = None ] && will "Give the public half to AWS as $NAME" || return 0
    [ -r "$key.pub" ] || fail "$key has no public half beside it." "ssh-keygen -y -f '$key' >'$key.pub'"
    undo_with remove_key_pair
    aws_do ec2 import-key-pair --key-name "$NAME" --public-key-material "fileb://$key.pub" \
        --tag-specifications "ResourceType=key-pair,Tags=$TAGS" >/dev/null
}

remove_key_pair() { aws_do ec2 delete-key-pair --key-name "$NAME" >/dev/null; }

# Sets IMAGE and ROOT_DEVICE.
find_image() {
    local least
    IMAGE=$(aws_do ssm get-parameter --name "$AWS_IMAGE_PARAMETER" --query Parameter.Value)
    read -r ROOT_DEVICE least < <(aws_do ec2 describe-images --image-ids "$IMAGE" \
        --query 'Images[0].[RootDeviceName, BlockDeviceMappings[0].Ebs.VolumeSize]') \
        || fail "AWS has no image $IMAGE." "Name another: AWS_IMAGE_PARAMETER in $ENV_FILE."
    if [[ $least =~ ^[0-9]+$ ]] && [ "$least" -gt "$AWS_VOLUME_GB" ]; then
        fail "The image needs a volume of $least GB." "Write AWS_VOLUME_GB=$((least + 100)) to $ENV_FILE."
    fi
}

# What the machine does at its first start: it sets up the timer that stops it when it is idle.
user_data() {
    cat <<END
#!/bin/bash
set -eu
echo IDLE_STOP_MINUTES=$AWS_IDLE_STOP_MINUTES >/etc/captioner-idle-stop.conf
cat >/usr/local/sbin/captioner-idle-stop <<'SCRIPT'
$(<"$ROOT/scripts/lib/riva-idle-stop.sh")
SCRIPT
chmod 755 /usr/local/sbin/captioner-idle-stop
cat >/etc/systemd/system/captioner-idle-stop.service <<'UNIT'
[Unit]
Description=Stops the machine when it is not used
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/captioner-idle-stop
UNIT
cat >/etc/systemd/system/captioner-idle-stop.timer <<'UNIT'
[Timer]
OnBootSec=1min
OnUnitActiveSec=1min
[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable --now captioner-idle-stop.timer
END
}

validate_results() {
    local tokens open
    need_instance
    [ "$STATE" = running ] || fail "$INSTANCE is $STATE." "Run this again."
    tokens=$(aws_do ec2 describe-instances --instance-ids "$INSTANCE" --query 'Reservations[0].Instances[0].MetadataOptions.HttpTokens')
    [ "$tokens" = required ] || fail "$INSTANCE answers IMDSv1." \
        "aws ec2 modify-instance-metadata-options --region $AWS_REGION --instance-id $INSTANCE --http-tokens required"
    open=$(aws_do ec2 describe-volumes --filters "Name=attachment.instance-id,Values=$INSTANCE" --query 'Volumes[?!Encrypted].VolumeId')
    [ -z "$open" ] || fail "These volumes are not encrypted: $open." "Remove the instance with scripts/riva-999-tear-down.sh and make it anew."
}

run_step "$@"
