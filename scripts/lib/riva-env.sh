# shellcheck shell=bash
# The configuration of the server scripts: which names there are, how a .env is read and written.
# Sourced by riva-common-functions.sh.

# NAME|WHEN|KIND|DEFAULT|MEANING. WHEN: always, the value of DEPLOY_ON or RIVA_ENGINE that needs the
# name, or unasked for what has a good default: 005 writes it only when it is given with --set. KIND:
# what check_value knows; a "?" at its end lets the value be empty. A new step adds its names here and
# to .env.example; then 005 asks for them and need checks them.
CONFIGURATION=(
    'DEPLOYMENT_ID|always|slug|captioner|Name of this deployment; everything that is made carries it as a tag'
    'DEPLOY_ON|always|place|aws|Where the GPU is: aws (an instance is made) or host (a machine that is there)'
    'RIVA_ENGINE|always|engine|nim|Recogniser: nim (NVIDIA NIM), quickstart (traditional Riva) or nemo (NeMo-Speech.cpp)'
    'AWS_REGION|aws|region|us-east-1|Region of AWS'
    'AWS_PROFILE|aws|word?||Profile of the AWS CLI; empty: what the AWS CLI finds itself'
    'AWS_INSTANCE_TYPE|aws|gpu|g6.xlarge|Type of the instance'
    'AWS_VOLUME_GB|aws|volume|200|Size of its encrypted volume in GB; the model cache lives there'
    'AWS_ALLOWED_CIDRS|aws|cidrs||Networks that may connect, with commas between: 203.0.113.7/32'
    'AWS_IDLE_STOP_MINUTES|aws|minutes|60|Stops the instance after so many minutes without use; 0: never'
    'AWS_IMAGE_PARAMETER|aws|parameter|/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id|Public SSM parameter that names the image'
    'AWS_SUBNET_ID|aws|subnet?||Subnet of the instance; empty: the default one'
    'AWS_HOURLY_PRICE|aws|price?||Price of an hour in USD; empty: AWS is asked'
    'RIVA_HOST|host|word|localhost|Address of the GPU machine; localhost: this one'
    'RIVA_PORT|unasked|port|50051|gRPC port of the server'
    'TLS_MODE|always|tls|tls|Encryption of the server: tls, mtls (clients show a certificate, too) or disabled'
    'TLS_NAMES|unasked|names?||More names and addresses that the certificate is for, with commas between'
    'TLS_DAYS|unasked|days|365|How many days a certificate is valid'
    'TLS_RENEW_DAYS|unasked|days|30|Makes a new one when fewer days are left'
    'TLS_CERT_FILE|unasked|path?||Certificate of the server, PEM; empty: 095 makes one'
    'TLS_KEY_FILE|unasked|path?||Its private key, PEM, without a password'
    'TLS_CA_FILE|unasked|path?||Authority that clients trust for it, PEM; empty: those of the system'
    'RIVA_SSL|unasked|flag?||Whether clients use TLS; 095 writes it, and the four below'
    'RIVA_TARGET_NAME|unasked|word?||Name that the certificate is for; empty: RIVA_HOST'
    'RIVA_SSL_CERT|unasked|path?||Authority that clients trust'
    'RIVA_SSL_CLIENT_CERT|unasked|path?||Certificate that clients show'
    'RIVA_SSL_KEY|unasked|path?||Key of that certificate'
    'PROOF_AUDIO|unasked|path?||Recording that is played, its words in a .txt of the same name; empty: the sample of Captioner'
    'PROOF_MAX_WER|unasked|number|15|Most word errors in a hundred words'
    'PROOF_MAX_P95_MS|unasked|number|1000|95 % of the chunks are answered within so many milliseconds'
    'PROOF_MAX_FINAL_MS|unasked|number|3000|95 % of the finals come so many milliseconds after the end of speech'
    'PROOF_STREAMS|unasked|number|10|Streams at the same time in the load test'
    'PROOF_SECONDS|unasked|number|60|How long streams are measured'
    'PROOF_KILL|unasked|line?||Command on the GPU machine that kills the server, for the fault drill; empty: its container'
    'PROOF_RESTORE|unasked|line?||Command there that starts it again'
    'PROMETHEUS_URL|unasked|url?||Prometheus that watches the server; empty: port 9090 of the GPU machine'
    'MONITORING_TARGETS|unasked|names?||Captioners that Prometheus reads (--metrics-port), HOST:PORT with commas between'
    'MONITORING_PROMETHEUS_IMAGE|unasked|image|prom/prometheus:v3.5.0|Image of Prometheus'
    'MONITORING_GRAFANA_IMAGE|unasked|image|grafana/grafana:12.1.0|Image of Grafana'
    'CAPTIONER|unasked|path?||The program captioner; empty: that of this checkout, installed when missing'
    'SSH_USER|always|word|ubuntu|User on the GPU machine'
    'SSH_KEY_FILE|aws|path?||Private SSH key; empty: ~/.ssh/captioner-DEPLOYMENT_ID, made when missing'
    'HOST_FOLDER|unasked|path|/opt/captioner|Folder on the GPU machine for the models and what else it keeps'
    'NIM_MODEL|nim|model|rnnt|Model of NIM: rnnt (Parakeet, many languages), ctc (Parakeet, English) or nemotron (English)'
    'NIM_IMAGE|unasked|image?||Image with its tag, nvcr.io/nim/nvidia/NAME:TAG; empty: the one known for NIM_MODEL'
    'NIM_IMAGE_DIGEST|unasked|pinned?||What the first pull of that image got, IMAGE:TAG@DIGEST; later pulls get nothing else'
    'NIM_TAGS_SELECTOR|unasked|selector?||Which profile of the image is served; empty: the streaming one of NIM_MODEL'
    'NIM_GPU|unasked|index|0|Number of the GPU that it gets, as nvidia-smi counts'
    'QUICKSTART_VERSION|quickstart|word|2.19.0|Version of the Riva quickstart; 2.19.0 is the last one for servers'
    'QUICKSTART_SHA256|unasked|sha256?||SHA-256 of its download; the first one is kept here and held'
    'QUICKSTART_MODEL|quickstart|word|parakeet-rnnt_1.1b_unified_ml_cs_universal|Its model, as its config.sh calls it; one that streams'
    'QUICKSTART_LANGUAGE|quickstart|word|multi|Language of that model: multi, en-US and so on'
    'QUICKSTART_GPU|unasked|index|0|Number of the GPU that it gets, as nvidia-smi counts'
    'NEMO_DEVICE|nemo|device|gpu|Where NeMo-Speech.cpp works: gpu, or cpu (a stream or a few)'
    'NEMO_MODEL|nemo|nemo_model|nemotron-en|Its model: nemotron-en (English), nemotron-3.5 (40 languages) or parakeet-ctc (English)'
    'NEMO_GPU|unasked|index|0|Number of the GPU that it gets, as nvidia-smi counts'
    'NEMO_FOLDER|nemo|path|/opt/nemo-speech|Folder on the GPU machine where NeMo-Speech.cpp is installed, with bin/riva_server'
    'NEMO_PROGRAM_SHA256|unasked|sha256?||SHA-256 of that program; the first one is kept here and held'
    'KUBERNETES_CONTEXT|unasked|context?||Cluster of kubectl for 160, which keeps it here'
    'KUBERNETES_CHART_VERSION|unasked|word?||Version of the chart riva-nim of NVIDIA'
    'KUBERNETES_CHART_SHA256|unasked|sha256?||Its SHA-256; the first download is kept here and held'
    'KUBERNETES_MIN_REPLICAS|unasked|replicas|1|Recognisers at least, a GPU for each'
    'KUBERNETES_MAX_REPLICAS|unasked|replicas|4|Recognisers at most'
    'KUBERNETES_GPU_PERCENT|unasked|percent|60|Work of a GPU that the autoscaler aims at'
    'KUBERNETES_CACHE_GB|unasked|cache|50|Size of the volume for the models in GB'
    'KUBERNETES_STORAGE_CLASS|unasked|word?||Its storage class; empty: that of the cluster'
    'KUBERNETES_ACCESS_MODE|unasked|access|ReadWriteOnce|ReadWriteOnce: a volume for each recogniser; ReadWriteMany: one for all'
    'KUBERNETES_ALLOWED_CIDRS|unasked|cidrs?||Networks that may connect from outside of the cluster; empty: none'
    'KUBERNETES_MONITORING|unasked|slug|monitoring|Namespace of Prometheus, which may read the metrics'
    'KUBERNETES_ENVOY_IMAGE|unasked|image|envoyproxy/envoy:distroless-v1.39.1|Image of the balancer'
    'NGC_API_KEY|always|secret?||Key for NVIDIA containers (https://org.ngc.nvidia.com/setup/api-keys)'
)

# These are kept in memory only, apart from other names: `secret NAME` prints one into a pipe.
SECRET_NAMES=(NGC_API_KEY RIVA_API_KEY)
declare -A SECRETS=()

is_secret() { [[ " ${SECRET_NAMES[*]} " == *" $1 "* ]]; }

# shellcheck disable=SC2034  # set for the caller
# row NAME: sets WHEN, KIND, DEFAULT and MEANING; fails where the name is not in the table.
row() {
    local line
    for line in "${CONFIGURATION[@]}"; do
        if [ "${line%%|*}" = "$1" ]; then
            IFS='|' read -r _ WHEN KIND DEFAULT MEANING <<<"$line"
            return 0
        fi
    done
    return 1
}

# is_chosen WORD: whether it is "always", the place or the engine that was chosen.
is_chosen() { [ "$1" = always ] || [ "$1" = "$DEPLOY_ON" ] || [ "$1" = "$RIVA_ENGINE" ]; }

# Whether the name that `row` found is of use for what was chosen.
is_wanted() { [ "$WHEN" = unasked ] || is_chosen "$WHEN"; }

# fix_of NAME: how a value comes there; 005 asks only for what the place and the engine need.
fix_of() {
    row "$1"
    if [ "$1" = RIVA_HOST ] && [ "$DEPLOY_ON" = aws ]; then
        printf %s "Run scripts/riva-025-wait-for-instance.sh, which finds the address, or write RIVA_HOST=address to $ENV_FILE."
    elif [[ $WHEN == nim || $WHEN == quickstart || $WHEN == nemo ]] && ! is_chosen "$WHEN"; then
        printf %s "RIVA_ENGINE is $RIVA_ENGINE, this belongs to $WHEN. To change over: scripts/riva-005-configure.sh --set RIVA_ENGINE=$WHEN"
    elif [ "$WHEN" = aws ] && [ "$DEPLOY_ON" != aws ]; then
        printf %s "DEPLOY_ON is $DEPLOY_ON, this belongs to aws. To change over: scripts/riva-005-configure.sh --set DEPLOY_ON=aws"
    elif [ "$WHEN" = unasked ]; then
        printf %s "Run scripts/riva-005-configure.sh --set $1=..., or edit $ENV_FILE."
    else
        printf %s "Run scripts/riva-005-configure.sh, or edit $ENV_FILE."
    fi
}

# ---- the file ----

# Succeeds where the line gives NAME a value.
names() { [[ $2 =~ ^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*= ]]; }

# parse LINE: sets VALUE to what the line of a .env gives, read as python-dotenv reads it.
parse() {
    local - text quote i c
    set +x
    text=${1#*=}
    text=${text#"${text%%[![:space:]]*}"}
    VALUE=
    quote=${text:0:1}
    if [ "$quote" = "'" ] || [ "$quote" = '"' ]; then
        for ((i = 1; i < ${#text}; i++)); do
            c=${text:i:1}
            [ "$c" != "$quote" ] || break
            if [[ $c == \\ && ${text:i+1:1} == ["\\$quote"] ]]; then
                i=$((i + 1))
                c=${text:i:1}
            fi
            VALUE+=$c
        done
    else
        text=${text%%[[:space:]]#*}
        VALUE=${text%"${text##*[![:space:]]}"}
    fi
}

# What the process was started with, name by name: found by the first read_env.
declare -A GIVEN_BY_ENVIRONMENT=()
ENVIRONMENT_IS_KNOWN=

# read_env: takes the names from the environment, else from ENV_FILE, else from their defaults.
# Secrets go to SECRETS, whatever else to a variable of its name; AWS_* is exported for the AWS CLI.
read_env() {
    local - line name lines=()
    set +x
    if [ -e "$ENV_FILE" ]; then
        { [ -f "$ENV_FILE" ] && [ -r "$ENV_FILE" ]; } || fail "$ENV_FILE is no file that you can read." \
            "Run this as the user whose file it is (ls -ld '$ENV_FILE'), or name another with --env-file."
        mapfile -t lines <"$ENV_FILE"
    fi
    for line in "${CONFIGURATION[@]}" "RIVA_API_KEY|always|secret?||"; do
        name=${line%%|*}
        if [ -z "$ENVIRONMENT_IS_KNOWN" ] && [ -n "${!name:-}" ]; then GIVEN_BY_ENVIRONMENT[$name]=${!name}; fi
        VALUE=${GIVEN_BY_ENVIRONMENT[$name]:-}
        [ -n "$VALUE" ] || VALUE=$(in_lines "$name")
        if is_secret "$name"; then
            SECRETS[$name]=$VALUE
            unset "$name"
            continue
        fi
        if [ -z "$VALUE" ] && row "$name" && is_wanted; then VALUE=$DEFAULT; fi
        printf -v "$name" %s "$VALUE"
        # An empty AWS_PROFILE would be looked up by the AWS CLI.
        if [[ $name == AWS_* && -n $VALUE ]]; then export "${name?}"; else export -n "${name?}"; fi
    done
    VALUE='' ENVIRONMENT_IS_KNOWN=yes
}

# run_script SCRIPT ARGUMENT...: runs another step as if it had been started in the place of this one.
run_script() (
    set +x
    for name in "${!AWS_@}"; do
        if row "$name"; then export -n "${name?}"; fi
    done
    for name in "${!GIVEN_BY_ENVIRONMENT[@]}"; do export "$name=${GIVEN_BY_ENVIRONMENT[$name]}"; done
    exec bash "$@"
)

# Prints what the last of `lines` that gives NAME a value says.
in_lines() {
    local - line
    set +x
    VALUE=
    for line in ${lines[@]+"${lines[@]}"}; do
        if names "$1" "$line"; then parse "$line"; fi
    done
    printf %s "$VALUE"
}

# in_file NAME: prints the value that ENV_FILE gives.
in_file() {
    local - lines=()
    set +x
    [ ! -f "$ENV_FILE" ] || mapfile -t lines <"$ENV_FILE"
    in_lines "$1"
}

# secret NAME: prints the secret; give it to a program through a pipe, never as an argument.
secret() {
    local -
    set +x
    printf %s "${SECRETS[$1]:-}"
}

# has_secret NAME: whether it is there; a trace shows no more than that.
has_secret() {
    local -
    set +x
    [ -n "${SECRETS[$1]:-}" ]
}

# write_env NAME: gives NAME the value on standard input, in ENV_FILE. Comments, order and all other
# lines stay; a new name goes below its commented line, else to the end. The file is replaced as a
# whole and readable by its owner alone.
write_env() {
    local - name=$1 value lines=() line written='' path scratch
    set +x
    value=$(cat)
    path=$(realpath -m -- "$ENV_FILE")
    if [ -f "$path" ]; then mapfile -t lines <"$path"; fi
    if [[ ! $value =~ ^[A-Za-z0-9_./:,@+-]*$ ]]; then
        value=${value//\\/\\\\}
        value="'${value//\'/\\\'}'"
    fi
    # One name, so that what a killed run has left, secrets and all, does not stay; only one step writes.
    scratch="$path.new"
    rm -f -- "$scratch"
    (umask 077 && : >"$scratch")
    {
        for line in ${lines[@]+"${lines[@]}"}; do
            if names "$name" "$line"; then
                [ -n "$written" ] || printf '%s=%s\n' "$name" "$value"
                written=yes
            else
                printf '%s\n' "$line"
            fi
        done
    } >"$scratch"
    if [ -z "$written" ]; then
        # shellcheck disable=SC2094  # the shell has read all of it before it writes
        mapfile -t lines <"$scratch"
        {
            for line in ${lines[@]+"${lines[@]}"}; do
                printf '%s\n' "$line"
                if [ -z "$written" ] && [[ $line == "#$name="* ]]; then
                    printf '%s=%s\n' "$name" "$value"
                    written=yes
                fi
            done
            [ -n "$written" ] || printf '%s=%s\n' "$name" "$value"
        } >"$scratch"
    fi
    mv -f -- "$scratch" "$path"
}
