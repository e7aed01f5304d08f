#!/usr/bin/env bash
# 045: Docker on the GPU machine, with its Compose plugin; checks that a container sees the GPU.
#
# Needs:     the machine with driver and toolkit (040), root there without a password. To install
#            Docker: Ubuntu or Debian, and the network.
# Changes:   nothing where Docker is there and new enough and gives containers the GPU. Else adds Docker's
#            package source and installs docker-ce and its Compose plugin, or the plugin alone; makes
#            the runtime of NVIDIA known to Docker, for which Docker is restarted once you agree, if
#            containers run. Nobody is put into the group docker, whose members are root in all but
#            name: the steps use sudo.
# Validates: nvidia-smi in a container of ubuntu:24.04 names the GPU.
# Undo:      there: sudo apt-get remove docker-ce docker-compose-plugin
# Costs:     nothing.
# Runs: nim quickstart
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-gpu.sh
. "$ROOT/scripts/lib/riva-gpu.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"

# NVIDIA's support matrix asks for 23.0.1 (see lib/riva-gpu.sh).
LEAST_DOCKER=23

load_config() { need DEPLOYMENT_ID RIVA_HOST SSH_USER SSH_KEY_FILE NIM_GPU; }

validate_prerequisites() {
    use_ssh
    need_root
    use_gpu "$NIM_GPU"
    on_host nvidia-ctk --version </dev/null >/dev/null 2>&1 \
        || fail "There is no NVIDIA Container Toolkit on $(host_title)." "Run scripts/riva-040-driver.sh."
}

docker_version() { docker_try version --format '{{.Server.Version}}'; }

report_state() {
    local version
    version=$(docker_version) || version=none
    printf 'Docker on %s: %s' "$(host_title)" "$version"
}

has_docker() { on_host sh -c 'command -v docker' </dev/null >/dev/null 2>&1; }

has_compose() { docker_try compose version >/dev/null; }

perform_operation() {
    local version
    if ! has_docker; then
        if will "Install Docker on $(host_title)"; then install_docker docker-ce docker-ce-cli containerd.io docker-compose-plugin; fi
    elif ! version=$(docker_version); then
        if will "Start Docker on $(host_title)"; then start_docker; fi
    elif [ "${version%%.*}" -lt "$LEAST_DOCKER" ]; then
        fail "Docker $version of $(host_title) is older than $LEAST_DOCKER." \
            "Bring it up to date there (https://docs.docker.com/engine/install), then run this again."
    elif ! has_compose; then
        # Docker's own package, or that of Ubuntu, whose Docker cannot be mixed with it.
        if will "Install the Compose plugin of Docker on $(host_title)"; then install_compose; fi
    else
        info "Docker $version is there."
    fi
    make_runtime
}

# As https://docs.docker.com/engine/install has it for Ubuntu and Debian.
install_docker() {
    root_program "Docker could not be installed." "Read the lines above, mend it on $(host_title), then run this again." "$@" <<'END'
    export DEBIAN_FRONTEND=noninteractive
    . /etc/os-release
    case $ID in
        ubuntu | debian) ;;
        *) echo "The steps install Docker on Ubuntu and Debian; this is $ID." >&2; exit 1 ;;
    esac
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    dpkg --configure -a
    apt-get -o DPkg::Lock::Timeout=600 update
    apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends install ca-certificates curl
    curl --fail --silent --show-error --location --retry 3 --output "$scratch/docker.asc" "https://download.docker.com/linux/$ID/gpg"
    printf 'deb [arch=%s signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/%s %s stable\n' \
        "$(dpkg --print-architecture)" "$ID" "$VERSION_CODENAME" >"$scratch/docker.list"
    install -D -m 644 "$scratch/docker.asc" /etc/apt/keyrings/docker.asc
    install -D -m 644 "$scratch/docker.list" /etc/apt/sources.list.d/docker.list
    apt-get -o DPkg::Lock::Timeout=600 update
    apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends install "$@"
    systemctl enable --now docker
END
}

install_compose() {
    root_program "The Compose plugin could not be installed." "Install docker-compose-plugin or docker-compose-v2 on $(host_title), then run this again." <<'END'
    export DEBIAN_FRONTEND=noninteractive
    apt="apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends"
    dpkg --configure -a
    apt-get -o DPkg::Lock::Timeout=600 update
    $apt install docker-compose-plugin || $apt install docker-compose-v2
END
}

start_docker() {
    logged "Docker does not start on $(host_title)." "Read there: sudo journalctl -u docker" \
        as_root systemctl enable --now docker
}

knows_runtime() { docker_try info --format '{{json .Runtimes}}' | grep -q '"nvidia"'; }

make_runtime() {
    local running
    if knows_runtime; then
        info "Docker knows the runtime of NVIDIA."
        return 0
    fi
    running=$(docker_try ps --quiet | grep -c .) || running=0
    [ "$running" -eq 0 ] || confirm "Restart Docker on $(host_title)? $running containers end for a moment."
    will "Make the runtime of NVIDIA known to Docker, and restart Docker" || return 0
    logged "The runtime could not be made known to Docker." "Read the lines above, mend /etc/docker/daemon.json there, then run this again." \
        as_root nvidia-ctk runtime configure --runtime=docker
    logged "Docker does not start again on $(host_title)." "Read there: sudo journalctl -u docker" \
        as_root systemctl restart docker
}

validate_results() {
    local seen
    docker_version >/dev/null || docker_failed "docker version"
    has_compose || fail "Docker has no Compose plugin on $(host_title)." "Install docker-compose-plugin there."
    knows_runtime || fail "Docker does not know the runtime of NVIDIA." "Run this again."
    seen=$(docker_do run --rm --runtime=nvidia --gpus all ubuntu:24.04 nvidia-smi --list-gpus)
    [[ $seen == *GPU* ]] || fail "A container does not see the GPU: ${seen:-it says nothing}" "Restart Docker there: sudo systemctl restart docker"
    info "A container sees: ${seen%% (UUID*}"
}

run_step "$@"
