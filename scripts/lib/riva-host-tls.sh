# shellcheck shell=bash
# The server's certificate on the GPU machine. Sourced after riva-host.sh and riva-tls.sh.

# Sets TLS_FOLDER to where the pair is on the GPU machine, and PAIR to its files here; makes the
# certificates where 095 has not been run yet, so that a server never begins without encryption.
use_certificate() {
    need TLS_MODE HOST_FOLDER
    TLS_FOLDER="$HOST_FOLDER/tls"
    PAIR=()
    [ "$TLS_MODE" != disabled ] || return 0
    PAIR=(server.pem server.key)
    [ "$TLS_MODE" = tls ] || PAIR+=(ca.pem)
    has_pair && return 0
    will "Make the certificates first: scripts/riva-095-certificates.sh" || return 0
    # The lock of this step is not for its own helper.
    LOCK=within run_script "$ROOT/scripts/riva-095-certificates.sh" --env-file "$ENV_FILE" ${YES:+"$YES"} \
        || fail "There is no certificate for the server." "Mend what 095 says, or set TLS_MODE=disabled in $ENV_FILE."
    read_env
}

has_pair() {
    local file
    for file in "${PAIR[@]}"; do [ -r "$(server_folder)/$file" ] || return 1; done
}

# Prints a checksum of the certificate as it is here; of nothing where there is none.
certificate_sum() {
    local file
    for file in ${PAIR[@]+"${PAIR[@]}"}; do cat "$(server_folder)/$file" 2>/dev/null; done | sha256sum | cut -d' ' -f1
}

# shellcheck disable=SC2016  # that is for the shell there
# install_certificate OWNER: copies the files to the GPU machine, through standard input, where others
# are there; OWNER alone can read them.
install_certificate() {
    local file is
    for file in ${PAIR[@]+"${PAIR[@]}"}; do
        is=$(as_root sh -c 'sha256sum <"$1"; stat -c "%U %a" "$1"' sh "$TLS_FOLDER/$file" </dev/null 2>/dev/null | tr -s '\n -' ' ') || true
        [ "$is" != "$(sha256sum <"$(server_folder)/$file" 2>/dev/null | cut -d' ' -f1) $1 600 " ] || continue
        will "Copy $file to $(host_title), for $1" || continue
        as_root install -d -m 750 -o "$1" -g "$1" "$TLS_FOLDER" </dev/null
        as_root install -m 600 -o "$1" -g "$1" /dev/stdin "$TLS_FOLDER/$file.new" <"$(server_folder)/$file"
        as_root mv -f "$TLS_FOLDER/$file.new" "$TLS_FOLDER/$file" </dev/null
    done
}
