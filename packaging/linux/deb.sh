# shellcheck shell=bash
# The Debian package, for packaging/build.sh.

MAINTAINER=${CAPTIONER_MAINTAINER:-"Captioner contributors <captioner@localhost.localdomain>"}

# Where the bundle's own libraries lie, one a line: they are nobody's dependency.
private_folders() {
    find "$BUNDLE/_internal" -name '*.so*' -printf '%h\n' | LC_ALL=C sort -u
}

# Prints what the libraries of the bundle depend on, as dpkg knows it.
computed_dependencies() {
    local folder arguments=() control="$WORK/shlibdeps"
    mkdir -p "$control/debian"
    printf 'Source: captioner\n\nPackage: captioner\nArchitecture: any\n' >"$control/debian/control"
    while IFS= read -r folder; do arguments+=("-l$folder"); done < <(private_folders)
    # Qt loads its look of GTK only where GTK is there.
    while IFS= read -r file; do arguments+=("-e$file"); done < <(
        find "$BUNDLE" -type f \( -name '*.so*' -o -name captioner -perm -u+x \) ! -name '*gtk3*' | LC_ALL=C sort
    )
    # It warns of the same again and again; each warning stands in the log once.
    (cd "$control" && dpkg-shlibdeps -O --ignore-missing-info "${arguments[@]}" \
        2> >(LC_ALL=C sort -u | log_lines)) \
        | sed -n 's/^shlibs:Depends=//p'
}

write_control() {
    local tree=$1 needed=$2
    mkdir -p "$tree/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\n' "$NAME" "$VERSION"
        printf 'Architecture: %s\n' "$(dpkg --print-architecture)"
        printf 'Maintainer: %s\n' "$MAINTAINER"
        printf 'Installed-Size: %s\n' "$(du -sk --apparent-size "$tree/usr" | cut -f1)"
        printf 'Section: sound\nPriority: optional\n'
        # What is loaded by name, so that no library asks for it: the sound server's client.
        printf 'Depends: %s, libpulse0, libportaudio2\n' "$needed"
        printf 'Recommends: libasound2-plugins\n'
        printf 'Suggests: ffmpeg, gnome-keyring, libgtk-3-0\n'
        if [ "$NAME" = captioner ]; then
            printf 'Conflicts: captioner-client\nReplaces: captioner-client\n'
        else
            printf 'Conflicts: captioner\nReplaces: captioner\nProvides: captioner\n'
        fi
        printf 'Description: live captions for whatever your computer hears\n'
        printf ' Captioner shows live captions of a call, a film, a lecture or the\n'
        printf ' microphone, in two calm lines that stay above every window.\n .\n'
        if [ "$NAME" = captioner ]; then
            printf ' A small English model recognises speech on this computer, without\n'
            printf ' network and account. A Riva or NIM speech server can be used instead.\n'
        else
            printf ' This package is without the embedded recogniser: it needs a Riva or\n'
            printf ' NIM speech server.\n'
        fi
    } >"$tree/DEBIAN/control"
    (cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
}

write_documents() {
    local tree=$1 documents="$1/usr/share/doc/$NAME"
    mkdir -p "$documents" "$tree/usr/share/lintian/overrides"
    {
        printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
        printf 'Upstream-Name: Captioner\n\n'
        printf 'Files: *\nCopyright: 2026 Captioner contributors\nLicense: Expat\n'
        sed '1,/^Permission/{/^Permission/!d}; s/^$/./; s/^/ /' "$ROOT/LICENSE"
        printf '\nFiles: usr/lib/captioner/*\n'
        printf 'Copyright: see /usr/lib/captioner/THIRD_PARTY_LICENSES.txt\nLicense: parts-of-others\n'
        printf ' The program contains parts under licences of their own, each named with its text in\n'
        printf ' /usr/lib/captioner/THIRD_PARTY_LICENSES.txt.\n'
    } >"$documents/copyright"
    {
        printf 'captioner (%s) unstable; urgency=medium\n\n' "$VERSION"
        printf '  * What changed is in CHANGELOG.md.gz.\n\n'
        printf ' -- %s  %s\n' "$MAINTAINER" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$documents/changelog.gz"
    gzip -9nc "$ROOT/CHANGELOG.md" >"$documents/CHANGELOG.md.gz"
    sed "s/@NAME@/$NAME/" "$ROOT/packaging/linux/lintian-overrides" \
        >"$tree/usr/share/lintian/overrides/$NAME"
}

make_deb() {
    local tree="$WORK/deb" needed target
    step "Making the Debian package"
    mkdir -p "$tree/usr/lib" "$tree/usr/bin"
    cp -R "$BUNDLE" "$tree/usr/lib/captioner"
    rm "$tree/usr/lib/captioner/LICENSE.txt" # it is in copyright
    ln -s ../lib/captioner/captioner "$tree/usr/bin/captioner"
    install_shared "$tree/usr"
    gzip -9n "$tree/usr/share/man/man1/captioner.1"
    write_documents "$tree"
    needed=$(computed_dependencies)
    [ -n "$needed" ] || fail "What the package depends on could not be computed." "Look at the log."
    [[ $needed == *"libc6 (>= $GLIBC"* ]] \
        || fail "dpkg asks for another glibc than the libraries ($GLIBC): $needed" "Look at the log."
    find "$tree" -type d -exec chmod 755 {} +
    find "$tree/usr/share" -type f -exec chmod 644 {} +
    write_control "$tree" "$needed"
    info "Depends: $needed"
    target="$DIST/${NAME}_${VERSION}_$(dpkg --print-architecture).deb"
    logged "The package could not be packed." "Make room on the disk, then run this again." \
        dpkg-deb --root-owner-group "${PACKING[@]}" --build "$tree" "$target"
    rm -rf "$tree"
}
