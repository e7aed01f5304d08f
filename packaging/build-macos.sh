#!/usr/bin/env bash
# Makes Captioner.app and a disk image of it for macOS, in build/dist: from a clone, with one command.
#
#   bash packaging/build-macos.sh
#
# There is no embedded engine for macOS: its maker publishes no package that carries the model. The
# program says so and asks for a server.
#
# Signed for this computer alone, unless the environment says otherwise:
#   CAPTIONER_SIGNED_BY="Developer ID Application: Name (TEAM)"  signs with the hardened runtime
#   CAPTIONER_NOTARY_PROFILE=name   has Apple notarise the image, and staples the ticket to it; make
#       the profile once: xcrun notarytool store-credentials name --apple-id ... --team-id ...
#       (it asks for the app-specific password, and keeps it in the keychain)
# The log is build/logs/build.log.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/common.sh"

open_log build
[ $# -eq 0 ] || fail "There is no option '$1'." "See the first lines of packaging/build-macos.sh."
[ "$(uname -s)" = Darwin ] || fail "This builds for macOS." "Use packaging/build.sh on Linux, packaging/build.ps1 on Windows."

# shellcheck disable=SC2034  # read by lib/common.sh
VENV="$ROOT/build/venv"
WORK="$ROOT/build/package/macos"
APP="$WORK/dist/Captioner.app"
DIST="$ROOT/build/dist"
VERSION=$(sed -n 's/^__version__.*"\(.*\)"$/\1/p' "$ROOT/captioner/__init__.py")
IMAGE="$DIST/captioner-$VERSION-macos-$(uname -m).dmg"
SIGNED_BY=${CAPTIONER_SIGNED_BY:-}
NOTARY_PROFILE=${CAPTIONER_NOTARY_PROFILE:-}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null || stat -f %m "$ROOT/pyproject.toml")}
export SOURCE_DATE_EPOCH PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
export CAPTIONER_WITHOUT_ENGINE=1 CAPTIONER_SIGNED_BY="$SIGNED_BY"
SECONDS=0

[ -z "$NOTARY_PROFILE" ] || [ -n "$SIGNED_BY" ] \
    || fail "Apple notarises only what is signed." "Set CAPTIONER_SIGNED_BY, too."

make_app() {
    step "Collecting the program into Captioner.app"
    rm -rf "$WORK"
    mkdir -p "$WORK" "$DIST"
    (cd "$WORK" && logged "PyInstaller failed." "Look at the log: it says which part." \
        "$VENV/bin/pyinstaller" --noconfirm --log-level WARN \
        --workpath "$WORK/work" --distpath "$WORK/dist" "$ROOT/packaging/captioner.spec")
    step "Collecting the licences"
    logged "The bundle may not be given away as it is." "The lines above say what to leave out or to look up." \
        "$VENV/bin/python" "$ROOT/packaging/licences.py" \
        "$WORK/dist/captioner" "$WORK/dist/contents.json" "$APP/Contents/Resources/THIRD_PARTY_LICENSES.txt"
    cp "$ROOT/LICENSE" "$APP/Contents/Resources/LICENSE.txt"
    cp -R "$ROOT/packaging/macos/"*.lproj "$APP/Contents/Resources/"
}

# Once more as a whole: files were added since PyInstaller signed it.
sign() {
    local options=(--force --sign "${SIGNED_BY:--}" --entitlements "$ROOT/packaging/macos/entitlements.plist")
    [ -z "$SIGNED_BY" ] || options+=(--options runtime --timestamp)
    logged "The program could not be signed." "security find-identity -v -p codesigning shows the identities." \
        codesign "${options[@]}" "$APP"
    logged "The signature is not whole." "Look at the log." codesign --verify --deep --strict "$APP"
}

try_app() {
    step "Trying the program"
    logged "The program in the bundle does not start." "Look at the log." "$APP/Contents/MacOS/captioner" --version
}

make_image() {
    local folder="$WORK/image"
    step "Packing $(basename "$IMAGE")"
    mkdir -p "$folder"
    cp -R "$APP" "$folder/"
    ln -s /Applications "$folder/Applications"
    logged "The disk image could not be made." "Look at the log." \
        hdiutil create -volname "Captioner $VERSION" -srcfolder "$folder" -format UDZO -ov "$IMAGE"
}

notarise() {
    [ -n "$NOTARY_PROFILE" ] || return 0
    logged "The image could not be signed." "Look at the log." codesign --sign "$SIGNED_BY" --timestamp "$IMAGE"
    step "Having Apple notarise it (some minutes)"
    logged "Apple did not notarise it." "xcrun notarytool log ID --keychain-profile $NOTARY_PROFILE tells why." \
        xcrun notarytool submit "$IMAGE" --keychain-profile "$NOTARY_PROFILE" --wait
    logged "The ticket could not be stapled." "Look at the log." xcrun stapler staple "$IMAGE"
}

step "Captioner $VERSION for macOS, $(uname -m)"
warn "There is no embedded engine for macOS: the program will need a server."
[ -n "$SIGNED_BY" ] || warn "Not signed by a developer: other computers open it only after a right click and 'Open'."
install_captioner .package-stamp '' --group "$ROOT/pyproject.toml:package"
logged "The icons could not be drawn." "Look at the log." \
    "$VENV/bin/python" "$ROOT/packaging/icons.py" "$ROOT/resources/icons/captioner.svg" "$ROOT/build/icons"
make_app
sign
try_app
make_image
notarise
(cd "$DIST" && shasum -a 256 "$(basename "$IMAGE")" >"$IMAGE.sha256")
success "Done in $SECONDS s: $IMAGE. The log is $LOG"
