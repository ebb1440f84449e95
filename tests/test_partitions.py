"""Templates in GovCloud, China and the other partitions."""

import json
from collections.abc import Mapping
from typing import Any

import botocore.loaders
import pytest
from looping import some
from stack_view import ENVIRONMENTS, ROOT

from tap.deploy.parameters import load_environment
from tap.deploy.stand_ins import STAND_INS
from tap.template.registry import TEMPLATES, builder, samples
from tap.template.resolve import URL_SUFFIXES, resolve


def environments(name: str, template: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    return samples(name) or {each: load_environment(each, ROOT, template, stand_ins=STAND_INS).values.parameters
                             for each in ENVIRONMENTS}


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_names_a_resource_of_another_partition(name: str) -> None:
    template = builder(name)().to_dict()
    for parameters in some(environments(name, template).values()):
        elsewhere = {each: value.replace("arn:aws:", "arn:aws-cn:") for each, value in parameters.items()}
        resolved = resolve(template, elsewhere, partition="aws-cn", region="cn-north-1")

        assert "arn:aws:" not in json.dumps([resolved.resources, resolved.outputs], default=str)


def test_url_suffixes_are_those_of_botocore() -> None:
    partitions = botocore.loaders.create_loader().load_data("partitions")["partitions"]

    assert {each["id"]: URL_SUFFIXES.get(each["id"], "amazonaws.com") for each in partitions} == {
        each["id"]: each["outputs"]["dnsSuffix"] for each in partitions}
