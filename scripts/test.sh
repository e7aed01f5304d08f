#!/usr/bin/env bash
# Sets up what the tests need and runs lint, types, layers and the tests.
#
#   bash scripts/test.sh                 everything but the slow tests
#   bash scripts/test.sh --full          everything
#   bash scripts/test.sh tests/riva -x   the checks, then pytest with these arguments
#
# The tests bring their own sound server, display, keyring and home folder: whatever desktop this
# runs on is neither needed nor touched. The log is build/logs/test.log.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

TEST_NEEDS=(
    'cmd:Xvfb|xvfb'
    'cmd:openbox|openbox'
    'cmd:xdotool|xdotool'
    'cmd:xwininfo|x11-utils'
    'cmd:xprop|x11-utils'
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
    'cmd:setpriv|util-linux'
    'cmd:espeak-ng|espeak-ng'
    'cmd:sox|sox'
    'cmd:ffmpeg|ffmpeg'
)

full=no
if [ "${1:-}" = --full ]; then
    full=yes
    shift
fi

open_log test
SECONDS=0
write_log INFO "test.sh starts, full=$full"
install_missing "${RUN_NEEDS[@]}" "${TEST_NEEDS[@]}"
install_captioner .test-stamp '[media]' --group "$ROOT/pyproject.toml:dev"
info "Set-up: $SECONDS s"

failed=()
before=$SECONDS
exec 3> >(log_lines)
log_writer=$!
PATH="$VENV/bin:$PATH" "$ROOT/scripts/check" 2>&1 | tee /dev/fd/3 || failed+=("scripts/check")
info "Checks: $((SECONDS - before)) s"

# Nothing of the caller's desktop or settings reaches the tests.
private=$(mktemp -d)
trap 'rm -rf "$private"' EXIT
mkdir -m 700 "$private/home" "$private/runtime"
unset DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS QT_QPA_PLATFORM
while IFS= read -r name; do
    unset "$name"
done < <(compgen -e | grep -E '^(RIVA_|CAPTIONER_|PULSE_|PIPEWIRE_|XDG_|PYTHON_KEYRING_|NO_COLOR$)')
export HOME="$private/home" XDG_RUNTIME_DIR="$private/runtime"

selection=()
[ "$full" = yes ] || selection=(-m 'not slow')
colour=no
[ -t 1 ] && [ -n "$PLAIN" ] && colour=yes
before=$SECONDS
cd "$ROOT"
"$VENV/bin/python" -m pytest --color="$colour" ${selection[@]+"${selection[@]}"} "$@" 2>&1 \
    | tee /dev/fd/3 || failed+=(pytest)
exec 3>&-
wait "$log_writer"
info "Tests: $((SECONDS - before)) s"

if [ "${#failed[@]}" -gt 0 ]; then
    fail "Failed: ${failed[*]} (after $SECONDS s)." \
        "The first failure above names the file; run that part alone with scripts/check or scripts/test.sh PATH."
fi
success "All checks and tests passed in $SECONDS s. The log is $LOG"
