#!/usr/bin/env bash
# Sets up what the tests need and runs lint, types, layers and the tests.
#
#   bash scripts/test.sh                 everything but the slow tests
#   bash scripts/test.sh --full          everything that needs no server of your own
#   bash scripts/test.sh --package       the packages alone, built and tried on a clean Debian
#   RIVA_HOST=... bash scripts/test.sh --live   streaming, breaks and TLS with that server
#   bash scripts/test.sh tests/riva -x   the checks, then pytest with these arguments
#
# The tests bring their own sound server, display, keyring and home folder: whatever desktop this
# runs on is neither needed nor touched. The log is build/logs/test.log.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

selection='not slow and not live and not package' kept='' needs=()
case "${1:-}" in
    --full)
        selection='not live' needs=("${PACKAGE_TEST_NEEDS[@]}")
        shift
        ;;
    --package)
        selection=package needs=("${PACKAGE_TEST_NEEDS[@]}")
        shift
        ;;
    --live)
        # The server's names are all that reaches the tests from outside.
        selection=live kept='RIVA_'
        shift
        ;;
esac

open_log test
SECONDS=0
write_log INFO "test.sh starts, selection: $selection"
install_for_tests
[ "${#needs[@]}" -eq 0 ] || install_missing "${needs[@]}"
info "Set-up: $SECONDS s"

package='' # the process that makes it, while it does
private=$(mktemp -d)
trap '[ -z "$package" ] || kill "$package" 2>/dev/null || true; rm -rf "$private"' EXIT
mkdir -m 700 "$private/home" "$private/runtime"

# The package takes one core for minutes, and so do the checks. Where it cannot be made, its tests
# try it again and tell why.
if [ "${#needs[@]}" -gt 0 ]; then
    bash "$ROOT/packaging/build.sh" --only deb --quick >"$private/build.txt" 2>&1 &
    package=$!
fi

failed=()
before=$SECONDS
exec 3> >(log_lines)
log_writer=$!
PATH="$VENV/bin:$PATH" "$ROOT/scripts/check" 2>&1 | tee /dev/fd/3 || failed+=("scripts/check")
info "Checks: $((SECONDS - before)) s"

# Nothing of the caller's desktop or settings reaches the tests.
unset DISPLAY WAYLAND_DISPLAY XAUTHORITY DBUS_SESSION_BUS_ADDRESS QT_QPA_PLATFORM COLUMNS LINES
while IFS= read -r name; do
    [ -n "$kept" ] && [[ $name == "$kept"* ]] || unset "$name"
done < <(compgen -e | grep -E '^(RIVA_|CAPTIONER_|PULSE_|PIPEWIRE_|XDG_|PYTHON_KEYRING_|NO_COLOR$)')
if [ -n "$package" ] && wait "$package"; then
    CAPTIONER_DEB=$(sed -n 's/^  \(.*\.deb\) (.*/\1/p' "$private/build.txt")
    export CAPTIONER_DEB
    info "Package: $((SECONDS - before)) s beside the checks"
fi
package=''
export HOME="$private/home" XDG_RUNTIME_DIR="$private/runtime" TERM=xterm-256color

colour=no
[ -t 1 ] && [ -n "$PLAIN" ] && colour=yes
before=$SECONDS
cd "$ROOT"
"$VENV/bin/python" -m pytest --color="$colour" --durations=10 --durations-min=5 \
    -m "$selection" "$@" 2>&1 \
    | tee /dev/fd/3 || failed+=(pytest)
exec 3>&-
wait "$log_writer"
info "Tests: $((SECONDS - before)) s"

if [ "${#failed[@]}" -gt 0 ]; then
    fail "Failed: ${failed[*]} (after $SECONDS s)." \
        "The first failure above names the file; run that part alone with scripts/check or scripts/test.sh PATH."
fi
success "All checks and tests passed in $SECONDS s. The log is $LOG"
