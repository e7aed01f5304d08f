#!/usr/bin/env bash
# Runs on the GPU machine: riva_NAME.sh of the quickstart in FOLDER, with NGC_API_KEY in the environment.
#
#   riva-quickstart-run.sh FOLDER NAME
set -euo pipefail
cd "$1"

# NVIDIA's scripts call this instead of the program. They give the key as an argument, which every
# user of the machine sees, and ask for a terminal, which there is none; and the server they start has
# neither limits for its log nor a restart. Here the key goes by the environment instead.
docker() {
    local word words=() detached=''
    for word in "$@"; do
        case $word in
            NGC_CLI_API_KEY=* | RIVA_API_KEY=*)
                export "${word?}"
                words+=("${word%%=*}")
                ;;
            -it | -t | --tty) ;;
            -d | --detach)
                detached=yes
                words+=("$word")
                ;;
            *) words+=("$word") ;;
        esac
    done
    if [ "${words[0]:-}" = run ] && [ -n "$detached" ]; then
        for word in "${!words[@]}"; do [ "${words[word]}" != --rm ] || unset 'words[word]'; done
        words=(run --restart unless-stopped --log-opt max-size=50m --log-opt max-file=3 "${words[@]:1}")
    fi
    command docker "${words[@]}"
}
export -f docker

# A first try that was ended may have left its container, whose name is taken then.
if [ "$2" = init ]; then command docker rm --force riva-service-maker >/dev/null 2>&1 || true; fi
rc=0
bash "riva_$2.sh" config.sh || rc=$?
# It has logged in to NVIDIA's registry.
command docker logout nvcr.io >/dev/null 2>&1 || true
exit "$rc"
