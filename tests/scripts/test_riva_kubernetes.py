"""160, which runs the recogniser in a Kubernetes cluster.

What it writes is held against the schemas of Kubernetes, and its balancer is run: the real Envoy,
in front of real gRPC servers. kubectl, helm and curl are stand-ins that record how they are called.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import json
import signal
import socket
import ssl
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import kubernetes_validate
import pytest
import trustme
import yaml
from riva.client.proto import riva_asr_pb2, riva_asr_pb2_grpc

from captioner.measure.result import (
    Capacity,
    Client,
    Kind,
    Machine,
    Measurement,
    Plan,
    Run,
)
from tests.support.riva_server import RivaServer, ServedStream, final
from tests.support.server_scripts import ServerScripts
from tests.support.wait import until

_KEY = "nvapi-Very_Secret-123"
_CHART = b"a chart"
_ENV = f"""DEPLOYMENT_ID=demo
NGC_API_KEY={_KEY}
NIM_IMAGE=nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual:1.5.0
KUBERNETES_CHART_VERSION=1.2.3
"""
_OPEN = "KUBERNETES_ALLOWED_CIDRS=203.0.113.7/32,2001:db8::/32\n"


@pytest.fixture
def kubernetes(server_scripts: ServerScripts) -> ServerScripts:
    """A checkout with a configuration and the certificate that 095 would have made."""
    server_scripts.env_file.write_text(_ENV + "TLS_MODE=mtls\n" + _OPEN, encoding="utf-8")
    folder = Path(server_scripts.environ["HOME"], ".config/captioner-demo-server")
    folder.mkdir(parents=True)
    for name in ("server.pem", "server.key", "ca.pem"):
        (folder / name).write_text(f"the {name}\n", encoding="utf-8")
    return server_scripts


def _folder(scripts: ServerScripts) -> Path:
    return scripts.root / "build/kubernetes/demo"


def _documents(scripts: ServerScripts, *names: str) -> list[dict[str, Any]]:
    return [
        document
        for name in names
        for document in yaml.safe_load_all((_folder(scripts) / name).read_text(encoding="utf-8"))
        if document is not None
    ]


def _written(scripts: ServerScripts, kind: str, name: str) -> dict[str, Any]:
    (found,) = (
        document
        for document in _documents(scripts, "recognisers.yaml", "balancer.yaml")
        if document["kind"] == kind and document["metadata"]["name"] == name
    )
    return found


@pytest.mark.parametrize("mode", ["mtls", "disabled"])
def test_what_is_written_is_what_kubernetes_takes(kubernetes: ServerScripts, mode: str) -> None:
    networks = {} if mode == "mtls" else {"KUBERNETES_ALLOWED_CIDRS": ""}
    if mode == "disabled":
        shared = "KUBERNETES_ACCESS_MODE=ReadWriteMany\nKUBERNETES_STORAGE_CLASS=nfs\n"
        shared += "RIVA_ENGINE=nemo\n"
        kubernetes.env_file.write_text(_ENV + "TLS_MODE=disabled\n" + shared, encoding="utf-8")
    kubernetes.must("160", "--files-only", **networks)
    for document in _documents(kubernetes, "recognisers.yaml", "balancer.yaml"):
        kubernetes_validate.validate(document, "1.32", strict=True)
    (values,) = _documents(kubernetes, "values.yaml")
    (behaviour,) = _documents(kubernetes, "autoscaler-behaviour.yaml")
    scaling = values["autoscaling"]
    spec = {key: scaling[key] for key in ("minReplicas", "maxReplicas", "metrics")}
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "captioner-demo-riva-nim"}
    autoscaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "captioner-demo-riva-nim"},
        "spec": spec | {"scaleTargetRef": target} | behaviour["spec"],
    }
    kubernetes_validate.validate(autoscaler, "1.32", strict=True)
    (adapter,) = _documents(kubernetes, "prometheus-adapter.yaml")
    metric = scaling["metrics"][0]["pods"]["metric"]["name"]
    assert [rule["name"]["as"] for rule in adapter["rules"]["custom"]] == [metric]
    assert values["image"] == {
        "repository": "nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual",
        "tag": "1.5.0",
        "pullPolicy": "IfNotPresent",
    }
    assert values["envVars"] == {"NIM_TAGS_SELECTOR": "mode=str,vad=silero,type=default"}
    assert values["statefulSet"]["enabled"] is (mode == "mtls")
    claims = {"mtls": "", "disabled": "captioner-demo-models"}
    assert values["persistence"]["existingClaim"] == claims[mode]
    every = [file.read_text(encoding="utf-8") for file in _folder(kubernetes).iterdir()]
    assert not [text for text in every if _KEY in text or "@" in text.replace('"@type"', "")]


def test_pods_are_found_by_one_label_and_let_nobody_else_in(kubernetes: ServerScripts) -> None:
    kubernetes.must("160", "--files-only")
    pods = {"app.kubernetes.io/instance": "captioner-demo-riva-nim"}
    service = _written(kubernetes, "Service", "captioner-demo-recognisers")
    assert (service["spec"]["clusterIP"], service["spec"]["selector"]) == ("None", pods)
    policy = _written(kubernetes, "NetworkPolicy", "captioner-demo-recognisers")["spec"]
    assert policy["podSelector"]["matchLabels"] == pods
    budget = _written(kubernetes, "PodDisruptionBudget", "captioner-demo-recognisers")["spec"]
    assert (budget["maxUnavailable"], budget["selector"]["matchLabels"]) == (1, pods)
    balancer = _written(kubernetes, "Service", "captioner-demo-balancer")["spec"]
    assert balancer["loadBalancerSourceRanges"] == ["203.0.113.7/32", "2001:db8::/32"]
    assert (balancer["type"], balancer["externalTrafficPolicy"]) == ("LoadBalancer", "Local")
    way_in = _written(kubernetes, "NetworkPolicy", "captioner-demo-balancer")["spec"]["ingress"]
    assert [each["ipBlock"]["cidr"] for each in way_in[0]["from"] if "ipBlock" in each] == [
        "203.0.113.7/32",
        "2001:db8::/32",
    ]


async def _transcript(stub: Any, heard: asyncio.Event) -> str:  # noqa: ANN401 - untyped
    call = stub.StreamingRecognize()
    await call.write(riva_asr_pb2.StreamingRecognizeRequest(audio_content=bytes(2560)))
    await heard.wait()
    response = await call.read()
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    return str(response.results[0].alternatives[0].transcript)


def _move(file: Path, port: int, pods: list[int]) -> None:
    """Have the balancer listen on a port of this machine, and find its pods here."""
    configuration = yaml.safe_load(file.read_text(encoding="utf-8"))
    listener = configuration["static_resources"]["listeners"][0]
    listener["address"]["socket_address"] |= {"address": "127.0.0.1", "port_value": port}
    (cluster,) = configuration["static_resources"]["clusters"]
    (locality,) = cluster["load_assignment"]["endpoints"]
    (name,) = locality["lb_endpoints"]
    locality["lb_endpoints"] = [copy.deepcopy(name) for _ in pods]
    for found, pod in zip(locality["lb_endpoints"], pods, strict=True):
        address = {"address": "127.0.0.1", "port_value": pod}
        found["endpoint"]["address"]["socket_address"] = address
    del configuration["admin"]
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")


def _put_pair(folder: Path, pair: trustme.LeafCert) -> None:
    """Put a certificate with its key into place, as kubelet does: by renaming."""
    for name, pems in {"tls.key": [pair.private_key_pem], "tls.crt": pair.cert_chain_pems}.items():
        (folder / "new").write_bytes(b"".join(pem.bytes() for pem in pems))
        (folder / "new").replace(folder / name)


def _der(pair: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pair.cert_chain_pems[0].bytes().decode())


def _shown(port: int, authority: trustme.CA, client: trustme.LeafCert) -> bytes | None:
    """Return the certificate that the balancer shows."""
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    client.configure_cert(context)
    with (
        socket.create_connection(("localhost", port), 5) as connection,
        context.wrap_socket(connection, server_hostname="localhost") as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True)


@pytest.mark.skipif(sys.platform != "linux", reason="there is an Envoy for Linux alone")
async def test_balancer_spreads_the_streams_of_one_connection_and_wants_certificates(
    kubernetes: ServerScripts, tmp_path: Path, unused_tcp_port: int
) -> None:
    port = unused_tcp_port
    kubernetes.must("160", "--files-only")
    files = _written(kubernetes, "ConfigMap", "captioner-demo-balancer")["data"]
    authority = trustme.CA()
    client = authority.issue_cert("someone@example.org")
    _put_pair(tmp_path, authority.issue_cert("localhost"))
    (tmp_path / "ca.crt").write_bytes(authority.cert_pem.bytes())
    for name, text in files.items():
        moved = text.replace("/etc/captioner-tls", str(tmp_path))
        (tmp_path / name).write_text(moved.replace("/etc/captioner", str(tmp_path)))
    heard, all_heard = asyncio.Semaphore(0), asyncio.Event()

    async def answer(stream: ServedStream) -> None:
        await stream.hear(1)
        heard.release()
        await all_heard.wait()
        await stream.say(final("heard"))
        await stream.hear_all()

    servers = [RivaServer(answer), RivaServer(answer)]
    for each in servers:
        await each.start()
    _move(tmp_path / "envoy.yaml", port, [each.port for each in servers])
    envoy = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).parent / "envoy", "--config-path", tmp_path / "envoy.yaml"),
        *("--log-level", "warning", "--disable-hot-restart", "--concurrency", "1"),
    )
    try:
        target = f"localhost:{port}"
        credentials = grpc.ssl_channel_credentials(
            authority.cert_pem.bytes(),
            client.private_key_pem.bytes(),
            client.cert_chain_pems[0].bytes(),
        )
        async with grpc.aio.secure_channel(target, credentials) as channel:
            await asyncio.wait_for(channel.channel_ready(), 20)
            stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(channel)
            streams = []
            for _ in range(8):
                streams.append(asyncio.create_task(_transcript(stub, all_heard)))
                await asyncio.wait_for(heard.acquire(), 20)
            # A renewed certificate is shown to whoever comes; those who are there stay.
            renewed = authority.issue_cert("localhost")
            _put_pair(tmp_path, renewed)
            await until(lambda: _shown(port, authority, client) == _der(renewed))
            all_heard.set()
            assert await asyncio.gather(*streams) == ["heard"] * 8
        assert [len(each.streams) for each in servers] == [4, 4]
        anonymous = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
        async with grpc.aio.secure_channel(target, anonymous) as channel:
            stub = riva_asr_pb2_grpc.RivaSpeechRecognitionStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await _transcript(stub, all_heard)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    finally:
        for each in servers:
            await each.stop()
        with suppress(ProcessLookupError):  # what it died of is in what it said
            envoy.terminate()
        await envoy.wait()


_KUBECTL = r"""
[ "$1" != --context ] || shift 2
[ "$1" != --namespace ] || shift 2
case "$*" in
    'config current-context') echo lab ;;
    'get namespace captioner-demo '*) cat {state}/namespace 2>/dev/null || true ;;
    'get nodes '*) cat {state}/gpus ;;
    'apply '*) text=$(cat); printf '%s\n' "$text" >>{state}/applied
        [[ $text != *'kind: Namespace'* ]] || printf 'captioner-demo demo' >{state}/namespace ;;
    'diff '*) [ -e {state}/same ] ;;
    'get hpa '*) echo horizontalpodautoscaler.autoscaling/captioner-demo-riva-nim ;;
    'get deployments,statefulsets '*) echo statefulset.apps/captioner-demo-riva-nim ;;
    'get endpointslices '*) echo 10.0.0.7 ;;
    'get service '*) echo lb.example.org ;;
    'get --raw '*) exit 1 ;;
    'delete namespace '*) rm -f {state}/namespace ;;
    'patch '* | 'rollout status '*) ;;
    *) echo "unexpected: $*" >&2; exit 9 ;;
esac
"""
_HELM = r"""
while [[ $1 == --* ]]; do shift 2; done
case $1 in
    status) [ -e {state}/release ] || exit 1; cat {state}/release ;;
    template) sed 's/^/# /' "${{@: -1}}"; cat {state}/rendered ;;
    upgrade) [ ! -e {state}/broken ] || {{ echo 'Error: timed out' >&2; exit 1; }}
        while [ "$1" != --description ]; do shift; done
        printf '{{"info": {{"status": "deployed", "description": "%s"}}}}' "$2" >{state}/release ;;
    rollback) printf '{{"info": {{"status": "deployed", "description": "x"}}}}' >{state}/release ;;
    uninstall) rm -f {state}/release ;;
esac
"""
_CURL = r"""
cat >{state}/curl-configuration
while [ "$1" != --output ]; do shift; done
printf 'a chart' >"$2"
"""
_RENDERED = """kind: HorizontalPodAutoscaler
metadata: {labels: {app.kubernetes.io/instance: x}}
app.kubernetes.io/instance: captioner-demo-riva-nim
containerPort: 50051
containerPort: 9000
storage: "50Gi"
image: "nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual:1.5.0"
"""


class Cluster:
    """Stand-ins for kubectl, helm and curl, and what they were told."""

    def __init__(self, scripts: ServerScripts, state: Path) -> None:
        """Have an empty cluster with one GPU."""
        state.mkdir()
        self.scripts = scripts
        self.state = state
        (state / "gpus").write_text("1")
        (state / "rendered").write_text(_RENDERED)
        programs = {"kubectl": _KUBECTL, "helm": _HELM, "curl": _CURL}
        self._calls = {
            name: scripts.stand_in(
                name, program.replace("{{", "{").replace("}}", "}").replace("{state}", str(state))
            )
            for name, program in programs.items()
        }

    def calls(self, name: str, *, of: str = "") -> list[str]:
        """Return how a program was called, a line for each call."""
        text = self._calls[name].read_text(encoding="utf-8")
        lines = [" ".join(call.split("\n")).strip() for call in text.split("--end--\n") if call]
        return [line for line in lines if f" {of}" in line]

    def forget(self) -> None:
        for file in self._calls.values():
            file.write_text("")


@pytest.fixture
def cluster(kubernetes: ServerScripts, tmp_path: Path) -> Cluster:
    """A cluster that does what it is told."""
    return Cluster(kubernetes, tmp_path / "state")


def test_release_is_installed_with_its_key_handed_over_in_silence(cluster: Cluster) -> None:
    shown = cluster.scripts.must("160")
    folder = _folder(cluster.scripts)
    (upgrade,) = cluster.calls("helm", of="upgrade")
    note = hashlib.sha256(_CHART + (folder / "values.yaml").read_bytes()).hexdigest()[:16]
    assert upgrade == (
        "--kube-context lab --namespace captioner-demo upgrade --install captioner-demo-riva-nim "
        f"{folder}/riva-nim-1.2.3.tgz --values {folder}/values.yaml "
        f"--description captioner:{note} --atomic --timeout 60m"
    )
    values = cluster.scripts.values()
    assert values["KUBERNETES_CONTEXT"] == "lab"
    assert values["KUBERNETES_CHART_SHA256"] == hashlib.sha256(_CHART).hexdigest()
    (curl,) = cluster.calls("curl")
    assert curl.endswith("https://helm.ngc.nvidia.com/nim/nvidia/charts/riva-nim-1.2.3.tgz")
    assert (cluster.state / "curl-configuration").read_text() == f'user = "$oauthtoken:{_KEY}"\n'
    applied = [
        document
        for document in yaml.safe_load_all(
            (cluster.state / "applied")
            .read_text(encoding="utf-8")
            .replace("apiVersion: v1\nkind: Secret", "---\napiVersion: v1\nkind: Secret")
        )
        if document is not None and document["kind"] == "Secret"
    ]
    for document in applied:
        kubernetes_validate.validate(document, "1.32", strict=True)
    secrets = {each["metadata"]["name"]: _plain(each["data"]) for each in applied}
    assert secrets["captioner-demo-ngc"] == {"NGC_API_KEY": _KEY}
    login = json.loads(secrets["captioner-demo-pull"][".dockerconfigjson"])
    assert login["auths"]["nvcr.io"] == {"username": "$oauthtoken", "password": _KEY}
    assert secrets["captioner-demo-tls"] == {
        "tls.crt": "the server.pem\n",
        "tls.key": "the server.key\n",
        "ca.crt": "the ca.pem\n",
    }
    (patch,) = cluster.calls("kubectl", of="patch")
    assert patch == (
        "--context lab --namespace captioner-demo patch "
        "horizontalpodautoscaler.autoscaling/captioner-demo-riva-nim --type merge "
        f"--patch-file {folder}/autoscaler-behaviour.yaml"
    )
    assert "The server for Captioner: lb.example.org:50051, with TLS" in shown
    assert "no metric gpu_utilization" in shown
    said = shown + cluster.scripts.log("160")
    said += "".join(line for name in ("kubectl", "helm", "curl") for line in cluster.calls(name))
    assert _KEY not in said

    (cluster.state / "same").touch()
    cluster.forget()
    again = cluster.scripts.must("160")
    assert "runs with exactly these values" in again
    assert cluster.calls("curl") + cluster.calls("helm", of="upgrade") == []
    assert "Apply" not in again


def _plain(data: dict[str, str]) -> dict[str, str]:
    return {name: base64.b64decode(value).decode() for name, value in data.items()}


@pytest.mark.slow
def test_what_a_killed_run_left_is_cleared_before_the_next_change(cluster: Cluster) -> None:
    cluster.scripts.must("160")
    release = cluster.state / "release"
    release.write_text('{"info": {"status": "pending-upgrade", "description": "old"}}')
    cluster.forget()
    cluster.scripts.must("160")
    wanted = ("rollback", "upgrade")
    done = [line for line in cluster.calls("helm") if any(f" {word} " in line for word in wanted)]
    assert [line.split()[4] for line in done] == ["rollback", "upgrade"]
    release.write_text('{"info": {"status": "pending-install", "description": "old"}}')
    cluster.forget()
    cluster.scripts.must("160")
    assert len(cluster.calls("helm", of="uninstall captioner-demo-riva-nim --wait")) == 1
    # A step that is killed before Helm has begun leaves what the next run goes on with.
    helm = cluster.scripts.commands / "helm"
    lock = f"{cluster.scripts.root}/build/riva/.env-*.step.lock"
    program = helm.read_text()
    helm.write_text(
        program.replace("upgrade) ", f"upgrade) kill -KILL $(sed 's/.* //' {lock}); exit 1;")
    )
    release.unlink()
    assert cluster.scripts.run("160").returncode == -signal.SIGKILL
    helm.write_text(program)
    assert "riva-160-kubernetes is done" in cluster.scripts.must("160")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("KUBERNETES_CHART_VERSION=", "KUBERNETES_CHART_VERSION is not set"),
        ("NIM_IMAGE=nvcr.io/nim/nvidia/x:latest", "latest is no tag that stays"),
        ("NGC_API_KEY=", "NGC_API_KEY is not set"),
        ("TLS_MODE=disabled", "lets clients in, and TLS_MODE is disabled"),
        ("KUBERNETES_ALLOWED_CIDRS=0.0.0.0/0", "most of the internet"),
        ("KUBERNETES_MIN_REPLICAS=9", "is greater than KUBERNETES_MAX_REPLICAS"),
        ("KUBERNETES_ACCESS_MODE=Shared", "must be ReadWriteOnce or ReadWriteMany"),
        ("KUBERNETES_CHART_SHA256=" + 64 * "0", "is not what it was"),
    ],
)
def test_configuration_that_cannot_work_is_refused_and_nothing_is_made(
    cluster: Cluster, change: str, reason: str
) -> None:
    with cluster.scripts.env_file.open("a") as file:
        file.write(change + "\n")
    assert reason in cluster.scripts.refused("160")
    assert not (cluster.state / "namespace").exists()


def test_cluster_that_does_not_fit_is_told_with_its_fix(cluster: Cluster) -> None:
    certificate = Path(cluster.scripts.environ["HOME"], ".config/captioner-demo-server/server.key")
    certificate.rename(certificate.with_suffix(".away"))
    assert "Run scripts/riva-095-certificates.sh" in cluster.scripts.refused("160")
    certificate.with_suffix(".away").rename(certificate)
    (cluster.state / "gpus").write_text("")
    assert "No node of lab offers a GPU" in cluster.scripts.refused("160")
    (cluster.state / "gpus").write_text("1")
    (cluster.state / "namespace").write_text("captioner-demo ")
    assert "was not made by this deployment" in cluster.scripts.refused("160")
    (cluster.state / "namespace").unlink()
    (cluster.state / "rendered").write_text(_RENDERED.replace("containerPort: 50051", ""))
    shown = cluster.scripts.refused("160")
    assert "leaves out what we set: containerPort: 50051." in shown
    assert not (cluster.state / "namespace").exists()
    (cluster.state / "rendered").write_text(_RENDERED)
    (cluster.state / "broken").touch()
    shown = cluster.scripts.refused("160")
    assert "Error: timed out" in shown
    assert "did not come up; Helm has taken them back" in shown


@pytest.mark.slow
def test_removal_takes_all_away_and_a_dry_run_nothing(cluster: Cluster) -> None:
    shown = cluster.scripts.must("160", "--dry-run")
    assert "Would: Install or change captioner-demo-riva-nim" in shown
    assert not (cluster.state / "namespace").exists()
    assert not _folder(cluster.scripts).exists()
    cluster.scripts.must("160")
    assert "Not confirmed" not in cluster.scripts.must("160", "--remove", "--yes")
    assert not (cluster.state / "namespace").exists()
    assert not (cluster.state / "release").exists()
    assert "There is nothing of captioner-demo" in cluster.scripts.must("160", "--remove")
    (cluster.state / "namespace").write_text("captioner-demo demo")
    shown = cluster.scripts.must("999", "--yes", DEPLOY_ON="host")
    assert "To be removed: namespace captioner-demo in lab" in shown
    assert not (cluster.state / "namespace").exists()


def test_sizing_follows_from_what_was_measured(kubernetes: ServerScripts, tmp_path: Path) -> None:
    result = tmp_path / "result.json"

    def measured(*, kept_up: bool) -> None:
        client = Client(late_ms=None, processor=0.5, kept_up=kept_up)
        run = Run(server="one GPU", audio="sample", streams=64, seconds=60.0, client=client)
        measurement = Measurement(
            kind=Kind.CAPACITY,
            begun_at=datetime(2026, 11, 25, tzinfo=UTC),
            machine=Machine(system="x", processor="x", cores=8, python="x", captioner="x"),
            servers=(),
            plan=Plan(streams=1, duration_s=60.0, ramp_s=10.0, chunk_ms=160),
            audio=("sample",),
            normaliser="none",
            runs=(run,),
            capacity=Capacity(streams=64, fails_at=65, confirmed=2, confidence="sure"),
        )
        result.write_text(measurement.model_dump_json(), encoding="utf-8")

    measured(kept_up=True)
    # Files are for everybody, with a key or without.
    kubernetes.env_file.write_text("DEPLOYMENT_ID=demo\nTLS_MODE=disabled\n", encoding="utf-8")
    kubernetes.must("160", "--files-only", "--sizing", str(result))
    text = (_folder(kubernetes) / "sizing.md").read_text(encoding="utf-8")
    # 60 % of 64 are 38; 1,000 / 38 is 27 when rounded up, and one pod may be away.
    assert "| 1,000 | 28 | 256 Mbit/s | 1,400 GB |" in text
    assert "| 100,000 | 2,633 | 25,600 Mbit/s | 131,650 GB |" in text
    measured(kept_up=False)
    shown = kubernetes.refused("160", "--files-only", "--sizing", str(result))
    assert "tells no capacity that can be relied on" in shown
    assert "--sizing wants the JSON" in kubernetes.refused("160", "--sizing", "nothing")
