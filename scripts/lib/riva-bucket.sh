# shellcheck shell=bash
# The S3 bucket of this deployment: private, encrypted, tagged. Sourced after riva-aws.sh.

# A large file is kept as parts of this size, objects of their own: an interrupted transfer loses one.
PART_BYTES=1073741824

# Sets BUCKET. Names of buckets are unique in the world and 63 letters at most: so it has a number of
# account, region and deployment in it.
use_bucket() {
    local account
    account=$(aws_do sts get-caller-identity --query Account)
    BUCKET="$PROJECT-${DEPLOYMENT_ID:0:30}-$(cksum <<<"$account $AWS_REGION $DEPLOYMENT_ID" | cut -d' ' -f1)"
}

has_bucket() { aws_try s3api head-bucket --bucket "$BUCKET" >/dev/null; }

# Makes the bucket where it is missing, and brings what protects it about in any case: a killed run may
# have made the bucket and no more.
make_bucket() {
    if ! has_bucket; then
        if [ "$AWS_REGION" = us-east-1 ]; then
            aws_do s3api create-bucket --bucket "$BUCKET" >/dev/null
        else
            aws_do s3api create-bucket --bucket "$BUCKET" --create-bucket-configuration "LocationConstraint=$AWS_REGION" >/dev/null
        fi
    fi
    aws_do s3api put-public-access-block --bucket "$BUCKET" --public-access-block-configuration \
        BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
    aws_do s3api put-bucket-encryption --bucket "$BUCKET" --server-side-encryption-configuration \
        'Rules=[{ApplyServerSideEncryptionByDefault={SSEAlgorithm=AES256}}]'
    aws_do s3api put-bucket-tagging --bucket "$BUCKET" --tagging "TagSet=$TAGS"
    # Parts of uploads that were never finished cost, and nobody sees them.
    aws_do s3api put-bucket-lifecycle-configuration --bucket "$BUCKET" --lifecycle-configuration \
        'Rules=[{ID=unfinished,Status=Enabled,Filter={Prefix=""},AbortIncompleteMultipartUpload={DaysAfterInitiation=3}}]' >/dev/null
}

remove_bucket() {
    aws_do s3 rm "s3://$BUCKET" --recursive >/dev/null
    aws_do s3api delete-bucket --bucket "$BUCKET"
}

# object_size KEY: prints how many bytes it has; nothing where there is none.
object_size() { aws_try s3api head-object --bucket "$BUCKET" --key "$1" --query ContentLength || true; }

# s3_put KEY: keeps standard input. s3_get KEY: prints what was kept.
s3_put() { "$AWS" --region "$AWS_REGION" s3 cp --only-show-errors - "s3://$BUCKET/$1" 2>"$SCRATCH/aws-errors" || s3_failed "$1"; }

s3_get() { "$AWS" --region "$AWS_REGION" s3 cp --only-show-errors "s3://$BUCKET/$1" - 2>"$SCRATCH/aws-errors" </dev/null || s3_failed "$1"; }

s3_failed() {
    log_lines <"$SCRATCH/aws-errors"
    fail "s3://$BUCKET/$1 could not be transferred: $(tail -n 1 "$SCRATCH/aws-errors")" "Check the network, then run this again: it goes on with the part that is missing."
}

# Parts of a file of so many bytes.
parts_of() { printf '%s' $((($1 + PART_BYTES - 1) / PART_BYTES)); }

# part_bytes BYTES NUMBER: how many bytes the part has.
part_bytes() {
    local left=$(($1 - $2 * PART_BYTES))
    printf '%s' $((left < PART_BYTES ? left : PART_BYTES))
}

# shellcheck disable=SC2016  # expands there
# put_parts FILE BYTES KEY: keeps a file of the GPU machine as KEY.000 and on; what is there stays.
put_parts() {
    local file=$1 bytes=$2 key=$3 parts number name
    parts=$(parts_of "$bytes")
    for ((number = 0; number < parts; number++)); do
        printf -v name '%s.%03d' "$key" "$number"
        if [ "$(object_size "$name")" != "$(part_bytes "$bytes" "$number")" ]; then
            as_root sh -c 'tail -c "+$1" "$2" | head -c "$3"' sh $((number * PART_BYTES + 1)) "$file" "$PART_BYTES" </dev/null | s3_put "$name"
        fi
        info "$name: part $((number + 1)) of $parts is kept."
    done
}

# get_parts KEY BYTES FILE: brings it to the GPU machine, as FILE; goes on after the last whole part.
get_parts() {
    local key=$1 bytes=$2 file=$3 parts number name
    parts=$(parts_of "$bytes")
    number=$(as_root stat -c %s "$file" </dev/null 2>/dev/null) || number=0
    number=$((number / PART_BYTES))
    as_root truncate -s $((number * PART_BYTES)) "$file" </dev/null
    for (( ; number < parts; number++)); do
        printf -v name '%s.%03d' "$key" "$number"
        s3_get "$name" | as_root tee -a "$file" >/dev/null
        info "$name: part $((number + 1)) of $parts is there."
    done
}
