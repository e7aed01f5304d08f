# shellcheck shell=bash
# What all riva-NNN scripts share: the frame that a step runs in, its messages, its configuration.
#
# A step sources this file after `set -euo pipefail`, defines four functions and ends with
# `run_step "$@"`, which calls them in this order:
#
#   load_config             need NAME...: checks what the step uses
#   validate_prerequisites  whatever must be so before anything is changed
#   perform_operation       changes only below `if will "..."; then`; `undo_with` for what to take back
#   validate_results        reads back what is there now; not called by --dry-run
#
# A step may also define step_option (its own options) and report_state (one line of what there is,
# logged before and after). Its first comment is what --help shows; there the line "Runs:" says when
# riva-000-run-all.sh runs it: always, when DEPLOY_ON or RIVA_ENGINE is one of the words that stand
# there (aws, host; nim, quickstart, nemo), or by hand.

if [ "${BASH_VERSINFO[0]}" -lt 4 ] || { [ "${BASH_VERSINFO[0]}" -eq 4 ] && [ "${BASH_VERSINFO[1]}" -lt 4 ]; }; then
    echo "Error: bash $BASH_VERSION is too old. Fix: install bash 4.4 or newer (macOS: brew install bash)." >&2
    exit 1
fi

# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/lib/riva-messages.sh
. "$ROOT/scripts/lib/riva-messages.sh"
# shellcheck source=scripts/lib/riva-values.sh
. "$ROOT/scripts/lib/riva-values.sh"
# shellcheck source=scripts/lib/riva-env.sh
. "$ROOT/scripts/lib/riva-env.sh"
# shellcheck source=scripts/lib/riva-changes.sh
. "$ROOT/scripts/lib/riva-changes.sh"

# shellcheck disable=SC2034  # the tag and the prefix of all names; read by lib/riva-aws.sh, riva-host.sh
PROJECT=captioner
ENV_FILE=${RIVA_ENV_FILE:-"$ROOT/.env"}
STEP=$(basename "$0" .sh)
NUMBER=${STEP#riva-}
NUMBER=${NUMBER%%-*}
WORK="$ROOT/build/riva"  # locks, progress, the AWS CLI: all of it can be made again
DRY_RUN='' YES='' NEXT='' SCRATCH='' TERMINAL='' UNDO=()

# ---- configuration ----

# need NAME...: fails where a name has no good value, and says which.
need() {
    local name bad=()
    for name in "$@"; do
        row "$name" || fail "$name is not in the table of names." "Add it to CONFIGURATION in scripts/lib/riva-env.sh."
        if is_secret "$name"; then
            has_secret "$name" || bad+=("$name is not set")
        elif ! check_value "$KIND" "${!name}"; then
            bad+=("$name $PROBLEM${!name:+" (it is '${!name}')"}")
        fi
    done
    [ "${#bad[@]}" -eq 0 ] || fail "$(join '; ' "${bad[@]}")." "$(fix_of "${bad[0]%% *}")"
}

# join SEPARATOR TEXT...
join() {
    local separator=$1 text=$2
    shift 2
    printf %s "$text"
    [ $# -eq 0 ] || printf %s "${@/#/$separator}"
}

# keep NAME VALUE: writes what a step has found into ENV_FILE; another value there is replaced only
# when the user says so.
keep() {
    local old
    old=$(in_file "$1")
    [ "$old" != "$2" ] || return 0
    if [ -n "$old" ]; then
        will_be_asked "$1 in $ENV_FILE is $old. Replace it by $2?" || return 0
    fi
    if will "Write $1=$2 to $ENV_FILE"; then
        write_env "$1" <<<"$2"
        printf -v "$1" %s "$2"
    fi
}

# ---- the frame ----

# The first comment of a script, without the first line.
show_help() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    cat <<'END'

Options of every step:
  --dry-run        says what it would change, and changes nothing
  --yes            agrees to all questions
  --env-file FILE  reads and writes FILE instead of .env of the checkout
  --help           shows this
END
}

# Takes the options that every step has; step_option "$@" sets TAKEN to how many words it took.
take_options() {
    while [ $# -gt 0 ]; do
        TAKEN=1
        case $1 in
            --help | -h)
                show_help
                exit 0
                ;;
            --dry-run) DRY_RUN=--dry-run ;;
            --yes | -y) YES=--yes ;;
            --env-file)
                [ -n "${2:-}" ] || fail "--env-file wants a file." "--env-file /path/to/.env"
                ENV_FILE=$2
                TAKEN=2
                ;;
            *)
                { declare -F step_option >/dev/null && step_option "$@"; } \
                    || fail "There is no option '$1'." "See $0 --help"
                ;;
        esac
        shift "$TAKEN"
    done
    ENV_FILE=$(realpath -m -- "$ENV_FILE")
}

# Prints a name for this configuration's files below WORK.
configuration_id() { printf '%s-%s' "$(basename "$ENV_FILE")" "$(cksum <<<"$ENV_FILE" | cut -d' ' -f1)"; }

# lock NAME: one step at a time for one configuration; freed when the process ends, however it does.
lock() {
    local file holder descriptor
    mkdir -p "$WORK"
    file="$WORK/$(configuration_id).$1.lock"
    exec {descriptor}>>"$file"
    if ! flock --nonblock "$descriptor"; then
        holder=$(<"$file")
        fail "Another step works with $ENV_FILE: $holder." "Wait until it ends, or end it."
    fi
    printf '%s, process %s\n' "$STEP" "$$" >"$file"
}

# Runs at the end of the process: cleans up, and takes back what an unfinished step began.
finish() {
    local rc=$? i
    trap '' INT TERM
    trap - EXIT
    set +e
    exec 2>&"$CONSOLE"  # a signal may have come where it went to a file
    if [ "$rc" -ne 0 ]; then
        for ((i = ${#UNDO[@]} - 1; i >= 0; i--)); do
            warn "Taking back: ${UNDO[i]}"
            (eval "${UNDO[i]}") || warn "That could not be taken back; scripts/riva-999-tear-down.sh finds it."
        done
        say ERROR "$RED" "$STEP did not finish (exit code $rc). It can be run again. The log is $LOG"
    fi
    [ -z "$TERMINAL" ] || stty "$TERMINAL"
    [ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
    exit "$rc"
}

# The values in use, without secrets.
report_configuration() {
    local line name
    for line in "${CONFIGURATION[@]}"; do
        name=${line%%|*}
        if is_secret "$name"; then
            write_log DEBUG "$name $(has_secret "$name" && echo "is set" || echo "is not set")"
        else
            write_log DEBUG "$name=${!name}"
        fi
    done
}

# state WORD: logs what there is before or after the step.
state() { ! declare -F report_state >/dev/null || info "$1: $(report_state)"; }

run_step() {
    take_options "$@"
    umask 077
    open_log "$STEP"
    exec {CONSOLE}>&2
    SCRATCH=$(mktemp -d)
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    command -v flock >/dev/null || fail "There is no flock." "Install util-linux (macOS: brew install flock)."
    lock "${LOCK:-step}"
    read_env
    step "$STEP${DRY_RUN:+ (dry run)}"
    load_config
    report_configuration
    validate_prerequisites
    state Before
    perform_operation
    if [ -n "$DRY_RUN" ]; then
        success "Dry run: nothing was changed."
        return 0
    fi
    validate_results
    state After
    undo_nothing
    success "$STEP is done."
    show_next
}

# ---- the order of the steps ----

STEPS=("$ROOT"/scripts/riva-[0-9][0-9][0-9]-*.sh)

# Whether a script is one of those that stand up this deployment: "by hand" is none.
in_route() {
    local words word
    read -ra words < <(sed -n 's/^# Runs: *//p' "$1") || true
    for word in "${words[@]}"; do
        if is_chosen "$word"; then return 0; fi
    done
    return 1
}

number_of() { basename "$1" | cut -c6-8; }

# Says which script comes next: NEXT where the step set it, else the following one of the route.
show_next() {
    local script
    for script in "${STEPS[@]}"; do
        if [ -z "$NEXT" ] && [ "$(number_of "$script")" -gt "$((10#$NUMBER))" ] && in_route "$script"; then
            NEXT=scripts/$(basename "$script")
        fi
    done
    [ -z "$NEXT" ] || info "Next: $NEXT"
}
