"""`tap diagram --diff`: two environments on one picture."""

from typing import Any

from stack_view import StackView

from tap.picture.architecture import architecture
from tap.picture.difference import compare
from tap.picture.model import Architecture
from tap.picture.svg import to_svg
from tap.template.resolve import resolve


def compared(first: dict[str, str], second: dict[str, str], template: dict[str, Any]) -> Architecture:
    resolved = tuple(resolve(template, {"Environment": each["Environment"], **each}, stack_name=f"tap-{name}")
                     for name, each in (("alpha", first), ("beta", second)))
    drawn = [architecture(each, name, f"tap-{name}") for name, each in zip(("alpha", "beta"), resolved, strict=True)]
    return compare(drawn[0], drawn[1], (resolved[0], resolved[1]))


def changes(found: Architecture) -> dict[str, str]:
    return {name: item.change for name, item in found.items.items() if item.change}


def test_environments_that_differ_by_name_alone_do_not_differ(template: dict[str, Any]) -> None:
    found = compared({"Environment": "alpha"}, {"Environment": "beta"}, template)
    assert changes(found) == {}
    assert not any(part.change for part in found.subnets)
    assert not any(arrow.change for arrow in found.arrows)


def test_what_only_the_first_has_is_added_and_what_only_the_other_has_is_removed(template: dict[str, Any]) -> None:
    found = changes(compared({"Environment": "alpha", "NatGateways": "single"},
                             {"Environment": "beta", "DatabaseReaderInstance": "false"}, template))
    assert found["DatabaseReader"] == "added"
    assert found["NatGateway2"] == "removed"


def test_another_class_is_a_change_that_says_what_the_other_has(template: dict[str, Any]) -> None:
    found = compared({"Environment": "alpha", "DatabaseInstanceClass": "db.r8g.large"}, {"Environment": "beta"},
                     template)
    assert found.items["DatabaseWriter"].change == "changed"
    assert found.items["DatabaseWriter"].facts == ("db.r8g.large", "beta: db.t4g.medium")


def test_one_key_beside_several_is_a_change_of_the_keys(template: dict[str, Any]) -> None:
    found = compared({"Environment": "alpha", "CustomerKeys": "false"}, {"Environment": "beta"}, template)
    assert found.items["Keys"].change == "changed"
    assert not {"DatabaseKey", "OperationsKey"} & found.items.keys()


def test_arrows_of_what_is_gone_are_gone(template: dict[str, Any]) -> None:
    found = compared({"Environment": "alpha", "NatGateways": "single"}, {"Environment": "beta"}, template)
    assert {each.change for each in found.arrows if each.target == "NatGateway2"} == {"removed"}


def test_a_marked_title_does_not_run_into_its_tag(
        environments: dict[str, StackView], architectures: dict[str, Architecture]) -> None:
    found = compare(architectures["dev"], architectures["prod"],
                    (environments["dev"].resolved, environments["prod"].resolved))
    drawn = to_svg(found).partition('data-id="DynamoDbEndpoint"')[2].partition("</g>")[0]
    assert "~ DynamoDbEndpoint" in drawn
    assert ">Endpoint<" not in drawn  # left out: both do not fit in the box


def test_the_difference_is_drawn_with_its_legend(
        environments: dict[str, StackView], architectures: dict[str, Architecture]) -> None:
    found = compare(architectures["dev"], architectures["prod"],
                    (environments["dev"].resolved, environments["prod"].resolved))
    drawn = to_svg(found, compared="prod")
    assert "only in prod" in drawn
    assert "marked against prod" in drawn
