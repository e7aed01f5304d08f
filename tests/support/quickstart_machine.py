"""A GPU machine for NVIDIA's Riva quickstart.

The quickstart is a small one of the tests' own, with the names and the ways of NVIDIA's; Docker and
the network are stand-ins that record how they are called.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import Final

from tests.support.gpu_machine import GpuMachine

FOLDER: Final = "/opt/captioner/riva_quickstart_v2.19.0"
MODELS: Final = "/opt/captioner/quickstart-models"
STREAMING: Final = "parakeet-rnnt_1.1b_unified_ml_cs_universal"
CONFIG: Final = f"""\
service_enabled_asr=true
service_enabled_nlp=true
service_enabled_tts=true
declare -A known
known["parakeet_1.1b"]="en-US"
known["parakeet-rnnt_1.1b"]="en-US"
known["{STREAMING}"]="multi"
#asr_acoustic_model=("conformer")
asr_acoustic_model=("parakeet_1.1b")
asr_language_code=("en-US")
asr_accessory_model=("silero")
gpus_to_use="device=0"
riva_model_loc="riva-model-repo"
if false; then
    riva_model_loc="here"
fi
riva_speech_api_port="50051"
ssl_server_cert=""
ssl_server_key=""
ssl_root_cert=""
ssl_use_mutual_auth=false
if [[ ${{known[$asr_acoustic_model]}} != "$asr_language_code" ]]; then
  echo "$asr_acoustic_model does not support $asr_language_code"
  exit 1
fi
models_asr=("nvidia/riva/rmir_asr_${{asr_acoustic_model}}_ofl:2.19.0")
if [[ $asr_acoustic_model != parakeet-rnnt_1.1b ]]; then
  models_asr+=("nvidia/riva/rmir_asr_${{asr_acoustic_model}}_str:2.19.0")
fi
image_speech_api="nvcr.io/nvidia/riva/riva-speech:2.19.0"
riva_daemon_speech="riva-speech"
"""
INIT: Final = """\
source "$1"
docker run --init -it --rm -e "NGC_CLI_API_KEY=$NGC_API_KEY" -v $riva_model_loc:/data \\
    --name riva-service-maker $image_speech_api download_ngc_models ${models_asr[@]}
"""
START: Final = """\
source "$1"
docker run -d --init --rm -p $riva_speech_api_port:$riva_speech_api_port --name riva-speech \\
    $image_speech_api start-riva --riva-uri=0.0.0.0:$riva_speech_api_port
"""
DOCKER: Final = """
case "$1 $2" in
    'info --format') echo "$root/var/lib/docker" ;;
    'container inspect') cat "$root/state" 2>/dev/null || { echo 'no container' >&2; exit 1; } ;;
    'run -d' | 'run --restart') echo running >"$root/state" ;;
    'run --init') echo "downloading with ${NGC_CLI_API_KEY:0:5}"; [ ! -e "$root/broken" ] || exit 1
        mkdir -p "$root/opt/captioner/quickstart-models/models/parakeet-streaming"
        touch "$root/opt/captioner/quickstart-models/models/parakeet-streaming/config.pbtxt" ;;
    'rm --force') [ "$3" != riva-speech ] || rm -f "$root/state" ;;
esac
"""


def put_quickstart(machine: GpuMachine, *, inner: str = "") -> str:
    """Give NVIDIA's download to the machine, and return its checksum."""
    path = machine.root / "quickstart.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, text in {
            "config.sh": CONFIG,
            "riva_init.sh": INIT,
            "riva_start.sh": START,
            "riva_stop.sh": "true\n",
        }.items():
            # The same bytes each time: the checksum is held.
            file.writestr(zipfile.ZipInfo(inner + name), text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def prepare_quickstart(machine: GpuMachine) -> None:
    """Configure a machine with Docker and room for the quickstart."""
    with machine.scripts.env_file.open("a") as file:
        file.write("RIVA_ENGINE=quickstart\nTLS_MODE=disabled\n")
    put_quickstart(machine)
    machine.stand_in(
        "curl",
        'cat >"$root/curl-configuration"; while [ "$1" != --output ]; do shift; done; '
        'cp "$root/quickstart.zip" "$2"',
    )
    machine.stand_in("docker", DOCKER)
    machine.stand_in("df", "echo Avail; echo 200")
    # Files of others are root's to make, and a test is not always root.
    machine.stand_in("install", 'exec /usr/bin/install $(sed "s/-[og] root//g" <<<"$*")')
