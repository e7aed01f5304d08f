# shellcheck shell=bash
# Downloads whose first checksum is kept in .env and held from then on. They arrive on the GPU machine,
# as root's, or here where use_ssh was not called. Sourced after riva-host.sh.

# has_checksum FILE NAME: whether the file has the checksum that NAME holds.
has_checksum() { [ -n "${!2}" ] && [ "$(checksum "$1")" = "${!2}" ]; }

# Prints nothing where there is no such file.
checksum() { { as_root sha256sum "$1" </dev/null 2>/dev/null || true; } | cut -d' ' -f1; }

# curl_secret KIND: prints how NGC_API_KEY is shown, for curl's standard input: no argument has it.
curl_secret() {
    local -
    set +x
    # shellcheck disable=SC2016  # that is the name, dollar and all
    case $1 in
        user) printf 'user = "$oauthtoken:%s"\n' "$(secret NGC_API_KEY)" ;;
        bearer) printf 'header = "Authorization: Bearer %s"\n' "$(secret NGC_API_KEY)" ;;
        none) ;;
    esac
}

# download URL FILE NAME user|bearer|none: gets the file, going on where an earlier try ended. Where NAME
# has a checksum, another file is refused; where it has none, the file's is kept there.
download() {
    local url=$1 file=$2 name=$3 kind=$4 sum
    as_root mkdir -p "$(dirname "$file")" </dev/null
    if ! has_checksum "$file.part" "$name"; then
        curl_secret "$kind" | as_root curl --config - --fail --location --silent --show-error --retry 3 \
            --connect-timeout 20 --speed-limit 1000 --speed-time 60 --continue-at - --output "$file.part" "$url" \
            2>"$SCRATCH/curl-errors" || download_failed "$url"
    fi
    sum=$(checksum "$file.part")
    if [ -n "${!name}" ] && [ "$sum" != "${!name}" ]; then
        as_root rm -f "$file.part" </dev/null
        fail "$url is not what it was: its SHA-256 is $sum, and should be ${!name} ($name)." \
            "Find out why it changed. If the new file is meant, and $name is in $ENV_FILE, empty it there."
    fi
    [ -n "${!name}" ] || keep "$name" "$sum"
    as_root mv -f "$file.part" "$file" </dev/null
}

download_failed() {
    local said
    said=$(tail -n 1 "$SCRATCH/curl-errors")
    log_lines <"$SCRATCH/curl-errors"
    case $said in
        *401* | *403*) fail "$1 is refused: $said" "Is NGC_API_KEY valid, and may it use this? Make one at https://org.ngc.nvidia.com/setup/api-keys" ;;
        *404*) fail "$1 does not exist: $said" "Is the version in $ENV_FILE one that there is?" ;;
        *) fail "$1 could not be downloaded: $said" "Check the network, then run this again; it goes on where it ended." ;;
    esac
}
