#!/usr/bin/env bash
# 120: from sound to captions, as a user has them: plays a recording into an output of its own, which
# nobody hears, and has Captioner caption what that output plays. Where there is no sound server, the
# recording goes to Captioner as a file.
#
# Needs:     a server that captions (115); for the sound PulseAudio or PipeWire, with pactl and paplay.
# Changes:   an output named captioner_proof, for as long as this step runs; keeps the figures in
#            build/riva/results.
# Validates: captions in order, no audio lost, at most PROOF_MAX_WER of a hundred words wrong.
# Undo:      remove the results.
# Costs:     takes as long as the recording.
# Runs: always
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"
# shellcheck source=scripts/lib/riva-proof.sh
. "$ROOT/scripts/lib/riva-proof.sh"

OUTPUT=captioner_proof

load_config() { need_proof; }

validate_prerequisites() {
    use_recording
    HAS_SOUND=
    if command -v pactl >/dev/null && command -v paplay >/dev/null && pactl info >/dev/null 2>&1; then
        HAS_SOUND=yes
    else
        info "There is no sound server here: the recording goes to Captioner as a file."
    fi
}

outputs() { pactl list short modules | awk -v name="sink_name=$OUTPUT" 'index($0, name) { print $1 }'; }

# Also one that a killed run has left.
remove_output() {
    local module
    for module in $(outputs); do pactl unload-module "$module"; done
}

# Whether somebody listens to what the output plays.
is_heard() {
    local monitor
    monitor=$(pactl list short sources | awk -v name="$OUTPUT.monitor" '$2 == name { print $1 }')
    pactl list short source-outputs | awk -v monitor="$monitor" '$2 == monitor { found = 1 } END { exit !found }'
}

perform_operation() {
    will "Caption ${PROOF_AUDIO:-the sample} through $(server_title)" || return 0
    if [ -n "$HAS_SOUND" ]; then
        caption_sound
    else
        caption --source "file:$AUDIO"
        captions_end
    fi
}

last_caption_is_finished() { tail -n 1 "$CAPTIONS" | grep -q '"type":"transcription"'; }

caption_sound() {
    remove_output
    pactl load-module module-null-sink "sink_name=$OUTPUT" "sink_properties=device.description=$OUTPUT" >/dev/null
    undo_with remove_output
    caption --source system --device "$OUTPUT"
    wait_a_moment 30 is_heard \
        || fail "Captioner does not hear the output: $(tail -n 1 "$SCRATCH/live-errors")" "Run: captioner doctor"
    paplay "--device=$OUTPUT" "$AUDIO" || fail "The recording could not be played." "paplay knows wav, flac and ogg: name such a file in PROOF_AUDIO."
    wait_a_moment 15 last_caption_is_finished || true
    stop_captioning
    captions_end
    remove_output
}

validate_results() {
    local said
    said=$(captions_are_in_order "$CAPTIONS") || fail "The captions are not as they should be: $said." "Run scripts/riva-115-streaming.sh."
    info "Captions: $said"
    words_are_right end-to-end "$([ -n "$HAS_SOUND" ] && echo sound || echo file)"
}

run_step "$@"
