"""What the doctor finds out about the account's billing, and about who is told of alarms."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tap.deploy.doctor import Examined, examine
from tap.deploy.models import CallFailed, Environment, Target, Values


class Aws:
    """An account in which nothing answers but Cost Explorer, and that not always."""

    account, region, endpoint = "123456789012", "eu-west-1", "eu-west-1"

    def __init__(self, tags: list[dict[str, str]] | None) -> None:
        self.tags = tags

    def call(self, method: str, **_: Any) -> Any:
        raise CallFailed(f"no {method}", "AccessDenied")

    def service(self, name: str) -> Callable[..., Any]:
        if name == "ce" and self.tags is not None:
            return lambda method, **request: {"CostAllocationTags": self.tags}  # noqa: ARG005
        return self.call

    def meta(self, _service: str) -> Any:
        class Meta:
            region_name, partition, endpoint_url = "eu-west-1", "aws", "https://s3.eu-west-1.amazonaws.com"
        return Meta


def tag_of(tags: list[dict[str, str]] | None, budget: str = "100") -> Examined | None:
    env = Environment("dev", Target("tap-dev"), Values({"MonthlyBudget": budget}))
    found = examine(Aws(tags), env, lambda: Aws(None))  # type: ignore[arg-type,return-value]  # what it calls of AWS
    return next((each for each in found if each.what == "cost allocation tag"), None)


def test_a_budget_counts_where_its_tag_is_active() -> None:
    assert tag_of([{"TagKey": "Environment", "Status": "Active"}]) == Examined(
        "cost allocation tag", True, "Environment is active")


@pytest.mark.parametrize("tags", [[], [{"TagKey": "Environment", "Status": "Inactive"}]])
def test_a_budget_that_counts_nothing_is_told_with_the_command_that_activates_its_tag(
        tags: list[dict[str, str]]) -> None:
    found = tag_of(tags)
    assert found is not None
    assert found.ok is False
    assert "TagKey=Environment,Status=Active" in found.told


def test_who_may_not_ask_is_not_told_that_it_is_missing() -> None:
    found = tag_of(None)
    assert found is not None
    assert found.ok is None


def test_a_vpc_that_does_not_exist_is_missing_and_not_merely_unknown() -> None:
    class WithoutVpc(Aws):
        def service(self, name: str) -> Callable[..., Any]:
            def answer(_method: str, **_request: Any) -> Any:
                raise CallFailed("The vpc ID 'vpc-01234567' does not exist", "InvalidVpcID.NotFound")
            return answer if name == "ec2" else self.call

    env = Environment("dev", Target("tap-dev"), Values({"VpcId": "vpc-01234567"}))
    found = examine(WithoutVpc(None), env, lambda: Aws(None))  # type: ignore[arg-type,return-value]
    assert Examined("DNS of the VPC", False, "The vpc ID 'vpc-01234567' does not exist") in found


IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"


def image_of(image: str, refusal: CallFailed | None = None) -> Examined | None:
    class WithRepository(Aws):
        def service(self, name: str) -> Callable[..., Any]:
            def answer(_method: str, **_request: Any) -> Any:
                if refusal:
                    raise refusal
                return {"imageDetails": [{"imageDigest": "sha256:1"}]}
            return answer if name == "ecr" else self.call

    env = Environment("dev", Target("tap-dev"), Values({"ContainerImage": image}))
    found = examine(WithRepository(None), env, lambda: Aws(None))  # type: ignore[arg-type,return-value]
    return next((each for each in found if each.what == "image"), None)


def test_an_image_that_its_repository_has_is_told_by_its_digest() -> None:
    assert image_of(IMAGE) == Examined("image", True, "sha256:1")


def test_an_image_whose_repository_does_not_exist_is_missing_with_the_command_that_creates_it() -> None:
    found = image_of(IMAGE, CallFailed("no repository", "RepositoryNotFoundException"))
    assert found is not None
    assert found.ok is False
    assert found.told.endswith("Create the repository with: tap bootstrap dev --repository app")


def test_an_image_of_another_registry_is_not_judged() -> None:
    found = image_of("public.ecr.aws/nginx/nginx-unprivileged:stable")
    assert found is not None
    assert found.ok is None


def test_without_a_budget_nothing_is_asked() -> None:
    assert tag_of([], budget="0") is None


class Told(Aws):
    """An account with a stack, whose topics have subscriptions, and with a certificate of the CDN's."""

    def __init__(self, subscriptions: list[str], *, authenticated: bool = False, days: int = 200) -> None:
        super().__init__(None)
        self.subscriptions, self.authenticated, self.days = subscriptions, authenticated, days

    def call(self, method: str, **request: Any) -> Any:
        if method == "describe_stack_resource":
            return {"StackResourceDetail": {"PhysicalResourceId": f"arn:aws:sns:::{request['LogicalResourceId']}"}}
        return super().call(method)

    def service(self, name: str) -> Callable[..., Any]:
        answers = {
            "list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": arn} for arn in self.subscriptions]},
            "get_subscription_attributes": {
                "Attributes": {"ConfirmationWasAuthenticated": "true" if self.authenticated else "false"}},
            "describe_certificate": {"Certificate": {
                "Status": "ISSUED", "NotAfter": datetime.now(UTC) + timedelta(days=self.days, hours=1)}}}
        return (lambda method, **_: answers[method]) if name in ("sns", "acm") else super().service(name)


def found_of(what: str, aws: Told, **parameters: str) -> Examined | None:
    env = Environment("prod", Target("tap-prod"), Values(parameters))
    found = examine(aws, env, lambda: aws)  # type: ignore[arg-type,return-value]  # what it calls of AWS
    return next((each for each in found if each.what == what), None)


CONFIRMED, PENDING = "arn:aws:sns:eu-west-1:123456789012:alerts:1", "PendingConfirmation"
MAIL = {"AlertEmail": "ops@payments.test"}


@pytest.mark.parametrize("subscriptions", [[], [PENDING]])
def test_a_protected_environment_that_tells_nobody_fails(subscriptions: list[str]) -> None:
    found = found_of("alerts", Told(subscriptions), Protected="true", **MAIL)
    assert found is not None
    assert found.ok is False
    assert "AlertsTopic and AlertPathTopic: confirm it" in found.told


@pytest.mark.parametrize("parameters", [MAIL, {"Protected": "true", "PagerTopicArn": "arn:aws:sns:::on-call", **MAIL}])
def test_elsewhere_and_where_somebody_is_on_call_it_is_told_and_does_not_fail(parameters: dict[str, str]) -> None:
    found = found_of("alerts", Told([PENDING]), **parameters)
    assert found is not None
    assert found.ok is True
    assert "no confirmed subscription" in found.told


@pytest.mark.parametrize(("authenticated", "told"), [
    (True, "confirmed; unsubscribing requires permission"), (False, "--authenticate-on-unsubscribe true")])
def test_it_is_told_how_to_have_a_subscription_ended_only_by_who_may(authenticated: bool, told: str) -> None:
    found = found_of("alerts", Told([CONFIRMED], authenticated=authenticated), Protected="true", **MAIL)
    assert found is not None
    assert found.ok is True
    assert told in found.told


def test_without_an_address_nobody_is_asked_for() -> None:
    assert found_of("alerts", Told([])) is None


@pytest.mark.parametrize(("days", "ok"), [(200, True), (20, False)])
def test_the_certificate_of_the_cdn_is_looked_at_where_no_alarm_can(days: int, ok: bool) -> None:
    found = found_of("certificate of the CDN", Told([], days=days), CdnCertificateArn="arn:aws:acm:us-east-1:::cdn")
    assert found == Examined("certificate of the CDN", ok, f"expires in {days} days")
