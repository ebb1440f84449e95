"""Images in ECR, in every partition."""

from collections.abc import Callable
from typing import Any

import pytest

from tap.deploy.images import find_digest, mark_deployed
from tap.deploy.models import CallFailed, Environment, Target

ENV = Environment("dev", Target("tap-dev"))
HERE = [("eu-west-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn"), ("us-gov-west-1", "amazonaws.com"),
        ("eusc-de-east-1", "amazonaws.eu"), ("us-iso-east-1", "c2s.ic.gov")]


class Registry:
    """An account whose repositories have one image each."""

    account = "123456789012"

    def __init__(self, region: str) -> None:
        self.region = region
        self.tags: list[str] = []

    def service(self, _name: str) -> Callable[..., Any]:
        return self._answer

    def _answer(self, method: str, **request: Any) -> Any:
        if method == "describe_images":
            return {"imageDetails": [{"imageDigest": "sha256:1"}]}
        if method == "put_image":
            self.tags.append(request["imageTag"])
        return {"images": [{
            "imageId": {"imageDigest": "sha256:0123456789abcdef"}, "imageManifest": "{}",
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"}]}


@pytest.mark.parametrize(("region", "suffix"), HERE)
def test_a_deployed_image_is_kept_in_every_partition(region: str, suffix: str) -> None:
    registry = Registry(region)
    image = f"123456789012.dkr.ecr.{region}.{suffix}/payments/web:1.0"

    assert find_digest(registry, ENV, image) == "sha256:1"  # type: ignore[arg-type]  # what is called of AWS
    assert mark_deployed(registry, image) is None  # type: ignore[arg-type]
    assert registry.tags == ["deployed-0123456789ab"]


def test_where_the_account_is_not_known_that_is_said_and_nothing_raised() -> None:
    class WithoutAccount(Registry):
        @property
        def account(self) -> str:  # type: ignore[override]
            raise CallFailed("no response from AWS")

    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1.0"
    assert mark_deployed(WithoutAccount("eu-west-1"), image) == "no response from AWS"  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["123456789012.dkr.ecr.eu-west-1.example.com", "public.ecr.aws", "ghcr.io",
                                  "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com"])
def test_an_image_of_another_registry_is_neither_looked_up_nor_tagged(host: str) -> None:
    registry = Registry("eu-west-1")

    assert find_digest(registry, ENV, f"{host}/web:1.0") is None  # type: ignore[arg-type]
    assert mark_deployed(registry, f"{host}/web:1.0") is None  # type: ignore[arg-type]
    assert registry.tags == []
