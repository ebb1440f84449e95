"""The saved queries of the logs: what whoever is on call looks for."""

from collections.abc import Callable

import pytest
from looping import some
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
QUERY = "AWS::Logs::QueryDefinition"


@pytest.mark.parametrize(("title", "groups", "sought"), [
    ("TransactionQuery", ["ValidationLogGroup"], "transactionId"),
    ("TraceQuery", ["ValidationLogGroup", "ServiceLogGroup"], "1-TRACE"),
    ("FailureQuery", ["ValidationLogGroup", "ServiceLogGroup"], "Unavailable > 0"),
    ("RejectionQuery", ["ValidationLogGroup"], "by Code"),
    ("CallerQuery", ["WebAclLogGroup"], "httpRequest.clientIp")])
def test_a_query_looks_for_its_field_in_the_logs_that_have_it(
        deployed: Deployed, title: str, groups: list[str], sought: str) -> None:
    query = deployed(Firewall="true").properties(title)
    assert query["LogGroupNames"] == [Reference(group) for group in groups]
    assert sought in query["QueryString"]


def test_queries_are_listed_under_the_stacks_name(stack: StackView) -> None:
    for query in some(stack.all(QUERY).values()):
        assert query["Name"].startswith("tap-")
        assert query["Name"].count("/") == 1


def test_without_a_firewall_nobody_knows_a_callers_address(deployed: Deployed) -> None:
    assert "CallerQuery" not in deployed(Firewall="false").resolved.resources
