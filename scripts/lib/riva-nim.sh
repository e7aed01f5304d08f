# shellcheck shell=bash
# Which NIM is meant. Sourced after riva-common-functions.sh.

# Where all of NVIDIA's speech images are.
NIM_REGISTRY=nvcr.io/nim/nvidia

# shellcheck disable=SC2034  # set for the caller
# Sets IMAGE (its parts are IMAGE_REPOSITORY and IMAGE_TAG), IMAGE_SELECTOR, and IMAGE_DIGEST, which is
# empty until 055 has pulled this image once. The tags and selectors are those that NVIDIA's own voice
# agent runs (docker/docker-compose.*-asr.yaml of github.com/NVIDIA-AI-Blueprints/nemotron-voice-agent,
# read in November 2026).
use_nim_image() {
    local image selector pinned
    NIM_MODEL=${NIM_MODEL:-rnnt}
    need NIM_MODEL NIM_IMAGE NIM_IMAGE_DIGEST NIM_TAGS_SELECTOR
    case $NIM_MODEL in
        rnnt) image=parakeet-1-1b-rnnt-multilingual:1.5.0 selector='mode=str,vad=silero,type=default' ;;
        ctc) image=parakeet-1-1b-ctc-en-us:1.5.3 selector='mode=str,vad=silero' ;;
        nemotron) image=nemotron-asr-streaming:1.4.0 selector='type=en-US,mode=str' ;;
    esac
    IMAGE=${NIM_IMAGE:-$NIM_REGISTRY/$image}
    IMAGE_DIGEST=
    for pinned in "$NIM_IMAGE_DIGEST" "$IMAGE"; do
        [[ $pinned != "${IMAGE%@*}@"* ]] || IMAGE_DIGEST=${pinned#*@}
    done
    IMAGE=${IMAGE%@*}
    IMAGE_REPOSITORY=${IMAGE%:*}
    IMAGE_TAG=${IMAGE##*:}
    IMAGE_SELECTOR=${NIM_TAGS_SELECTOR:-$selector}
}

# ---- the image on the GPU machine ----

# Everything that NIM has there.
nim_folder() { printf '%s/nim' "$HOST_FOLDER"; }

image_id() { docker_try image inspect --format '{{.Id}}' "$IMAGE"; }

# An image that was restored from a file has no digest that Docker knows: so the folder holds which
# image was found to be the pinned one.
note_image() {
    printf '%s@%s %s\n' "$IMAGE" "$IMAGE_DIGEST" "$(image_id)" | as_root install -D -m 600 /dev/stdin "$(nim_folder)/image"
}

# Whether the machine has the image that is pinned.
has_image() {
    local id
    [ -n "$IMAGE_DIGEST" ] && id=$(image_id) \
        && [ "$(as_root cat "$(nim_folder)/image" 2>/dev/null </dev/null)" = "$IMAGE@$IMAGE_DIGEST $id" ]
}

# Keeps in .env what was got. Where another image was pinned before, nobody asks: that one stays pinned
# in no other way than by the name of the image, which is not its own any more.
keep_digest() {
    local YES=$YES
    [[ $NIM_IMAGE_DIGEST == "$IMAGE@"* ]] || YES=--yes
    IMAGE_DIGEST=$1
    keep NIM_IMAGE_DIGEST "$IMAGE@$1"
}

# need_room FOLDER GB: fails where the volume that holds it on the GPU machine has less free.
need_room() {
    local free
    # shellcheck disable=SC2016  # expands there
    free=$(on_host sh -c 'while [ ! -e "$1" ]; do set -- "$(dirname "$1")"; done; df --output=avail -BG "$1"' sh "$1" </dev/null | tail -n 1)
    free=${free//[!0-9]/}
    [ "${free:-0}" -ge "$2" ] || fail "There are ${free:-0} GB free for $1 on $(host_title); $2 are needed." \
        "Make room there, or take a larger volume (AWS_VOLUME_GB), or another folder (HOST_FOLDER)."
}
