"""The proving steps, run for real against ``captioner serve`` with mutual TLS."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.clips import BECKETT
from tests.support.proof_server import CAPTIONER, results, served
from tests.support.pulse import SoundServer, wait_until
from tests.support.server_scripts import ServerScripts, make_checkout


@pytest.mark.slow
def test_dry_run_says_what_it_would_do_and_leaves_nothing(
    server_scripts: ServerScripts, recording: dict[str, str]
) -> None:
    server_scripts.environ |= recording | {"CAPTIONER": CAPTIONER}
    server_scripts.env_file.write_text("DEPLOYMENT_ID=demo\nDEPLOY_ON=host\nRIVA_ENGINE=nemo\n")
    kill = {"PROOF_KILL": "touch killed", "PROOF_RESTORE": "touch restored"}
    for number in ("095", "100", "105", "110", "115", "120", "125", "130", "135"):
        shown = server_scripts.must(number, "--dry-run", **kill)
        assert "Would: " in shown
        assert "Dry run: nothing was changed." in shown
    assert not list((server_scripts.root / "build/riva").glob("re*"))
    assert not list(Path(server_scripts.environ["HOME"], ".config").glob("captioner*"))


def test_results_of_one_second_are_kept_beside_one_another_in_their_order(tmp_path: Path) -> None:
    library = Path(__file__).parents[2] / "scripts/lib/riva-captioner.sh"
    keep = """
        now() { printf '2026-11-27T04:38:00Z'; }
        . "$1"
        WORK=$2 DEPLOYMENT_ID=demo
        for number in 1 2 3; do
            printf '{"number": %s}' "$number" >"$WORK/new"
            keep_result bench "$WORK/new"
        done
    """
    subprocess.run(["/bin/bash", "-euc", keep, "bash", library, tmp_path], check=True)
    kept = sorted((tmp_path / "results/demo").iterdir())
    assert [path.read_text() for path in kept] == [f'{{"number": {n}}}' for n in (1, 2, 3)]
    assert all(path.match("20261127T043800Z*-bench.json") for path in kept)


def test_a_fault_of_captioner_is_told_as_it_says_it(
    server_scripts: ServerScripts, tmp_path: Path
) -> None:
    program = tmp_path / "captioner"
    program.write_text(
        "#!/bin/sh\necho '{}'\necho 'Error: It broke.' >&2\necho 'Fix: Mend it.' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    server_scripts.must("005", "--yes", "--set", "AWS_ALLOWED_CIDRS=203.0.113.7/32")
    shown = server_scripts.refused("100", CAPTIONER=str(program), RIVA_HOST="127.0.0.1")
    assert "ERROR   It broke." in shown
    assert "FIX     Mend it." in shown
    assert "Traceback" not in shown


def test_a_captioner_that_does_not_start_is_told_from_one_that_fails(
    server_scripts: ServerScripts, tmp_path: Path
) -> None:
    program = tmp_path / "captioner"
    program.write_text(
        "#!/bin/sh\necho 'Traceback (most recent call last):' >&2\n"
        "echo \"ModuleNotFoundError: No module named 'grpc'\" >&2\nexit 1\n"
    )
    program.chmod(0o755)
    environ = {"CAPTIONER": str(program), "RIVA_HOST": "127.0.0.1", "TLS_MODE": "disabled"}
    server_scripts.must("005", "--yes", "--set", "AWS_ALLOWED_CIDRS=203.0.113.7/32")
    for number in ("095", "100"):
        shown = server_scripts.refused(number, **environ)
        assert "ERROR   Captioner itself does not start: ModuleNotFoundError" in shown
        assert "Install it anew" in shown


@pytest.mark.slow
def test_it_is_found_out_whether_strangers_are_refused(proof: ServerScripts) -> None:
    program = (
        ". scripts/riva-common-functions.sh; open_log x; SCRATCH=$(mktemp -d); read_env; "
        ". scripts/lib/riva-captioner.sh; . scripts/lib/riva-checks.sh; refuses_strangers"
    )

    def refused(**environ: str) -> bool:
        done = subprocess.run(
            ["/bin/bash", "-c", program],
            check=False,
            cwd=proof.root,
            env=proof.environ | environ,
            timeout=20,
        )
        return done.returncode == 0

    assert refused()
    with served(proof, "--engine", "mock") as port:
        assert not refused(RIVA_PORT=port)
        # The same client, with a server that has TLS alone.
        assert "is ready: mock-scripted-en" in proof.must("100", RIVA_PORT=port)
    assert not refused(RIVA_PORT="1")


def test_connection_and_models_of_a_server_with_mutual_tls(proof: ServerScripts) -> None:
    shown = proof.must("100")
    for fact in ("encryption: The certificate is in order", "gRPC health: SERVING"):
        assert fact in shown
    assert "authority: CN=captioner demo authority" in shown
    assert "is ready: moonshine-tiny-en" in shown
    assert results(proof, "server")[-1]["certificate"]["days_left"] == 364
    shown = proof.must("105")
    assert "moonshine-tiny-en: en-US, online" in shown
    assert "has no model nix for streams" in proof.refused("105", RIVA_MODEL="nix")
    assert "Would: Ask localhost:" in proof.must("100", "--dry-run")


@pytest.mark.slow
def test_what_keeps_a_client_out_is_told_with_its_fix(proof: ServerScripts, tmp_path: Path) -> None:
    other = make_checkout(tmp_path)
    other.environ["CAPTIONER"] = CAPTIONER
    known = proof.env_file.read_text().splitlines(keepends=True)
    other.env_file.write_text("".join(line for line in known if not line.startswith("RIVA_SSL_")))
    authority = proof.values()["RIVA_SSL_CERT"] or ""
    assert "authority" in other.refused("100")
    shown = other.refused("100", RIVA_SSL_CERT=authority)
    assert "want a client certificate" in shown
    shown = other.refused("100", RIVA_PORT="1", RIVA_SSL_CERT=authority)
    assert "Nothing listens at localhost:1" in shown


def test_captions_come_while_somebody_speaks(
    proof: ServerScripts, recording: dict[str, str]
) -> None:
    shown = proof.must("115", **recording)
    assert "words shown early in 2 of them" in shown
    measured = results(proof, "loadtest")[-1]
    assert measured["servers"][0]["tls"]
    assert measured["runs"][0]["final_ms"]["p95"] < 8000
    assert [check["passed"] for check in measured["checks"]] == [True, True, True]


@pytest.mark.slow
@pytest.mark.sound
def test_sound_becomes_captions_and_the_output_is_gone_afterwards(
    proof: ServerScripts, recording: dict[str, str], pulse_server: SoundServer
) -> None:
    pulse_server.add_sink("captioner_proof", description="left")
    shown = proof.must("120", **recording, **pulse_server.changes)
    assert "sound server" not in shown
    assert "partials, 2 finals" in shown
    assert "Word error rate" in shown
    assert "captioner_proof" not in {sink["name"] for sink in pulse_server.listed("sinks")}


@pytest.mark.slow
@pytest.mark.sound
def test_wrong_words_and_interruptions_leave_no_output_behind(
    proof: ServerScripts, recording: dict[str, str], pulse_server: SoundServer, tmp_path: Path
) -> None:
    other = tmp_path / "other.wav"
    shutil.copy(recording["PROOF_AUDIO"], other)
    other.with_suffix(".txt").write_text("Nobody said this at all.")
    wrong = recording | {"PROOF_AUDIO": str(other)} | pulse_server.changes
    assert "More than 15 % of the words are wrong" in proof.refused("120", **wrong)
    assert "The recording could not be played" in proof.refused(
        "120", **wrong | {"PROOF_AUDIO": str(other.with_suffix(".txt"))}
    )
    at_rest = len(pulse_server.listed("source-outputs"))
    with subprocess.Popen(
        proof.command("120"), env=proof.environ | recording | pulse_server.changes
    ) as step:
        wait_until(lambda: len(pulse_server.listed("source-outputs")) > at_rest, limit_s=20)
        step.terminate()
        assert step.wait(20) == 143
    assert len(pulse_server.listed("source-outputs")) == at_rest
    assert "captioner_proof" not in {sink["name"] for sink in pulse_server.listed("sinks")}
    file = proof.must("120", **recording, PULSE_SERVER="unix:/nowhere")
    assert "goes to Captioner as a file" in file


def test_report_is_made_of_allresults(
    proof: ServerScripts, recording: dict[str, str], tmp_path: Path
) -> None:
    assert "There are no results in" in make_checkout(tmp_path).refused("140", CAPTIONER=CAPTIONER)
    if not results(proof, "loadtest"):  # where this test runs alone
        proof.must("115", **recording)
    shown = proof.must("140")
    assert "The report: " in shown
    folder = proof.root / "build/riva/report/demo"
    assert "<svg" in (folder / "report.html").read_text(encoding="utf-8")
    assert "localhost:" in (folder / "report.md").read_text(encoding="utf-8")
    proof.must("120", **recording, PULSE_SERVER="unix:/nowhere")
    proof.must("140")
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "From sound to captions: passed" in report
    assert "ever.wav, as a file, in real time" in report


@pytest.mark.slow
def test_words_of_a_recording_are_counted(proof: ServerScripts, recording: dict[str, str]) -> None:
    assert "word error rate" in proof.must("110", **recording)
    assert results(proof, "bench")[-1]["runs"][0]["accuracy"]["words"] == 4
    words = Path(recording["PROOF_AUDIO"]).with_suffix(".txt")
    said = words.read_text()
    words.write_text("Something else was said.")
    shown = proof.refused("110", **recording)
    words.write_text(said)
    assert re.search("A limit was not kept: .*word error rate", shown)


_DOCKER: Final = """\
if [[ $* == *State.Pid* ]]; then cat {folder}/pid; touch {folder}/dies
elif [[ $* == *State.Status* ]]; then
    if [ -e {folder}/dies ]; then
        while grep -q '^State:.[RSD]' "/proc/$(cat {folder}/pid)/status"; do sleep 0.05; done
        rm {folder}/dies
        {folder}/start
    fi
    echo running
fi
"""
"""Stands in for Docker, which starts again what has died."""


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.parametrize("how", ["command", "container"])
def test_no_word_is_lost_when_the_server_is_killed(
    proof: ServerScripts, recording: dict[str, str], tmp_path: Path, how: str
) -> None:
    """A server of its own, because it is killed and started again."""
    folder = Path(proof.environ["HOME"], ".config/captioner-demo-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    serve = [
        *(CAPTIONER, "--profile-dir", str(tmp_path / "profile"), "serve", "--port", port),
        *("--tls-cert", str(folder / "server.pem"), "--tls-key", str(folder / "server.key")),
        *("--tls-client-ca", str(folder / "ca.pem")),
    ]
    start = tmp_path / "start"
    start.write_text(
        "#!/bin/bash\nfor file in /proc/$$/fd/*; do\n"
        '    [ "${file##*/}" -le 2 ] || eval "exec ${file##*/}>&-"\ndone\n'
        f"{shlex.join(serve)} >{tmp_path}/log 2>&1 &\necho $! >{tmp_path}/pid\n"
    )
    start.chmod(0o755)
    subprocess.run([str(start)], env=proof.environ, check=True, timeout=10)
    audio = tmp_path / "beckett.wav"
    shutil.copy(BECKETT.path, audio)
    audio.with_suffix(".txt").write_text(BECKETT.text)
    drill = recording | {"RIVA_PORT": port, "PROOF_AUDIO": str(audio), "PROOF_MAX_WER": "30"}
    if how == "command":
        kill = f"kill -KILL $(cat {tmp_path}/pid)"
        drill |= {"PROOF_KILL": kill, "PROOF_RESTORE": str(start)}
        assert "no PROOF_RESTORE" in proof.refused("135", **drill | {"PROOF_RESTORE": ""})
    else:
        proof.stand_in("id", "echo 0")
        proof.stand_in("docker", _DOCKER.format(folder=tmp_path))
    try:
        until_ready = time.monotonic() + 30
        while proof.run("100", RIVA_PORT=port).returncode != 0:
            assert time.monotonic() < until_ready
        assert "There is nobody to ask" in proof.refused("135", **drill)
        shown = proof.must("135", "--yes", **drill)
    finally:
        with suppress(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        for name in ("id", "docker"):
            (proof.commands / name).unlink(missing_ok=True)
    assert "The recogniser is killed." in shown
    kept = results(proof, "fault")[-1]
    assert kept["words"]["deletions"] <= 1
    assert kept["restarted"]
    if not results(proof, "loadtest"):  # where this test runs alone
        proof.must("115", **recording)
    proof.must("140")
    report = proof.root / "build/riva/report/demo/report.md"
    assert "Server killed: passed" in report.read_text(encoding="utf-8")


@pytest.mark.slow
def test_load_is_borne_and_limits_are_held(proof: ServerScripts, recording: dict[str, str]) -> None:
    assert "2 stream(s), 3 s" in proof.must("130", **recording)
    shown = proof.refused("130", **recording | {"PROOF_MAX_FINAL_MS": "1"})
    assert "A limit was not kept: from end of speech to final" in shown
    unknown = recording | {"PROOF_AUDIO": str(BECKETT.path)}
    assert "There is no" in proof.refused("115", **unknown)


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_all_steps_of_the_proof_run_in_their_order_with_tls(
    server_scripts: ServerScripts, recording: dict[str, str]
) -> None:
    names = {
        "DEPLOYMENT_ID": "demo",
        "DEPLOY_ON": "host",
        "RIVA_ENGINE": "nemo",
        "RIVA_HOST": "localhost",
        "TLS_MODE": "tls",
        "CAPTIONER": CAPTIONER,
    }
    server_scripts.environ["PULSE_SERVER"] = "unix:/nowhere"
    lines = [f"{name}={value}\n" for name, value in (names | recording).items()]
    server_scripts.env_file.write_text("".join(lines))
    server_scripts.must("000", "--from", "95", "--to", "95")
    assert "Step 100 failed." in server_scripts.refused("000", "--from", "100", "--to", "140")
    with served(server_scripts) as port:
        with server_scripts.env_file.open("a") as file:
            file.write(f"RIVA_PORT={port}\n")
        shown = server_scripts.must("000", "--from", "100", "--to", "140")
    for number in ("100", "105", "110", "115", "120", "130", "140"):
        assert f"riva-{number}-" in shown
    assert "goes to Captioner as a file" in shown
    report = server_scripts.root / "build/riva/report/demo/report.md"
    assert "localhost:" in report.read_text(encoding="utf-8")
