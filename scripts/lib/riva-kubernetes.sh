# shellcheck shell=bash
# The Kubernetes cluster of this deployment. Everything lives in one namespace that carries the
# deployment's name. Sourced after riva-common-functions.sh.

# Sets NAME, which is also the namespace, and RELEASE. The release carries the chart's name: then the
# chart calls everything by the name of the release.
use_kubernetes_names() {
    NAME="$PROJECT-$DEPLOYMENT_ID"
    RELEASE="$NAME-riva-nim"
}

# kubectl_do COMMAND...: kubectl, in the cluster that was chosen.
kubectl_do() { kubectl ${KUBERNETES_CONTEXT:+--context "$KUBERNETES_CONTEXT"} "$@"; }

helm_do() { helm ${KUBERNETES_CONTEXT:+--kube-context "$KUBERNETES_CONTEXT"} --namespace "$NAME" "$@"; }

# shellcheck disable=SC2034  # set for the caller
# Sets NAMESPACE_IS to `ours`, `missing` or `another`.
find_namespace() {
    local found
    found=$(kubectl_do get namespace "$NAME" --ignore-not-found --output 'jsonpath={.metadata.name} {.metadata.labels.captioner-deployment}') \
        || fail "The cluster does not answer, or does not let you look." "Check: kubectl ${KUBERNETES_CONTEXT:+--context $KUBERNETES_CONTEXT }get namespaces"
    case $found in
        '') NAMESPACE_IS=missing ;;
        "$NAME $DEPLOYMENT_ID") NAMESPACE_IS=ours ;;
        *) NAMESPACE_IS=another ;;
    esac
}

# Removes all that 160 made in the cluster, the volumes with the models included.
remove_from_kubernetes() {
    if helm_do status "$RELEASE" >/dev/null 2>&1; then
        logged "helm could not remove $RELEASE." "Look at: helm --namespace $NAME status $RELEASE" \
            helm_do uninstall "$RELEASE" --wait --timeout 10m
    fi
    logged "The namespace $NAME could not be removed." "Look at: kubectl describe namespace $NAME" \
        kubectl_do delete namespace "$NAME" --ignore-not-found --wait --timeout 10m
}

# Prints the state of the release, and what we noted about it; `missing missing` where there is none.
release_state() {
    local json
    json=$(helm_do status "$RELEASE" --output json 2>/dev/null) || json='{}'
    python3 -c '
import json, sys
info = json.load(sys.stdin).get("info", {})
print(info.get("status", "missing"), (info.get("description") or "missing").replace(" ", "_"))' <<<"$json"
}

# unlock STATE: an earlier run that was killed left the release half changed; Helm then refuses all else.
unlock() {
    case $1 in
        pending-install | uninstalling) will "Clear away the half made $RELEASE" || return 0
            logged "helm could not clear $RELEASE away." "helm --namespace $NAME uninstall $RELEASE" helm_do uninstall "$RELEASE" --wait --timeout 10m ;;
        pending-upgrade | pending-rollback) will "Take $RELEASE back to what ran before" || return 0
            logged "helm could not take $RELEASE back." "helm --namespace $NAME history $RELEASE" helm_do rollback "$RELEASE" --wait --timeout 60m ;;
    esac
}

# ---- what is handed to the cluster ----

# secret_manifest NAME TYPE KEY=FILE...: prints a Secret with what the files hold.
secret_manifest() {
    local - name=$1 type=$2 pair
    set +x
    shift 2
    printf '%s\n' "apiVersion: v1" "kind: Secret" "type: $type" "metadata:" "  name: $name" "  namespace: $NAME" \
        "  labels:" "    app.kubernetes.io/part-of: captioner" "data:"
    for pair in "$@"; do printf '  %s: %s\n' "${pair%%=*}" "$(base64 --wrap=0 <"${pair#*=}")"; done
}

# What a container runtime sends to nvcr.io. The key is of plain letters; a quote would need escapes.
pull_secret() {
    local - key
    set +x
    key=$(secret NGC_API_KEY)
    key=${key//\\/\\\\}
    # shellcheck disable=SC2016  # that is the name, dollar and all
    printf '{"auths":{"nvcr.io":{"username":"$oauthtoken","password":"%s"}}}' "${key//\"/\\\"}"
}

# Applies what is on standard input. On the server's side: nothing is copied into an annotation.
apply_text() {
    kubectl_do apply --server-side --field-manager captioner --force-conflicts --filename - >"$SCRATCH/applied" 2>&1 \
        || { log_lines <"$SCRATCH/applied"; fail "The cluster refused: $(tail -n 1 "$SCRATCH/applied")" "Read what it said, mend it, then run this again."; }
    log_lines <"$SCRATCH/applied"
}
