#!/usr/bin/env bash
# 160: runs the recogniser in a Kubernetes cluster: NVIDIA's own Helm chart riva-nim, scaled by the work
# of its GPUs, with balancing per stream, TLS, a disruption budget and network policies around it.
#
# Needs:     kubectl and helm, allowed to make a namespace; nodes with GPUs and NVIDIA's GPU operator;
#            NGC_API_KEY; the image and its tag as for 055; unless TLS_MODE is disabled, the certificate
#            of 095, with the balancer's name among TLS_NAMES. KUBERNETES_CHART_VERSION names the chart:
#            https://catalog.ngc.nvidia.com (search riva-nim). To scale: Prometheus, prometheus-adapter.
# Changes:   writes all files to build/kubernetes/DEPLOYMENT_ID, then makes the namespace
#            captioner-DEPLOYMENT_ID with everything in it. The first chart's checksum is kept in .env and
#            held from then on, as is the cluster (KUBERNETES_CONTEXT). Helm takes back a release that
#            does not come up.
# Validates: the chart takes each of our values (it is rendered first); the pods are ready; addresses
#            of pods stand behind the balancer; the autoscaler has its metric.
# Undo:      --remove, or scripts/riva-999-tear-down.sh. helm rollback goes back one change.
# Costs:     a GPU node for each pod from KUBERNETES_MIN_REPLICAS to KUBERNETES_MAX_REPLICAS, a volume
#            for each, and a load balancer where KUBERNETES_ALLOWED_CIDRS lets somebody in. See --sizing.
# Runs: by hand
#
# Options of this step:
#   --files-only     writes the files, and needs no cluster: for those who apply them otherwise
#   --remove         removes the namespace and all that is in it, the models included
#   --sizing RESULT  writes build/kubernetes/DEPLOYMENT_ID/sizing.md: what 1,000, 10,000 and 100,000 streams
#                    need, from RESULT: the JSON of captioner loadtest --find-capacity against one
#                    GPU, or the number of streams that one GPU serves
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-download.sh
. "$ROOT/scripts/lib/riva-download.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-nim.sh
. "$ROOT/scripts/lib/riva-nim.sh"
# shellcheck source=scripts/lib/riva-kubernetes.sh
. "$ROOT/scripts/lib/riva-kubernetes.sh"
# shellcheck source=scripts/lib/riva-templates.sh
. "$ROOT/scripts/lib/riva-templates.sh"
# shellcheck source=scripts/lib/riva-kubernetes-files.sh
. "$ROOT/scripts/lib/riva-kubernetes-files.sh"

CHARTS=https://helm.ngc.nvidia.com/nim/nvidia/charts
FILES_ONLY='' REMOVE='' SIZING=''

step_option() {
    case $1 in
        --files-only) FILES_ONLY=yes ;;
        --remove) REMOVE=yes ;;
        --sizing)
            SIZING=${2:-}
            [ -f "$SIZING" ] || is_number "$SIZING" 1 100000 \
                || fail "--sizing wants the JSON of a load test, or the streams that one GPU serves." "--sizing result.json, or --sizing 64"
            TAKEN=2
            ;;
        *) return 1 ;;
    esac
}

load_config() {
    local network
    need DEPLOYMENT_ID KUBERNETES_CONTEXT
    use_kubernetes_names
    CERTIFICATES=$(server_folder)
    FOLDER="$ROOT/build/kubernetes/$DEPLOYMENT_ID"
    [ -z "$REMOVE" ] || return 0
    need KUBERNETES_CHART_VERSION KUBERNETES_CHART_SHA256 KUBERNETES_MIN_REPLICAS KUBERNETES_MAX_REPLICAS \
        KUBERNETES_GPU_PERCENT KUBERNETES_CACHE_GB KUBERNETES_STORAGE_CLASS KUBERNETES_ACCESS_MODE \
        KUBERNETES_ALLOWED_CIDRS KUBERNETES_ENVOY_IMAGE KUBERNETES_MONITORING TLS_MODE
    [ -n "$FILES_ONLY" ] || need NGC_API_KEY
    [ -n "$FILES_ONLY$KUBERNETES_CHART_VERSION" ] || fail "KUBERNETES_CHART_VERSION is not set." \
        "Choose a version of riva-nim at https://catalog.ngc.nvidia.com and write it to $ENV_FILE."
    # The cluster runs NIM, whatever RIVA_ENGINE is on the machine.
    NIM_MODEL=${NIM_MODEL:-rnnt}
    use_nim_image
    # The image that 055 pulled, and no other.
    IMAGE_TAG+=${IMAGE_DIGEST:+@$IMAGE_DIGEST}
    [ "$KUBERNETES_MIN_REPLICAS" -le "$KUBERNETES_MAX_REPLICAS" ] \
        || fail "KUBERNETES_MIN_REPLICAS is greater than KUBERNETES_MAX_REPLICAS." "Edit $ENV_FILE."
    [ "$TLS_MODE" != disabled ] || [ -z "$KUBERNETES_ALLOWED_CIDRS" ] \
        || fail "KUBERNETES_ALLOWED_CIDRS lets clients in, and TLS_MODE is disabled." \
            "Set TLS_MODE=tls or mtls in $ENV_FILE and run scripts/riva-095-certificates.sh; or empty KUBERNETES_ALLOWED_CIDRS."
    for network in ${KUBERNETES_ALLOWED_CIDRS//,/ }; do
        ! is_wide "$network" || fail "$network would let most of the internet in." "Give your own networks in KUBERNETES_ALLOWED_CIDRS."
    done
}

validate_prerequisites() {
    local program file
    if [ -z "$REMOVE" ] && [ "$TLS_MODE" != disabled ]; then
        for file in server.pem server.key ca.pem; do
            [ "$file" = ca.pem ] && [ "$TLS_MODE" = tls ] || [ -r "$CERTIFICATES/$file" ] \
                || fail "There is no $CERTIFICATES/$file, and TLS_MODE is $TLS_MODE." "Run scripts/riva-095-certificates.sh."
        done
    fi
    [ -z "$FILES_ONLY" ] || return 0
    for program in kubectl helm python3 sha256sum; do
        command -v "$program" >/dev/null \
            || fail "There is no $program." "Install it (kubectl: https://kubernetes.io/docs/tasks/tools, helm: https://helm.sh/docs/intro/install)."
    done
    if [ -z "$KUBERNETES_CONTEXT" ]; then
        KUBERNETES_CONTEXT=$(kubectl config current-context 2>/dev/null) \
            || fail "kubectl knows no cluster." "Choose one: kubectl config use-context NAME, or KUBERNETES_CONTEXT in $ENV_FILE."
        # Kept, so that no later run meets another cluster by chance.
        keep KUBERNETES_CONTEXT "$KUBERNETES_CONTEXT"
    fi
    find_namespace
    [ "$NAMESPACE_IS" != another ] || fail "The namespace $NAME of $KUBERNETES_CONTEXT was not made by this deployment." \
        "Take another DEPLOYMENT_ID, or remove that namespace."
    [ -z "$REMOVE" ] || return 0
    check_gpus
}

check_gpus() {
    local gpus
    gpus=$(kubectl_do get nodes --selector nvidia.com/gpu.present=true --output 'jsonpath={.items[*].status.allocatable.nvidia\.com/gpu}')
    [ -n "$gpus" ] || fail "No node of $KUBERNETES_CONTEXT offers a GPU." \
        "Add nodes with GPUs (compute capability 8.0, 16 GB) and NVIDIA's GPU operator: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator"
    info "GPUs of the nodes: $gpus"
}

report_state() {
    if [ -n "$FILES_ONLY" ]; then
        printf '%s files in %s' "$(find "$FOLDER" -type f 2>/dev/null | wc -l)" "$FOLDER"
    else
        printf 'namespace %s: %s; release: %s' "$NAME" "$NAMESPACE_IS" "$(release_state)"
    fi
}

perform_operation() {
    if [ -n "$REMOVE" ]; then
        remove
        return 0
    fi
    prepare_values
    if will "Write the files for the cluster to $FOLDER"; then write_files; fi
    [ -z "$SIZING" ] || ! will "Write $FOLDER/sizing.md" || write_sizing
    [ -z "$FILES_ONLY" ] || return 0
    get_chart
    make_namespace
    deploy
}

remove() {
    if [ "$NAMESPACE_IS" = missing ]; then
        info "There is nothing of $NAME in $KUBERNETES_CONTEXT."
        return 0
    fi
    warn "To be removed: the namespace $NAME of $KUBERNETES_CONTEXT, with the recognisers, their models, and the way in."
    confirm "Remove all of this for good?"
    if will "Remove the namespace $NAME"; then remove_from_kubernetes; fi
}

# ---- the cluster ----

get_chart() {
    CHART="$FOLDER/riva-nim-$KUBERNETES_CHART_VERSION.tgz"
    if [ ! -f "$CHART" ] || ! has_checksum "$CHART" KUBERNETES_CHART_SHA256; then
        will "Download the chart riva-nim $KUBERNETES_CHART_VERSION" || return 0
        # NGC asks for this user name; the key is the password.
        download "$CHARTS/riva-nim-$KUBERNETES_CHART_VERSION.tgz" "$CHART" KUBERNETES_CHART_SHA256 user
    fi
    [ -n "$DRY_RUN" ] || check_chart
}

# The names of the values are NVIDIA's to change: what we set has to be found in what the chart makes.
check_chart() {
    local text lost=() models=("storage: ${KUBERNETES_CACHE_GB}Gi" ReadWriteOnce)
    [ "$KUBERNETES_ACCESS_MODE" = ReadWriteOnce ] || models=("$NAME-models")
    logged "helm cannot render the chart with our values." "Compare scripts/templates/values.yaml with: helm show values $CHART" \
        render
    for text in "$IMAGE_REPOSITORY:$IMAGE_TAG" "$NAME-pull" "$NAME-ngc" NIM_TAGS_SELECTOR "$IMAGE_SELECTOR" \
        'containerPort: 50051' 'containerPort: 9000' 'nvidia.com/gpu: 1' 'nvidia.com/gpu.present' gpu_utilization \
        "app.kubernetes.io/instance: $RELEASE" "maxReplicas: $KUBERNETES_MAX_REPLICAS" 'failureThreshold: 300' \
        /opt/nim/.cache "${models[@]}"; do
        grep -qF -- "$text" "$FOLDER/rendered.yaml" || lost+=("$text")
    done
    [ "${#lost[@]}" -eq 0 ] || fail "The chart riva-nim $KUBERNETES_CHART_VERSION leaves out what we set: $(join '; ' "${lost[@]}")." \
        "Compare scripts/templates/values.yaml with: helm show values $CHART"
}

# Without quotation marks: charts set them as they like.
render() { helm_do template "$RELEASE" "$CHART" --values "$FOLDER/values.yaml" | tr -d '"' >"$FOLDER/rendered.yaml"; }

make_namespace() {
    local PAIR=()
    [ "$TLS_MODE" = disabled ] || PAIR=("tls.crt=$CERTIFICATES/server.pem" "tls.key=$CERTIFICATES/server.key")
    [ "$TLS_MODE" != mtls ] || PAIR+=("ca.crt=$CERTIFICATES/ca.pem")
    if [ "$NAMESPACE_IS" = missing ] && will "Make the namespace $NAME"; then
        undo_with remove_from_kubernetes
        apply_text <<END
apiVersion: v1
kind: Namespace
metadata:
  name: $NAME
  labels:
    app.kubernetes.io/part-of: captioner
    captioner-deployment: $DEPLOYMENT_ID
    pod-security.kubernetes.io/enforce: baseline
END
    fi
    if will "Hand the key for NVIDIA's registry to the namespace $NAME; the certificate, too, where there is one"; then
        secret NGC_API_KEY | secret_manifest "$NAME-ngc" Opaque NGC_API_KEY=/dev/stdin | apply_text
        pull_secret | secret_manifest "$NAME-pull" kubernetes.io/dockerconfigjson .dockerconfigjson=/dev/stdin | apply_text
        [ "${#PAIR[@]}" -eq 0 ] || secret_manifest "$NAME-tls" kubernetes.io/tls "${PAIR[@]}" | apply_text
    fi
}

deploy() {
    local state found note file
    for file in recognisers balancer; do
        # 1 means that there are differences, also where nothing is there yet; more, that it failed.
        if [ -z "$DRY_RUN" ] && kubectl_do diff --server-side --field-manager captioner --force-conflicts --filename "$FOLDER/$file.yaml" >/dev/null 2>&1; then
            info "$file.yaml is in the cluster as it is."
        elif will "Apply $file.yaml"; then
            apply_text <"$FOLDER/$file.yaml"
        fi
    done
    [ -n "$DRY_RUN" ] || note="captioner:$(cat "$CHART" "$FOLDER/values.yaml" | sha256sum | cut -c1-16)"
    read -r state found < <(release_state)
    unlock "$state"
    if [ "$state" = deployed ] && [ "$found" = "${note:-}" ]; then
        info "$RELEASE runs with exactly these values."
    elif will "Install or change $RELEASE; a first start takes up to 50 minutes"; then
        # From here on Helm takes back what does not come up; the volumes with the models stay.
        undo_nothing
        logged "The recognisers did not come up; Helm has taken them back." \
            "Look at: kubectl --namespace $NAME get events; free GPUs? Then run this again; models that are there already stay." \
            helm_do upgrade --install "$RELEASE" "$CHART" --values "$FOLDER/values.yaml" --description "$note" --atomic --timeout 60m
    fi
    [ -n "$DRY_RUN" ] || calm_autoscaler
}

calm_autoscaler() {
    local scaler
    scaler=$(kubectl_do --namespace "$NAME" get hpa --selector "app.kubernetes.io/instance=$RELEASE" --output name)
    [ -n "$scaler" ] || fail "The chart made no autoscaler." "Look at $FOLDER/rendered.yaml."
    logged "The autoscaler could not be changed." "Read what kubectl said, then run this again." \
        kubectl_do --namespace "$NAME" patch "$scaler" --type merge --patch-file "$FOLDER/autoscaler-behaviour.yaml"
}

# ---- what is there now ----

validate_results() {
    local pod addresses address
    if [ -n "$FILES_ONLY" ]; then return 0; fi
    if [ -n "$REMOVE" ]; then
        find_namespace
        [ "$NAMESPACE_IS" = missing ] || fail "The namespace $NAME is still there." "Look at: kubectl describe namespace $NAME"
        return 0
    fi
    for pod in $(kubectl_do --namespace "$NAME" get deployments,statefulsets --output name); do
        logged "$pod is not ready." "Look at: kubectl --namespace $NAME describe $pod" \
            kubectl_do --namespace "$NAME" rollout status "$pod" --timeout 10m
    done
    addresses=$(kubectl_do --namespace "$NAME" get endpointslices --selector "kubernetes.io/service-name=$NAME-recognisers" \
        --output 'jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}')
    [ -n "$addresses" ] || fail "No recogniser stands behind $NAME-recognisers." "Look at: kubectl --namespace $NAME get pods --show-labels"
    info "Recognisers that are ready: $addresses"
    if kubectl_do get --raw "/apis/custom.metrics.k8s.io/v1beta1/namespaces/$NAME/pods/*/gpu_utilization" >/dev/null 2>&1; then
        info "The autoscaler has its metric, gpu_utilization."
    else
        warn "The cluster has no metric gpu_utilization: nothing scales until prometheus-adapter gives it; see $FOLDER/prometheus-adapter.yaml."
    fi
    if [ -z "$KUBERNETES_ALLOWED_CIDRS" ]; then
        info "Inside the cluster: $NAME-balancer.$NAME:50051, from namespaces with the label captioner-client=true."
        return 0
    fi
    address=$(kubectl_do --namespace "$NAME" get service "$NAME-balancer" --output 'jsonpath={.status.loadBalancer.ingress[0].hostname}{.status.loadBalancer.ingress[0].ip}')
    if [ -n "$address" ]; then
        info "The server for Captioner: $address:50051, with TLS; that name has to be in the certificate (TLS_NAMES, 095)."
    else
        warn "The load balancer has no address yet: kubectl --namespace $NAME get service $NAME-balancer"
    fi
}

run_step "$@"
