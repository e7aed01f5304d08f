# shellcheck shell=bash
# What is a good value of a name of the configuration. Sourced by riva-common-functions.sh.

# NVIDIA GPUs that current NIM runs on: compute capability 8.0 or more, 16 GB or more.
GPU_FAMILIES=' g5 g6 gr6 g6e g7e p4d p4de p5 p5e p5en p6-b200 '

# Sets PROBLEM where the type cannot run the models; succeeds where it can.
check_gpu() {
    local family=${1%%.*}
    case $family in
        g4dn) PROBLEM="has a T4 (compute capability 7.5), which current NIM does not support" ;;
        g4ad) PROBLEM="has no NVIDIA GPU" ;;
        g5g) PROBLEM="has a T4G (compute capability 7.5) on ARM, which NIM does not support" ;;
        g6f | gr6f) PROBLEM="has a part of an L4 with less than 16 GB, which the models need" ;;
        p2 | p3 | p3dn) PROBLEM="has a GPU with compute capability below 8.0, which NIM needs" ;;
        *)
            [[ $1 == *.* && $GPU_FAMILIES == *" $family "* ]] && return 0
            PROBLEM="is not known to have a GPU with compute capability 8.0 and 16 GB"
            ;;
    esac
    PROBLEM+="; take g5, g6 or g6e, for example g6.xlarge"
    return 1
}

# A network as ADDRESS/BITS, of IPv4 or IPv6.
is_cidr() {
    local byte
    if [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})/([0-9]{1,2})$ ]]; then
        for byte in "${BASH_REMATCH[@]:1:4}"; do
            [ "$((10#$byte))" -le 255 ] || return 1
        done
        [ "$((10#${BASH_REMATCH[5]}))" -le 32 ]
    else
        [[ $1 =~ ^[0-9a-fA-F:]*::?[0-9a-fA-F:]*/([0-9]{1,3})$ ]] && [ "$((10#${BASH_REMATCH[1]}))" -le 128 ]
    fi
}

# Wider than any network that one owner has.
is_wide() {
    if [[ $1 == *:* ]]; then [ "${1#*/}" -lt 16 ]; else [ "${1#*/}" -lt 8 ]; fi
}

# is_number TEXT LEAST MOST
is_number() { [[ $1 =~ ^[0-9]{1,6}$ ]] && [ "$((10#$1))" -ge "$2" ] && [ "$((10#$1))" -le "$3" ]; }

# check_value KIND VALUE: sets PROBLEM ("must be ...") and fails where the value is none of its kind.
check_value() {
    local kind=$1 value=$2 part
    PROBLEM=
    if [ -z "$value" ]; then
        [[ $kind != *'?' ]] || return 0
        PROBLEM='must not be empty'
        return 1
    fi
    if [[ $value == *$'\n'* ]]; then
        PROBLEM='must be one line'
        return 1
    fi
    case ${kind%'?'} in
        slug) [[ $value =~ ^[a-z][a-z0-9-]{0,39}$ ]] || PROBLEM='must be small letters, digits and "-", a letter first, 40 at most' ;;
        place) [[ $value =~ ^(aws|host)$ ]] || PROBLEM='must be aws or host' ;;
        engine) [[ $value =~ ^(nim|quickstart|nemo)$ ]] || PROBLEM='must be nim, quickstart or nemo' ;;
        region) [[ $value =~ ^[a-z]{2}(-[a-z]+)+-[0-9]$ ]] || PROBLEM='must be a region such as us-east-1' ;;
        word) [[ $value =~ ^[A-Za-z0-9_.@+-]+$ ]] || PROBLEM='must be one word of letters, digits and _.@+-' ;;
        gpu) check_gpu "$value" || return 1 ;;
        volume) is_number "$value" 100 16000 || PROBLEM='must be a whole number of GB from 100 to 16000; containers and models need 100' ;;
        minutes)
            [ "$value" = 0 ] || is_number "$value" 45 10080 \
                || PROBLEM='must be 0 (never), or minutes from 45 to 10080; a first start of the models takes up to 40'
            ;;
        cidrs)
            for part in ${value//,/ }; do
                is_cidr "$part" || PROBLEM="has '$part', which is no network such as 203.0.113.7/32; put commas between networks"
            done
            ;;
        model) [[ $value =~ ^(rnnt|ctc|nemotron)$ ]] || PROBLEM='must be rnnt, ctc or nemotron' ;;
        image) [[ $value =~ ^[a-z0-9.:-]+(/[a-z0-9._-]+)+:[A-Za-z0-9._-]+(@sha256:[0-9a-f]{64})?$ && $value != *:latest* ]] || PROBLEM='must be an image with its tag, such as nvcr.io/nim/nvidia/NAME:1.2.3; latest is no tag that stays' ;;
        pinned) [[ $value =~ ^[^@[:space:]]+:[^@/[:space:]]+@sha256:[0-9a-f]{64}$ ]] || PROBLEM='must be IMAGE:TAG@sha256:... as 055 writes it' ;;
        selector) [[ $value =~ ^[a-z_]+=[A-Za-z0-9_.-]+(,[a-z_]+=[A-Za-z0-9_.-]+)*$ ]] || PROBLEM='must be such as mode=str,vad=silero' ;;
        index) is_number "$value" 0 63 || PROBLEM='must be the number of a GPU, from 0' ;;
        parameter) [[ $value =~ ^/aws/service/[A-Za-z0-9._/-]+$ ]] || PROBLEM='must be a public parameter, /aws/service/...' ;;
        subnet) [[ $value =~ ^subnet-[0-9a-f]+$ ]] || PROBLEM='must be the id of a subnet, subnet-...' ;;
        price) [[ $value =~ ^[0-9]+(\.[0-9]+)?$ ]] || PROBLEM='must be a price such as 0.8048' ;;
        port) is_number "$value" 1 65535 || PROBLEM='must be a port, from 1 to 65535' ;;
        days) is_number "$value" 1 3650 || PROBLEM='must be days, from 1 to 3650' ;;
        number) is_number "$value" 1 999999 || PROBLEM='must be a whole number from 1' ;;
        line) ;;
        url) [[ $value =~ ^https?://[A-Za-z0-9._:/-]+$ ]] || PROBLEM='must be an address such as http://prometheus.example.org:9090' ;;
        tls) [[ $value =~ ^(disabled|tls|mtls)$ ]] || PROBLEM='must be disabled, tls or mtls' ;;
        flag) [[ $value =~ ^(true|false)$ ]] || PROBLEM='must be true or false' ;;
        names) [[ $value =~ ^[A-Za-z0-9.:-]+(,[A-Za-z0-9.:-]+)*$ ]] || PROBLEM='must be host names and addresses, with commas between them' ;;
        device) [[ $value =~ ^(gpu|cpu)$ ]] || PROBLEM='must be gpu or cpu' ;;
        nemo_model)
            [ "$value" != parakeet-tdt ] || PROBLEM='must be another: parakeet-tdt takes whole recordings alone and gives no live captions'
            [[ $PROBLEM || $value =~ ^(nemotron-en|nemotron-3\.5|parakeet-ctc)$ ]] || PROBLEM='must be nemotron-en, nemotron-3.5 or parakeet-ctc'
            ;;
        context) [[ $value =~ ^[A-Za-z0-9_.:/@+-]+$ ]] || PROBLEM='must be the name of a context: kubectl config get-contexts' ;;
        sha256) [[ $value =~ ^[0-9a-f]{64}$ ]] || PROBLEM='must be a SHA-256, 64 letters a-f and digits' ;;
        replicas) is_number "$value" 1 5000 || PROBLEM='must be a whole number from 1 to 5000' ;;
        percent) is_number "$value" 10 95 || PROBLEM='must be percent, from 10 to 95' ;;
        cache) is_number "$value" 20 16000 || PROBLEM='must be a whole number of GB from 20 to 16000' ;;
        access) [[ $value =~ ^ReadWrite(Once|Many)$ ]] || PROBLEM='must be ReadWriteOnce or ReadWriteMany' ;;
        path) [[ $value == /* ]] || PROBLEM='must be a whole path, from /' ;;
        secret) [[ $value =~ ^[[:graph:]]+$ ]] || PROBLEM='must be one word without spaces' ;;
        *) PROBLEM="is of an unknown kind, $kind" ;;
    esac
    [ -z "$PROBLEM" ]
}
