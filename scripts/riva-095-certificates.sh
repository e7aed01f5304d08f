#!/usr/bin/env bash
# 095: certificates for the server, and, with TLS_MODE=mtls, for its clients; a profile of Captioner
# that uses them.
#
# Needs:     .env (005), openssl 1.1.1 or newer. TLS_MODE says which: tls, mtls, or disabled.
# Changes:   ~/.config/captioner-DEPLOYMENT_ID-server: an authority of this deployment and the
#            server's certificate, or the one that TLS_CERT_FILE and TLS_KEY_FILE name;
#            ~/.config/captioner-DEPLOYMENT_ID: a profile with the server, the authority to trust and
#            the certificate that clients show. Copy that folder to the same place on another
#            computer, or import its settings.json there. RIVA_SSL, RIVA_SSL_CERT,
#            RIVA_SSL_CLIENT_CERT, RIVA_SSL_KEY and RIVA_TARGET_NAME in .env. Keys are readable by you
#            alone. The certificate is for the address, and for the name captioner-DEPLOYMENT_ID, which
#            clients look for: so it holds when the address changes.
#            What is good is left alone: run this again before a certificate expires (TLS_RENEW_DAYS),
#            and to have a new address in the profile. The authority stays, so that clients trust what
#            is new.
# Validates: signatures, pairs, names, dates and permissions; reads the profile back.
# Undo:      TLS_MODE=disabled in .env, and this again; remove the two folders.
# Costs:     nothing.
# Runs: always
#
# Options of this step:
#   --renew  makes new certificates now, by the authority that is there
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-captioner.sh
. "$ROOT/scripts/lib/riva-captioner.sh"

RENEW='' CHANGED=''

step_option() {
    [ "$1" = --renew ] || return 1
    RENEW=yes
}

load_config() {
    need DEPLOYMENT_ID RIVA_ENGINE TLS_MODE TLS_NAMES TLS_DAYS TLS_RENEW_DAYS TLS_CERT_FILE TLS_KEY_FILE TLS_CA_FILE
    need_server
    SERVER_FOLDER=$(server_folder)
    CLIENT_FOLDER=$(client_folder)
    NAMES=()
    local name
    for name in "$RIVA_HOST" localhost 127.0.0.1 "$(our_name)" ${TLS_NAMES//,/ }; do
        [[ " ${NAMES[*]} " == *" $name "* ]] || NAMES+=("$name")
    done
}

# The name that clients look for in a certificate of ours.
our_name() { printf '%s-%s' "$PROJECT" "$DEPLOYMENT_ID"; }

# The same for one that was given.
given_name() { if [ "$RIVA_TARGET_NAME" = "$(our_name)" ]; then printf '%s' "$RIVA_HOST"; else printf '%s' "${RIVA_TARGET_NAME:-$RIVA_HOST}"; fi; }

is_given() { [ -n "$TLS_CERT_FILE" ]; }

validate_prerequisites() {
    command -v openssl >/dev/null || fail "There is no openssl." "Install openssl."
    [ "$TLS_RENEW_DAYS" -lt "$TLS_DAYS" ] || fail "TLS_RENEW_DAYS ($TLS_RENEW_DAYS) is not below TLS_DAYS ($TLS_DAYS)." \
        "Write a smaller TLS_RENEW_DAYS to $ENV_FILE."
    if [ "$TLS_MODE" != disabled ]; then
        if is_given; then check_given_files; fi
        [ -z "$TLS_KEY_FILE$TLS_CA_FILE" ] || is_given \
            || fail "TLS_KEY_FILE or TLS_CA_FILE is set, but no TLS_CERT_FILE." "Name the certificate too, in $ENV_FILE."
        check_authority
    fi
    use_captioner
}

check_given_files() {
    local file days
    for file in "$TLS_CERT_FILE" "$TLS_KEY_FILE" ${TLS_CA_FILE:+"$TLS_CA_FILE"}; do
        [ -n "$file" ] || fail "TLS_CERT_FILE is set, but no TLS_KEY_FILE." "Name the key too, in $ENV_FILE."
        [ -r "$file" ] || fail "$file cannot be read." "Check its path and its permissions."
    done
    is_pair "$TLS_CERT_FILE" "$TLS_KEY_FILE" \
        || fail "$TLS_KEY_FILE is not the key of $TLS_CERT_FILE, or has a password." \
            "Name the two files that were made together; 'openssl pkey -in FILE -out NEW' takes a password away."
    [ -z "$TLS_CA_FILE" ] || openssl verify -no_check_time -CAfile "$TLS_CA_FILE" -untrusted "$TLS_CERT_FILE" "$TLS_CERT_FILE" >/dev/null 2>&1 \
        || fail "$TLS_CERT_FILE does not come from the authority $TLS_CA_FILE." "Name the authority that has signed it."
    is_for "$TLS_CERT_FILE" "$(given_name)" || fail "$TLS_CERT_FILE is not for $(given_name)." \
        "Get one with that name, or write the name that it is for as RIVA_TARGET_NAME to $ENV_FILE."
    days=$(days_left "$TLS_CERT_FILE")
    [ "$days" -ge 0 ] || fail "$TLS_CERT_FILE has expired." "Get a new one from whoever made it."
    [ "$days" -ge "$TLS_RENEW_DAYS" ] || warn "$TLS_CERT_FILE expires in $days days. Get a new one from whoever made it."
}

# An authority whose key is gone, or that ends soon, can sign nothing that lasts.
check_authority() {
    local authority="$SERVER_FOLDER/ca.pem" days
    [ -e "$authority" ] || return 0
    is_pair "$authority" "$SERVER_FOLDER/ca.key" || fail "The key of the authority in $SERVER_FOLDER is not there." \
        "Put ca.key back, or move the folder away and run this again; then every client needs the new profile."
    days=$(days_left "$authority")
    [ "$days" -ge "$TLS_DAYS" ] || fail "The authority in $SERVER_FOLDER ends in $days days, before what it would sign." \
        "Move the folder away and run this again; then every client needs the new profile."
}

report_state() {
    local file text=''
    for file in "$SERVER_FOLDER/ca.pem" "$SERVER_FOLDER/server.pem" "$CLIENT_FOLDER/client.pem"; do
        [ ! -e "$file" ] || text+="${text:+, }$(basename "$file" .pem) for $(days_left "$file") days"
    done
    printf 'TLS_MODE=%s; certificates: %s' "$TLS_MODE" "${text:-none}"
}

# is_good NAME FOLDER: whether the pair is one, of this authority, and lasts.
is_good() {
    [ -z "$RENEW" ] && is_pair "$2/$1.pem" "$2/$1.key" && is_signed "$2/$1.pem" "$SERVER_FOLDER/ca.pem" \
        && [ "$(days_left "$2/$1.pem")" -ge "$TLS_RENEW_DAYS" ]
}

is_for_all_names() {
    local name
    for name in "${NAMES[@]}"; do is_for "$1" "$name" || return 1; done
}

# The names as a certificate has them.
subject_names() {
    local name all=()
    for name in "${NAMES[@]}"; do
        if is_ip "$name"; then all+=("IP:$name"); else all+=("DNS:$name"); fi
    done
    join , "${all[@]}"
}

perform_operation() {
    if [ "$TLS_MODE" != disabled ]; then
        if { ! is_given || [ "$TLS_MODE" = mtls ]; } && ! is_pair "$SERVER_FOLDER/ca.pem" "$SERVER_FOLDER/ca.key" \
            && will "Make an authority for $PROJECT-$DEPLOYMENT_ID in $SERVER_FOLDER"; then
            make_authority
        fi
        server_certificate
        if [ "$TLS_MODE" = mtls ]; then client_certificate; fi
    fi
    keep_settings
    write_profile
}

server_certificate() {
    local pem="$SERVER_FOLDER/server.pem"
    if is_given; then
        if cmp -s "$TLS_CERT_FILE" "$pem" && cmp -s "$TLS_KEY_FILE" "$SERVER_FOLDER/server.key"; then
            info "The server's certificate is the one that was given."
        elif will "Take $TLS_CERT_FILE for the server"; then
            cp "$TLS_CERT_FILE" "$SCRATCH/server.pem"
            cp "$TLS_KEY_FILE" "$SCRATCH/server.key"
            put_pair server "$SERVER_FOLDER"
            CHANGED=yes
        fi
    elif is_good server "$SERVER_FOLDER" && is_for_all_names "$pem"; then
        info "The server's certificate is good for $(days_left "$pem") days."
    elif will "Make a certificate for $(join ', ' "${NAMES[@]}"), for $TLS_DAYS days"; then
        make_certificate server "$SERVER_FOLDER" serverAuth "$(subject_names)"
        CHANGED=yes
    fi
}

client_certificate() {
    if is_good client "$CLIENT_FOLDER"; then
        info "The clients' certificate is good for $(days_left "$CLIENT_FOLDER/client.pem") days."
    elif will "Make a certificate for clients, for $TLS_DAYS days"; then
        make_certificate client "$CLIENT_FOLDER" clientAuth
    fi
}

# The authority that clients trust; nothing where the system knows it.
trusted_authority() {
    if ! is_given; then printf '%s' "$SERVER_FOLDER/ca.pem"; else printf '%s' "$TLS_CA_FILE"; fi
}

# Puts the authority into the profile, and the names of the files into .env.
keep_settings() {
    local authority YES=$YES
    # What this step had written itself is replaced without a question.
    if [[ -z $RIVA_SSL_CERT || $RIVA_SSL_CERT == "$CLIENT_FOLDER"/* ]]; then YES=--yes; fi
    if [ "$TLS_MODE" = disabled ]; then
        keep RIVA_SSL false
        return 0
    fi
    authority=$(trusted_authority)
    if [ -n "$authority" ] && ! cmp -s "$authority" "$CLIENT_FOLDER/ca.pem" && will "Put the authority into $CLIENT_FOLDER"; then
        mkdir -p "$CLIENT_FOLDER"
        chmod 700 "$CLIENT_FOLDER"
        cp "$authority" "$CLIENT_FOLDER/ca.pem.new"
        mv -f "$CLIENT_FOLDER/ca.pem.new" "$CLIENT_FOLDER/ca.pem"
    fi
    keep RIVA_SSL true
    if ! is_given; then
        keep RIVA_TARGET_NAME "$(our_name)"
    elif [ "$RIVA_TARGET_NAME" = "$(our_name)" ]; then
        keep RIVA_TARGET_NAME ''
    fi
    keep RIVA_SSL_CERT "${authority:+$CLIENT_FOLDER/ca.pem}"
    if [ "$TLS_MODE" = mtls ]; then
        keep RIVA_SSL_CLIENT_CERT "$CLIENT_FOLDER/client.pem"
        keep RIVA_SSL_KEY "$CLIENT_FOLDER/client.key"
    else
        keep RIVA_SSL_CLIENT_CERT ''
        keep RIVA_SSL_KEY ''
    fi
}

# The server as a profile names it. Paths begin at the home folder, so that a copy of the profile works
# for another user.
profile_server() {
    python3 - "$HOME" "$PROJECT-$DEPLOYMENT_ID" "$RIVA_HOST" "$RIVA_PORT" "$RIVA_SSL" \
        "$RIVA_TARGET_NAME" "$RIVA_SSL_CERT" "$RIVA_SSL_CLIENT_CERT" "$RIVA_SSL_KEY" <<'END'
import json, sys
home, name, host, port, tls, target, *paths = sys.argv[1:]
server = {"name": name, "host": host, "port": int(port), "tls": tls == "true"}
if target and server["tls"]:
    server["target_name"] = target
for field, path in zip(("ca_file", "client_cert_file", "client_key_file"), paths):
    if path and server["tls"]:
        server[field] = "~" + path.removeprefix(home) if path.startswith(home + "/") else path
print(json.dumps(server))
END
}

is_in_profile() {
    [ -f "$CLIENT_FOLDER/settings.json" ] && [ "$(from_json "$CLIENT_FOLDER/settings.json" \
        'it.get("endpoints", [None])[0] == json.loads(argument)' "$1")" = True ]
}

write_profile() {
    local server
    server=$(profile_server)
    if is_in_profile "$server"; then
        info "The profile $CLIENT_FOLDER has the server already."
    elif will "Write the server to the profile $CLIENT_FOLDER"; then
        "$CAPTIONER" --profile-dir "$CLIENT_FOLDER" config set endpoints.0 "$server" \
            >/dev/null 2>"$SCRATCH/captioner-errors" </dev/null || {
            log_lines <"$SCRATCH/captioner-errors"
            captioner_failed "The profile could not be written." "Mend or move away $CLIENT_FOLDER/settings.json."
        }
    fi
}

# The steps that give the server its files.
deploying_steps() {
    case $RIVA_ENGINE in
        nim) printf 'scripts/riva-060-deploy-nim.sh' ;;
        quickstart) printf 'scripts/riva-075-configure-models.sh and 085' ;;
        *) printf 'scripts/riva-090' ;;
    esac
}

validate_results() {
    local file pem="$SERVER_FOLDER/server.pem"
    [ "$TLS_MODE" != disabled ] || return 0
    is_pair "$pem" "$SERVER_FOLDER/server.key" || fail "The server's key is not that of its certificate." "Run this again."
    is_for "$pem" "${RIVA_TARGET_NAME:-$RIVA_HOST}" || fail "The server's certificate is not for ${RIVA_TARGET_NAME:-$RIVA_HOST}." "Run this again."
    is_given || is_signed "$pem" "$CLIENT_FOLDER/ca.pem" || fail "The authority has not signed the server's certificate." "Run this again with --renew."
    if [ "$TLS_MODE" = mtls ]; then
        is_pair "$RIVA_SSL_CLIENT_CERT" "$RIVA_SSL_KEY" || fail "The clients' key is not that of their certificate." "Run this again."
        is_signed "$RIVA_SSL_CLIENT_CERT" "$SERVER_FOLDER/ca.pem" || fail "The authority has not signed the clients' certificate." "Run this again with --renew."
    fi
    for file in "$SERVER_FOLDER"/*.key "$CLIENT_FOLDER"/*.key; do
        [ ! -e "$file" ] || [ "$(stat -c %a "$file")" = 600 ] || fail "$file can be read by others." "chmod 600 '$file'"
    done
    is_in_profile "$(profile_server)" || fail "The profile $CLIENT_FOLDER does not have the server." "Run this again."
    # A step that deploys has this one run first (LOCK), and takes the files itself.
    if [ -n "$CHANGED" ] && [ -z "${LOCK:-}" ]; then
        info "A server that runs shows the certificate that it was started with, until this is run again: $(deploying_steps)"
    fi
    info "A client: captioner --profile-dir $CLIENT_FOLDER live; or import $CLIENT_FOLDER/settings.json in its settings."
}

run_step "$@"
