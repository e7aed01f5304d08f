#!/usr/bin/env bash
# 060: runs the NIM as a container that comes back by itself: Parakeet RNNT for streaming, or what
# NIM_MODEL and NIM_TAGS_SELECTOR say.
#
# Needs:     the image (055, or 066), NGC_API_KEY. A GPU with compute capability 8.0 and 16 GB; for
#            mode=all of rnnt 50 GB.
# Changes:   in HOST_FOLDER/nim of the GPU machine: the container's description (compose.yaml), the key
#            (nim.env, readable by root alone), the cache of models, owned by user 1000, which NIM runs
#            as, and the server's certificate, unless TLS_MODE is disabled; where there is none yet, 095
#            makes it first. Starts the container; makes it anew only when something of this has changed:
#            then captions that it makes end for some minutes.
# Validates: the container runs and does not start over again. Whether it is ready: 063.
# Undo:      --back puts back what was deployed before; --remove removes all that this step made.
#            When this step fails, the container that ran before runs again.
# Costs:     the GPU is in use from now on; about 10 GB of the volume for models.
# Runs: nim
#
# Options of this step:
#   --back    puts the deployment before the last change back
#   --remove  removes the container, its description, the key and the certificate on the GPU machine, and
#             the models; the image of 055 stays
set -euo pipefail
# shellcheck source=scripts/riva-common-functions.sh
. "$(dirname "${BASH_SOURCE[0]}")/riva-common-functions.sh"
# shellcheck source=scripts/lib/riva-host.sh
. "$ROOT/scripts/lib/riva-host.sh"
# shellcheck source=scripts/lib/riva-gpu.sh
. "$ROOT/scripts/lib/riva-gpu.sh"
# shellcheck source=scripts/lib/riva-container.sh
. "$ROOT/scripts/lib/riva-container.sh"
# shellcheck source=scripts/lib/riva-tls.sh
. "$ROOT/scripts/lib/riva-tls.sh"
# shellcheck source=scripts/lib/riva-nim.sh
. "$ROOT/scripts/lib/riva-nim.sh"
# shellcheck source=scripts/lib/riva-nim-compose.sh
. "$ROOT/scripts/lib/riva-nim-compose.sh"

BACK='' REMOVE=''

step_option() {
    case $1 in
        --back) BACK=yes ;;
        --remove) REMOVE=yes NEXT="nothing; scripts/$STEP.sh deploys it again" ;;
        *) return 1 ;;
    esac
}

load_config() {
    need DEPLOYMENT_ID RIVA_ENGINE RIVA_HOST SSH_USER SSH_KEY_FILE HOST_FOLDER
    [ "$RIVA_ENGINE" = nim ] || fail "RIVA_ENGINE is $RIVA_ENGINE." "Set RIVA_ENGINE=nim in $ENV_FILE for this step."
    [ -z "$BACK" ] || [ -z "$REMOVE" ] || fail "--back and --remove exclude each other." "Give one of them."
    if [ -z "$REMOVE" ]; then
        need NIM_GPU TLS_MODE NGC_API_KEY
        use_nim_image
    fi
    CONTAINER=$(engine_container)
    FOLDER=$(nim_folder)
}

validate_prerequisites() {
    use_docker
    if [ -n "$REMOVE" ]; then
        need_own_container
        return 0
    fi
    use_gpu "$NIM_GPU"
    need_good_gpu
    # As NVIDIA's page on Parakeet RNNT says (https://docs.nvidia.com/nim/speech/latest/asr/deploy-asr-models/parakeet-rnnt.html).
    if [[ $NIM_MODEL == rnnt && ,$IMAGE_SELECTOR, == *,mode=all,* ]] && [ "$GPU_MB" -lt 50000 ]; then
        fail "mode=all of Parakeet RNNT needs 50 GB of GPU memory; $GPU_NAME has $GPU_MB MB." \
            "Write NIM_TAGS_SELECTOR=mode=str,vad=silero,type=default to $ENV_FILE: live captions need no more."
    fi
    has_image || [ -n "$BACK" ] || [ -n "$DRY_RUN" ] || fail "The image is not on $(host_title)." "Run scripts/riva-055-pull-nim.sh, or scripts/riva-066-restore-nim.sh."
}

# Another deployment, or somebody else, may have a container of this name.
need_own_container() {
    local owner
    [ "$(container_state "$CONTAINER")" != missing ] || return 0
    owner=$(docker_try container inspect --format '{{index .Config.Labels "captioner.deployment"}}' "$CONTAINER")
    [ "$owner" = "$DEPLOYMENT_ID" ] || fail "$CONTAINER on $(host_title) belongs to ${owner:-nobody that this step knows}, not to $DEPLOYMENT_ID." \
        "Run this with the .env of that deployment; or, there: sudo docker rm --force $CONTAINER"
}

report_state() { printf 'the container %s is %s' "$CONTAINER" "$(container_state "$CONTAINER")"; }

perform_operation() {
    local configuration
    if [ -n "$REMOVE" ]; then
        remove
        return 0
    fi
    if [ -n "$BACK" ]; then
        go_back
        return 0
    fi
    need_certificate || return 0
    configuration=$(nim_configuration)
    if [ "$(deployed_configuration)" = "$configuration" ]; then
        case $(container_state "$CONTAINER") in
            running | restarting) info "The container runs already, with this configuration." ;;
            *) if will "Start $CONTAINER"; then nim_compose_do up --detach; fi ;;
        esac
        return 0
    fi
    need_room "$FOLDER" 20
    if [ "$(container_state "$CONTAINER")" = running ]; then
        confirm "Make $CONTAINER anew with the new configuration? Captions that it makes end until it is ready again."
    fi
    will "Deploy $IMAGE ($IMAGE_SELECTOR), TLS: $TLS_MODE" || return 0
    undo_with take_back
    keep_former
    put_files "$configuration"
    nim_compose_do up --detach
}

# The certificate has to be there before the server starts: nobody shall use it unencrypted until then.
need_certificate() {
    [ "$TLS_MODE" = disabled ] || [ -e "$(server_folder)/server.pem" ] || {
        will "Make the certificate: scripts/riva-095-certificates.sh" || return 1
        LOCK=certificates run_script "$ROOT/scripts/riva-095-certificates.sh" --env-file "$ENV_FILE" ${YES:+"$YES"} \
            || fail "There is no certificate." "Mend what 095 said, then run this again; or write TLS_MODE=disabled to $ENV_FILE."
        read_env
    }
}

# The former files stay beside the new ones, each as NAME.before. What a killed run has written was
# never deployed, and replaces nothing.
keep_former() {
    local mark
    FORMER=
    mark=$(deployed_configuration)
    [ -n "$mark" ] || return 0
    FORMER=yes
    if as_root grep -qF "\"$mark\"" "$FOLDER/compose.yaml" </dev/null 2>/dev/null; then
        as_root cp -a "$FOLDER/compose.yaml" "$FOLDER/compose.yaml.before" </dev/null
        as_root cp -a "$FOLDER/nim.env" "$FOLDER/nim.env.before" </dev/null
        as_root rm -rf "$FOLDER/tls.before" </dev/null
        as_root cp -a "$FOLDER/tls" "$FOLDER/tls.before" </dev/null
    fi
}

put_files() {
    local name file
    as_root install -d -m 711 "$HOST_FOLDER" "$FOLDER" </dev/null
    as_root install -d -m 700 -o 1000 -g 1000 "$FOLDER/cache" "$FOLDER/tls" </dev/null
    # The models of a cache that somebody else began have to be writable, too.
    as_root chown -R 1000:1000 "$FOLDER/cache" </dev/null
    while read -r name file; do
        as_root install -m 400 -o 1000 -g 1000 /dev/stdin "$FOLDER/tls/$name" <"$file"
    done < <(tls_files)
    key_line | as_root install -m 600 /dev/stdin "$FOLDER/nim.env"
    nim_compose "$1" | as_root install -m 600 /dev/stdin "$FOLDER/compose.yaml"
    docker_do compose --file "$FOLDER/compose.yaml" config --quiet
}

has_former() { as_root test -e "$FOLDER/compose.yaml.before" </dev/null; }

# The container that ran before runs again; where there was none, there is none.
take_back() {
    container_log "$CONTAINER" 50 | log_lines
    if [ -n "$FORMER" ] && has_former; then
        swap_former
        nim_compose_do up --detach
    else
        docker_try rm --force "$CONTAINER" >/dev/null
        as_root rm -f "$FOLDER/compose.yaml" "$FOLDER/nim.env" </dev/null
    fi
}

# Exchanges the files and those before.
swap_former() {
    local name
    for name in compose.yaml nim.env tls; do
        as_root mv -T "$FOLDER/$name" "$FOLDER/$name.new" </dev/null
        as_root mv -T "$FOLDER/$name.before" "$FOLDER/$name" </dev/null
        as_root mv -T "$FOLDER/$name.new" "$FOLDER/$name.before" </dev/null
    done
}

go_back() {
    has_former || fail "There is no deployment before this one." "Write the former values to $ENV_FILE, then run this without --back."
    confirm "Put back the deployment before the last change? Captions end until it is ready."
    will "Put back the deployment before the last change" || return 0
    swap_former
    nim_compose_do up --detach
    warn "$ENV_FILE still has the newer values; without --back this step deploys those."
}

# Prints what this step has made in its folder and is there, a name each.
left_files() {
    local name files=("$FOLDER/cache")
    for name in compose.yaml nim.env tls; do files+=("$FOLDER/$name" "$FOLDER/$name.before" "$FOLDER/$name.new"); done
    files_there "${files[@]}"
}

remove() {
    local files
    mapfile -t files < <(left_files)
    is_there_to_remove ${files[@]+"${files[@]}"} || return 0
    confirm "Remove all of this? The next start takes as long as the first: the models are among it."
    will "Remove $CONTAINER" || return 0
    if [ "$(container_state "$CONTAINER")" != missing ]; then docker_do rm --force "$CONTAINER" >/dev/null; fi
    # Its network, which Compose made; where none is left, that is well.
    docker_try network rm "${CONTAINER}_default" >/dev/null || true
    [ "${#files[@]}" = 0 ] || as_root rm -rf "${files[@]}" </dev/null
    # 055 notes the image there.
    as_root rmdir "$FOLDER" </dev/null 2>/dev/null || true
}

# It runs, and has not started over since it was looked at last.
runs_steadily() {
    local state restarts
    restarts=$(container_restarts "$CONTAINER")
    for _ in 1 2 3; do
        sleep 3
        state=$(container_state "$CONTAINER")
        [ "$state" = running ] && [ "$(container_restarts "$CONTAINER")" = "$restarts" ] || return 1
    done
}

validate_results() {
    if [ -n "$REMOVE" ]; then
        [ "$(container_state "$CONTAINER")" = missing ] || fail "$CONTAINER is still there." "There: sudo docker rm --force $CONTAINER"
        need_none_left "$(left_files)"
        return 0
    fi
    runs_steadily && return 0
    container_log "$CONTAINER" 20 >&2
    fail "The container does not keep running: it is $(container_state "$CONTAINER"), $(why_it_ends)." "$(what_mends_it)"
}

run_step "$@"
