# shellcheck shell=bash
# Messages of the numbered steps: time and level, to the console and to build/logs/riva-NNN-*.log, and
# no secret in either. Sourced by riva-common-functions.sh, after common.sh, whose messages it replaces.

# Puts the text into REDACTED, without any secret.
redact() {
    local - name
    set +x
    REDACTED=$1
    for name in "${!SECRETS[@]}"; do
        [ -z "${SECRETS[$name]}" ] || REDACTED=${REDACTED//"${SECRETS[$name]}"/"($name)"}
    done
}

write_log() {
    redact "$2"
    [ -z "$LOG" ] || printf '%s %-7s %s\n' "$(now)" "$1" "$REDACTED" >>"$LOG"
}

# say LEVEL COLOUR MESSAGE
say() {
    write_log "$1" "$3"
    printf '%s %s%-7s%s %s\n' "$(now)" "$2" "$1" "$PLAIN" "$REDACTED" >&2
}

info() { say INFO '' "$*"; }
step() { say INFO "$BOLD" "$*"; }
success() { say OK "$GREEN" "$*"; }
warn() { say WARNING "$YELLOW" "$*"; }

# fail MESSAGE FIX: says both and ends the step (or the subshell, which ends the step).
fail() {
    say ERROR "$RED" "$1"
    say FIX "$GREEN" "$2"
    exit 1
}
