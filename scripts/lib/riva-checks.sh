# shellcheck shell=bash
# The production checks: one function each. It prints what it found and succeeds where that is good,
# fails where it is not, and returns 2 where the question does not arise. Sourced after riva-aws.sh,
# riva-captioner.sh, riva-tls.sh, riva-host.sh and riva-container.sh.

LEAST_DAYS=30

# Before the checks: asks once what several of them need. Sets SERVER, INSPECTED and REACHED.
gather() {
    ask_server
    INSPECTED="$SCRATCH/container.json"
    REACHED=
    (use_ssh && need_root) >"$SCRATCH/reach" 2>&1 && REACHED=yes
    if [ -z "$REACHED" ]; then
        tail -n 2 "$SCRATCH/reach" >&2
        return 0
    fi
    use_ssh
    need_root
    CONTAINER=$(engine_container)
    SERVICE=$(engine_service)
    if [ -n "$CONTAINER" ]; then docker_try container inspect --format '{{json .}}' "$CONTAINER" >"$INSPECTED" || : >"$INSPECTED"; fi
}

is_loopback() { [[ $RIVA_HOST =~ ^(localhost|127\..*|::1)$ ]]; }

# ---- this machine ----

check_configuration_private() {
    local mode
    mode=$(stat -c %a "$ENV_FILE" 2>/dev/null) || return 2
    printf '%s has the mode %s' "$ENV_FILE" "$mode"
    [ "${mode: -2}" = 00 ]
}

check_cloud_keys_elsewhere() {
    local names
    names=$(grep -oE '^[[:space:]]*(export[[:space:]]+)?AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN|ACCESS_KEY_ID)[[:space:]]*=[[:space:]]*[^[:space:]]' "$ENV_FILE" 2>/dev/null | sed 's/=.*//') || true
    printf '%s' "${names:-no keys of AWS in $ENV_FILE}"
    [ -z "$names" ]
}

check_keys_private() {
    local file open=()
    for file in "$(server_folder)"/*.key "$(client_folder)"/*.key "$(key_file)"; do
        [ ! -f "$file" ] || [[ $(stat -c %a "$file") == ?00 ]] || open+=("$file")
    done
    printf '%s' "${open[*]:-all keys are readable by their owner alone}"
    [ "${#open[@]}" -eq 0 ]
}

# ---- the connection ----

check_encrypted() {
    printf 'RIVA_SSL is %s, RIVA_HOST is %s' "${RIVA_SSL:-not set}" "$RIVA_HOST"
    [ "$RIVA_SSL" = true ] || is_loopback
}

check_reachable() {
    from_json "$SERVER" 'it["reason"]'
    [ "$(from_json "$SERVER" 'it["state"]')" = ready ]
}

check_certificate_lasts() {
    local days
    days=$(from_json "$SERVER" 'it["certificate"] and it["certificate"]["days_left"]')
    [ -n "$days" ] || return 2
    printf "the server's ends in %s days" "$days"
    if [ -n "$RIVA_SSL_CLIENT_CERT" ]; then
        printf ", the clients' in %s days" "$(days_left "$RIVA_SSL_CLIENT_CERT")"
        [ "$(days_left "$RIVA_SSL_CLIENT_CERT")" -ge "$LEAST_DAYS" ] || return 1
    fi
    [ "$days" -ge "$LEAST_DAYS" ]
}

check_callers_known() {
    if is_loopback; then
        printf 'only this machine can call'
        return 0
    fi
    if [ "$RIVA_SSL" = true ] && refuses_strangers; then
        printf 'it refuses callers without a certificate'
    else
        printf 'it asks for no certificate, and a key is %s' "$(has_secret RIVA_API_KEY && echo set || echo 'not set')"
        has_secret RIVA_API_KEY
    fi
}

# Whether the server ends a connection that shows no certificate. TLS 1.3 does that after the handshake.
refuses_strangers() {
    local rc=0
    { sleep 1; } | openssl s_client -connect "$(server_title)" -alpn h2 >"$SCRATCH/handshake" 2>&1 || rc=$?
    [ "$rc" -ne 0 ] && grep -qa 'BEGIN CERTIFICATE' "$SCRATCH/handshake"
}

# ---- AWS ----

needs_aws() { [ "$DEPLOY_ON" = aws ] && [ -n "$INSTANCE" ]; }

check_network_closed() {
    local wide groups
    needs_aws || return 2
    groups=$(instance_groups) || return 1
    wide=$(aws_do ec2 describe-security-group-rules --filters "Name=group-id,Values=$groups" \
        --query "SecurityGroupRules[?!IsEgress && (CidrIpv4=='0.0.0.0/0' || CidrIpv6=='::/0')].[to_string(FromPort)]" | tr '\n' ' ') || return 1
    printf '%s' "${wide:+the whole internet may connect to: }${wide:-only given networks may connect}"
    [ -z "$wide" ]
}

instance_groups() {
    aws_do ec2 describe-instances --instance-ids "$INSTANCE" --query 'Reservations[].Instances[].SecurityGroups[].GroupId' | tr '\t\n' ',,' | sed 's/,*$//'
}

check_metadata_v2() {
    local said
    needs_aws || return 2
    said=$(aws_do ec2 describe-instances --instance-ids "$INSTANCE" --query 'Reservations[0].Instances[0].MetadataOptions.HttpTokens') || return 1
    printf 'tokens of the metadata service are %s' "$said"
    [ "$said" = required ]
}

check_volumes_encrypted() {
    local plain
    needs_aws || return 2
    plain=$(aws_do ec2 describe-volumes --filters "Name=attachment.instance-id,Values=$INSTANCE" --query 'Volumes[?!Encrypted].VolumeId') || return 1
    printf '%s' "${plain:+not encrypted: }${plain:-all volumes are encrypted}"
    [ -z "$plain" ]
}

check_idle_stop() {
    local minutes
    needs_aws || return 2
    [ -n "$REACHED" ] || { printf 'the machine cannot be asked' && return 1; }
    minutes=$(on_host sed -n 's/^IDLE_STOP_MINUTES=//p' /etc/captioner-idle-stop.conf </dev/null 2>/dev/null)
    printf 'IDLE_STOP_MINUTES is %s, its timer %s' "${minutes:-not set}" "$(on_host systemctl is-active captioner-idle-stop.timer </dev/null 2>/dev/null)"
    [ "${minutes:-0}" -gt 0 ] && on_host systemctl is-active --quiet captioner-idle-stop.timer </dev/null
}

# ---- the GPU machine ----

needs_host() { [ -n "$REACHED" ] && ! is_loopback; }

check_host_reached() {
    printf '%s' "${REACHED:+$(host_title) answers}"
    [ -n "$REACHED" ] || { printf 'it cannot be asked what follows' && return 1; }
}

check_no_key_in_arguments() {
    local running
    [ -n "$REACHED" ] || return 2
    running=$(as_root ps -eo args </dev/null) || return 1
    if grep -qE 'nvapi-[A-Za-z0-9]' <<<"$running"; then
        printf 'a key of NVIDIA is among the arguments of a program'
        return 1
    fi
    printf 'no key is among the arguments of programs'
}

check_ssh_keys_only() {
    local said
    needs_host || return 2
    said=$(as_root sshd -T </dev/null 2>/dev/null | awk '$1 == "passwordauthentication" { print $2 }')
    printf 'passwords for SSH: %s' "${said:-unknown}"
    [ "$said" = no ]
}

check_updates() {
    needs_host || return 2
    printf 'unattended-upgrades is %s' "$(on_host systemctl is-enabled unattended-upgrades </dev/null 2>/dev/null || true)"
    on_host systemctl is-enabled --quiet unattended-upgrades </dev/null 2>/dev/null
}

check_disk() {
    local used
    needs_host || return 2
    used=$(on_host df --output=pcent / </dev/null | tr -dc '0-9')
    printf 'its disk is filled to %s %%' "$used"
    [ "${used:-100}" -le 85 ]
}

# ---- the recogniser there: a container, or a service of systemd ----

# service PROPERTY: what systemd says of it.
service() { as_root systemctl show --property "$1" --value "$SERVICE" </dev/null; }

needs_service() { [ -n "$REACHED" ] && [ -n "$SERVICE" ]; }

# container EXPRESSION: what a Python expression says of it, what Docker tells of the container.
container() { from_json "$INSPECTED" "$1"; }

needs_container() { [ -n "$REACHED" ] && [ -n "$CONTAINER" ]; }

check_runs() {
    if needs_service; then
        printf '%s is %s' "$SERVICE" "$(service ActiveState)"
        [ "$(service ActiveState)" = active ]
        return
    fi
    needs_container || return 2
    if [ ! -s "$INSPECTED" ]; then
        printf 'there is no container %s' "$CONTAINER"
        return 1
    fi
    container '"{} is {}, {}".format(it["Name"].strip("/"), it["State"]["Status"], it["State"].get("Health", {}).get("Status", "without a health check"))'
    [ "$(container 'it["State"]["Status"] == "running" and it["State"].get("Health", {}).get("Status") == "healthy"')" = True ]
}

check_restart_policy() {
    if needs_service; then
        printf 'Restart=%s' "$(service Restart)"
        [[ $(service Restart) =~ ^(always|on-failure)$ ]]
        return
    fi
    needs_container && [ -s "$INSPECTED" ] || return 2
    container '"restart policy: " + (it["HostConfig"]["RestartPolicy"]["Name"] or "no")'
    [ "$(container 'it["HostConfig"]["RestartPolicy"]["Name"] in ("always", "unless-stopped")')" = True ]
}

check_not_root() {
    if needs_service; then
        printf 'its user is %s' "$(service User)"
        [[ ! $(service User) =~ ^(|root|0)$ ]]
        return
    fi
    needs_container && [ -s "$INSPECTED" ] || return 2
    container '"its user is " + (it["Config"]["User"] or "root") + (", privileged" if it["HostConfig"]["Privileged"] else "")'
    [ "$(container 'it["Config"]["User"].split(":")[0] not in ("", "0", "root") and not it["HostConfig"]["Privileged"]')" = True ]
}

check_log_limits() {
    needs_container && [ -s "$INSPECTED" ] || return 2
    container '"log driver {Type}, {Config}".format(**it["HostConfig"]["LogConfig"])'
    [ "$(container 'it["HostConfig"]["LogConfig"]["Type"] in ("local", "journald", "syslog", "awslogs") or "max-size" in (it["HostConfig"]["LogConfig"]["Config"] or {})')" = True ]
}

# The key of NVIDIA is there when NIM has to fetch models with it; it is no secret from root, who alone
# may ask Docker, as long as the file that it comes from is root's, too.
check_no_key_in_environment() {
    local name names=() open=()
    needs_container && [ -s "$INSPECTED" ] || return 2
    mapfile -t names < <(container '[name for name, _, value in (each.partition("=") for each in it["Config"]["Env"] or [])
        if value and name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD"))]')
    for name in "${names[@]}"; do
        [ -z "$name" ] || { [ "$name" = NGC_API_KEY ] && key_file_is_private && only_root_uses_docker; } || open+=("$name")
    done
    printf '%s' "${open[*]:-none that others than root could read}"
    [ "${#open[@]}" -eq 0 ]
}

key_file_is_private() { [ "$(as_root stat -c '%a %U' "$HOST_FOLDER/nim/nim.env" </dev/null)" = '600 root' ]; }

only_root_uses_docker() { [ -z "$(on_host getent group docker </dev/null | cut -d: -f4)" ]; }

check_image_pinned() {
    [ "$RIVA_ENGINE" = nim ] || return 2
    printf 'NIM_IMAGE_DIGEST is %s' "${NIM_IMAGE_DIGEST:-not set}"
    [ -n "$NIM_IMAGE_DIGEST" ]
}

# ---- monitoring ----

# ask_prometheus PATH: what it answers, into SCRATCH/prometheus.json.
ask_prometheus() {
    if [ -n "$PROMETHEUS_URL" ]; then
        curl --silent --fail --max-time 10 "${PROMETHEUS_URL%/}$1" >"$SCRATCH/prometheus.json" </dev/null
    else
        [ -n "$REACHED" ] && on_host curl --silent --fail --max-time 10 "http://localhost:9090$1" >"$SCRATCH/prometheus.json" </dev/null
    fi
}

check_scraped() {
    if ! ask_prometheus '/api/v1/targets?state=active'; then
        printf 'no Prometheus answers at %s' "${PROMETHEUS_URL:-port 9090 of the GPU machine}"
        return 1
    fi
    from_json "$SCRATCH/prometheus.json" '"watched: " + (", ".join("{} ({})".format(each["scrapeUrl"], each["health"])
        for each in it["data"]["activeTargets"] if each["labels"]["job"] != "prometheus") or "nothing")'
    [ "$(from_json "$SCRATCH/prometheus.json" 'any(each["health"] == "up" and each["labels"]["job"] != "prometheus" for each in it["data"]["activeTargets"])')" = True ]
}

check_alerts() {
    ask_prometheus '/api/v1/rules?type=alert' || return 2
    from_json "$SCRATCH/prometheus.json" '"alert rules: {}".format(sum(len(group["rules"]) for group in it["data"]["groups"]))'
    [ "$(from_json "$SCRATCH/prometheus.json" 'any(group["rules"] for group in it["data"]["groups"])')" = True ]
}
