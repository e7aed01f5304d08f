# shellcheck shell=bash
# Certificates: the authority of this deployment, what it signs, and what a certificate says.
# Sourced after riva-common-functions.sh. Keys are files of their owner alone; no key is ever an
# argument of a program.

AUTHORITY_DAYS=3650

settings_folder() { printf '%s/%s-%s' "${XDG_CONFIG_HOME:-$HOME/.config}" "$PROJECT" "$DEPLOYMENT_ID"; }

# The authority and the server's pair: they stay on this machine, but for what the server needs.
server_folder() { printf '%s-server' "$(settings_folder)"; }

# A profile of Captioner: what a client needs, to be copied to other computers.
client_folder() { settings_folder; }

# ---- what a certificate says ----

# days_left FILE: whole days of validity; below zero when it has expired.
days_left() {
    local end
    end=$(openssl x509 -in "$1" -noout -enddate) || return 1
    printf '%s' $((($(date -d "${end#*=}" +%s) - $(date +%s)) / 86400))
}

is_ip() { [[ $1 =~ ^[0-9]+(\.[0-9]+){3}$ || $1 == *:* ]]; }

# is_for FILE NAME: whether the certificate is for this name or address.
is_for() {
    local kind=-checkhost
    if is_ip "$2"; then kind=-checkip; fi
    openssl x509 -in "$1" -noout "$kind" "$2" | grep -q 'does match'
}

# is_pair CERTIFICATE KEY: whether the key is that of the certificate.
is_pair() {
    local public
    public=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) || return 1
    [ "$public" = "$(openssl pkey -in "$2" -passin pass: -pubout 2>/dev/null)" ]
}

# is_signed FILE AUTHORITY: whether the authority has signed it. Not whether it is valid today.
is_signed() { openssl verify -no_check_time -CAfile "$2" "$1" >/dev/null 2>&1; }

# ---- making them ----

# OpenSSL's own configuration differs from system to system: this one replaces it.
write_openssl_configuration() {
    cat <<'END'
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
END
}

# openssl_do ARGUMENTS...: what it says goes to the log; a failure ends the step.
openssl_do() {
    logged "OpenSSL failed: openssl $1." "Read the lines above; OpenSSL must be 1.1.1 or newer." \
        openssl "$@"
}

# make_key NAME: makes SCRATCH/NAME.key.
make_key() { openssl_do genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$SCRATCH/$1.key"; }

# put_pair NAME FOLDER: moves a new pair to its place; a pair that is there is replaced. A process
# that is killed between the two leaves files that are no pair: is_pair finds that.
put_pair() {
    mkdir -p "$2"
    chmod 700 "$2"
    chmod 600 "$SCRATCH/$1.key"
    cp "$SCRATCH/$1.key" "$2/$1.key.new"
    cp "$SCRATCH/$1.pem" "$2/$1.pem.new"
    mv -f "$2/$1.key.new" "$2/$1.key"
    mv -f "$2/$1.pem.new" "$2/$1.pem"
}

make_authority() {
    write_openssl_configuration >"$SCRATCH/openssl.cnf"
    make_key ca
    openssl_do req -new -x509 -config "$SCRATCH/openssl.cnf" -extensions authority -sha256 \
        -key "$SCRATCH/ca.key" -subj "/CN=$PROJECT $DEPLOYMENT_ID authority" -days "$AUTHORITY_DAYS" \
        -out "$SCRATCH/ca.pem"
    put_pair ca "$(server_folder)"
}

# make_certificate NAME FOLDER USAGE [SUBJECT-NAMES]: a pair that the authority signs.
make_certificate() {
    local authority
    authority=$(server_folder)
    write_openssl_configuration >"$SCRATCH/openssl.cnf"
    printf 'extendedKeyUsage = %s\n' "$3" >>"$SCRATCH/openssl.cnf"
    [ -z "${4:-}" ] || printf 'subjectAltName = %s\n' "$4" >>"$SCRATCH/openssl.cnf"
    make_key "$1"
    openssl_do req -new -config "$SCRATCH/openssl.cnf" -key "$SCRATCH/$1.key" \
        -subj "/CN=$PROJECT $DEPLOYMENT_ID $1" -out "$SCRATCH/$1.csr"
    openssl_do x509 -req -in "$SCRATCH/$1.csr" -CA "$authority/ca.pem" -CAkey "$authority/ca.key" \
        -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$TLS_DAYS" \
        -extfile "$SCRATCH/openssl.cnf" -extensions leaf -out "$SCRATCH/$1.pem"
    put_pair "$1" "$2"
}
