#!/usr/bin/env bash
# 066: brings the image of the NIM and its models from S3 to the GPU machine, in place of 055 and of the
# long first start.
#
# Needs:     what 065 has saved, Docker on the GPU machine (045), DEPLOY_ON=aws. A GPU of the same kind:
#            models are built for one; on another NIM builds them anew.
# Changes:   loads the image; puts the models into HOST_FOLDER/nim/cache, owned by user 1000, where no
#            models are yet. An interrupted run goes on with the part that is missing.
# Validates: SHA-256 of both archives, and that the image is the pinned one (NIM_IMAGE_DIGEST); where none
#            is pinned yet, this one is.
# Undo:      there: sudo docker image rm IMAGE; scripts/riva-060-deploy-nim.sh --remove removes the models
# Costs:     the archives pass through this machine: what leaves S3 for a machine outside of AWS costs about
#            0.09 USD a GB.
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

NEXT=scripts/riva-060-deploy-nim.sh

load_config() { use_archive; }

validate_prerequisites() {
    local pinned
    use_docker
    use_bucket
    [ -n "$(object_size "$PREFIX/list")" ] || fail "There is nothing saved in s3://$BUCKET/$PREFIX" "Run scripts/riva-065-save-nim.sh where a NIM is ready."
    s3_get "$PREFIX/list" >"$SCRATCH/list"
    pinned=$(awk '$1 == "image" { print $2 }' "$SCRATCH/list")
    SAVED_DIGEST=${pinned#*@}
    [ -z "$IMAGE_DIGEST" ] || [ "$IMAGE_DIGEST" = "$SAVED_DIGEST" ] \
        || fail "What is saved is $SAVED_DIGEST, and not the pinned $IMAGE_DIGEST." \
            "Find out why. If the saved one is meant, empty NIM_IMAGE_DIGEST in $ENV_FILE."
}

report_state() { printf '%s is %s' "$IMAGE" "$(image_id || echo missing)"; }

has_models() { [ -n "$(as_root find "$(nim_folder)/cache" -type f -print -quit </dev/null 2>/dev/null)" ]; }

perform_operation() {
    if has_image; then
        info "The image is there."
    elif will "Load the image from s3://$BUCKET/$PREFIX"; then
        bring image
        root_program "The image could not be loaded." "Read the lines above, then run this again." "$ARCHIVE/image.tar.zst" <<'END'
    zstd -q -d -c "$1" | docker load
END
        keep_digest "$SAVED_DIGEST"
        note_image
        as_root rm -f "$ARCHIVE/image.tar.zst" </dev/null
    fi
    if has_models; then
        info "There are models already: $(nim_folder)/cache stays as it is."
    elif will "Put the models into $(nim_folder)/cache"; then
        bring cache
        root_program "The models could not be unpacked." "Read the lines above; is there room on $(host_title)?" "$(nim_folder)" <<'END'
    rm -rf "$1/unpacking"
    mkdir -p "$1/unpacking"
    zstd -q -d -c "$1/archive/cache.tar.zst" | tar --extract --numeric-owner --directory "$1/unpacking"
    chown -R 1000:1000 "$1/unpacking/cache"
    rm -rf "$1/cache"
    mv "$1/unpacking/cache" "$1/cache"
    rm -rf "$1/unpacking" "$1/archive"
END
    fi
}

# bring NAME: gets the archive and checks it.
bring() {
    local file="$ARCHIVE/$1.tar.zst" bytes sum is
    need_zstd
    need_room "$(nim_folder)" 40
    read -r bytes sum < <(awk -v name="$1.tar.zst" '$1 == name { print $2, $3 }' "$SCRATCH/list")
    as_root install -d -m 700 "$ARCHIVE" </dev/null
    get_parts "$PREFIX/$1.tar.zst" "$bytes" "$file"
    is=$(file_facts "$file")
    [ "$is" = "$bytes $sum" ] || {
        as_root rm -f "$file" </dev/null
        fail "$1.tar.zst is not what was saved: its SHA-256 differs." "Run this again; where it fails again, remove s3://$BUCKET/$PREFIX and save anew (065)."
    }
}

validate_results() {
    has_image || fail "The image is not the pinned one, $IMAGE_DIGEST." "Run this again."
    has_models || fail "There are no models in $(nim_folder)/cache." "Run this again."
}

run_step "$@"
