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
