# shellcheck shell=bash
# The GPU machine, reached by SSH unless it is this one. Sourced after riva-common-functions.sh.

SSH=()

key_file() { printf %s "${SSH_KEY_FILE:-$HOME/.ssh/$PROJECT-$DEPLOYMENT_ID}"; }

# Keys of hosts that this deployment met: a file of its own, which goes when its machine goes.
known_hosts_file() { printf '%s.known_hosts' "$(key_file)"; }

# Sets SSH to the command that reaches the machine. It never asks; the machine's key is learnt at the
# first meeting and kept under the deployment's name, since the address changes with every start.
use_ssh() {
    [ -n "$RIVA_HOST" ] || fail "RIVA_HOST is not set: nobody knows where the GPU machine is." \
        "Run scripts/riva-025-wait-for-instance.sh, or write RIVA_HOST=address to $ENV_FILE."
    case $RIVA_HOST in localhost | 127.0.0.1 | ::1) return 0 ;; esac
    [ -r "$(key_file)" ] || fail "There is no SSH key $(key_file)." "Name it: SSH_KEY_FILE in $ENV_FILE."
    SSH=(ssh -i "$(key_file)" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10
        -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o StrictHostKeyChecking=accept-new
        -o "UserKnownHostsFile=$(known_hosts_file)" -o "HostKeyAlias=$PROJECT-$DEPLOYMENT_ID"
        "$SSH_USER@$RIVA_HOST")
}

# on_host COMMAND...: runs a command on the GPU machine; a secret goes through its standard input.
on_host() {
    if [ "${#SSH[@]}" -eq 0 ]; then "$@"; else "${SSH[@]}" "$(printf '%q ' "$@")"; fi
}

# ---- as its root ----

SUDO=()

# Sets how as_root becomes root: not at all, or with sudo, which must not ask.
need_root() {
    local said
    said=$(on_host id -u </dev/null 2>"$SCRATCH/host-errors") || {
        log_lines <"$SCRATCH/host-errors"
        fail "$(host_title) does not answer: $(tail -n 1 "$SCRATCH/host-errors")" "Run scripts/riva-025-wait-for-instance.sh, or check RIVA_HOST, SSH_USER and SSH_KEY_FILE in $ENV_FILE."
    }
    [ "$said" != 0 ] || return 0
    on_host sudo -n true </dev/null 2>/dev/null || fail "sudo asks for a password on $(host_title)." \
        "$(if [ "${#SSH[@]}" -eq 0 ]; then echo "Run 'sudo -v' in this terminal, then this again at once."; else echo "Let $SSH_USER use sudo there without a password."; fi)"
    SUDO=(sudo -n)
}

as_root() { on_host "${SUDO[@]}" "$@"; }

# The GPU machine, as people call it.
host_title() { if [ "${#SSH[@]}" -eq 0 ]; then printf 'this machine'; else printf '%s' "$RIVA_HOST"; fi; }

# root_program MESSAGE FIX [ARGUMENT...]: runs the bash program on standard input as root of the GPU
# machine, with its output in the log; ends the step with the message where it fails.
root_program() {
    local message=$1 fix=$2
    shift 2
    # A function is read as a whole before it runs: what runs in it cannot eat the rest of it.
    { printf 'set -euo pipefail\nprogram() {\n'; cat; printf '}\nprogram "$@" </dev/null\n'; } >"$SCRATCH/program"
    logged "$message" "$fix" run_program "$@"
}

run_program() { as_root bash -s -- "$@" <"$SCRATCH/program"; }
