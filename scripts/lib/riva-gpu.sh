# shellcheck shell=bash
# The GPUs of the machine. Sourced after riva-host.sh.

# What NVIDIA's support matrix of the speech NIMs asks for
# (https://docs.nvidia.com/nim/speech/latest/reference/support-matrix/asr.html, read in November 2026):
# driver 535, compute capability 8.0, 16 GB. A card that is sold with 16 GB has a little less.
LEAST_DRIVER=535 LEAST_CAPABILITY=8.0 LEAST_GPU_MB=15000

# Sets GPUS: a line for each GPU with its number, name, MB of memory, compute capability and driver,
# commas between; empty where no driver answers.
find_gpus() {
    GPUS=$(on_host nvidia-smi --query-gpu=index,name,memory.total,compute_cap,driver_version \
        --format=csv,noheader,nounits </dev/null 2>/dev/null) || GPUS=
}

# use_gpu NUMBER: sets GPU_NAME, GPU_MB, GPU_CAPABILITY and GPU_DRIVER.
use_gpu() {
    local line
    find_gpus
    [ -n "$GPUS" ] || fail "No NVIDIA driver answers on $(host_title)." "Run scripts/riva-040-driver.sh."
    line=$(grep "^$1," <<<"$GPUS") || fail "$(host_title) has no GPU $1; it has: $(cut -d, -f1,2 <<<"$GPUS" | join_lines)." \
        "Write another NIM_GPU to $ENV_FILE."
    IFS=, read -r _ GPU_NAME GPU_MB GPU_CAPABILITY GPU_DRIVER <<<"${line//, /,}"
}

# Whether the driver that use_gpu found is new enough.
driver_is_good() { [ "${GPU_DRIVER%%.*}" -ge "$LEAST_DRIVER" ]; }

# Fails where the GPU that use_gpu found cannot run the speech NIMs.
need_good_gpu() {
    local take="Take one with compute capability $LEAST_CAPABILITY and 16 GB: L4, A10, L40S, A100, H100, RTX 4080 and newer."
    awk -v has="$GPU_CAPABILITY" -v least="$LEAST_CAPABILITY" 'BEGIN { exit !(has + 0 >= least + 0) }' \
        || fail "The GPU of $(host_title), $GPU_NAME, has compute capability $GPU_CAPABILITY; current NIM needs $LEAST_CAPABILITY." "$take"
    [ "$GPU_MB" -ge "$LEAST_GPU_MB" ] \
        || fail "The GPU of $(host_title), $GPU_NAME, has $GPU_MB MB of memory; the models need 16 GB." "$take"
}

join_lines() { paste -sd ';' -; }
