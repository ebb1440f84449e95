"""What Checkov finds in a template and in what an environment gets, and which suppressions count."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from troposphere import Equals, Parameter, Ref, Template
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket

from tap.deploy.models import InputError
from tap.lint import validators as lint
from tap.lint.checkov import BY_PARAMETER, DECIDED_BY, INSTALL_CHECKOV, Failure, checkov, run, suppressions
from tap.parts import suppress
from tap.template.render import to_text

# A check that a parameter decides, and one that none does.
LOGGING, PUBLIC = "CKV_AWS_18", "CKV_AWS_20"


def open_bucket() -> Template:
    """Return a template of a bucket that everybody may read, where Public says so."""
    t = Template()
    t.add_parameter(Parameter("Public", Type="String", Default="true"))
    t.add_parameter(Parameter("AccessLogs", Type="String", Default="true"))
    t.add_condition("IsPublic", Equals(Ref("Public"), "true"))
    t.add_resource(Bucket("Open", AccessControl="PublicRead", Condition="IsPublic"))
    return t


def judged(
        template: Template, *failures: Failure, **values: Mapping[str, str],
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return place, check and environments of what is left of what Checkov found."""
    found = checkov(to_text(template), template.to_dict(), values, {}, lambda _: failures)
    return [(one.rule, one.message, one.environments) for one in found]


# What Checkov finds


@pytest.mark.needs("checkov")
def test_a_bucket_that_everybody_may_read_is_an_error_at_its_line_and_where_it_is_one() -> None:
    t = open_bucket()
    document, values = t.to_dict(), {"dev": {"Public": "false"}, "prod": {"Public": "true"}}

    everywhere = {one.rule: one for one in checkov(to_text(t), document, {}, {})}
    in_prod = checkov("Resources: {}", document, values, lint._literals(document, values))

    assert everywhere[PUBLIC].fails
    assert (everywhere[PUBLIC].place, everywhere[PUBLIC].environments) == ("Open", ())
    assert to_text(t).splitlines()[everywhere[PUBLIC].line - 1].strip() == "Open:"
    assert PUBLIC in {one.rule for one in in_prod}
    assert {one.environments for one in in_prod} == {("prod",)}


@pytest.mark.needs("checkov")
def test_checkov_passes_over_what_is_suppressed_as_the_template_writes_it() -> None:
    t = open_bucket()
    suppress(t.resources["Open"], {PUBLIC: "It holds what is public"})

    checks = {failure.check for failure in run({"": to_text(t)})}

    assert PUBLIC not in checks
    assert LOGGING in checks


@pytest.mark.needs("checkov")
def test_a_document_that_checkov_does_not_read_is_an_error() -> None:
    with pytest.raises(InputError, match="checkov cannot read the template: "):
        list(run({"good": "Resources: {}", "bad": "Resources: ["}))


def test_a_checkov_that_is_not_installed_is_an_error_that_says_how_to_install_it(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.prefix = {str(tmp_path)!r}\n"
        f"from tap.lint.checkov import InputError, run\n"
        f"try: list(run({{}}))\n"
        f"except InputError as error: print(error.message)\n")

    ran = subprocess.run([sys.executable, "-c", program], env={"PATH": ""}, capture_output=True, text=True, check=True)

    assert ran.stdout == f"checkov is not installed: {INSTALL_CHECKOV}\n"


# What becomes of it


def test_what_fails_in_the_template_itself_is_so_everywhere() -> None:
    failures = Failure("", "Open", PUBLIC, "public"), Failure("dev", "Open", PUBLIC, "public")

    assert judged(open_bucket(), *failures, dev={}) == [(PUBLIC, "public", ())]


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_suppression_without_a_reason_is_an_error(reason: Any) -> None:
    t = open_bucket()
    suppress(t.resources["Open"], {PUBLIC: reason})

    assert judged(t) == [(PUBLIC, "suppressed without a reason", ())]


def test_what_is_suppressed_with_a_reason_is_accepted_in_environments_too() -> None:
    t = open_bucket()
    suppress(t.resources["Open"], {PUBLIC: "It holds what is public"})

    assert judged(t, Failure("dev", "Open", PUBLIC, "public"), dev={}) == []


def test_what_a_parameter_switches_off_is_accepted_where_it_is_off_and_must_pass_where_it_is_on() -> None:
    failures = [Failure(name, "Open", LOGGING, "logging") for name in ("dev", "prod")]

    found = judged(open_bucket(), *failures, dev={"AccessLogs": "false"}, prod={})

    assert found == [(LOGGING, "logging", ("prod",))]


def test_a_suppression_by_a_parameter_does_not_count_where_the_parameter_is_on() -> None:
    t = open_bucket()
    suppress(t.resources["Open"], {LOGGING: "By AccessLogs"})

    found = judged(t, Failure("prod", "Open", LOGGING, "logging"), prod={})

    assert found == [(LOGGING, "logging", ("prod",))]


def test_suppressing_keeps_what_a_resource_waits_for() -> None:
    group = LogGroup("Group", Metadata={"WaitsFor": ["x"]})

    suppress(group, {"CKV_AWS_158": "No secrets"})

    assert group.resource["Metadata"] == {
        "WaitsFor": ["x"], "checkov": {"skip": [{"id": "CKV_AWS_158", "comment": "No secrets"}]}}


# The template


def test_every_suppression_by_a_parameter_names_the_one_that_decides(template: dict[str, Any]) -> None:
    by_parameter = [
        (check, reason.removeprefix(BY_PARAMETER)) for _, check, reason in suppressions(template)
        if reason.startswith(BY_PARAMETER)]

    assert by_parameter
    assert [(check, DECIDED_BY[check]) for check, _ in by_parameter] == by_parameter


def test_every_parameter_that_decides_is_one_of_the_template(template: dict[str, Any]) -> None:
    assert set(DECIDED_BY.values()) <= set(template["Parameters"])


@pytest.mark.needs("checkov")
def test_every_suppression_answers_a_check_that_would_fail_somewhere(template: dict[str, Any]) -> None:
    most = {"Environment": "test", "EmptyAssetsBucketOnDelete": "true", "ProbeUrl": "https://www.example.com/",
            "JobCommand": "python job.py", "MigrationCommand": "python migrate.py"}
    least = {**most, "CustomerKeys": "false", "AccessLogs": "false"}
    literals = lint._literals(template, {"most": most, "least": least})

    failing: set[tuple[str, str]] = set()

    def record(documents: Mapping[str, Any]) -> tuple[()]:
        failing.update((failure.logical_id, failure.check) for failure in run(documents))
        return ()

    checkov("Resources: {}", template, {}, literals, record)

    assert {(name, check) for name, check, _ in suppressions(template)} <= failing
