#!/usr/bin/env bash
# 040: NVIDIA's driver on the GPU machine, and the NVIDIA Container Toolkit, which gives containers the
# GPU.
#
# Needs:     the machine (RIVA_HOST), root there without a password. To install something: Ubuntu 22.04
#            or 24.04 or Debian 12 on x86_64, and the network.
# Changes:   nothing where both are there and the driver is new enough. Else adds NVIDIA's package
#            sources and installs nvidia-open, nvidia-container-toolkit or both. A new driver works
#            after a restart: another machine is restarted once you agree, and waited for; this one you
#            restart yourself.
# Validates: the driver's version; the GPU's memory and compute capability; that the toolkit answers.
# Undo:      there: sudo apt-get remove nvidia-open nvidia-container-toolkit
# Costs:     nothing; 5 to 15 minutes where something is installed.
# Runs: always
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-gpu.sh
. "$ROOT/scripts/lib/riva-gpu.sh"

load_config() { need DEPLOYMENT_ID RIVA_HOST SSH_USER SSH_KEY_FILE NIM_GPU; }

validate_prerequisites() {
    use_ssh
    need_root
    find_gpus
}

report_state() {
    find_gpus
    if [ -n "$GPUS" ]; then join_lines <<<"$GPUS"; else printf 'no NVIDIA driver answers on %s' "$(host_title)"; fi
}

perform_operation() {
    make_driver
    # NeMo-Speech.cpp runs without containers.
    [ "$RIVA_ENGINE" = nemo ] || make_toolkit
}

# ---- the driver ----

make_driver() {
    local why
    if [ -n "$GPUS" ]; then
        use_gpu "$NIM_GPU"
        if driver_is_good; then
            info "The driver $GPU_DRIVER is there."
            return 0
        fi
        why="The driver $GPU_DRIVER is older than $LEAST_DRIVER."
    elif module_is_installed; then
        info "A driver is installed, but does not answer: it works after a restart."
        restart_machine
        return 0
    else
        machine_has_gpu || fail "$(host_title) has no NVIDIA GPU." "Take a machine with one; at AWS a g5, g6 or newer."
        why="There is no NVIDIA driver."
    fi
    find_system
    info "$why"
    will "Install NVIDIA's driver on $(host_title)" || return 0
    install_driver
    restart_machine
}

machine_has_gpu() { on_host sh -c 'cat /sys/bus/pci/devices/*/vendor' </dev/null 2>/dev/null | grep -q 0x10de; }

module_is_installed() { as_root modinfo nvidia </dev/null >/dev/null 2>&1; }

# Sets SYSTEM to what NVIDIA calls the distribution.
find_system() {
    local machine
    # shellcheck disable=SC2016  # expands there
    SYSTEM=$(on_host sh -c '. /etc/os-release && printf "%s%s" "$ID" "$VERSION_ID"' </dev/null)
    SYSTEM=${SYSTEM//./}
    machine=$(on_host uname -m </dev/null)
    case $SYSTEM/$machine in
        ubuntu2204/x86_64 | ubuntu2404/x86_64 | debian12/x86_64) ;;
        *)
            fail "The steps install nothing on $SYSTEM/$machine." \
                "Install driver $LEAST_DRIVER or newer (https://docs.nvidia.com/datacenter/tesla/driver-installation-guide) and the NVIDIA Container Toolkit by hand, then run this again."
            ;;
    esac
}

# The network source and the package as NVIDIA's driver installation guide has them; nvidia-open is for
# Turing and newer, and so for every GPU that NIM runs on. Not confirmed: how it gets along with a
# driver that the distribution's own packages have installed.
install_driver() {
    root_program "NVIDIA's driver could not be installed." \
        "Read the lines above; is another driver installed there? 'sudo apt-get remove --purge \"nvidia-*\"' removes it." \
        "$SYSTEM" <<'END'
    export DEBIAN_FRONTEND=noninteractive
    apt="apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    # A run that was killed may have left packages half installed.
    dpkg --configure -a
    apt-get -o DPkg::Lock::Timeout=600 update
    $apt install ca-certificates curl "linux-headers-$(uname -r)"
    if [ "$1" = debian12 ]; then
        $apt install software-properties-common
        add-apt-repository --yes contrib
    fi
    curl --fail --silent --show-error --location --retry 3 --output "$scratch/cuda-keyring.deb" \
        "https://developer.download.nvidia.com/compute/cuda/repos/$1/x86_64/cuda-keyring_1.1-1_all.deb"
    dpkg --install "$scratch/cuda-keyring.deb"
    apt-get -o DPkg::Lock::Timeout=600 update
    $apt install nvidia-open
END
}

# ---- the restart ----

boot_id() { on_host cat /proc/sys/kernel/random/boot_id </dev/null 2>/dev/null; }

has_restarted() {
    local is
    is=$(boot_id) && [ -n "$is" ] && [ "$is" != "$BOOT" ]
}

restart_machine() {
    if [ "${#SSH[@]}" -eq 0 ]; then
        will "Ask you to restart this machine" || return 0
        fail "The new driver works after a restart of this machine." "Restart it, then run this again (or scripts/riva-000-run-all.sh --resume)."
    fi
    confirm "Restart $RIVA_HOST now? Whatever runs there ends."
    will "Restart $RIVA_HOST" || return 0
    BOOT=$(boot_id)
    # The connection may end before the command does.
    as_root systemctl reboot </dev/null >/dev/null 2>&1 || true
    wait_until 900 5 "Waiting until $RIVA_HOST is back" has_restarted \
        || fail "$RIVA_HOST did not come back after its restart." "Look at it (at AWS: scripts/riva-220-status.sh and the console), then run this again."
    info "$RIVA_HOST is back."
}

# ---- the toolkit ----

toolkit_answers() { on_host nvidia-ctk --version </dev/null >"$SCRATCH/toolkit" 2>/dev/null; }

make_toolkit() {
    if toolkit_answers; then
        info "$(head -n 1 "$SCRATCH/toolkit") is there."
        return 0
    fi
    find_system
    if will "Install the NVIDIA Container Toolkit on $(host_title)"; then install_toolkit; fi
}

# As https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html has it.
install_toolkit() {
    root_program "The NVIDIA Container Toolkit could not be installed." "Check the network of $(host_title), then run this again." <<'END'
    export DEBIAN_FRONTEND=noninteractive
    keyring=/usr/share/keyrings/nvidia-container-toolkit-keyring.gpg
    list=/etc/apt/sources.list.d/nvidia-container-toolkit.list
    source=https://nvidia.github.io/libnvidia-container
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    dpkg --configure -a
    apt-get -o DPkg::Lock::Timeout=600 update
    apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends install ca-certificates curl gnupg
    curl --fail --silent --show-error --location --retry 3 --output "$scratch/key" "$source/gpgkey"
    gpg --batch --yes --dearmor --output "$scratch/keyring" "$scratch/key"
    curl --fail --silent --show-error --location --retry 3 --output "$scratch/list" "$source/stable/deb/nvidia-container-toolkit.list"
    sed -i "s#^deb https://#deb [signed-by=$keyring] https://#" "$scratch/list"
    install -D -m 644 "$scratch/keyring" "$keyring"
    install -D -m 644 "$scratch/list" "$list"
    apt-get -o DPkg::Lock::Timeout=600 update
    apt-get -o DPkg::Lock::Timeout=600 --yes --no-install-recommends install nvidia-container-toolkit
END
}

validate_results() {
    find_gpus
    [ -n "$GPUS" ] || fail "The driver does not answer on $(host_title)." \
        "Read there: sudo dmesg | grep -i nvidia. With Secure Boot on, the driver's modules must be signed; or switch it off in the firmware."
    use_gpu "$NIM_GPU"
    driver_is_good || fail "The driver $GPU_DRIVER is older than $LEAST_DRIVER." "Remove it there, then run this again."
    [ "$RIVA_ENGINE" = nemo ] || need_good_gpu
    [ "$RIVA_ENGINE" = nemo ] || toolkit_answers || fail "The NVIDIA Container Toolkit does not answer on $(host_title)." "Run this again."
}

run_step "$@"
