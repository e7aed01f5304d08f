#!/usr/bin/env bash
# Makes a Debian package and a portable tarball of Captioner, in build/dist.
#
#   bash packaging/build.sh                    both
#   bash packaging/build.sh --only deb         one of them: deb or tarball
#   bash packaging/build.sh --without-engine   without the embedded engine: a server is needed then
#   bash packaging/build.sh --quick            packed with less effort, and so larger
#
# Build on the oldest system that the result shall run on: what is built here needs the glibc that
# Python and the bundled libraries ask for, which is computed, printed, and declared.
# The log is build/logs/build.log. The same source and constraints give the same files.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib/common.sh"
# shellcheck source=packaging/linux/deb.sh
. "$ROOT/packaging/linux/deb.sh"

BUILD_NEEDS=(
    'cmd:dpkg-deb|dpkg'
    'cmd:dpkg-shlibdeps|dpkg-dev'
    'cmd:strip|binutils'
    'cmd:chrpath|chrpath'
    'cmd:xz|xz-utils'
    # dpkg-shlibdeps asks these which package a library comes from.
    'lib:libgtk-3.so.0|libgtk-3-0'
    'lib:libwayland-client.so.0|libwayland-client0'
)

# What it may weigh in MB, installed and packed; what is packed with less effort may weigh anything.
MOST_INSTALLED=340 MOST_PACKED=140
only=both NAME=captioner PACKING=(-Zxz -z6) EFFORT=-6
export CAPTIONER_WITHOUT_ENGINE=
while [ $# -gt 0 ]; do
    case "$1" in
        --without-engine) CAPTIONER_WITHOUT_ENGINE=1 NAME=captioner-client MOST_INSTALLED=220 ;;
        --quick) PACKING=(-Zgzip -z1) EFFORT=-0 MOST_PACKED= ;;
        --only)
            only=${2:-}
            shift
            ;;
        *) only=wrong ;;
    esac
    shift || true
done
open_log build
case "$only" in
    both | deb | tarball) ;;
    *) fail "These options are unknown." "See the first lines of packaging/build.sh." ;;
esac
[ "$(uname -s)" = Linux ] || fail "This builds for Linux." "Use packaging/build.ps1 on Windows, packaging/build-macos.sh on macOS."

VENV="$ROOT/build/venv"
WORK="$ROOT/build/package/$NAME"
BUNDLE="$WORK/dist/captioner"
DIST="$ROOT/build/dist"
VERSION=$(sed -n 's/^__version__.*"\(.*\)"$/\1/p' "$ROOT/captioner/__init__.py")
# Times in the result are the source's, not the build's.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null || stat -c %Y "$ROOT/pyproject.toml")}
export SOURCE_DATE_EPOCH PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
DATE=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)
MACHINE=$(uname -m)
SECONDS=0

install_build_tools() {
    install_missing "${RUN_NEEDS[@]}" "${BUILD_NEEDS[@]}"
    install_captioner .package-stamp '' --group "$ROOT/pyproject.toml:package"
    # Python as a library goes into the bundle. Debian has it in a package of its own.
    local prefix library version
    read -r prefix library version < <("$VENV/bin/python" -c \
        'import sys, sysconfig; print(sys.base_prefix, sysconfig.get_config_var("INSTSONAME"), "%d.%d" % sys.version_info[:2])')
    [ -e "$prefix/lib/$library" ] || install_missing "lib:$library|libpython$version"
}

make_icons() {
    logged "The icons could not be drawn." "Look at the log." \
        "$VENV/bin/python" "$ROOT/packaging/icons.py" "$ROOT/resources/icons/captioner.svg" "$ROOT/build/icons"
}

make_bundle() {
    step "Collecting the program into one folder"
    rm -rf "$WORK"
    mkdir -p "$WORK" "$DIST"
    # From another folder: the source's own metadata would hide those of the installation.
    (cd "$WORK" && logged "PyInstaller failed." "Look at the log: it says which part." \
        "$VENV/bin/pyinstaller" --noconfirm --log-level WARN \
        --workpath "$WORK/work" --distpath "$WORK/dist" "$ROOT/packaging/captioner.spec")
    rm -rf "$WORK/work"
    # Python's own libraries may carry symbols for debuggers, and the folder that they were built
    # for. Most libraries of wheels are left as they are: auditwheel has changed them in ways that
    # strip does not understand. It had nothing to change in SQLCipher's, where symbols are 13 MB.
    local python=("$BUNDLE/_internal" '(' -path '*/lib-dynload/*.so' -o -name 'libpython*' ')' -type f)
    find "${python[@]}" -exec strip --strip-unneeded {} +
    find "$BUNDLE/_internal/sqlcipher3" -name '*.so' -exec strip --strip-unneeded {} +
    logged "The libraries of Python keep a path of this machine." "Look at the log." \
        find "${python[@]}" -exec chrpath --delete {} +
    find "$BUNDLE" -type f -exec chmod 644 {} +
    find "$BUNDLE" -type d -exec chmod 755 {} +
    chmod 755 "$BUNDLE/captioner"
}

check_licences() {
    step "Collecting the licences"
    logged "The bundle may not be given away as it is." "The lines above say what to leave out or to look up." \
        "$VENV/bin/python" "$ROOT/packaging/licences.py" \
        "$BUNDLE" "$WORK/dist/contents.json" "$BUNDLE/THIRD_PARTY_LICENSES.txt"
    cp "$ROOT/LICENSE" "$BUNDLE/LICENSE.txt"
}

compute_needs() {
    "$VENV/bin/python" "$ROOT/packaging/system_needs.py" "$BUNDLE" >"$WORK/needs.txt" \
        || fail "The libraries of the bundle cannot be read." "Look at the log."
    GLIBC=$(sed -n 's/^GLIBC \([0-9.]*\) .*/\1/p' "$WORK/needs.txt")
    while IFS= read -r line; do info "$line"; done <"$WORK/needs.txt"
}

# What desktops and shells want, below the folder $1.
install_shared() {
    local share=$1/share
    mkdir -p "$share"/{applications,metainfo,icons,man/man1,bash-completion/completions} \
        "$share"/{zsh/vendor-completions,fish/vendor_completions.d}
    cp "$ROOT/packaging/linux/captioner.desktop" "$share/applications/"
    sed "s/@VERSION@/$VERSION/; s/@DATE@/$DATE/" "$ROOT/packaging/linux/captioner.metainfo.xml" \
        >"$share/metainfo/captioner.metainfo.xml"
    cp -R "$ROOT/build/icons/hicolor" "$share/icons/"
    "$VENV/bin/python" "$ROOT/packaging/man_page.py" "$DATE" >"$share/man/man1/captioner.1"
    local shell
    for shell in bash zsh fish; do
        "$VENV/bin/python" "$ROOT/packaging/completions.py" "$shell" >"$WORK/completion.$shell"
    done
    cp "$WORK/completion.bash" "$share/bash-completion/completions/captioner"
    cp "$WORK/completion.zsh" "$share/zsh/vendor-completions/_captioner"
    cp "$WORK/completion.fish" "$share/fish/vendor_completions.d/captioner.fish"
}

make_tarball() {
    local name="$NAME-$VERSION-linux-$MACHINE" folder="$WORK/tarball"
    step "Packing $name.tar.xz"
    mkdir -p "$folder/$name"
    cp -R "$BUNDLE/." "$folder/$name/"
    install_shared "$folder/$name"
    {
        printf 'Captioner %s for Linux, %s\n\n' "$VERSION" "$MACHINE"
        printf 'Start ./captioner from this folder, wherever it lies; a link to it is fine. It needs:\n\n'
        cat "$WORK/needs.txt"
        printf 'besides, for sound: libpulse.so.0 libportaudio.so.2\n\n'
        printf 'What desktops and shells want is in share: to have it in menus, copy what is in it into\n'
        printf 'your ~/.local/share, and put a link to the program into a folder of your PATH.\n'
        printf 'To remove Captioner, remove what you copied, the link, and this folder.\n'
    } >"$folder/$name/README.txt"
    (cd "$folder" && tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        -cf - "$name" | xz -T0 "$EFFORT" >"$DIST/$name.tar.xz.part")
    mv "$DIST/$name.tar.xz.part" "$DIST/$name.tar.xz"
    rm -rf "$folder"
}

# check_weight WHAT MB MOST
check_weight() {
    [ -z "$3" ] || [ "$2" -le "$3" ] \
        || fail "$1 has $2 MB, and may have $3." "Leave out what is not used, in packaging/contents.py."
}

step "Captioner $VERSION for Linux, $MACHINE"
install_build_tools
make_icons
make_bundle
check_licences
compute_needs
INSTALLED=$(($(du -sb "$BUNDLE" | cut -f1) / 1000000))
check_weight "The program" "$INSTALLED" "$MOST_INSTALLED"
[ "$only" = deb ] || make_tarball
[ "$only" = tarball ] || make_deb
info "Installed: $INSTALLED MB; packed:"
for file in "$DIST/$NAME"_*.deb "$DIST/$NAME"-[0-9]*.tar.xz; do
    [ -f "$file" ] || continue
    packed=$(($(stat -c %s "$file") / 1000000))
    info "  $file ($packed MB)"
    check_weight "$file" "$packed" "$MOST_PACKED"
done
(cd "$DIST" && sha256sum -- *.deb *.tar.xz 2>/dev/null >SHA256SUMS || true)
success "Done in $SECONDS s. The log is $LOG"
