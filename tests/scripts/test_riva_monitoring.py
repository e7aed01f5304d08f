"""150: Prometheus and Grafana on a GPU machine whose Docker keeps account of what it is told."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.gpu_machine import GpuMachine
from tests.support.prometheus import run_promtool

_FOLDER: Final = "/opt/captioner/monitoring"
_COMPOSE: Final = (
    f"docker compose --project-name captioner-monitoring --file {_FOLDER}/compose.yaml"
)
_UP: Final = f"{_COMPOSE} up --detach --force-recreate"
_DOCKER: Final = r"""
compose="$root/opt/captioner/monitoring/compose.yaml"
case $* in
    version*) echo 27.5.1 ;;
    *' up '*)
        if grep -q broken "${compose%/*}/prometheus/prometheus.yml"; then
            echo 'no such image' >&2; exit 1
        fi
        sed -n 's/.*captioner.configuration: "\(.*\)"/\1/p' "$compose" >"$root/runs" ;;
    *' down '*) rm "$root/runs" ;;
    *State.Status*) test -e "$root/runs" && echo running ;;
    *captioner.configuration*) cat "$root/runs" ;;
esac
"""
_CURL: Final = """
test -e "$root/runs" || exit 7
case ${@: -1} in
    */api/health) echo '{"database": "ok"}' ;;
    */api/v1/rules*) echo '{"name":"CaptionerNoCaptions"}' ;;
    */api/v1/targets*) cat "$root/targets" ;;
esac
"""


@pytest.fixture
def machine(gpu_machine: GpuMachine) -> GpuMachine:
    """A machine with Docker, on which the server answers Prometheus."""
    gpu_machine.stand_in("docker", _DOCKER)
    gpu_machine.stand_in("curl", _CURL)
    gpu_machine.stand_in("chown")
    gpu_machine.write("/targets", '{"health":"up"},{"health":"up"}')
    return gpu_machine


def jobs(machine: GpuMachine) -> dict[str, dict[str, Any]]:
    """Return what Prometheus is told to read, by the name of the job."""
    read = yaml.safe_load(machine.read(f"{_FOLDER}/prometheus/prometheus.yml"))
    return {job["job_name"]: job for job in read["scrape_configs"]}


def test_both_run_once_and_a_second_run_changes_nothing(machine: GpuMachine) -> None:
    shown = machine.scripts.must("150")
    assert "All targets answer." in shown
    assert f"sudo cat {_FOLDER}/password" in shown
    assert [call for call in machine.calls("docker") if "compose" in call] == [
        f"{_COMPOSE} config --quiet",
        _UP,
    ]
    server = jobs(machine)["riva-nim"]
    assert (server["metrics_path"], server["scheme"]) == ("/v1/metrics", "https")
    assert server["static_configs"] == [{"targets": ["localhost:9000"]}]
    run_promtool("check", "config", str(machine.root / f"{_FOLDER[1:]}/prometheus/prometheus.yml"))
    dashboard = machine.read(f"{_FOLDER}/grafana/dashboards/captioner.json")
    assert "${datasource}" not in dashboard
    assert {
        panel.get("datasource", {}).get("uid") for panel in json.loads(dashboard)["panels"]
    } == {
        None,
        "prometheus",
    }
    password = machine.root / _FOLDER[1:] / "password"
    assert password.stat().st_mode & 0o777 == 0o400
    secret = password.read_text()
    assert len(secret) > 20
    assert secret.strip() not in shown + machine.scripts.log("150")

    assert "Both run already" in machine.scripts.must("150")
    assert not [call for call in machine.calls("docker") if "compose" in call]
    assert password.read_text() == secret


def test_the_containers_are_bounded_and_closed_to_others(machine: GpuMachine) -> None:
    machine.scripts.must("150")
    services = yaml.safe_load(machine.read(f"{_FOLDER}/compose.yaml"))["services"]
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        assert service["logging"]["options"]["max-size"]
        assert service["cap_drop"] == ["ALL"]
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    if (compose := shutil.which("docker-compose")) is not None:
        file = machine.root / _FOLDER[1:] / "compose.yaml"
        subprocess.run(
            [compose, "--file", file, "config", "--quiet"], check=True, timeout=60, cwd=Path("/")
        )


def test_what_changes_is_made_anew_and_what_fails_is_taken_back(machine: GpuMachine) -> None:
    shown = machine.scripts.must("150", "--dry-run")
    assert "Would: Run prom/prometheus:v3.5.0 and grafana/grafana:12.1.0" in shown
    assert not machine.has(_FOLDER)
    broken = machine.scripts.refused("150", MONITORING_TARGETS="broken:9464")
    assert "docker compose failed on 192.0.2.1: no such image" in broken
    assert not machine.has(_FOLDER)
    machine.scripts.must("150")
    machine.calls()
    machine.scripts.must("150", MONITORING_TARGETS="desk.lan:9464,10.0.0.7:9464")
    assert _UP in machine.calls("docker")
    targets = jobs(machine)["captioner"]["static_configs"][0]["targets"]
    assert targets == ["desk.lan:9464", "10.0.0.7:9464"]
    machine.scripts.refused("150", MONITORING_TARGETS="broken:9464")
    assert jobs(machine)["captioner"]["static_configs"][0]["targets"] == targets
    assert machine.calls("docker")[-1] == _UP
    assert not machine.has(f"{_FOLDER}.before")


def test_each_engine_is_read_where_it_tells_of_itself(machine: GpuMachine) -> None:
    machine.scripts.must("150", RIVA_ENGINE="quickstart")
    assert jobs(machine)["riva-triton"]["static_configs"] == [{"targets": ["localhost:8002"]}]
    machine.scripts.must("150", TLS_MODE="disabled")
    assert "scheme" not in jobs(machine)["riva-nim"]
    refused = machine.scripts.refused("150", RIVA_ENGINE="nemo")
    assert "MONITORING_TARGETS=HOST:PORT" in refused
    machine.scripts.must("150", RIVA_ENGINE="nemo", MONITORING_TARGETS="desk.lan:9464")
    assert set(jobs(machine)) == {"prometheus", "captioner"}


def test_a_target_that_does_not_answer_is_told(machine: GpuMachine) -> None:
    machine.write("/targets", '{"health":"up"},{"health":"down"}')
    assert "1 of the targets do not answer Prometheus yet" in machine.scripts.must("150")


def test_a_port_in_use_is_refused(machine: GpuMachine) -> None:
    machine.stand_in("curl")
    refused = machine.scripts.refused("150")
    assert "Something answers at port 9090 of 192.0.2.1" in refused
    assert "PROMETHEUS_URL" in refused
    assert not machine.has(_FOLDER)


def test_a_killed_run_is_gone_on_with(machine: GpuMachine) -> None:
    lock = machine.scripts.root / "build/riva"
    kill = f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock) $PPID"
    machine.stand_in("docker", f'[[ $* != *" config "* ]] || {kill}\n{_DOCKER}')
    assert machine.scripts.run("150").returncode == -signal.SIGKILL
    machine.stand_in("docker", _DOCKER)
    machine.calls()
    machine.scripts.must("150")
    assert _UP in machine.calls("docker")


def test_removal_takes_all_of_it(machine: GpuMachine) -> None:
    assert "There is no monitoring on 192.0.2.1" in machine.scripts.must("150", "--remove")
    machine.scripts.must("150")
    assert "There is nobody to ask" in machine.scripts.refused("150", "--remove")
    machine.scripts.must("150", "--remove", "--dry-run")
    assert machine.has(_FOLDER)
    machine.calls()
    machine.scripts.must("150", "--remove", "--yes")
    assert f"{_COMPOSE} down --volumes" in machine.calls("docker")
    assert not machine.has(_FOLDER)
