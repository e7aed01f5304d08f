"""The AWS steps, against a real AWS API through the real AWS CLI; state is read back from the API.

Only the machine itself is not there: a stand-in records how SSH is called. What needs many calls
of the AWS CLI, which takes half a second for each, is marked slow.
"""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.aws import REGION, TAGS, Aws
from tests.support.server_scripts import ServerScripts

_HOME = "203.0.113.7/32"


def _tags(thing: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in thing["Tags"] if tag["Key"] in TAGS}


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_instance_is_made_as_promised_and_a_second_run_changes_nothing(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    shown = server_scripts.must("015")
    assert "Next: scripts/riva-020-security-group.sh" in shown
    made = aws.instance()
    assert (made["State"]["Name"], made["InstanceType"]) == ("running", "g6.xlarge")
    assert made["MetadataOptions"]["HttpTokens"] == "required"
    assert _tags(made) == TAGS
    (volume,) = aws.ec2.describe_volumes()["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"]) == (200, "gp3", True)
    assert _tags(volume) == TAGS
    (group,) = aws.groups()
    assert _tags(group) == TAGS
    assert group["IpPermissions"] == []
    assert [each["GroupId"] for each in made["SecurityGroups"]] == [group["GroupId"]]
    (pair,) = aws.ec2.describe_key_pairs()["KeyPairs"]
    assert _tags(pair) == TAGS
    key = Path(server_scripts.environ["HOME"], ".ssh/captioner-demo")
    assert key.stat().st_mode & 0o777 == 0o600
    attribute = {"InstanceId": made["InstanceId"], "Attribute": "userData"}
    data = aws.ec2.describe_instance_attribute(**attribute)["UserData"]["Value"]
    first_start = base64.b64decode(data).decode()
    assert "echo IDLE_STOP_MINUTES=60 >/etc/captioner-idle-stop.conf\n" in first_start
    assert "systemctl enable --now captioner-idle-stop.timer" in first_start
    subprocess.run(["/bin/bash", "-n"], input=first_start, text=True, check=True, timeout=10)

    assert "runs already" in server_scripts.must("015")
    assert aws.instance() == made
    assert len(aws.left()) == 4

    certificates = Path(server_scripts.environ["HOME"], ".config/captioner-demo-server")
    certificates.mkdir(parents=True)
    (certificates / "ca.key").touch()
    assert f"To be removed: file {certificates}/ca.key" in server_scripts.must("999", "--yes")
    assert aws.left() == []
    assert not certificates.exists()
    assert not key.exists()
    assert not key.with_suffix(".pub").exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_restarted_instance_has_its_new_address_kept_and_its_hours_counted(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    name = aws.make_instance()
    with server_scripts.env_file.open("a") as file:
        file.write("RIVA_HOST=192.0.2.1\n")
    assert "is 192.0.2.1. Replace it by" in server_scripts.refused("215")
    server_scripts.must("215", "--yes")
    first = aws.instance()["PublicIpAddress"]
    assert server_scripts.values()["RIVA_HOST"] == first
    server_scripts.must("210", "--yes")
    assert aws.instance()["State"]["Name"] == "stopped"
    # The address that a start had put there is replaced without a question.
    server_scripts.must("215")
    again = aws.instance()
    assert (again["InstanceId"], again["State"]["Name"]) == (name, "running")
    assert server_scripts.values()["RIVA_HOST"] == again["PublicIpAddress"] != first
    aws.ec2.create_tags(Resources=[name], Tags=[{"Key": "RanMinutes", "Value": "119"}])
    shown = server_scripts.must("220")
    assert "2 h 0 min in all" in shown
    assert "Instance: 1.00 USD so far (0.5 USD an hour)" in shown
    assert len(aws.left()) == 2


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_exactly_the_given_networks_are_let_in(aws: Aws, server_scripts: ServerScripts) -> None:
    ports = (22, 9000, 50051)
    server_scripts.must("020", AWS_ALLOWED_CIDRS=f"{_HOME},2001:db8::/32")
    both = {("tcp", port, network) for port in ports for network in (_HOME, "2001:db8::/32")}
    assert aws.rules() == both
    (group,) = aws.groups()
    world = [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ]
    aws.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=world)
    # 198.51.100.9/24 is kept by AWS as the network that it stands for.
    shown = server_scripts.must("020", AWS_ALLOWED_CIDRS=f"{_HOME},198.51.100.9/24")
    assert "Let in no more: tcp:22-22:2001:db8::/32" in shown
    (group,) = aws.groups()
    assert len(group["IpPermissions"]) == 3
    assert aws.rules() == {
        ("tcp", port, network) for port in ports for network in (_HOME, "198.51.100.0/24")
    }
    shown = server_scripts.must("020", AWS_ALLOWED_CIDRS=f"198.51.100.0/24,{_HOME}")
    assert "The rules are as they should be" in shown


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "128.0.0.0/1"])
def test_the_whole_internet_is_refused(
    aws: Aws, server_scripts: ServerScripts, network: str
) -> None:
    shown = server_scripts.refused("020", AWS_ALLOWED_CIDRS=f"{_HOME},{network}")
    assert f"{network} would let most of the internet in" in shown
    assert aws.groups() == []


def test_gpu_that_cannot_run_the_models_is_refused(aws: Aws, server_scripts: ServerScripts) -> None:
    shown = server_scripts.refused("015", AWS_INSTANCE_TYPE="g4dn.xlarge")
    assert "has a T4 (compute capability 7.5), which current NIM does not support" in shown
    assert aws.left() == []


def test_quota_of_zero_is_told_with_the_request_for_more(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    aws.quota = 0.0
    shown = server_scripts.refused("012")
    assert "4 vCPUs are needed, 0 are free" in shown
    assert (
        f"aws service-quotas request-service-quota-increase --region {REGION} "
        "--service-code ec2 --quota-code L-DB2E81BA --desired-value 4"
    ) in shown
    aws.quota = 4.0
    assert "4 vCPUs, 0 in use; a g6.xlarge has 4" in server_scripts.must("012")


def test_ssh_is_called_without_questions_and_with_a_key_of_its_own(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    aws.make_instance()
    key = Path(server_scripts.environ["HOME"], "key")
    key.touch()
    calls = server_scripts.stand_in("ssh", "")
    server_scripts.must("025", SSH_KEY_FILE=str(key))
    address = aws.instance()["PublicIpAddress"]
    assert server_scripts.values()["RIVA_HOST"] == address
    assert calls.read_text(encoding="utf-8").splitlines() == [
        *("-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"),
        *("-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"),
        *("-o", "ServerAliveCountMax=4", "-o", "StrictHostKeyChecking=accept-new"),
        *("-o", f"UserKnownHostsFile={key}.known_hosts", "-o", "HostKeyAlias=captioner-demo"),
        *(f"ubuntu@{address}", "true ", "--end--"),
    ]


def test_dry_run_changes_nothing(aws: Aws, server_scripts: ServerScripts) -> None:
    shown = server_scripts.must("015", "--dry-run")
    assert "Would: Make a g6.xlarge with 200 GB from ami-" in shown
    assert aws.left() == []
    assert not Path(server_scripts.environ["HOME"], ".ssh").exists()


def _when_called(scripts: ServerScripts, operation: str, then: str) -> None:
    """Let the AWS CLI do ``operation`` and then ``then``; $step is the process of the step."""
    aws = scripts.commands / "aws"
    real = scripts.commands / "real-aws"
    if not real.exists():
        aws.rename(real)
    aws.write_text(
        f"#!/bin/bash\nstep=$(sed 's/.* //' {scripts.root}/build/riva/.env-*.step.lock)\n"
        f'[[ " $* " == *" {operation} "* ]] || exec "{real}" "$@"\n{then}\n',
        encoding="utf-8",
    )
    aws.chmod(0o755)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_interrupted_creation_leaves_nothing_and_a_killed_one_is_gone_on_with(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    _when_called(server_scripts, "run-instances", 'real-aws "$@"; kill -TERM $step')
    interrupted = server_scripts.run("015")
    assert interrupted.returncode == 143, interrupted.stdout
    assert "Taking back: remove_instance" in interrupted.stdout
    assert aws.left() == []
    assert not Path(server_scripts.environ["HOME"], ".ssh/captioner-demo").exists()

    _when_called(server_scripts, "run-instances", 'real-aws "$@"; kill -KILL $step')
    assert server_scripts.run("015").returncode == -signal.SIGKILL
    made = aws.instance()["InstanceId"]
    assert "runs already" in server_scripts.must("015")
    assert aws.instance()["InstanceId"] == made

    _when_called(server_scripts, "terminate-instances", 'real-aws "$@"; kill -KILL $step')
    assert server_scripts.run("999", "--yes").returncode == -signal.SIGKILL
    assert len(aws.left()) == 2
    server_scripts.must("999", "--yes")
    assert aws.left() == []
    assert "There is nothing of captioner-demo" in server_scripts.must("999")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_refusal_of_aws_is_told_with_its_fix_and_everything_is_taken_back(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    refusal = (
        "An error occurred (VcpuLimitExceeded) when calling the RunInstances operation: You have "
        "requested more vCPU capacity than your current vCPU limit of 0 allows."
    )
    _when_called(server_scripts, "run-instances", f"echo '{refusal}' >&2; exit 254")
    shown = server_scripts.refused("015")
    assert f"aws ec2 run-instances failed: {refusal}" in shown
    assert "Run scripts/riva-012-check-gpu-quota.sh" in shown
    assert aws.left() == []
    # Rules that were added go again when others could not be removed.
    server_scripts.must("020")
    _when_called(
        server_scripts,
        "revoke-security-group-ingress",
        'rm -f "${0%/*}/aws"; cp "${0%/*}/real-aws" "${0%/*}/aws"; exit 254',
    )
    before = aws.rules()
    server_scripts.refused("020", AWS_ALLOWED_CIDRS="198.51.100.0/24")
    assert aws.rules() == before


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_without_the_cli_of_the_system_the_scripts_install_their_own(
    aws: Aws, server_scripts: ServerScripts
) -> None:
    (server_scripts.commands / "aws").unlink()
    (server_scripts.commands / "python3").symlink_to(sys.executable)
    assert "There is no AWS CLI." in server_scripts.refused("012")
    shown = server_scripts.must("010")
    assert "AWS knows you as 123456789012" in shown
    assert "The AWS CLI is there" in server_scripts.must("010")
    assert aws.left() == []
