# shellcheck shell=bash
# Files made from scripts/templates. Sourced after riva-common-functions.sh.

declare -A FILL=()

# indent_lines SPACES TEXT
indent_lines() {
    local line
    [ -z "$2" ] || while IFS= read -r line; do printf '%s\n' "${line:+$1}$line"; done <<<"$2"
}

# fill TEMPLATE: prints a file of scripts/templates with the values of FILL in it. A line that is
# nothing but a name becomes all lines of its value, as far in; or no line, where that is empty.
fill() {
    local line name
    while IFS= read -r line; do
        if [[ $line =~ ^(\ *)@([A-Z_]+)@$ ]]; then
            indent_lines "${BASH_REMATCH[1]}" "${FILL[${BASH_REMATCH[2]}]}"
            continue
        fi
        for name in "${!FILL[@]}"; do line=${line//"@$name@"/"${FILL[$name]}"}; done
        printf '%s\n' "$line"
    done <"$ROOT/scripts/templates/$1"
}

# fill_tls: adds what Envoy needs to TRANSPORT, and its files of certificates to CERTIFICATE and AUTHORITY,
# for the TLS_MODE that is asked for.
fill_tls() {
    FILL+=([TRANSPORT]='' [CERTIFICATE]='' [AUTHORITY]='' [REQUIRE]='' [CLIENTS]='')
    [ "$TLS_MODE" != disabled ] || return 0
    FILL[CERTIFICATE]=$(fill envoy-certificate.yaml)
    if [ "$TLS_MODE" = mtls ]; then
        FILL[REQUIRE]='require_client_certificate: true'
        FILL[CLIENTS]=$(fill envoy-clients.yaml)
        FILL[AUTHORITY]=$(fill envoy-authority.yaml)
    fi
    FILL[TRANSPORT]=$(fill envoy-tls.yaml)
}
