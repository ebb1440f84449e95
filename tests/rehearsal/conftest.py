"""One emulator for all tests that need its APIs, and a way to deploy small templates into it."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tap.rehearsal.emulator import Clients, clients, emulator

NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Deployed:
    """A stack at rest."""

    name: str
    status: str
    reasons: str
    ids: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Sandbox:
    """Deploys templates of a few resources and answers what became of them."""

    aws: Clients

    def create(
            self, resources: Mapping[str, Any], outputs: Mapping[str, Any] | None = None,
            **parameters: str) -> Deployed:
        name = f"small-{next(NUMBERS)}"
        template = {
            "Parameters": {each: {"Type": "Number"} for each in parameters},
            "Resources": resources,
            "Outputs": {each: {"Value": value} for each, value in (outputs or {}).items()},
        }
        self.aws("cloudformation").create_stack(
            StackName=name, TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()])
        return self._rest(name)

    def update(self, name: str, resources: Mapping[str, Any]) -> Deployed:
        self.aws("cloudformation").update_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        return self._rest(name)

    def delete(self, name: str) -> Deployed:
        client = self.aws("cloudformation")
        stack_id = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        client.delete_stack(StackName=name)
        return self._rest(stack_id)

    def _rest(self, name: str) -> Deployed:
        client = self.aws("cloudformation")
        while True:
            stack, = client.describe_stacks(StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                break
            time.sleep(0.02)
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        resources = client.describe_stack_resources(StackName=name)["StackResources"]
        return Deployed(
            stack["StackName"], stack["StackStatus"],
            " ".join(event.get("ResourceStatusReason", "") for event in events),
            {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources},
            {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])})


@pytest.fixture(scope="session")
def aws() -> Iterator[Clients]:
    with emulator() as endpoint:
        yield clients(endpoint)


@pytest.fixture(scope="session")
def sandbox(aws: Clients) -> Sandbox:
    return Sandbox(aws)
