# shellcheck shell=bash
# The container of the NIM as Compose describes it, and its files on the GPU machine. Sourced after
# riva-nim.sh and riva-tls.sh.

# nim_compose CONFIGURATION: prints the description. CONFIGURATION marks what the container was made
# from. Names of what NIM reads: https://docs.nvidia.com/nim/speech/latest/deployment/docker/runtime-parameters.html;
# health check and limits of logs as in NVIDIA's voice agent (see riva-nim.sh). Not confirmed against a
# running NIM: the names of the TLS files (they are those of other NIMs).
nim_compose() {
    cat <<END
# Written by scripts/riva-060-deploy-nim.sh, which replaces it.
services:
  nim:
    container_name: $(engine_container)
    image: "$IMAGE"
    pull_policy: never
    restart: unless-stopped
    runtime: nvidia
    env_file: nim.env
    environment:
      NIM_HTTP_API_PORT: "9000"
      NIM_GRPC_API_PORT: "50051"
      NIM_TAGS_SELECTOR: "$IMAGE_SELECTOR"
      NIM_SSL_MODE: "${TLS_MODE^^}"
END
    if [ "$TLS_MODE" != disabled ]; then
        cat <<END
      NIM_SSL_CERT_PATH: /opt/nim/tls/server.pem
      NIM_SSL_KEY_PATH: /opt/nim/tls/server.key
END
    fi
    [ "$TLS_MODE" != mtls ] || printf '      NIM_SSL_CA_CERTS_PATH: /opt/nim/tls/ca.pem\n'
    cat <<END
    ports:
      - "9000:9000"
      - "50051:50051"
    volumes:
      - "$(nim_folder)/cache:/opt/nim/.cache"
      - "$(nim_folder)/tls:/opt/nim/tls:ro"
    shm_size: 8gb
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              device_ids: ["$NIM_GPU"]
              capabilities: [gpu]
    security_opt:
      - no-new-privileges:true
    stop_grace_period: 30s
    logging:
      driver: json-file
      options:
        max-size: 50m
        max-file: "5"
    healthcheck:
      test: ["CMD", "python3", "-c", "$(health_program)"]
      interval: 30s
      timeout: 15s
      retries: 10
      start_period: 45m
    labels:
      captioner.deployment: "$DEPLOYMENT_ID"
      captioner.configuration: "$1"
END
}

# The health check, a program of Python as a string of YAML. Whether TLS is also spoken at the HTTP port
# is not told: both are tried. With mutual TLS only who has a certificate is answered: then an open port
# has to do.
health_program() {
    if [ "$TLS_MODE" = mtls ]; then
        printf '%s' 'import socket; socket.create_connection((\"127.0.0.1\", 50051), 5)'
        return 0
    fi
    printf '%s\\n' 'import json, ssl, urllib.request as r' \
        'for scheme in (\"http\", \"https\"):' \
        '    try:' \
        '        it = json.load(r.urlopen(scheme + \"://127.0.0.1:9000/v1/health/ready\", timeout=6, context=ssl._create_unverified_context()))' \
        '    except (OSError, ValueError):' \
        '        continue' \
        '    if it.get(\"status\") == \"ready\" or it.get(\"ready\") is True:' \
        '        raise SystemExit(0)' \
        'raise SystemExit(1)'
}

# ---- its files ----

nim_compose_do() { docker_do compose --project-name "$(engine_container)" --file "$(nim_folder)/compose.yaml" "$@"; }

# What the container gets of certificates, each with the file it comes from.
tls_files() {
    [ "$TLS_MODE" != disabled ] || return 0
    printf 'server.pem %s/server.pem\nserver.key %s/server.key\n' "$(server_folder)" "$(server_folder)"
    [ "$TLS_MODE" != mtls ] || printf 'ca.pem %s/ca.pem\n' "$(server_folder)"
}

# The key for the container's environment.
key_line() {
    local -
    set +x
    printf 'NGC_API_KEY=%s\n' "$(secret NGC_API_KEY)"
}

# Prints a mark of all that the container is made from: it changes when anything of that does.
nim_configuration() {
    local file
    {
        nim_compose ''
        printf '%s\n' "$IMAGE_DIGEST"
        key_line
        while read -r _ file; do cat "$file"; done < <(tls_files)
    } | sha256sum | cut -d' ' -f1
}

# Prints the mark of the container that is there.
deployed_configuration() {
    docker_try container inspect --format '{{index .Config.Labels "captioner.configuration"}}' "$(engine_container)" || true
}
