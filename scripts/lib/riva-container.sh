# shellcheck shell=bash
# Docker on the GPU machine, as root there. Sourced after riva-host.sh.

# Prints the name of the container of the chosen engine; nothing where it has none.
engine_container() {
    case $RIVA_ENGINE in
        nim) printf '%s-nim' "$PROJECT" ;;
        quickstart) printf riva-speech ;;
    esac
}

# Prints the service of systemd that the chosen engine runs as; nothing where it has none.
engine_service() { [ "$RIVA_ENGINE" != nemo ] || printf '%s-riva' "$PROJECT"; }

# Everything that a step with containers begins with.
use_docker() {
    use_ssh
    need_root
    docker_try version --format '{{.Server.Version}}' >"$SCRATCH/docker-version" \
        || fail "Docker does not answer on $(host_title): $(docker_said)" "Run scripts/riva-045-docker.sh."
}

# docker_try COMMAND...: what it says about a failure goes to the log alone.
docker_try() {
    local rc=0
    write_log DEBUG "docker $*"
    as_root docker "$@" 2>"$SCRATCH/docker-errors" </dev/null || rc=$?
    [ ! -s "$SCRATCH/docker-errors" ] || log_lines <"$SCRATCH/docker-errors"
    return "$rc"
}

# What Docker said last about a failure.
docker_said() { { grep -v '^$' "$SCRATCH/docker-errors" || echo "it gave no reason"; } | tail -n 1; }

# docker_do COMMAND...: the same for what has to succeed: says what Docker said, and what mends it.
docker_do() { docker_try "$@" || docker_failed "docker $1"; }

# docker_failed WHAT: ends the step with what Docker said, and what mends it.
docker_failed() {
    local said fix
    said=$(docker_said)
    case $said in
        *unauthorized* | *denied* | *'authentication required'* | *'402 Payment'*)
            fix="Is NGC_API_KEY valid, and may its account use this image? Look at https://org.ngc.nvidia.com/setup/api-keys and at the image in https://catalog.ngc.nvidia.com" ;;
        *'manifest unknown'* | *'not found'*) fix="Is there such an image? Look in https://catalog.ngc.nvidia.com and name it: NIM_IMAGE in $ENV_FILE." ;;
        *'no space left'*) fix="Make room on $(host_title) (docker system df), or take a larger volume." ;;
        *'could not select device driver'* | *'unknown or invalid runtime'*) fix="Run scripts/riva-040-driver.sh and scripts/riva-045-docker.sh." ;;
        *'already allocated'* | *'address already in use'*) fix="Stop what uses the ports 9000 and 50051 on $(host_title): docker ps; ss -ltnp" ;;
        *'Cannot connect to the Docker daemon'*) fix="Run scripts/riva-045-docker.sh." ;;
        *timeout* | *'no such host'* | *'connection refused'* | *'connection reset'* | *EOF*) fix="Check the network of $(host_title), then run this again." ;;
        *) fix="Read what Docker said, mend it, then run this again." ;;
    esac
    fail "$1 failed on $(host_title): $said" "$fix"
}

# container_state NAME: prints missing, created, running, restarting, exited, paused or dead.
container_state() { docker_try container inspect --format '{{.State.Status}}' "$1" 2>/dev/null || printf missing; }

# container_restarts NAME: prints how often it was started again by itself.
container_restarts() { docker_try container inspect --format '{{.RestartCount}}' "$1" || printf 0; }

# container_log NAME LINES: prints the end of what it wrote.
container_log() { as_root docker logs --tail "$2" "$1" </dev/null 2>&1 || true; }

# http_says_ready [CURL-OPTION...]: whether the server's HTTP port says that it is ready, asked on the
# machine itself. With TLS it answers HTTPS; who asks from the same machine needs no proof of the name.
http_says_ready() {
    local scheme said
    for scheme in http https; do
        said=$(on_host curl --silent --insecure --max-time 5 "$@" "$scheme://localhost:9000/v1/health/ready" </dev/null 2>/dev/null) || continue
        [[ $said =~ \"status\":\ *\"ready\" || $said =~ \"ready\":\ *true ]] && return 0
    done
    return 1
}
