"""A real AWS API: moto's server, and a client that reads back what scripts did.

moto knows no EC2 quotas and no prices; those two answers are given here, in the form that botocore
checks. What the scripts ask through the AWS CLI is what AWS would be asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.support.server_scripts import ServerScripts

REGION: Final = "eu-west-1"
IMAGE_PARAMETER: Final = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
TAGS: Final = {"Project": "captioner", "Deployment": "demo", "Name": "captioner-demo"}
_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Aws:
    """The API.

    Attributes:
        url: Where it listens.
        quota: How many vCPUs of G instances the account may run.
        ec2: A client of EC2.
    """

    def __init__(self) -> None:
        """Serve on a free port."""
        self.quota = 8.0
        moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._app(moto), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="test-aws")
        self._thread.start()
        self.ec2: Any = boto3.client(
            "ec2",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - moto takes any
        )

    def close(self) -> None:
        """Stop serving."""
        self.ec2.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reset(self) -> None:
        """Forget all resources."""
        self.quota = 8.0
        from moto.backends import get_backend  # noqa: PLC0415 - only known when moto serves

        for name in ("ec2", "ssm", "s3"):
            for account in get_backend(name).values():
                for backend in account.values():
                    backend.reset()

    def _app(
        self, moto: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]
    ) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
        def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            match environ.get("HTTP_X_AMZ_TARGET", "").partition("."):
                case _, _, "GetServiceQuota":
                    answer = {"Quota": {"QuotaCode": "L-DB2E81BA", "Value": self.quota}}
                case _, _, "GetProducts":
                    answer = {"PriceList": [_product()]}
                case _:
                    return moto(environ, start)
            start("200 OK", [("Content-Type", "application/x-amz-json-1.1")])
            return [json.dumps(answer).encode()]

        return app

    def make_instance(self) -> str:
        """Make what 015 would have made, with one call; return its id."""
        tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
        made = self.ec2.run_instances(
            ImageId="ami-12c6146b",
            InstanceType="g6.xlarge",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")
            ],
        )
        return str(made["Instances"][0]["InstanceId"])

    def instances(self) -> list[dict[str, Any]]:
        """Return all instances that are not gone."""
        found = self.ec2.describe_instances()["Reservations"]
        return [
            instance
            for reservation in found
            for instance in reservation["Instances"]
            if instance["State"]["Name"] != "terminated"
        ]

    def instance(self) -> dict[str, Any]:
        """Return the only instance."""
        (instance,) = self.instances()
        return instance

    def groups(self) -> list[dict[str, Any]]:
        """Return all security groups but those that AWS makes itself."""
        found = self.ec2.describe_security_groups()["SecurityGroups"]
        return [group for group in found if group["GroupName"] != "default"]

    def rules(self) -> set[tuple[str, int, str]]:
        """Return who may connect: protocol, port, network."""
        (group,) = self.groups()
        return {
            (rule["IpProtocol"], rule["FromPort"], network.get("CidrIp") or network["CidrIpv6"])
            for rule in group["IpPermissions"]
            for network in rule["IpRanges"] + rule["Ipv6Ranges"]
            if rule["FromPort"] == rule["ToPort"]
        }

    def left(self) -> list[Any]:
        """Return everything that costs or clutters."""
        return [
            *self.instances(),
            *self.groups(),
            *self.ec2.describe_volumes()["Volumes"],
            *self.ec2.describe_key_pairs()["KeyPairs"],
        ]


def _product() -> str:
    """Return a product as the price list has it, with an on-demand price of half a dollar."""
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": "0.5000000000"}}
    reserved = {"priceDimensions": {"x": {"pricePerUnit": {"USD": "0.1"}}}}
    on_demand = {"a.b": {"priceDimensions": {"a.b.c": dimension}}}
    return json.dumps({"terms": {"Reserved": {"r": reserved}, "OnDemand": on_demand}})


@pytest.fixture(scope="session")
def _aws_server() -> Iterator[Aws]:
    server = Aws()
    yield server
    server.close()


@pytest.fixture
def aws(_aws_server: Aws, server_scripts: ServerScripts) -> Aws:
    """An empty account, which the scripts are configured for."""
    _aws_server.reset()
    server_scripts.environ |= _CREDENTIALS | {"AWS_ENDPOINT_URL": _aws_server.url}
    server_scripts.env_file.write_text(
        f"DEPLOYMENT_ID=demo\nAWS_REGION={REGION}\nAWS_ALLOWED_CIDRS=203.0.113.7/32\n"
        f"AWS_IMAGE_PARAMETER={IMAGE_PARAMETER}\n",
        encoding="utf-8",
    )
    return _aws_server
