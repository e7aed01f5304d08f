# shellcheck shell=bash
# Prometheus and Grafana beside the server: their files on the GPU machine. Sourced after
# riva-container.sh. Rules and dashboard are those of resources/monitoring.

MONITORING_FILES="$ROOT/resources/monitoring"

monitoring_folder() { printf '%s/monitoring' "$HOST_FOLDER"; }

# What Prometheus reads of the server itself. Where the ports are: resources/monitoring/README.md; a NIM
# with TLS speaks it at its HTTP port, too, and from the same machine nobody has to prove a name.
server_job() {
    case $RIVA_ENGINE in
        nim)
            printf '  - job_name: riva-nim\n    metrics_path: /v1/metrics\n'
            [ "$TLS_MODE" = disabled ] || printf '    scheme: https\n    tls_config:\n      insecure_skip_verify: true\n'
            printf '    static_configs:\n      - targets: ["localhost:9000"]\n'
            ;;
        quickstart) printf '  - job_name: riva-triton\n    static_configs:\n      - targets: ["localhost:8002"]\n' ;;
    esac
}

prometheus_configuration() {
    cat <<'END'
# Written by scripts/riva-150-monitoring.sh, which replaces it.
global:
  scrape_interval: 15s
  evaluation_interval: 15s
rule_files:
  - captioner-rules.yml
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ["localhost:9090"]
END
    server_job
    [ -z "$MONITORING_TARGETS" ] || cat <<END
  - job_name: captioner
    static_configs:
      - targets: ["${MONITORING_TARGETS//,/\", \"}"]
END
}

grafana_source() {
    cat <<'END'
apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: http://localhost:9090
    isDefault: true
    jsonData:
      timeInterval: 15s
END
}

grafana_folder() {
    cat <<'END'
apiVersion: 1
providers:
  - name: Captioner
    type: file
    disableDeletion: true
    allowUiUpdates: false
    options:
      path: /etc/captioner/dashboards
END
}

# monitoring_compose CONFIGURATION: prints the description of both containers. They listen on this machine
# alone. CONFIGURATION marks what they were made from. Who the images run as, nobody (65534) and 472, is
# in their documentation.
monitoring_compose() {
    local folder
    folder=$(monitoring_folder)
    cat <<END
# Written by scripts/riva-150-monitoring.sh, which replaces it.
x-both: &both
  network_mode: host
  restart: unless-stopped
  cap_drop: [ALL]
  security_opt:
    - no-new-privileges:true
  logging:
    driver: json-file
    options:
      max-size: 10m
      max-file: "3"
  labels:
    captioner.deployment: "$DEPLOYMENT_ID"
    captioner.configuration: "$1"
services:
  prometheus:
    <<: *both
    container_name: $PROJECT-prometheus
    image: "$MONITORING_PROMETHEUS_IMAGE"
    command:
      - --config.file=/etc/prometheus/prometheus.yml
      - --storage.tsdb.path=/prometheus
      - --storage.tsdb.retention.time=30d
      - --storage.tsdb.retention.size=5GB
      - --web.listen-address=127.0.0.1:9090
    volumes:
      - "$folder/prometheus:/etc/prometheus:ro"
      - "prometheus:/prometheus"
  grafana:
    <<: *both
    container_name: $PROJECT-grafana
    image: "$MONITORING_GRAFANA_IMAGE"
    environment:
      GF_SERVER_HTTP_ADDR: "127.0.0.1"
      GF_SERVER_HTTP_PORT: "3000"
      GF_SECURITY_ADMIN_PASSWORD__FILE: /etc/captioner/password
      GF_USERS_ALLOW_SIGN_UP: "false"
      GF_ANALYTICS_REPORTING_ENABLED: "false"
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
    volumes:
      - "$folder/grafana/provisioning:/etc/grafana/provisioning:ro"
      - "$folder/grafana/dashboards:/etc/captioner/dashboards:ro"
      - "$folder/password:/etc/captioner/password:ro"
      - "grafana:/var/lib/grafana"
volumes:
  prometheus:
  grafana:
END
}

# A short name for everything that the containers are made from.
monitoring_configuration() {
    {
        prometheus_configuration
        grafana_source
        grafana_folder
        monitoring_compose -
        cat "$MONITORING_FILES/captioner-rules.yml" "$MONITORING_FILES/captioner-dashboard.json"
    } | sha256sum | cut -c1-16
}

# What a container was made from; empty where there is none.
monitoring_is() { docker_try container inspect --format '{{index .Config.Labels "captioner.configuration"}}' "$1" 2>/dev/null || true; }

monitoring_compose_do() { docker_do compose --project-name "$PROJECT-monitoring" --file "$(monitoring_folder)/compose.yaml" "$@"; }

# put PATH MODE: writes standard input to a file below the folder.
put() { as_root install -D -m "$2" /dev/stdin "$(monitoring_folder)/$1"; }

put_monitoring_files() {
    local folder
    folder=$(monitoring_folder)
    as_root install -d -m 755 "$HOST_FOLDER" "$folder" </dev/null
    prometheus_configuration | put prometheus/prometheus.yml 644
    put prometheus/captioner-rules.yml 644 <"$MONITORING_FILES/captioner-rules.yml"
    grafana_source | put grafana/provisioning/datasources/captioner.yaml 644
    grafana_folder | put grafana/provisioning/dashboards/captioner.yaml 644
    # The source that a person chooses when importing by hand is known here.
    # shellcheck disable=SC2016  # a variable of Grafana
    sed 's/\${datasource}/prometheus/g' "$MONITORING_FILES/captioner-dashboard.json" | put grafana/dashboards/captioner.json 644
    monitoring_compose "$1" | put compose.yaml 644
    # The password is made there, and never leaves that machine by itself.
    root_program "The password of Grafana could not be made." "Make room on $(host_title), then run this again." "$folder/password" <<'END'
    [ -s "$1" ] || head -c 18 /dev/urandom | base64 | install -m 400 /dev/stdin "$1"
    chown 472:0 "$1"
END
}
