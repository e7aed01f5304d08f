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

# files_there FILE...: prints which of these the GPU machine has.
files_there() { as_root ls -d "$@" </dev/null 2>/dev/null || true; }

# is_there_to_remove FILE...: whether CONTAINER or one of these is there; says what goes, or that nothing is.
is_there_to_remove() {
    local state
    state=$(container_state "$CONTAINER")
    if [ "$#" = 0 ] && [ "$state" = missing ]; then
        info "There is nothing of $CONTAINER on $(host_title)."
        return 1
    fi
    warn "To be removed from $(host_title): the container $CONTAINER ($state) $*"
}

# need_none_left FILES: fails where a list of files is not empty.
need_none_left() {
    [ -z "$1" ] || fail "This is still on $(host_title): ${1//$'\n'/ }" "Run this again, or remove it there."
}

# container_log NAME LINES: prints the end of what it wrote.
container_log() { as_root docker logs --tail "$2" "$1" </dev/null 2>&1 || true; }

# Whether the server's HTTP port says that it is ready, asked on the
# machine itself. With TLS it answers HTTPS; who asks from the same machine needs no proof of the name.
http_says_ready() {
    local scheme said
    for scheme in http https; do
        said=$(on_host curl --silent --insecure --max-time 5 "$scheme://localhost:9000/v1/health/ready" </dev/null 2>/dev/null) || continue
        [[ $said =~ \"status\":\ *\"ready\" || $said =~ \"ready\":\ *true ]] && return 0
    done
    return 1
}

# why_it_ends: prints what the log of the engine's container says about why it ended, in a few words.
why_it_ends() {
    local said
    said=$(container_log "$(engine_container)" 200)
    case ${said,,} in
        *'out of memory'* | *outofmemory* | *cuda_error_out_of_memory*) printf 'its GPU has too little memory' ;;
        *'no space left'*) printf 'its volume is full' ;;
        *unauthorized* | *'403 forbidden'* | *'401 '* | *'authentication error'*) printf 'NVIDIA refuses the key' ;;
        *'no compatible'* | *'no profile'* | *'no matching'* | *'not match any'*) printf 'no profile of the image fits NIM_TAGS_SELECTOR and the GPU' ;;
        *'permission denied'*) printf 'it may not write its cache' ;;
        *certificate* | *' ssl'* | *' tls'*) printf 'its certificate does not please it' ;;
        *) printf 'it ended with code %s' "$(docker_try container inspect --format '{{.State.ExitCode}}' "$(engine_container)" || echo unknown)" ;;
    esac
}

# What mends that.
what_mends_it() {
    case $(why_it_ends) in
        *'too little memory') printf 'Take a GPU with more memory, or a smaller profile: NIM_TAGS_SELECTOR=mode=str,... in %s.' "$ENV_FILE" ;;
        *'volume is full') printf 'Make room on %s, or take a larger volume (AWS_VOLUME_GB).' "$(host_title)" ;;
        *'refuses the key') printf 'Give a key that may use this image: NGC_API_KEY (https://org.ngc.nvidia.com/setup/api-keys), then run scripts/riva-060-deploy-nim.sh.' ;;
        *'no profile'*) printf 'See which there are: docker run --rm --gpus all --entrypoint nim_list_model_profiles IMAGE, and write one to NIM_TAGS_SELECTOR in %s.' "$ENV_FILE" ;;
        *'its cache') printf 'Run scripts/riva-060-deploy-nim.sh again, which gives the cache to user 1000.' ;;
        *'certificate'*) printf 'Run scripts/riva-095-certificates.sh --renew, then scripts/riva-060-deploy-nim.sh.' ;;
        *) printf 'Read the lines above, or all: docker logs %s.' "$(engine_container)" ;;
    esac
}
