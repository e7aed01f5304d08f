# shellcheck shell=bash
# The files that 160 makes for a cluster. Sourced after riva-kubernetes.sh and riva-templates.sh.

# shellcheck disable=SC2153  # NAME is set by use_kubernetes_names
prepare_values() {
    local network
    FILL=(
        [NAME]=$NAME [NAMESPACE]=$NAME [RELEASE]=$RELEASE [MONITORING]=$KUBERNETES_MONITORING
        [IMAGE]=$IMAGE_REPOSITORY [TAG]=$IMAGE_TAG [SELECTOR]=$IMAGE_SELECTOR
        [STATEFUL]=true [ACCESS_MODE]=$KUBERNETES_ACCESS_MODE [STORAGE_CLASS]=$KUBERNETES_STORAGE_CLASS
        [CACHE_GB]=$KUBERNETES_CACHE_GB [MIN_REPLICAS]=$KUBERNETES_MIN_REPLICAS
        [MAX_REPLICAS]=$KUBERNETES_MAX_REPLICAS [GPU_PERCENT]=$KUBERNETES_GPU_PERCENT
        [ENVOY_IMAGE]=$KUBERNETES_ENVOY_IMAGE [TLS_MOUNT]='' [TLS_VOLUME]='' [NETWORKS]=''
        [EXPOSURE]='type: ClusterIP' [APP_PROTOCOL]=kubernetes.io/h2c
        [PORT]=50051 [BACKEND]="$NAME-recognisers.$NAME.svc" [BACKEND_PORT]=50051 [FILES]=/etc/captioner
        [PAIR]=/etc/captioner-tls [CERTIFICATE_FILE]=tls.crt [KEY_FILE]=tls.key [AUTHORITY_FILE]=ca.crt
    )
    FILL+=([CLAIM]='' [MODELS_CLAIM]='' [CLASS]=${KUBERNETES_STORAGE_CLASS:+"storageClassName: $KUBERNETES_STORAGE_CLASS"})
    if [ "$KUBERNETES_ACCESS_MODE" = ReadWriteMany ]; then
        FILL[STATEFUL]=false
        FILL[CLAIM]=$NAME-models
        FILL[MODELS_CLAIM]=$(fill models-claim.yaml)
    fi
    fill_tls
    if [ "$TLS_MODE" != disabled ]; then
        FILL[CERTIFICATE]=$(printf 'certificate.yaml: |\n' && indent_lines '  ' "${FILL[CERTIFICATE]}")
        FILL[APP_PROTOCOL]=https
        FILL[TLS_MOUNT]=$'- name: certificate\n  mountPath: /etc/captioner-tls\n  readOnly: true'
        FILL[TLS_VOLUME]=$'- name: certificate\n  secret:\n    secretName: '$NAME-tls
    fi
    [ -z "${FILL[AUTHORITY]}" ] \
        || FILL[CERTIFICATE]+=$(printf '\nclients.yaml: |\n' && indent_lines '  ' "${FILL[AUTHORITY]}")
    if [ -n "$KUBERNETES_ALLOWED_CIDRS" ]; then
        # Local: otherwise the addresses of clients are lost on the way, and with them the policy.
        FILL[EXPOSURE]=$'type: LoadBalancer\nexternalTrafficPolicy: Local\nloadBalancerSourceRanges:'
        for network in ${KUBERNETES_ALLOWED_CIDRS//,/ }; do
            FILL[EXPOSURE]+=$'\n'"  - \"$network\""
            FILL[NETWORKS]+=${FILL[NETWORKS]:+$'\n'}"- ipBlock: {cidr: \"$network\"}"
        done
    else
        info "KUBERNETES_ALLOWED_CIDRS is empty: the recogniser can be reached from inside the cluster alone."
    fi
    FILL[ENVOY]=$(fill envoy.yaml)
    FILL[ENVOY_SUM]=$(printf '%s' "${FILL[ENVOY]}${FILL[CERTIFICATE]}" | sha256sum | cut -d' ' -f1)
}

write_files() {
    local file
    mkdir -p "$FOLDER"
    for file in values recognisers balancer autoscaler-behaviour prometheus-adapter; do
        fill "$file.yaml" >"$FOLDER/$file.yaml"
    done
}

# ---- sizing ----

write_sizing() {
    local streams source="given by hand"
    if [ -f "$SIZING" ]; then
        source=$(basename "$SIZING")
        streams=$(capacity_of "$SIZING") || fail "$SIZING tells no capacity that can be relied on." \
            "Measure it against one GPU: captioner loadtest --endpoint HOST:50051 --find-capacity; then name its JSON."
    else
        streams=$SIZING
    fi
    awk -f "$ROOT/scripts/lib/riva-sizing.awk" -v streams="$streams" -v source="$source" -v percent="$KUBERNETES_GPU_PERCENT" \
        -v gigabytes="$KUBERNETES_CACHE_GB" -v mode="$KUBERNETES_ACCESS_MODE" >"$FOLDER/sizing.md"
    info "$FOLDER/sizing.md: $streams streams on each GPU"
}

# Prints the capacity of a load test; fails where it found none, was cut short, or could not keep up.
capacity_of() {
    python3 -c '
import json, sys
result = json.load(open(sys.argv[1], encoding="utf-8"))
found = result["capacity"]["streams"]
runs = [run for run in result["runs"] if run["streams"] == found]
assert found > 0 and result["is_complete"] and all(run["client"]["kept_up"] for run in runs)
print(found)' "$1" 2>/dev/null
}
