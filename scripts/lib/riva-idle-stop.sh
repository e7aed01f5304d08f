#!/usr/bin/env bash
# Runs on the GPU machine every minute, from a timer of systemd. Stops the machine when it was not
# used for IDLE_STOP_MINUTES minutes in a row. Used means: the GPU works, or somebody is connected to
# one of PORTS (the recogniser, SSH), be it in a container.
set -euo pipefail
CONFIGURATION=${1:-/etc/captioner-idle-stop.conf}
COUNT=${2:-/run/captioner-idle-minutes}
IDLE_STOP_MINUTES=0 PORTS='22 50051' GPU_PERCENT=5
# shellcheck source=/dev/null
. "$CONFIGURATION"

gpu_works() {
    nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits 2>/dev/null \
        | awk -v least="$GPU_PERCENT" '$1 + 0 >= least { works = 1 } END { exit !works }'
}

# Docker hands connections over to the network of a container, where ss of the host sees nothing:
# one process of each network is asked.
somebody_is_connected() {
    local process network ports='' port seen=' '
    for port in $PORTS; do ports+=$(printf '%04X ' "$port"); done
    for process in /proc/[0-9]*; do
        network=$(readlink "$process/ns/net" 2>/dev/null) || continue
        [[ $seen != *" $network "* ]] || continue
        seen+="$network "
        # Columns: number, local address:port, remote address:port, state (01 is established).
        if cat "$process/net/tcp" "$process/net/tcp6" 2>/dev/null | awk -v ports=" $ports" '
            { split($2, at, ":"); if ($4 == "01" && index(ports, " " at[2] " ")) found = 1 }
            END { exit !found }'; then
            return 0
        fi
    done
    return 1
}

[ "$IDLE_STOP_MINUTES" -gt 0 ] || exit 0
minutes=0
if ! gpu_works && ! somebody_is_connected; then
    [ ! -s "$COUNT" ] || minutes=$(<"$COUNT")
    minutes=$((minutes + 1))
fi
printf '%s\n' "$minutes" >"$COUNT"
if [ "$minutes" -ge "$IDLE_STOP_MINUTES" ]; then
    logger -t captioner-idle-stop "not used for $minutes minutes: the machine stops" || true
    systemctl poweroff
fi
