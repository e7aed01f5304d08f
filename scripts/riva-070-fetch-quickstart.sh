#!/usr/bin/env bash
# 070: downloads NVIDIA's Riva quickstart to the GPU machine: traditional Riva, for GPUs or licences that
# do not run NIM.
#
# Needs:     Docker with the GPU on the GPU machine (040, 045), RIVA_ENGINE=quickstart. QUICKSTART_VERSION is
#            the pinned version; 2.19.0 is the last one for servers. The download needs no account, as a
#            rule; NGC_API_KEY is shown when it is set.
# Changes:   the folder riva_quickstart_vVERSION in HOST_FOLDER there. The checksum of the first download
#            is kept as QUICKSTART_SHA256 in .env, and another file is refused from then on. A folder
#            that is there with something else is moved aside, never overwritten.
# Validates: the scripts of the quickstart are there, and bash can read them.
# Undo:      remove the folder; what fails half way leaves none.
# Costs:     nothing.
# Runs: quickstart
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-download.sh
. "$ROOT/scripts/lib/riva-download.sh"
# shellcheck source=scripts/lib/riva-background.sh
. "$ROOT/scripts/lib/riva-background.sh"
# shellcheck source=scripts/lib/riva-quickstart.sh
. "$ROOT/scripts/lib/riva-quickstart.sh"

# As NGC's catalogue gives it for plain HTTPS.
RESOURCE=https://api.ngc.nvidia.com/v2/resources/nvidia/riva/riva_quickstart/versions

load_config() {
    use_quickstart
    need QUICKSTART_SHA256
}

validate_prerequisites() {
    use_ssh
    need_root
    on_host sh -c 'command -v curl && command -v python3 && command -v sha256sum' </dev/null >/dev/null \
        || fail "curl, python3 or sha256sum is missing on $(host_title)." "Install them there: sudo apt-get install curl python3 coreutils"
}

is_there() { [ -n "$QUICKSTART_SHA256" ] && [ "$(host_reads "$QUICKSTART/captioner-sha256")" = "$QUICKSTART_SHA256" ]; }

report_state() { if is_there; then printf '%s is on %s' "$QUICKSTART" "$(host_title)"; else printf 'no such quickstart on %s' "$(host_title)"; fi; }

perform_operation() {
    local zip="$HOST_FOLDER/riva_quickstart_v$QUICKSTART_VERSION.zip" kind=none
    if is_there; then
        info "$QUICKSTART is there."
        return 0
    fi
    will "Download the Riva quickstart $QUICKSTART_VERSION to $(host_title)" || return 0
    if has_secret NGC_API_KEY; then kind=bearer; fi
    download "$RESOURCE/$QUICKSTART_VERSION/zip" "$zip" QUICKSTART_SHA256 "$kind"
    root_program "The quickstart could not be unpacked on $(host_title)." "Is there room, and is QUICKSTART_VERSION right? Then run this again." \
        "$zip" "$QUICKSTART" "$QUICKSTART_SHA256" <<'END'
zip=$1 folder=$2 sum=$3
rm -rf "$folder.new"
python3 -m zipfile -e "$zip" "$folder.new"
start=$(find "$folder.new" -maxdepth 3 -name riva_start.sh -print -quit)
[ -n "$start" ] || { echo "there is no riva_start.sh in it"; exit 1; }
inner=$(dirname "$start")
printf %s "$sum" >"$inner/captioner-sha256"
[ ! -e "$folder" ] || mv "$folder" "$folder.$(date +%Y%m%dT%H%M%S)"
rm -f "$zip"
mv "$inner" "$folder"
rm -rf "$folder.new"
END
}

validate_results() {
    need_quickstart
    # shellcheck disable=SC2016  # that is for the shell there
    as_root bash -c 'cd "$1" && shift && for file in "$@"; do bash -n "$file" || exit 1; done' bash "$QUICKSTART" "${QUICKSTART_FILES[@]}" \
        </dev/null 2>/dev/null || fail "$QUICKSTART holds no scripts of bash." "Empty QUICKSTART_SHA256 in $ENV_FILE, remove $QUICKSTART, and run this again."
    is_there || fail "$QUICKSTART is not what was downloaded." "Run this again."
}

run_step "$@"
