"""The Debian package: built, installed on a clean system without Python, used there, and removed.

The tests follow one another on the same system. CAPTIONER_DEB may name a package that is there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.clean_root import (
    HOME,
    CleanRoot,
    CleanRootUnavailableError,
    running_clean_root,
)
from tests.support.clips import BECKETT, TWO_CITIES, normalised, word_error_rate
from tests.support.pulse import running_server
from tests.support.screen import running_screen
from tests.support.secret_service import running_secret_service

pytestmark = [
    pytest.mark.package,
    pytest.mark.slow,
    pytest.mark.sound,
    pytest.mark.screen,
    pytest.mark.timeout(1200),
]

_REPOSITORY: Final = Path(__file__).parents[2]
_MOST_INSTALLED_MB: Final = 340
_MEGABYTE: Final = 1_000_000
_LIMIT_S: Final = 60.0


class Preparation:
    """What takes long, all at the same time: the package, what lintian says, a clean system."""

    def __init__(self, pool: Executor, clean: AbstractContextManager[CleanRoot]) -> None:
        """Begin."""
        self.stack = ExitStack()
        self.package = pool.submit(_built)
        self.clean = pool.submit(self.stack.enter_context, clean)
        self.said_by_lintian = pool.submit(lambda: _lintian(self.package.result()))


def _built() -> Path:
    """Return the package, packed with little effort."""
    if (given := os.environ.get("CAPTIONER_DEB")) is not None:
        return Path(given)
    built = subprocess.run(
        ["/bin/bash", _REPOSITORY / "packaging" / "build.sh", "--only", "deb", "--quick"],
        capture_output=True,
        text=True,
        check=False,
        timeout=1100,
    )
    assert built.returncode == 0, built.stderr
    found = re.search(r"^ {2}(\S.*\.deb) \(", built.stderr, re.MULTILINE)
    assert found is not None, built.stderr
    return Path(found[1])


def _lintian(package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/lintian", "--fail-on", "error", "--tag-display-limit", "0", package],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def preparation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preparation]:
    with ThreadPoolExecutor(3, "preparation") as pool:
        prepared = Preparation(pool, running_clean_root(tmp_path_factory.mktemp("clean") / "root"))
        yield prepared
        wait([prepared.clean])
        prepared.stack.close()


@pytest.fixture(scope="module")
def package(preparation: Preparation) -> Path:
    return preparation.package.result()


@pytest.fixture(scope="module")
def clean(preparation: Preparation) -> CleanRoot:
    """A clean system."""
    try:
        return preparation.clean.result()
    except CleanRootUnavailableError as error:
        pytest.skip(f"there is no clean system to install into: {error}")


@pytest.fixture(scope="module")
def before(clean: CleanRoot) -> set[str]:
    """What was there before the package."""
    return clean.files()


@pytest.fixture(scope="module")
def installed(clean: CleanRoot, before: set[str], package: Path) -> CleanRoot:
    """The system with the package, and with a recording."""
    assert before
    shutil.copy(package, clean.folder / "captioner.deb")
    shutil.copy(BECKETT.path, clean.folder / HOME.lstrip("/") / "beckett.wav")
    clean.apt("install", "/captioner.deb")
    (clean.folder / "captioner.deb").unlink()
    return clean


def test_package_is_sound(package: Path) -> None:
    fields = subprocess.run(
        ["/usr/bin/dpkg-deb", "--field", package], capture_output=True, text=True, check=True
    ).stdout
    size = re.search(r"^Installed-Size: (\d+)$", fields, re.MULTILINE)
    assert size is not None
    assert int(size[1]) * 1024 < _MOST_INSTALLED_MB * _MEGABYTE
    assert re.search(r"^Depends: .*\blibc6 \(>= 2\.\d+\)", fields, re.MULTILINE)


def test_there_is_no_python_and_every_part_works(installed: CleanRoot) -> None:
    look = "for name in python python3 captioner; do command -v $name; done"
    assert installed.run("sh", "-c", look).stdout.split() == ["/usr/bin/captioner"]
    report = json.loads(installed.run("captioner", "doctor", "--json", check=False).stdout)
    status = {each["name"]: each["status"] for each in report["checks"]}
    working = ("Python", "Packages", "Settings", "Log file", "PortAudio", "Embedded engine")
    assert [status[name] for name in working] == ["ok"] * len(working), report


def test_recording_is_transcribed(installed: CleanRoot) -> None:
    said = installed.run("captioner", "transcribe", f"{HOME}/beckett.wav").stdout
    assert word_error_rate(BECKETT.text, said) < 0.1


def test_keys_are_kept_in_the_keyring_of_the_desktop(installed: CleanRoot) -> None:
    with running_secret_service() as service:
        bus = {"DBUS_SESSION_BUS_ADDRESS": service.environ["DBUS_SESSION_BUS_ADDRESS"]}
        report = json.loads(
            installed.run("captioner", "doctor", "--json", check=False, **bus).stdout
        )
    keyring = next(each for each in report["checks"] if each["name"] == "Keyring")
    assert (keyring["status"], keyring["detail"]) == ("ok", "SecretService Keyring")


def test_window_captions_what_the_computer_plays(installed: CleanRoot) -> None:
    """The picture is left in build/pictures, for whoever wants to look at it."""
    with (
        running_server("pulseaudio") as sound,
        running_screen(compositor=True) as screen,
    ):
        environ = installed.environ(
            **{name: sound.changes[name] for name in ("PULSE_SERVER", "PULSE_COOKIE")},
            **screen.changes,
        )
        window = subprocess.Popen(
            installed.command("captioner", "gui", "--skip-welcome"),
            env=environ,
            stdin=subprocess.DEVNULL,
        )
        log = installed.folder / f"{HOME.lstrip('/')}/.local/state/captioner/log/captioner.log"
        try:
            screen.wait_for(
                lambda: log.exists() and "starting -> streaming" in log.read_text("utf-8"),
                what="the window does not listen",
                limit_s=_LIMIT_S,
            )
            sound.play(TWO_CITIES.path)
            pictures = _REPOSITORY / "build" / "pictures"
            pictures.mkdir(parents=True, exist_ok=True)
            picture = pictures / "installed-overlay.png"
            screen.wait_for(
                lambda: _spoken(_read(screen.screenshot(picture))),
                what=lambda: f"what stands there is: {_read(picture)}",
                limit_s=_LIMIT_S,
            )
            with _upgraded_meanwhile(installed) as program:
                installed.run(program, "settings", limit_s=_LIMIT_S, **screen.changes)
                screen.await_window("Captioner settings")
        finally:
            window.send_signal(signal.SIGINT)
            window.wait(30)
    assert window.returncode == 130
    assert "Traceback" not in log.read_text("utf-8")


@contextmanager
def _upgraded_meanwhile(installed: CleanRoot) -> Iterator[str]:
    """Replace the program as dpkg does; yields another name of the one that was there."""
    program = installed.folder / "usr/lib/captioner/captioner"
    former = program.rename(program.with_name("captioner.former"))
    try:
        program.write_bytes(bytes(former.stat().st_size))
        yield "/usr/lib/captioner/captioner.former"
    finally:
        former.replace(program)


def _spoken(seen: str) -> bool:
    """Whether five words one after the other are those of the recording."""
    words, said = normalised(seen).split(), f" {normalised(TWO_CITIES.text)} "
    return any(f" {' '.join(words[start : start + 5])} " in said for start in range(len(words) - 4))


def _read(picture: Path) -> str:
    return subprocess.run(
        ["/usr/bin/tesseract", picture, "-", "--psm", "11"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.lower()


def test_desktop_and_shell_find_what_they_want(installed: CleanRoot) -> None:
    words = {
        "COMP_WORDS": "captioner transc",
        "COMP_CWORD": "1",
        "_CAPTIONER_COMPLETE": "complete_bash",
    }
    assert installed.run("captioner", **words).stdout.split() == ["transcribe", "transcript"]
    share = installed.folder / "usr" / "share"
    entry = (share / "applications" / "captioner.desktop").read_text("utf-8")
    icon = re.search(r"^Icon=(\S+)$", entry, re.MULTILINE)
    assert icon is not None
    assert {
        folder.name
        for folder in (share / "icons" / "hicolor").iterdir()
        if any(folder.glob(f"apps/{icon[1]}.*"))
    } >= {"16x16", "48x48", "256x256", "scalable"}
    said = subprocess.run(
        ["/usr/bin/man", "--warnings", "-l", share / "man" / "man1" / "captioner.1.gz"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "MANPAGER": "cat", "MANWIDTH": "100"},
    )
    assert "captioner transcribe" in said.stdout
    assert said.stderr == ""
    for check in (
        ["/usr/bin/desktop-file-validate", share / "applications" / "captioner.desktop"],
        [
            "/usr/bin/appstreamcli",
            "validate",
            "--no-net",
            share / "metainfo" / "captioner.metainfo.xml",
        ],
    ):
        done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout
    licences = (installed.folder / "usr/lib/captioner/THIRD_PARTY_LICENSES.txt").read_text("utf-8")
    for name in ("Qt and PySide6", "ONNX Runtime", "numpy", "Python", "libsndfile"):
        assert name in licences


def test_removal_leaves_what_the_user_has_and_nothing_else(
    installed: CleanRoot, before: set[str]
) -> None:
    installed.apt("purge", "captioner", "captioner-client")
    installed.apt("autoremove", "--purge")
    left = installed.files() - before
    assert f"{HOME}/.local/state/captioner/log/captioner.log" in left
    assert {path for path in left if not path.startswith(HOME)} == set()


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed")
def test_lintian_finds_no_error(preparation: Preparation) -> None:
    said = preparation.said_by_lintian.result()
    assert said.returncode == 0, said.stdout
