# shellcheck shell=bash
# What run.sh and test.sh share: messages with a log, system packages, the virtual environment.
# Sourced after `set -euo pipefail`; works with bash 3.2 and later.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
VENV="$ROOT/.venv"
CONSTRAINTS="$ROOT/packaging/constraints.txt"
LOG=

# ---- messages: coloured for people on a terminal, with time and level in the log ----

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    BOLD=$'\e[1m' RED=$'\e[1;31m' YELLOW=$'\e[1;33m' GREEN=$'\e[1;32m' PLAIN=$'\e[0m'
else
    BOLD='' RED='' YELLOW='' GREEN='' PLAIN=''
fi

# Prints the time in UTC. Newer shells know it themselves, which spares a process for each line.
now() {
    if [ "${BASH_VERSINFO[0]}" -ge 5 ]; then
        TZ=UTC printf '%(%Y-%m-%dT%H:%M:%SZ)T' -1
    else
        date -u +%Y-%m-%dT%H:%M:%SZ
    fi
}

# open_log NAME: goes on with build/logs/NAME.log; what grew beyond a megabyte becomes NAME.log.1.
open_log() {
    local folder="$ROOT/build/logs"
    if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
        fail "$folder cannot be written." "Give yourself this folder: sudo chown -R \"\$(id -un)\" '$ROOT'"
    fi
    LOG="$folder/$1.log"
    : >>"$LOG"
    [ "$(wc -c <"$LOG")" -lt 1000000 ] || mv -f "$LOG" "$LOG.1"
}

# write_log LEVEL MESSAGE
write_log() {
    [ -z "$LOG" ] || printf '%s %-7s %s\n' "$(now)" "$1" "$2" >>"$LOG"
}

# Copies standard input to the log, a time and DEBUG before each line, without colours.
log_lines() {
    local line escape=$'\e'
    while IFS= read -r line || [ -n "$line" ]; do
        while [[ $line =~ $escape\[[0-9\;]*[A-Za-z] ]]; do
            line=${line//"${BASH_REMATCH[0]}"/}
        done
        write_log DEBUG "$line"
    done
}

info() {
    write_log INFO "$*"
    printf '%s\n' "$*" >&2
}

step() {
    write_log INFO "$*"
    printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*" >&2
}

success() {
    write_log INFO "$*"
    printf '%s%s%s\n' "$GREEN" "$*" "$PLAIN" >&2
}

warn() {
    write_log WARNING "$*"
    printf '%sWarning:%s %s\n' "$YELLOW" "$PLAIN" "$*" >&2
}

# fail MESSAGE FIX: says both and ends the script.
fail() {
    write_log ERROR "$1 Fix: $2"
    printf '%sError:%s %s\n%sFix:%s %s\n' "$RED" "$PLAIN" "$1" "$GREEN" "$PLAIN" "$2" >&2
    [ -z "$LOG" ] || printf 'The log is %s\n' "$LOG" >&2
    exit 1
}

# logged MESSAGE FIX COMMAND...: runs a command with its output in the log; where it fails, shows
# the end of that output, the message and the fix, and ends the script.
logged() {
    local message=$1 fix=$2 before
    shift 2
    before=$(wc -l <"$LOG")
    write_log DEBUG "$*"
    if ! "$@" 2>&1 </dev/null | log_lines; then
        tail -n "+$((before + 2))" "$LOG" | tail -n 15 | sed 's/^[^ ]* [A-Z ]\{7\} //' >&2
        fail "$message" "$fix"
    fi
}

# ---- system packages ----
# A need is "KIND:NAME|PACKAGE": a library by soname, a command, a file (a pattern), or a Python that
# can be used, and the Debian package that brings it. Looking for the thing itself works on every distribution and does
# not depend on how a release names its packages.

# shellcheck disable=SC2034  # read by the scripts that source this file
RUN_NEEDS=(
    'python:|python3'
    'python:|python3-venv'
    'lib:libportaudio.so.2|libportaudio2'
    'lib:libpulse.so.0|libpulse0'
    'file:/usr/lib*/*/alsa-lib/libasound_module_pcm_pulse.so|libasound2-plugins'
    'lib:libEGL.so.1|libegl1'
    'lib:libGL.so.1|libgl1'
    'lib:libxkbcommon-x11.so.0|libxkbcommon-x11-0'
    'lib:libxcb-cursor.so.0|libxcb-cursor0'
    'lib:libxcb-icccm.so.4|libxcb-icccm4'
    'lib:libxcb-image.so.0|libxcb-image0'
    'lib:libxcb-keysyms.so.1|libxcb-keysyms1'
    'lib:libxcb-randr.so.0|libxcb-randr0'
    'lib:libxcb-render-util.so.0|libxcb-render-util0'
    'lib:libxcb-shape.so.0|libxcb-shape0'
    'lib:libxcb-sync.so.1|libxcb-sync1'
    'lib:libxcb-xfixes.so.0|libxcb-xfixes0'
    'lib:libxcb-xinerama.so.0|libxcb-xinerama0'
    'lib:libxcb-xkb.so.1|libxcb-xkb1'
    'lib:libwayland-cursor.so.0|libwayland-cursor0'
    'lib:libwayland-egl.so.1|libwayland-egl1'
    'lib:libdbus-1.so.3|libdbus-1-3'
    'lib:libfontconfig.so.1|libfontconfig1'
    'lib:libglib-2.0.so.0|libglib2.0-0'
    'file:/usr/share/fonts/*|fonts-dejavu-core'
)

TEST_NEEDS=(
    'cmd:Xvfb|xvfb'
    'cmd:openbox|openbox'
    'cmd:xdotool|xdotool'
    'cmd:xwininfo|x11-utils'
    'cmd:xprop|x11-utils'
    'cmd:xrandr|x11-xserver-utils'
    'cmd:weston|weston'
    'cmd:Xwayland|xwayland'
    'cmd:xcompmgr|xcompmgr'
    'cmd:trayer|trayer'
    'cmd:xsel|xsel'
    'cmd:import|imagemagick'
    'cmd:tesseract|tesseract-ocr'
    'file:/usr/share/tesseract-ocr/*/tessdata/eng.traineddata|tesseract-ocr-eng'
    'file:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf|fonts-dejavu-core'
    'cmd:pulseaudio|pulseaudio'
    'cmd:paplay|pulseaudio-utils'
    'cmd:pipewire|pipewire'
    'cmd:pipewire-pulse|pipewire-pulse'
    'cmd:wireplumber|wireplumber'
    'cmd:dbus-daemon|dbus'
    'cmd:dbus-launch|dbus-x11'
    'cmd:gnome-keyring-daemon|gnome-keyring'
    'cmd:docker-compose|docker-compose'
    'cmd:setpriv|util-linux'
    'cmd:espeak-ng|espeak-ng'
    'cmd:sox|sox'
    'cmd:ffmpeg|ffmpeg'
    'cmd:chromium|chromium'
)

# shellcheck disable=SC2034  # read by test.sh
PACKAGE_TEST_NEEDS=(
    'cmd:debootstrap|debootstrap'
    'cmd:lintian|lintian'
    'cmd:man|man-db'
    'cmd:appstreamcli|appstream'
    'cmd:desktop-file-validate|desktop-file-utils'
    'cmd:strace|strace'
)

HAVE_LIBRARIES=

need_is_met() {
    local need=${1%%|*} name
    name=${need#*:}
    case $need in
        lib:*) [[ $HAVE_LIBRARIES == *"	$name "* ]] ;;
        cmd:*) command -v "$name" >/dev/null ;;
        # A pattern: at least one of the files must be there.
        file:*) compgen -G "$name" >/dev/null || compgen -G "${name/\/\*\//\/}" >/dev/null ;;
        python:*) [ -x "$VENV/bin/python" ] || find_python >/dev/null ;;
        *) return 1 ;;
    esac
}

# install_missing NEED...: installs what is missing, and touches nothing when nothing is.
install_missing() {
    [ "$(uname -s)" = Linux ] || return 0
    local need package missing=()
    PATH="$PATH:/usr/sbin:/sbin"
    HAVE_LIBRARIES=$(ldconfig -p 2>/dev/null || true)
    for need in "$@"; do
        package=${need##*|}
        need_is_met "$need" || [[ " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    step "Installing ${#missing[@]} system packages: ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "These libraries or programs are missing (as Debian names them): ${missing[*]}." \
            "Install the packages of your distribution that bring them, then run this again."
    fi
    local manual="apt-get install --no-install-recommends ${missing[*]}"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "System packages are missing and there is no sudo." "As root: $manual"
        sudo -v || fail "System packages are missing and sudo was refused." "As root: $manual"
        as_root=(sudo)
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120)
    logged "The lists of packages could not be fetched." \
        "Check the network and /etc/apt/sources.list, then run this again." \
        "${as_root[@]}" update
    logged "System packages could not be installed." "Try it by hand: $manual" \
        "${as_root[@]}" install --yes --no-install-recommends "${missing[@]}"
}

# ---- Python and the virtual environment ----

python_is_good() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
        >/dev/null 2>&1
}

# Prints a Python from 3.11 to 3.13 that can make virtual environments; fails without one.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if python_is_good "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

# fingerprint EXTRA: what an installation depends on; another text means: install again.
fingerprint() {
    cksum "$ROOT/pyproject.toml" "$CONSTRAINTS" "$ROOT/captioner/__init__.py"
    "$VENV/bin/python" -V
    printf '%s\n' "$1"
}

# is_installed STAMP EXTRA
is_installed() {
    [ -f "$VENV/$1" ] && [ "$(<"$VENV/$1")" = "$(fingerprint "$2" 2>/dev/null)" ]
}

make_venv() {
    local python
    python=$(find_python) || fail "There is no Python from 3.11 to 3.13 with its venv module." \
        "Install one, then name it: PYTHON=/path/to/python3.12 bash scripts/run.sh"
    step "Making a virtual environment with $("$python" -V) in ${VENV#"$ROOT/"}"
    logged "The virtual environment could not be made." \
        "Remove the folder $VENV, check the free space, then run this again." \
        "$python" -m venv --clear "$VENV"
}

pip_install() {
    logged "Python packages could not be installed." \
        "Check the network and the free space, then run this again: it goes on where it stopped." \
        "$VENV/bin/python" -m pip install --progress-bar off "$@"
}

# install_captioner STAMP EXTRA [PIP ARGUMENTS...]: makes the virtual environment when it is missing
# or of another kind, and installs the package in place with exact versions of all it needs.
install_captioner() {
    local stamp=$1 extra=$2
    shift 2
    if is_installed "$stamp" "$extra"; then
        return 0
    fi
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || make_venv
    step "Installing Captioner's Python packages into ${VENV#"$ROOT/"} (a few minutes the first time)"
    rm -f "$VENV/$stamp"
    # The pinned pip first: older ones know neither dependency groups nor build constraints.
    pip_install --constraint "$CONSTRAINTS" pip
    pip_install --constraint "$CONSTRAINTS" --build-constraint "$CONSTRAINTS" \
        --editable "$ROOT$extra" "$@"
    fingerprint "$extra" >"$VENV/$stamp"
}

# Prometheus is unpacked and not installed: Debian's package would start a service. Where there is no
# such package, the tests that need it say so and are left out.
unpack_prometheus() {
    local folder="$ROOT/build/tools/prometheus"
    if command -v promtool >/dev/null || [ -x "$folder/usr/bin/promtool" ] || ! command -v apt-get >/dev/null; then
        return 0
    fi
    step "Fetching Prometheus for the tests of the metrics (20 MB)"
    mkdir -p "$folder"
    if ! (cd "$folder" && apt-get -q download prometheus && dpkg-deb -x prometheus_*.deb .) 2>&1 | log_lines; then
        warn "Prometheus could not be fetched: a few tests of the metrics are left out."
    fi
    rm -f "$folder"/prometheus_*.deb
}

# What tests and benchmarks need on top of the program itself.
install_for_tests() {
    install_missing "${RUN_NEEDS[@]}" "${TEST_NEEDS[@]}"
    unpack_prometheus
    install_captioner .test-stamp '[media]' --group "$ROOT/pyproject.toml:dev"
}
