#!/usr/bin/env bash
# 075: configures the Riva quickstart: speech recognition alone, with one streaming model.
#
# Needs:     the quickstart (070). QUICKSTART_MODEL and QUICKSTART_LANGUAGE name a model of its config.sh;
#            QUICKSTART_GPU the GPU. Unless TLS_MODE is disabled, the certificate of 095, which is
#            made now where it is missing.
# Changes:   config.sh of the quickstart on the GPU machine, in the lines that it concerns; the file as it
#            came stays beside it as config.sh.original. The server's certificate, in HOST_FOLDER/tls.
# Validates: before the new file takes its place, bash reads it, as NVIDIA's scripts will: it has to
#            know the model and the language, and list a model that streams.
# Undo:      copy config.sh.original over config.sh.
# Costs:     nothing.
# Runs: quickstart
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-host-tls.sh
. "$ROOT/scripts/lib/riva-host-tls.sh"
# shellcheck source=scripts/lib/riva-background.sh
. "$ROOT/scripts/lib/riva-background.sh"
# shellcheck source=scripts/lib/riva-quickstart.sh
. "$ROOT/scripts/lib/riva-quickstart.sh"

load_config() {
    use_quickstart
    need QUICKSTART_MODEL QUICKSTART_LANGUAGE QUICKSTART_GPU RIVA_PORT
}

validate_prerequisites() {
    use_ssh
    need_root
    need_quickstart
    use_certificate
}

report_state() { printf 'config.sh of %s asks for: %s' "$QUICKSTART_VERSION" "$(quickstart_says | model_names)"; }

# shellcheck disable=SC2153  # RIVA_PORT is a name of the configuration
# The lines of config.sh, NAME=VALUE as bash reads them. Those with a ? are left out where the version
# of the quickstart has no such name.
wanted() {
    local cert='' key='' authority='' mutual=false
    if [ "$TLS_MODE" != disabled ]; then cert="$TLS_FOLDER/server.pem" key="$TLS_FOLDER/server.key"; fi
    if [ "$TLS_MODE" = mtls ]; then authority="$TLS_FOLDER/ca.pem" mutual=true; fi
    cat <<END
service_enabled_asr=true
service_enabled_nlp=false?
service_enabled_tts=false
service_enabled_nmt=false?
asr_acoustic_model=("$QUICKSTART_MODEL")
asr_language_code=("$QUICKSTART_LANGUAGE")
asr_accessory_model=("$([ "$QUICKSTART_MODEL" != parakeet_1.1b ] || echo silero)")?
use_asr_streaming_throughput_mode=false?
gpus_to_use="device=$QUICKSTART_GPU"
riva_model_loc="$MODELS"
riva_speech_api_port="$RIVA_PORT"
ssl_server_cert="$cert"
ssl_server_key="$key"
ssl_root_cert="$authority"
ssl_use_mutual_auth=$mutual$([ "$mutual" = true ] || echo '?')
END
}

perform_operation() {
    local said
    if [ -n "$DRY_RUN" ]; then
        will "Write to $QUICKSTART/config.sh: $(wanted | tr -d '?' | paste -sd' ')" || true
        return 0
    fi
    # The container reads the key as root.
    install_certificate root
    as_root mkdir -p "$MODELS" </dev/null
    wanted >"$SCRATCH/wanted"
    edit_configuration
    if as_root cmp -s "$QUICKSTART/config.sh" "$QUICKSTART/config.sh.new" </dev/null; then
        as_root rm -f "$QUICKSTART/config.sh.new" </dev/null
        info "config.sh is as it should be."
        return 0
    fi
    said=$(quickstart_says config.sh.new) || fail "The quickstart refuses this: $(tail -n 1 <<<"$said")" \
        "Choose QUICKSTART_MODEL and QUICKSTART_LANGUAGE from asr_models_languages_map in $QUICKSTART/config.sh.original."
    # Some models come for whole files alone: with them there are no live captions.
    grep -q '/rmir_asr_.*_str' <<<"$said" || fail "$QUICKSTART_MODEL does not stream in the quickstart $QUICKSTART_VERSION." \
        "Take another: scripts/riva-005-configure.sh --set QUICKSTART_MODEL=parakeet-rnnt_1.1b_unified_ml_cs_universal"
    if will "Change config.sh"; then
        as_root cp -n "$QUICKSTART/config.sh" "$QUICKSTART/config.sh.original" </dev/null
        as_root mv -f "$QUICKSTART/config.sh.new" "$QUICKSTART/config.sh" </dev/null
    fi
}

# Makes config.sh.new. What config.sh computes from its values stays below them, as it was.
edit_configuration() {
    root_program "config.sh could not be changed." "Is $QUICKSTART/config.sh that of NVIDIA? Copy config.sh.original over it, then run this again." \
        "$QUICKSTART" "$(<"$SCRATCH/wanted")" <<'END'
cd "$1"
cp config.sh config.sh.new
while IFS= read -r line; do
    name=${line%%=*} optional=''
    if [[ $line == *'?' ]]; then optional=yes line=${line%'?'}; fi
    if ! grep -q "^$name=" config.sh.new; then
        [ -n "$optional" ] && continue
        echo "config.sh has no line $name="
        exit 1
    fi
    awk -v name="$name=" -v line="$line" 'index($0, name) == 1 { $0 = line } { print }' config.sh.new >config.sh.tmp
    mv config.sh.tmp config.sh.new
done <<<"$2"
END
}

validate_results() {
    local said text line
    said=$(quickstart_says) || fail "config.sh cannot be read: $(tail -n 1 <<<"$said")" "Copy config.sh.original over it, then run this again."
    [ "$(sed -n 3p <<<"$said")" = ours ] || fail "config.sh does not keep the models in $MODELS." "Run this again."
    text=$(host_reads "$QUICKSTART/config.sh")
    while IFS= read -r line; do
        # Paths are compared above, by the shell that will use them.
        [[ $line == *'?' || $line == *'"/'* ]] || grep -qxF -- "$line" <<<"$text" || fail "config.sh has no line $line." "Run this again."
    done < <(wanted)
    info "Models: $(model_names <<<"$said")"
}

run_step "$@"
