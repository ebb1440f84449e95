"""What the doctor finds out about the account's billing."""

from collections.abc import Callable
from typing import Any

import pytest

from tap.deploy.doctor import Examined, examine
from tap.deploy.models import CallFailed, Environment


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
    env = Environment("dev", "tap-dev", parameters={"MonthlyBudget": budget})
    found = examine(Aws(tags), env)  # type: ignore[arg-type]  # what it calls of AWS
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


def test_without_a_budget_nothing_is_asked() -> None:
    assert tag_of([], budget="0") is None
