"""065 and 066: image and models go to S3 and come back, through the real AWS CLI and moto."""

from __future__ import annotations

import signal
from typing import Any, Final

import boto3
import pytest

from tests.support.aws import REGION, Aws
from tests.support.gpu_machine import GpuMachine

_IMAGE: Final = "nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual:1.5.0"
_DIGEST: Final = f"sha256:{64 * 'a'}"
_CACHE: Final = "/opt/captioner/nim/cache"


@pytest.fixture
def machine(aws: Aws, gpu_machine: GpuMachine) -> GpuMachine:
    """A machine at AWS whose NIM is ready; archives are kept in small parts."""
    with gpu_machine.scripts.env_file.open("a") as file:
        file.write(f"DEPLOY_ON=aws\nAWS_REGION={REGION}\nNIM_IMAGE_DIGEST={_IMAGE}@{_DIGEST}\n")
    gpu_machine.has_docker()
    gpu_machine.write("/docker/id", "sha256:first")
    gpu_machine.write("/opt/captioner/nim/image", f"{_IMAGE}@{_DIGEST} sha256:first\n")
    gpu_machine.write(f"{_CACHE}/model/weights", "heavy\n")
    gpu_machine.stand_in("curl", """echo '{"status":"ready"}'""")
    bucket = gpu_machine.scripts.root / "scripts/lib/riva-bucket.sh"
    text = bucket.read_text(encoding="utf-8")
    bucket.write_text(text.replace("PART_BYTES=1073741824", "PART_BYTES=100000"), encoding="utf-8")
    return gpu_machine


def _s3(aws: Aws) -> Any:  # noqa: ANN401 - boto3 has no types
    return boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=aws.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - moto takes any
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_is_saved_comes_back_whole_and_goes_with_the_tear_down(
    aws: Aws, machine: GpuMachine
) -> None:
    scripts = machine.scripts
    # Killed before the second part is sent, and gone on with.
    lock = scripts.root / "build/riva"
    cli = scripts.commands / "aws"
    real = cli.read_text(encoding="utf-8")
    kill = f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock) $PPID"
    cli.write_text(
        real.replace("exec", f'[[ "$*" != *" - "*.001 ]] || {{ {kill}; exit 1; }}\nexec')
    )
    assert scripts.run("065").returncode == -signal.SIGKILL
    cli.write_text(real)
    s3 = _s3(aws)
    (bucket,) = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    first = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"].rsplit("/", 1)[1] for each in first] == ["image.tar.zst.000"]
    shown = scripts.must("065")
    assert "image.tar.zst.002: part 3 of 3 is kept" in shown
    now = {each["Key"]: each for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert now[first[0]["Key"]]["LastModified"] == first[0]["LastModified"]
    assert not machine.has("/opt/captioner/nim/archive")
    assert "It is saved already" in scripts.must("065")

    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert (tags["Project"], tags["Deployment"]) == ("captioner", "demo")

    # A new machine: nothing of it is there.
    machine.root.joinpath("docker/id").unlink()
    machine.root.joinpath("opt/captioner/nim/image").unlink()
    machine.root.joinpath(_CACHE.lstrip("/"), "model/weights").unlink()
    # Killed while the models are unpacked, and gone on with.
    machine.stand_in("tar", f"kill -KILL $(sed 's/.* //' {lock}/.env-*.step.lock); exit 1")
    assert scripts.run("066").returncode == -signal.SIGKILL
    machine.remove("tar")
    assert "The image is there" in scripts.must("066")
    loaded = machine.root / "docker/loaded"
    assert loaded.read_bytes() == machine.root.joinpath("docker/saved").read_bytes()
    assert machine.read(f"{_CACHE}/model/weights") == "heavy\n"
    assert "chown -R 1000:1000 /opt/captioner/nim/unpacking/cache" in machine.calls("chown")
    again = scripts.must("066")
    assert "The image is there" in again
    assert "There are models already" in again

    other = f"{_IMAGE}@sha256:{64 * 'b'}"
    assert "and not the pinned" in scripts.refused("066", NIM_IMAGE_DIGEST=other)
    key = next(key for key in now if key.endswith("image.tar.zst.001"))
    s3.put_object(Bucket=bucket, Key=key, Body=bytes(100000))
    machine.root.joinpath("docker/id").unlink()
    assert "its SHA-256 differs" in scripts.refused("066")

    assert f"To be removed: bucket {bucket}" in scripts.must("999", "--yes")
    assert s3.list_buckets()["Buckets"] == []


def test_machine_outside_of_aws_is_told_what_to_do(aws: Aws, machine: GpuMachine) -> None:
    shown = machine.scripts.refused("065", DEPLOY_ON="host")
    assert "there is no S3 for it" in shown
    assert "docker save" in shown


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nothing_is_restored_where_nothing_is_saved(aws: Aws, machine: GpuMachine) -> None:
    assert "There is nothing saved in s3://captioner-demo-" in machine.scripts.refused("066")
    machine.root.joinpath("docker/id").unlink()
    assert "The image is not on 192.0.2.1" in machine.scripts.refused("065")
    assert _s3(aws).list_buckets()["Buckets"] == []
