#!/usr/bin/env bash
# 065: saves the image of the NIM and its models to S3: another machine then starts in minutes, and
# needs neither NVIDIA's registry nor a build of the models.
#
# Needs:     a NIM that was ready (063), DEPLOY_ON=aws, the right to make a bucket; room for the archives
#            on the GPU machine. They pass through this machine, so that the GPU machine needs no keys of
#            AWS: run it where the network is good.
# Changes:   makes a bucket of this deployment: private, encrypted, tagged. Keeps both archives there,
#            compressed (zstd), in parts of 1 GiB; a run that was interrupted goes on with the part that is
#            missing. What is saved already is not saved again.
# Validates: sizes of all parts; the list with their checksums, which is written last.
# Undo:      scripts/riva-999-tear-down.sh, or aws s3 rb --force s3://BUCKET
# Costs:     S3 about 0.023 USD a GB and month, 15 to 20 GB; what leaves AWS on its way through this
#            machine about 0.09 USD a GB.
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
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-nim.sh
. "$ROOT/scripts/lib/riva-nim.sh"
# shellcheck source=scripts/lib/riva-nim-archive.sh
. "$ROOT/scripts/lib/riva-nim-archive.sh"

NEXT='scripts/riva-066-restore-nim.sh, on another machine'

load_config() { use_archive; }

validate_prerequisites() {
    use_docker
    use_bucket
    has_image || fail "The image is not on $(host_title)." "Run scripts/riva-055-pull-nim.sh."
    http_says_ready || [ "$TLS_MODE" = mtls ] || fail "The NIM is not ready: its models may not be whole." "Run scripts/riva-063-wait-for-nim.sh."
}

report_state() { printf 's3://%s/%s is %s' "$BUCKET" "$PREFIX" "$(if is_saved; then echo complete; else echo 'not complete'; fi)"; }

is_saved() { [ -n "$(object_size "$PREFIX/list")" ]; }

perform_operation() {
    if is_saved; then
        info "It is saved already: s3://$BUCKET/$PREFIX"
        return 0
    fi
    will "Save the image and its models to s3://$BUCKET/$PREFIX" || return 0
    make_bucket
    need_zstd
    pack
    save
}

# The archives are made once: what a killed run has packed is taken again.
pack() {
    need_room "$(nim_folder)" 25
    root_program "The archives could not be made." "Read the lines above; is there room on $(host_title)?" \
        "$(nim_folder)" "$IMAGE" <<'END'
    umask 077
    mkdir -p "$1/archive"
    cd "$1/archive"
    if [ ! -e image.tar.zst ]; then
        docker save "$2" | zstd -q -T0 -f -o image.new
        mv image.new image.tar.zst
    fi
    if [ ! -e cache.tar.zst ]; then
        tar --create --numeric-owner --directory "$1" cache | zstd -q -T0 -f -o cache.new
        mv cache.new cache.tar.zst
    fi
END
}

save() {
    local name bytes sum
    printf 'image %s@%s\n' "$IMAGE" "$IMAGE_DIGEST" >"$SCRATCH/list"
    for name in image cache; do
        read -r bytes sum < <(file_facts "$ARCHIVE/$name.tar.zst") || true
        put_parts "$ARCHIVE/$name.tar.zst" "$bytes" "$PREFIX/$name.tar.zst"
        printf '%s %s %s\n' "$name.tar.zst" "$bytes" "$sum" >>"$SCRATCH/list"
    done
    s3_put "$PREFIX/list" <"$SCRATCH/list"
    as_root rm -rf "$ARCHIVE" </dev/null
}

validate_results() {
    local name bytes
    s3_get "$PREFIX/list" >"$SCRATCH/list"
    while read -r name bytes _; do
        [ "$name" = image ] || check_parts "$PREFIX/$name" "$bytes"
    done <"$SCRATCH/list"
}

check_parts() {
    local number name parts
    parts=$(parts_of "$2")
    for ((number = 0; number < parts; number++)); do
        printf -v name '%s.%03d' "$1" "$number"
        [ "$(object_size "$name")" = "$(part_bytes "$2" "$number")" ] \
            || fail "s3://$BUCKET/$name is not whole." "Remove s3://$BUCKET/$PREFIX/list, then run this again."
    done
}

run_step "$@"
