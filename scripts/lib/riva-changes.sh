# shellcheck shell=bash
# What changes something is said, asked, and taken back. Sourced by riva-common-functions.sh.

# will MESSAGE: says what is done next and succeeds; a dry run only says it, and fails.
will() {
    if [ -n "$DRY_RUN" ]; then
        say DRY-RUN "$YELLOW" "Would: $*"
        return 1
    fi
    step "$*"
}

# will_be_asked QUESTION: whether the user agrees. --yes agrees; a dry run has nothing to agree to.
will_be_asked() {
    local answer
    if [ -n "$YES$DRY_RUN" ]; then return 0; fi
    [ -t 0 ] || fail "$* There is nobody to ask." "Run it in a terminal, or add --yes."
    printf '%s [y/N] ' "$*" >&2
    read -r answer
    write_log INFO "$* Answer: $answer"
    [[ $answer == [yY]* ]]
}

# confirm QUESTION: ends the step, with nothing changed, unless the user agrees.
confirm() { will_be_asked "$@" || fail "Not confirmed; nothing was changed." "Answer y to go on."; }

# undo_with COMMAND...: runs when the step fails later on; the last one runs first.
undo_with() { UNDO+=("$(printf '%q ' "$@")"); }

# What was done is complete in itself: a later failure leaves it.
undo_nothing() { UNDO=(); }

# wait_until SECONDS PAUSE MESSAGE COMMAND...: tries until the command succeeds; says how long it takes.
wait_until() {
    local limit=$1 pause=$2 message=$3 start=$SECONDS
    shift 3
    until "$@"; do
        [ "$((SECONDS - start))" -lt "$limit" ] || return 1
        info "$message ($((SECONDS - start)) s of at most $limit s)"
        sleep "$pause"
    done
}
