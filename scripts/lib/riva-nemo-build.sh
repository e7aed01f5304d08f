#!/usr/bin/env bash
# Runs on the GPU machine: builds riva_server of NeMo-Speech.cpp from one commit. One that was ended goes
# on where it was.
#
#   riva-nemo-build.sh SOURCE PREFIX COMMIT DEVICE ARCHITECTURE
#
# SOURCE is the folder that it works in, PREFIX where the program is at the end, DEVICE gpu or cpu,
# ARCHITECTURE the compute capability of the GPU without its point. After docs/build.md of that commit.
set -euo pipefail
SOURCE=$1 PREFIX=$2 COMMIT=$3 DEVICE=$4 ARCHITECTURE=$5
REPOSITORY=https://github.com/NVIDIA/NeMo-Speech.cpp.git

echo "Getting NeMo-Speech.cpp $COMMIT"
mkdir -p "$SOURCE"
cd "$SOURCE"
[ -d .git ] || git init --quiet
git config remote.origin.url "$REPOSITORY"
[ "$(git rev-parse --quiet --verify HEAD || true)" = "$COMMIT" ] || {
    git fetch --depth 1 origin "$COMMIT"
    git checkout --quiet --force FETCH_HEAD
}
[ "$(git rev-parse HEAD)" = "$COMMIT" ] || { echo "This is not the commit $COMMIT."; exit 1; }
# The commit names the exact version of each. llama.cpp: for a header that the checks want.
git submodule update --init --depth 1 ggml llama.cpp proto/riva-common

# Distributions have an older CMake than the 3.26 that it wants.
[ -x tools/bin/cmake ] && [ -x tools/bin/ninja ] || {
    python3 -m venv --clear tools
    tools/bin/python -m pip install --quiet 'cmake>=3.26,<4' 'ninja>=1.11'
}
PATH="$SOURCE/tools/bin:/usr/local/cuda/bin:$PATH"

# Speech recognition and gRPC; gRPC is built with speech synthesis alone, whose models are never loaded.
options=(-DNEMO_SPEECH_BUILD_TTS=ON -DNEMO_SPEECH_BUILD_GRPC=ON -DNEMO_SPEECH_BUILD_CLI=OFF -DNEMO_SPEECH_BUILD_MIC_CAPTURE=OFF)
preset=cpu-asr
if [ "$DEVICE" = gpu ]; then
    preset=cuda-asr
    options+=("-DCMAKE_CUDA_ARCHITECTURES=$ARCHITECTURE")
fi
bash scripts/configure.sh "$preset" "${options[@]}"
# A compiler takes up to 3 GB.
jobs=$(awk '/MemAvailable/ { print int($2 / 3000000) + 1 }' /proc/meminfo)
[ "$jobs" -le "$(nproc)" ] || jobs=$(nproc)
cmake --build --preset "$preset" --parallel "$jobs"
rm -rf "$PREFIX.new"
cmake --install "build/$preset" --prefix "$PREFIX.new"
"$PREFIX.new/bin/riva_server" --help >/dev/null 2>&1 || { echo "riva_server does not run."; "$PREFIX.new/bin/riva_server" --help; exit 1; }
rm -rf "$PREFIX"
mv "$PREFIX.new" "$PREFIX"
cd /
rm -rf "$SOURCE"
echo "Built $PREFIX"
