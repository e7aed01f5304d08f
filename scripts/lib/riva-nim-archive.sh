# shellcheck shell=bash
# What 065 saves and 066 restores. Sourced after riva-nim.sh and riva-bucket.sh.

# shellcheck disable=SC2034  # set for the caller
# Sets ARCHIVE, the folder of the archives on the GPU machine, and PREFIX, where they are in the bucket.
use_archive() {
    use_aws
    need RIVA_HOST SSH_USER SSH_KEY_FILE HOST_FOLDER
    [ "$DEPLOY_ON" = aws ] || fail "DEPLOY_ON is $DEPLOY_ON: there is no S3 for it." "Copy HOST_FOLDER/nim/cache yourself, and the image with docker save."
    use_nim_image
    ARCHIVE="$(nim_folder)/archive"
    PREFIX="nim/${IMAGE##*/}"
}

need_zstd() {
    as_root sh -c 'command -v zstd' </dev/null >/dev/null 2>&1 && return 0
    root_program "zstd could not be installed." "Install zstd on $(host_title), then run this again." <<'END'
    apt-get -o DPkg::Lock::Timeout=600 update
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends install zstd
END
}

# file_facts FILE: prints size and SHA-256 of a file there.
# shellcheck disable=SC2016  # expands there
file_facts() { as_root sh -c 'stat -c %s "$1"; sha256sum <"$1" | cut -d" " -f1' sh "$1" </dev/null | paste -sd ' ' -; }
