"""What goes into the bundle and what stays out, for packaging/captioner.spec.

Nothing of the build machine's own libraries is bundled on Linux but Python's: X11, GL, and what
Python uses of OpenSSL and SQLite come from the system that the program runs on, where they are kept
up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from typing import Any, Final

Entry = tuple[str, str, str]
"""Of a table of contents: place in the bundle, file it comes from, kind."""

ICON_FILE: Final = "captioner.icns" if sys.platform == "darwin" else "captioner.ico"

SOUND_LIBRARIES: Final = ("sounddevice", *(["pyaudiowpatch"] if sys.platform == "win32" else []))

_NOT_OF_USE: Final = (
    "av",  # its wheels carry GPL encoders
    "curses",  # Python's window in a terminal
    "readline",  # GPL; nobody is asked a line of Python here
    "_gdbm",  # GPL
    "_dbm",
    "tkinter",
    "grpc_tools",  # the compiler of protocols: nvidia-riva-client wants it, and never uses it
    "setuptools",
    "pip",
    "pkg_resources",
    "_pyinstaller_hooks_contrib",
    "PyInstaller",
    "numpy.f2py",
    "numpy.testing",
    "numpy._core.tests",
    "pydantic.mypy",
    "pydantic.v1",
    "test",
    "unittest",
    "rapidfuzz.fuzz_cpp",  # of rapidfuzz, jiwer uses distances alone
    "rapidfuzz.fuzz_cpp_avx2",
    "pydoc_data",
    "lib2to3",
    "IPython",
    "pytest",
)
_ENGINE: Final = ("moonshine_voice",)

_QT_MODULES: Final = ("QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtDBus")
_QT_PLUGINS: Final = (
    "platforms/*qxcb*",
    "platforms/*qwayland*",
    "platforms/*qoffscreen*",
    "platforms/*qwindows*",
    "platforms/*qcocoa*",
    "platformthemes/*",
    "platforminputcontexts/*compose*",
    "platforminputcontexts/*ibus*",
    "iconengines/*",
    "imageformats/*qsvg*",
    "imageformats/*qico*",
    "imageformats/*qjpeg*",
    "imageformats/*qgif*",
    "styles/*",
    "wayland-decoration-client/*",
    "wayland-graphics-integration-client/*",
    "wayland-shell-integration/*",
    "xcbglintegrations/*",
)
_QT_LIBRARIES: Final = (
    "Core",
    "DBus",
    "Gui",
    "Network",
    "OpenGL",
    "Svg",
    "WaylandClient",
    "WaylandEglClientHwIntegration",
    "Widgets",
    "WlShellIntegration",
    "XcbQpa",
)
_QT: Final = re.compile(r"(?:^|/)PySide6/(?:Qt/)?(?P<inside>.+)$")
_QT_LIBRARY: Final = re.compile(r"(?:^|/)(?:lib)?Qt6?(?P<module>[A-Z]\w*?)(?:\.so\b.*|\.dll|)$")

_LEFT_OUT: Final = (
    "moonshine_voice/assets/*.tsv",
    # Of Windows: PortAudio with a kit of Steinberg's, which has terms of its own, and for machines
    # that the installer is not for; OpenGL without a graphics card, which no window asks for.
    "*libportaudio*-asio.dll",
    "*libportaudio32bit.dll",
    "*libportaudioarm64.dll",
    "PySide6/opengl32sw.dll",
    "PySide6/d3dcompiler_*.dll",
    "*/direct_url.json",  # where this was built is nobody's business
    "*/INSTALLER",
    "*/REQUESTED",
    "*.pyi",
    "*/py.typed",
    "*/tests/*",
    "numpy/*/include/*",
)


def resources(folder: Path) -> list[tuple[str, str]]:
    """Return the program's own files, by file and folder in the bundle."""
    files = [*folder.glob("translations/*.qm"), folder / "translations" / "sentences.txt"]
    files += [file for file in folder.glob("web/*") if file.is_file()]
    return [
        (str(file), str(Path("resources") / file.parent.relative_to(folder)))
        for file in sorted(files)
    ]


def unused_modules(*, with_engine: bool) -> list[str]:
    """Return the modules that stay out, whoever imports them."""
    import PySide6  # noqa: PLC0415  # only where a bundle is made

    modules = {Path(file).name.partition(".")[0] for file in map(str, _files(PySide6))}
    others = sorted(f"PySide6.{name}" for name in modules - {*_QT_MODULES, "__init__"})
    return [*_NOT_OF_USE, *others, *(() if with_engine else _ENGINE)]


def _files(package: Any) -> Iterator[Path]:  # noqa: ANN401  # a module
    folder = Path(package.__file__).parent
    return (file for file in folder.iterdir() if file.name.startswith("Qt"))


def packages(*, with_engine: bool) -> list[str]:
    """Return the names of the Python packages that are bundled, the program's own first."""
    out = {key(name) for name in (*_NOT_OF_USE, "grpcio-tools")}
    if not with_engine:
        out |= {key(name) for name in _ENGINE}
    found: list[str] = []
    _collect("captioner", out, found)
    return found


def _collect(name: str, out: set[str], found: list[str]) -> None:
    if key(name) in out or key(name) in map(key, found):
        return
    try:
        requirements = distribution(name).requires or ()
    except PackageNotFoundError:  # for another system, or another Python
        return
    found.append(name)
    for requirement in requirements:
        wanted = re.match(r"[\w.-]+", requirement)
        if wanted is not None and "extra ==" not in requirement:
            _collect(wanted[0], out, found)


def key(name: str) -> str:
    """Return the name of a package as it is compared with others."""
    return re.sub(r"[-_.]+", "-", name).lower()


def metadata(*, with_engine: bool) -> list[tuple[str, str]]:
    """Return what the packages say of themselves, licences included: the window shows them."""
    from PyInstaller.utils.hooks import copy_metadata  # noqa: PLC0415  # where a bundle is made

    return [entry for name in packages(with_engine=with_engine) for entry in copy_metadata(name)]


def is_wanted(entry: Entry) -> bool:
    """Return whether a file goes into the bundle."""
    place, source, kind = entry
    place = place.replace("\\", "/")
    if _is_left_out(place):
        return False
    if kind == "BINARY" and sys.platform == "linux" and _is_of_the_system(source):
        return False
    if kind == "SYMLINK" and place.startswith("lib") and "/" in source:
        # A second name for what lies in a package's own folder.
        return not place.startswith("libQt6") or _is_wanted_qt(source)
    return _is_wanted_qt(place)


def _is_left_out(place: str) -> bool:
    return any(fnmatch(place, pattern) for pattern in _LEFT_OUT)


def _is_of_the_system(source: str) -> bool:
    return source.startswith(("/lib", "/usr/lib")) and not Path(source).name.startswith("libpython")


def _is_wanted_qt(place: str) -> bool:
    found = _QT.search(place)
    if found is None:
        return True
    inside = found["inside"]
    if inside.startswith("plugins/"):
        return any(fnmatch(inside, f"plugins/{pattern}") for pattern in _QT_PLUGINS)
    if inside.startswith("translations/"):
        ours = Path(__file__).parent.parent / "resources" / "translations"
        languages = {file.stem.rpartition("_")[2] for file in ours.glob("*.qm")}
        return any(inside == f"translations/qtbase_{each}.qm" for each in languages)
    if inside.startswith("qml/"):
        return False
    library = _QT_LIBRARY.search(place)
    return library is None or library["module"] in {*_QT_LIBRARIES, *_QT_MODULES}


def tidied(entry: Entry, folder: Path) -> Entry:
    """Return an entry of metadata without what differs from one clone to the next.

    pip notes what it wrote outside of a package, with the place of the clone in it, and the
    program's own metadata repeat the README of the day when it was installed.

    Args:
        entry: Any file.
        folder: For what is written anew.
    """
    place, source, kind = entry
    path = PurePosixPath(place.replace("\\", "/"))
    if path.match("captioner-*.dist-info/METADATA"):
        text = Path(source).read_text("utf-8").partition("\n\n")[0] + "\n"
    elif path.match("*.dist-info/RECORD"):
        lines = Path(source).read_text("utf-8").splitlines()
        places = (line.partition(",")[0] for line in lines)
        text = "".join(f"{each},,\n" for each in places if _is_of_metadata(each, path.parent))
    else:
        return entry
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8", newline="\n")
    return place, str(target), kind


def _is_of_metadata(place: str, folder: PurePosixPath) -> bool:
    return place.startswith(f"{folder}/") and not _is_left_out(place)


def write_list(target: Path, analysis: Any) -> None:  # noqa: ANN401  # PyInstaller ships no types
    """Write where each bundled file comes from: the licences are collected from that."""
    entries = [*analysis.binaries, *analysis.datas]
    listed = [{"place": place, "source": source, "kind": kind} for place, source, kind in entries]
    modules = {name.partition(".")[0] for name, _, _ in analysis.pure}
    # Some packages bring one module of native code and nothing else.
    modules |= {
        re.split(r"[/\\.]", place)[0]
        for place, _, kind in analysis.binaries
        if kind == "EXTENSION" and "lib-dynload" not in place
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"files": listed, "modules": sorted(modules)}, indent=1), "utf-8")
