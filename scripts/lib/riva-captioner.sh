# shellcheck shell=bash
# Captioner itself, with the server of this configuration: what it is asked, and what it answered.
# Sourced after riva-common-functions.sh.

# Sets CAPTIONER to the program; that of this checkout is installed when it is missing.
use_captioner() {
    if [ -n "$CAPTIONER" ]; then
        [ -x "$CAPTIONER" ] || fail "$CAPTIONER is no program." "Name another in CAPTIONER in $ENV_FILE, or leave it empty."
        return 0
    fi
    CAPTIONER="$VENV/bin/captioner"
    is_installed .test-stamp '[media]' || is_installed .run-stamp '' || ! will "Install Captioner into $VENV" \
        || install_captioner .run-stamp ''
}

# become_captioner ARGUMENTS...: replaces this subshell by it, with the names of this configuration. It
# has a profile of its own, so that settings of yours neither help nor hinder.
become_captioner() {
    local line name file=()
    set +x
    [ ! -f "$ENV_FILE" ] || file=(--env-file "$ENV_FILE")
    for line in "${CONFIGURATION[@]}"; do
        name=${line%%|*}
        if [[ $name == RIVA_* && -n ${!name} ]]; then export "${name?}"; fi
    done
    if has_secret RIVA_API_KEY; then export RIVA_API_KEY="${SECRETS[RIVA_API_KEY]}"; fi
    exec "$CAPTIONER" --profile-dir "$WORK/profile" "${file[@]}" "$@"
}

# captioner_do ARGUMENTS...: what it prints goes on, what it says about a failure to the user. Exit
# code 1 without an error is a finding, which the caller reads from the output; all others end the step.
captioner_do() {
    local rc=0
    write_log DEBUG "captioner $*"
    (become_captioner "$@") 2>"$SCRATCH/captioner-errors" </dev/null || rc=$?
    [ ! -s "$SCRATCH/captioner-errors" ] || log_lines <"$SCRATCH/captioner-errors"
    if [ "$rc" = 0 ] || { [ "$rc" = 1 ] && ! grep -qE '^(Error: |Traceback )' "$SCRATCH/captioner-errors"; }; then
        return "$rc"
    fi
    captioner_failed "captioner $1 ended with code $rc." "Read the log: $LOG"
}

# captioner_failed MESSAGE FIX: ends the step with what Captioner said in SCRATCH/captioner-errors; with
# MESSAGE and FIX where it said nothing, though it can be started.
captioner_failed() {
    local said fix
    said=$(sed -n 's/^Error: //p' "$SCRATCH/captioner-errors" | tail -n 1)
    fix=$(sed -n 's/^Fix: //p' "$SCRATCH/captioner-errors" | tail -n 1)
    if [ -z "$said" ] && ! "$CAPTIONER" --version >/dev/null 2>"$SCRATCH/captioner-errors" </dev/null; then
        log_lines <"$SCRATCH/captioner-errors"
        fail "Captioner itself does not start: $(tail -n 1 "$SCRATCH/captioner-errors")" \
            "Install it anew: rm -f '$VENV'/.*-stamp && bash '$ROOT/scripts/run.sh' --version; or name another in CAPTIONER in $ENV_FILE."
    fi
    fail "${said:-$1}" "${fix:-$2}"
}

# The server's address, as people write it.
# shellcheck disable=SC2153  # both are names of the configuration
server_title() { printf '%s:%s' "$RIVA_HOST" "$RIVA_PORT"; }

need_server() {
    [ -n "$RIVA_HOST" ] || fail "RIVA_HOST is not set: nobody knows where the server is." \
        "Run scripts/riva-025-wait-for-instance.sh, or write RIVA_HOST=address to $ENV_FILE."
    need RIVA_HOST RIVA_PORT RIVA_SSL RIVA_TARGET_NAME RIVA_SSL_CERT RIVA_SSL_CLIENT_CERT RIVA_SSL_KEY CAPTIONER
}

# ---- results: JSON files that are kept, for 140 ----

results_folder() { printf '%s/results/%s' "$WORK" "$DEPLOYMENT_ID"; }

# result_file NAME: prints where this run of the step keeps its result, beside those of the same second.
result_file() {
    local stamp folder file number=1
    folder=$(results_folder)
    stamp=$(now | tr -d ':-')
    mkdir -p "$folder"
    file="$folder/$stamp-$1.json"
    while [ -e "$file" ]; do
        number=$((number + 1))
        file="$folder/$stamp.$number-$1.json"
    done
    printf '%s' "$file"
}

# keep_result NAME FILE: keeps it, as a whole; prints where.
keep_result() {
    local kept
    kept=$(result_file "$1")
    cp "$2" "$kept.new"
    mv -f "$kept.new" "$kept"
    printf '%s' "$kept"
}

# from_json FILE EXPRESSION [ARGUMENT]: prints what a Python expression says of `it`, what the file
# holds, and `argument`; a line for each item of a list.
from_json() {
    python3 -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    it = json.load(file)
said = eval(f"({sys.argv[2]})", {"it": it, "json": json, "argument": sys.argv[-1]})
for line in said if isinstance(said, list) else [said]:
    print("" if line is None else line)' "$@"
}

# ask_server: what `captioner doctor` finds out about the server, into SERVER, a file.
ask_server() {
    SERVER="$SCRATCH/server.json"
    captioner_do doctor --endpoint --json >"$SCRATCH/doctor.json" || true
    from_json "$SCRATCH/doctor.json" 'json.dumps(it["endpoints"][0])' >"$SERVER"
}
