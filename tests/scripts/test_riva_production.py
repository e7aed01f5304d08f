"""125, the production checks: on a machine with a container, and at AWS."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.aws import Aws
from tests.support.server_scripts import ServerScripts

_CAPTIONER: Final = str(Path(sys.executable).with_name("captioner"))
_GOOD: Final[dict[str, Any]] = {
    "Name": "/captioner-nim",
    "State": {"Status": "running", "Health": {"Status": "healthy"}},
    "Config": {"User": "1000:1000", "Env": ["PATH=/bin", "NGC_API_KEY="]},
    "HostConfig": {
        "RestartPolicy": {"Name": "unless-stopped"},
        "Privileged": False,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "50m"}},
    },
}
_BAD: Final[dict[str, Any]] = {
    "Name": "/captioner-nim",
    "State": {"Status": "running"},
    "Config": {"User": "", "Env": ["NGC_API_KEY=nvapi-x"]},
    "HostConfig": {
        "RestartPolicy": {"Name": ""},
        "Privileged": True,
        "LogConfig": {"Type": "json-file", "Config": None},
    },
}
_OF_CONTAINER: Final = (
    "The recogniser runs and is healthy",
    "It is started again after a crash",
    "It does not run as root",
    "Its logs are limited",
    "No key in its environment is open to others",
)


@pytest.fixture
def prometheus() -> Iterator[str]:
    """What answers as Prometheus does, and watches a NIM; give its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watched = {
                "scrapeUrl": "http://localhost:9000/v1/metrics",
                "health": "up",
                "labels": {"job": "nim"},
            }
            data = {"activeTargets": [watched], "groups": [{"rules": [{}]}]}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"status": "success", "data": data}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _container(scripts: ServerScripts, found: dict[str, Any]) -> None:
    (scripts.root / "container.json").write_text(json.dumps(found))
    scripts.stand_in("docker", f"cat {scripts.root}/container.json")


def test_container_and_monitoring_are_judged_and_each_fault_has_its_fix(
    server_scripts: ServerScripts, prometheus: str
) -> None:
    server_scripts.env_file.write_text("DEPLOYMENT_ID=demo\nDEPLOY_ON=host\nRIVA_PORT=1\n")
    server_scripts.environ["CAPTIONER"] = _CAPTIONER
    server_scripts.env_file.chmod(0o644)
    server_scripts.stand_in("id", "echo 0")
    _container(server_scripts, _BAD)
    shown = server_scripts.refused("125")
    for title in (*_OF_CONTAINER, "The configuration is private", "The server is ready"):
        assert f"{title}: NO." in shown
    assert "docker update --restart unless-stopped" in shown
    assert "Prometheus watches the server: NO. no Prometheus answers at port 9090" in shown
    report = (server_scripts.root / "build/riva/report/demo/production.md").read_text()
    assert "- [ ] **It does not run as root: no.**" in report
    assert "nvapi-x" not in shown + report

    _container(server_scripts, _GOOD)
    server_scripts.env_file.chmod(0o600)
    digest = "nvcr.io/nim/nvidia/x:1@sha256:" + "0" * 64
    shown = server_scripts.refused("125", PROMETHEUS_URL=prometheus, NIM_IMAGE_DIGEST=digest)
    for title in (*_OF_CONTAINER, "The configuration is private", "Prometheus watches the server"):
        assert f"{title}: NO." not in shown
    assert "watched: http://localhost:9000/v1/metrics (up)" in shown
    # Nothing listens at the port: this alone is left.
    assert "1 of 24 checks failed" in shown


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_what_is_open_at_aws_is_found(aws: Aws, server_scripts: ServerScripts) -> None:
    server_scripts.environ["CAPTIONER"] = _CAPTIONER
    tags = [{"Key": "Project", "Value": "captioner"}, {"Key": "Deployment", "Value": "demo"}]
    group = aws.ec2.create_security_group(GroupName="open", Description="open")["GroupId"]
    port = {"IpProtocol": "tcp", "FromPort": 50051, "ToPort": 50051}
    world = [port | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=world)
    aws.ec2.run_instances(
        ImageId="ami-12c6146b",
        InstanceType="g6.xlarge",
        MinCount=1,
        MaxCount=1,
        SecurityGroupIds=[group],
        MetadataOptions={"HttpTokens": "optional"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )
    shown = server_scripts.refused("125", RIVA_HOST="127.0.0.2", RIVA_PORT="1")
    assert "the whole internet may connect to: 50051" in shown
    assert "tokens of the metadata service are optional" in shown
    assert "Volumes are encrypted: NO." in shown
    # A server far away, without encryption, that cannot be reached by SSH either.
    shown = server_scripts.refused("125", RIVA_HOST="192.0.2.1")
    for title in ("The connection is encrypted", "The GPU machine can be asked"):
        assert f"{title}: NO." in shown
