#!/usr/bin/env bash
# 150: watches the server: Prometheus with alert rules, and Grafana with a dashboard, as two containers
# on the GPU machine.
#
# Needs:     Docker on the GPU machine (045), and there a GB of memory and 6 GB of disk. NIM or the quick
#            start, which tell of themselves; MONITORING_TARGETS names Captioners that show metrics
#            (--metrics-port), as HOST:PORT.
# Changes:   in HOST_FOLDER/monitoring of the GPU machine: the configuration, the rules, the dashboard, and a
#            password for Grafana, readable by Grafana alone. Starts captioner-prometheus (port 9090)
#            and captioner-grafana (port 3000), which only that machine itself reaches; makes them anew
#            only when something of this has changed. Figures are kept for 30 days, at most 5 GB.
# Validates: both are ready, Prometheus has loaded the rules; says which targets answer.
# Undo:      --remove
# Costs:     nothing but a little of the machine.
# Runs: nim quickstart
#
# Options of this step:
#   --remove  removes both containers, their figures and their files
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-monitoring.sh
. "$ROOT/scripts/lib/riva-monitoring.sh"

CONTAINERS=("$PROJECT-prometheus" "$PROJECT-grafana")
REMOVE=''

step_option() {
    [ "$1" = --remove ] || return 1
    REMOVE=yes NEXT="nothing; scripts/$STEP.sh makes it again"
}

load_config() {
    need DEPLOYMENT_ID RIVA_HOST RIVA_ENGINE TLS_MODE SSH_USER SSH_KEY_FILE HOST_FOLDER MONITORING_TARGETS \
        MONITORING_PROMETHEUS_IMAGE MONITORING_GRAFANA_IMAGE
    [ -n "$REMOVE$MONITORING_TARGETS" ] || [ "$RIVA_ENGINE" != nemo ] || fail "Nothing is known that a server of RIVA_ENGINE=nemo tells of itself." \
        "Name the Captioners that show metrics: MONITORING_TARGETS=HOST:PORT in $ENV_FILE."
    FOLDER=$(monitoring_folder)
}

validate_prerequisites() { use_docker; }

report_state() {
    printf '%s is %s, %s is %s' "${CONTAINERS[0]}" "$(container_state "${CONTAINERS[0]}")" \
        "${CONTAINERS[1]}" "$(container_state "${CONTAINERS[1]}")"
}

perform_operation() {
    local configuration
    if [ -n "$REMOVE" ]; then
        remove
        return 0
    fi
    configuration=$(monitoring_configuration)
    if runs_as "$configuration"; then
        info "Both run already, with this configuration."
        return 0
    fi
    need_free_ports
    will "Run $MONITORING_PROMETHEUS_IMAGE and $MONITORING_GRAFANA_IMAGE on $(host_title)" || return 0
    keep_former
    undo_with take_back
    put_monitoring_files "$configuration"
    monitoring_compose_do config --quiet
    monitoring_compose_do up --detach --force-recreate
}

runs_as() {
    local container
    for container in "${CONTAINERS[@]}"; do
        [ "$(monitoring_is "$container")" = "$1" ] && [ "$(container_state "$container")" = running ] || return 1
    done
}

# Ports that somebody else has: a Prometheus that is there already had better watch the server itself.
need_free_ports() {
    local line port
    [ "$(container_state "${CONTAINERS[0]}")" = missing ] || return 0
    for line in "9090 Prometheus" "3000 Grafana"; do
        port=${line% *}
        ! on_host curl --silent --output /dev/null --max-time 5 "http://localhost:$port/" </dev/null 2>/dev/null \
            || fail "Something answers at port $port of $(host_title), which ${line#* } needs." \
                "Where it is a ${line#* } of yours: load resources/monitoring into it and set PROMETHEUS_URL. Else stop it."
    done
}

# The former files stay beside the new ones until the new ones run.
keep_former() {
    FORMER=
    as_root rm -rf "$FOLDER.before" </dev/null
    if [ "$(container_state "${CONTAINERS[0]}")" != missing ] && as_root test -e "$FOLDER/compose.yaml" </dev/null; then
        as_root cp -a "$FOLDER" "$FOLDER.before" </dev/null
        FORMER=yes
    fi
}

take_back() {
    local container
    for container in "${CONTAINERS[@]}"; do container_log "$container" 20 | log_lines; done
    if [ -n "$FORMER" ]; then
        as_root rm -rf "$FOLDER" </dev/null
        as_root mv -T "$FOLDER.before" "$FOLDER" </dev/null
        monitoring_compose_do up --detach --force-recreate
    else
        docker_try compose --project-name "$PROJECT-monitoring" --file "$FOLDER/compose.yaml" down --volumes || true
        as_root rm -rf "$FOLDER" </dev/null
    fi
}

remove() {
    if ! as_root test -e "$FOLDER/compose.yaml" </dev/null; then
        info "There is no monitoring on $(host_title)."
        return 0
    fi
    confirm "Remove Prometheus and Grafana from $(host_title), with all figures that they have kept?"
    will "Remove ${CONTAINERS[*]}" || return 0
    monitoring_compose_do down --volumes
    as_root rm -rf "$FOLDER" "$FOLDER.before" </dev/null
}

ask() { on_host curl --silent --fail --max-time 10 "http://localhost:$1" </dev/null; }

prometheus_is_ready() { ask 9090/-/ready >/dev/null 2>&1; }

grafana_is_ready() { [[ $(ask 3000/api/health 2>/dev/null) =~ \"database\":\ *\"ok\" ]]; }

# The server was asked at least once, with whatever result.
targets_are_known() {
    TARGETS=$(ask '9090/api/v1/targets?state=active' 2>/dev/null) && [[ $TARGETS != *'"health":"unknown"'* ]]
}

validate_results() {
    local container
    if [ -n "$REMOVE" ]; then
        for container in "${CONTAINERS[@]}"; do
            [ "$(container_state "$container")" = missing ] || fail "$container is still there." "There: sudo docker rm --force $container"
        done
        return 0
    fi
    wait_until 120 3 "Waiting for Prometheus" prometheus_is_ready \
        || fail "Prometheus does not become ready." "Read what it said in $LOG, mend it, then run this again."
    wait_until 120 3 "Waiting for Grafana" grafana_is_ready \
        || fail "Grafana does not become ready." "Read what it said in $LOG, mend it, then run this again."
    [[ $(ask '9090/api/v1/rules?type=alert') == *'"CaptionerNoCaptions"'* ]] \
        || fail "Prometheus has not loaded the alert rules." "Look at $FOLDER/prometheus on $(host_title)."
    wait_until 60 3 "Waiting until Prometheus has asked its targets" targets_are_known || true
    say_targets
    as_root rm -rf "$FOLDER.before" </dev/null
    info "Grafana: ssh -L 3000:localhost:3000 -L 9090:localhost:9090 $SSH_USER@$RIVA_HOST, then http://localhost:3000"
    info "Its user is admin; its password is there: sudo cat $FOLDER/password"
}

say_targets() {
    local down
    down=$(grep -o '"health":"down"' <<<"$TARGETS" | grep -c .) || down=0
    if [ "$down" -eq 0 ]; then
        info "All targets answer."
    else
        warn "$down of the targets do not answer Prometheus yet: http://localhost:9090/targets says which and why. Is the server ready?"
    fi
}

run_step "$@"
