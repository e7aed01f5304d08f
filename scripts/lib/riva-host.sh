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
