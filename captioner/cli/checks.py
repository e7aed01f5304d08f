"""The checks of ``captioner doctor``, one function each.

Every check ends with results and never with an exception: what a check meets is what it reports.
A library that could take the process with it (Qt, PortAudio) is loaded in a child process.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from captioner import __version__
from captioner.audio.catalog import AudioDevice
from captioner.audio.devices import list_devices
from captioner.cli.check import Check, CheckResult, CheckStatus
from captioner.cli.context import AppContext
from captioner.cli.endpoint_checks import call_time, verdict
from captioner.cli.loudness import level_of
from captioner.core.errors import CaptionerError, UnsupportedError
from captioner.core.own_program import own_program, repair_hint
from captioner.gui.display import choose_platform
from captioner.session.embedded import EMBEDDED_LANGUAGES, EmbeddedEngine
from captioner.session.examination import examine
from captioner.session.probe import probe_embedded
from captioner.settings.endpoints import EndpointSettings
from captioner.settings.fields import all_values
from captioner.settings.insecurities import insecurities
from captioner.settings.models import Settings
from captioner.settings.secrets import SecretStore
from captioner.settings.store import DEFAULT, LoadedSettings
from captioner.telemetry.logs import log_file_in_use

_SILENT_DBFS: Final = -90.0
_PACKAGES: Final = (
    "grpcio",
    "nvidia-riva-client",
    "PySide6-Essentials",
    "sounddevice",
    "numpy",
)
_MODEL_PACKAGE: Final = "moonshine-voice"
"""Not everywhere: some systems have no package of it, and some packages of ours do without."""


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """The settings that the checks go by.

    Attributes:
        loaded: As they are; the defaults where they make no sense.
        error: Why they make no sense; None where they do.
    """

    loaded: LoadedSettings
    error: CaptionerError | None = None


def read_settings(context: AppContext, overrides: Mapping[str, object]) -> ReadSettings:
    """Read the settings once; that they make no sense is a finding, and no end.

    Args:
        context: Of the command line.
        overrides: Options of the command, by the dotted name of the setting.
    """
    try:
        return ReadSettings(context.load(overrides))
    except CaptionerError as error:
        defaults = Settings()
        origins = dict.fromkeys(all_values(defaults), DEFAULT)
        return ReadSettings(LoadedSettings(defaults, origins), error)


def all_checks(read: ReadSettings) -> list[Check]:
    """Return the checks in the order in which they run."""
    settings = read.loaded.settings

    async def settings_check() -> Sequence[CheckResult]:
        return [_settings_result(read)]

    checks = [
        Check("Python", _check_python),
        Check("Packages", _check_packages),
        Check("Settings", settings_check),
        Check("Log file", _check_log),
        Check("Display", _check_display),
        Check("PortAudio", _check_portaudio),
        Check("Sound devices", _check_devices),
        Check("Keyring", _check_keyring),
        Check("Embedded engine", lambda: _check_engine(settings)),
    ]
    for server in settings.endpoints:
        checks += [_security_check(server), _server_check(server, settings)]
    return checks


def _security_check(server: EndpointSettings) -> Check:
    name = f"Security: {server.account}"

    async def check() -> Sequence[CheckResult]:
        found = [_warning(name, each.sentence, each.fix)[0] for each in insecurities(server)]
        return found or _ok(name, "nothing insecure")

    return Check(name, check)


def _server_check(server: EndpointSettings, settings: Settings) -> Check:
    async def check() -> Sequence[CheckResult]:
        return [verdict(await examine(server, settings, thorough=False))]

    return Check(f"Server: {server.account}", check)


def _ok(name: str, detail: str) -> list[CheckResult]:
    return [CheckResult(name, CheckStatus.OK, detail)]


def _warning(name: str, detail: str, fix: str) -> list[CheckResult]:
    return [CheckResult(name, CheckStatus.WARNING, detail, fix)]


def _failed(name: str, detail: str, fix: str) -> list[CheckResult]:
    return [CheckResult(name, CheckStatus.FAILED, detail, fix)]


def _settings_result(read: ReadSettings) -> CheckResult:
    if read.error is not None:
        return CheckResult.of_error("Settings", CheckStatus.FAILED, read.error)
    loaded = read.loaded
    if loaded.notices:
        detail, fix = " ".join(loaded.notices), "Choose your settings again."
        return CheckResult("Settings", CheckStatus.WARNING, detail, fix)
    origins = sorted(set(loaded.provenance.values()) - {DEFAULT})
    detail = f"from {', '.join(origins)}" if origins else "all at their defaults"
    return CheckResult("Settings", CheckStatus.OK, detail)


async def _check_python() -> list[CheckResult]:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return _ok("Python", detail)
    return _failed("Python", detail, "Use Python 3.11, 3.12 or 3.13.")


async def _check_packages() -> list[CheckResult]:
    found, missing = [f"captioner {__version__}"], []
    for name in (*_PACKAGES, _MODEL_PACKAGE):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            if name != _MODEL_PACKAGE:  # the check of the engine says what that means
                missing.append(name)
    if missing:
        return _failed("Packages", f"Not installed: {', '.join(missing)}.", repair_hint())
    return _ok("Packages", ", ".join(found))


async def _check_log() -> list[CheckResult]:
    log_file = log_file_in_use()
    if log_file is None:
        fix = "Make its folder writable, or choose another with --profile-dir."
        return _warning("Log file", "It cannot be written.", fix)
    return _ok("Log file", str(log_file))


async def _check_display() -> list[CheckResult]:
    problem = _display_problem()
    # Without a display Qt can still be loaded, which shows whether it is installed whole.
    environ = {"QT_QPA_PLATFORM": "offscreen"} if problem else {}
    works, said = await _in_child(_self_check("qt"), environ)
    if not works:
        return _failed("Display", f"Qt does not start: {said}", repair_hint())
    if problem is None:
        return _ok("Display", said)
    return [CheckResult.of_error("Display", CheckStatus.WARNING, problem)]


def _display_problem() -> CaptionerError | None:
    try:
        choose_platform(os.environ)
    except CaptionerError as error:
        return error
    return None


async def _check_portaudio() -> list[CheckResult]:
    works, said = await _in_child(_self_check("portaudio"), {})
    return _ok("PortAudio", said) if works else _failed("PortAudio", said, repair_hint())


def _self_check(library: str) -> list[str]:
    return [*own_program(), "self-check", library]


async def _in_child(command: Sequence[str], environ: dict[str, str]) -> tuple[bool, str]:
    """Run ``command``; return whether it worked, and its last line."""
    child = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, complaints = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    works = child.returncode == 0
    lines = (output if works else complaints).decode(errors="replace").strip().splitlines()
    return works, lines[-1] if lines else f"it ended with code {child.returncode}"


async def _check_devices() -> Sequence[CheckResult]:
    devices = await asyncio.to_thread(list_devices)
    if not devices:
        fix = (
            "Plug in a microphone or start the sound server of the desktop; "
            "files can be captioned and transcribed without."
        )
        return _warning("Sound devices", "There is none.", fix)
    return await asyncio.gather(*(_hear(device) for device in devices))


async def _hear(device: AudioDevice) -> CheckResult:
    kind = "Output" if device.kind == "system" else "Microphone"
    name = f"{kind}: {device.name}{' (default)' if device.is_default else ''}"
    try:
        level = await level_of(device)
    except CaptionerError as error:
        status = CheckStatus.FAILED if device.is_default else CheckStatus.WARNING
        return CheckResult.of_error(name, status, error)
    if level.peak_dbfs <= _SILENT_DBFS:
        return CheckResult(name, CheckStatus.OK, "can be heard; silent now")
    heard = f"average {level.rms_dbfs:.0f} dB, peak {level.peak_dbfs:.0f} dB of full scale"
    return CheckResult(name, CheckStatus.OK, heard)


async def _check_keyring() -> list[CheckResult]:
    name = await SecretStore().backend_name()
    if name is None:
        fix = "Install and unlock GNOME Keyring or KWallet, or use RIVA_API_KEY for a server's key."
        return _warning("Keyring", "There is none, so keys cannot be kept.", fix)
    return _ok("Keyring", name)


async def _check_engine(settings: Settings) -> list[CheckResult]:
    name = "Embedded engine"
    try:
        EmbeddedEngine(settings.engine).check(EMBEDDED_LANGUAGES[0])
        report = await probe_embedded(settings.engine)
    except CaptionerError as error:
        if settings.endpoint is None:
            is_absent = isinstance(error, UnsupportedError)
            fix = error.hint if is_absent and error.hint else repair_hint()
            return [CheckResult.of_error(name, CheckStatus.FAILED, error, fix=fix)]
        fix = "It is not needed with RIVA_HOST set."
        return [CheckResult.of_error(name, CheckStatus.WARNING, error, fix=fix)]
    return _ok(name, f"{report.reason} {call_time(report)}")
