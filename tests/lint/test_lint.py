"""What the validators find in a template, and how `python -m tap.lint` says it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from troposphere import Equals, FindInMap, GetAtt, Not, NoValue, Output, Parameter, Ref, Sub, Template
from troposphere.route53 import HealthCheck, HealthCheckConfig
from troposphere.sns import Subscription, SubscriptionResource, Topic

from tap.lint import validators as lint
from tap.lint.__main__ import main
from tap.lint.finding import Finding
from tap.template.render import to_text

ROOT = Path(__file__).parent.parent


def small_template() -> Template:
    t = Template()
    t.add_parameter(Parameter("AlertEmail", Type="String", Default="someone@example.com"))
    topic = t.add_resource(Topic("Alerts", KmsMasterKeyId="alias/aws/sns"))
    t.add_resource(SubscriptionResource(
        "AlertsByMail", TopicArn=topic.ref(), Protocol="email", Endpoint=Ref("AlertEmail")))
    return t


def text_of(template: Template) -> str:
    return to_text(template)


def environment(root: Path, **parameters: str) -> Path:
    (root / "parameters").mkdir()
    (root / "parameters" / "dev.json").write_text(json.dumps({"Parameters": parameters}))
    return root


# What the validators find


def test_an_unknown_property_is_an_error_with_its_rule_place_and_line() -> None:
    text = "Resources:\n  Alerts:\n    Type: AWS::SNS::Topic\n    Properties:\n      Nam: alerts\n"

    found, = lint.cfn_lint(text, {})

    assert (found.severity, found.rule, found.line, found.place) == (
        "error", "E3002", 5, "Alerts.Properties.Nam")


def test_a_value_that_cfn_lint_refuses_is_found_in_the_environment_that_gives_it() -> None:
    text = (
        "Parameters:\n  Days: {Type: Number, Default: 7}\n"
        "Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n    Properties: {RetentionInDays: !Ref Days}\n")

    assert lint.cfn_lint(text, {"dev": {"Days": "3"}}) == []
    found, = lint.cfn_lint(text, {"dev": {"Days": "3"}, "prod": {"Days": "4"}})
    assert found.rule == "W1030"
    assert "resolved to '4' from ['prod']" in found.message


def test_rules_of_our_own_can_be_appended_to_those_of_cfn_lint(tmp_path: Path) -> None:
    (tmp_path / "NoTopics.py").write_text(
        "from cfnlint.rules import CloudFormationLintRule, RuleMatch\n"
        "class NoTopics(CloudFormationLintRule):\n"
        "    id = 'E9999'\n"
        "    def match(self, cfn):\n"
        "        topics = cfn.get_resources('AWS::SNS::Topic')\n"
        "        return [RuleMatch(['Resources', name], 'no topics') for name in topics]\n")

    found = lint.cfn_lint("Resources:\n  Alerts:\n    Type: AWS::SNS::Topic\n", {}, [str(tmp_path)])

    assert [(one.rule, one.place, one.message) for one in found] == [("E9999", "Alerts", "no topics")]


@pytest.mark.needs("cdk-preflight")
def test_the_preflight_rules_judge_what_each_environment_gets() -> None:
    template = small_template()

    found = lint.validate(text_of(template), template.to_dict(), {
        "good": {}, "bad": {"AlertEmail": "nobody"}, "worse": {"AlertEmail": "nobody"}})

    assert [(one.severity, one.rule, one.line, one.place, one.environments) for one in found] == [
        ("error", "pf-sns-subscription-endpoint", 13, "AlertsByMail.Properties.Endpoint", ("bad", "worse"))]


@pytest.mark.needs("cdk-preflight")
def test_the_preflight_rules_pass_over_a_resource_that_an_environment_lacks() -> None:
    template = small_template()
    template.add_condition("HasEmail", Not(Equals(Ref("AlertEmail"), "")))
    template.resources["AlertsByMail"].Condition = "HasEmail"

    assert lint.validate(text_of(template), template.to_dict(), {"dev": {"AlertEmail": ""}}) == []


def test_references_reach_the_validator_as_references() -> None:
    template = small_template()
    template.add_output(Output("Arn", Value=GetAtt("Alerts", "TopicArn")))
    template.add_output(Output("Both", Value=Sub("${Alerts} ${!NotOne} ${AWS::Region}")))
    template.resources["Alerts"].Subscription = [
        Subscription(Protocol="email", Endpoint=Ref("AlertEmail")), NoValue]

    literal = lint._literal_template(template.to_dict(), {})

    assert literal["Resources"]["Alerts"]["Properties"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": "someone@example.com"}]
    assert literal["Resources"]["AlertsByMail"]["Properties"]["TopicArn"] == {"Ref": "Alerts"}
    assert literal["Outputs"]["Arn"]["Value"] == {"Fn::GetAtt": ["Alerts", "TopicArn"]}
    assert literal["Outputs"]["Both"]["Value"] == {"Fn::Sub": "${Alerts} ${!NotOne} eu-central-1"}


@pytest.mark.needs("cdk-preflight")
def test_a_template_that_no_parameters_make_whole_is_an_error() -> None:
    template = small_template()
    template.resources["Alerts"].DisplayName = FindInMap("Names", "a", "b")

    found, = lint.validate(text_of(template), template.to_dict(), {"dev": {}})

    assert (found.rule, found.environments) == ("resolve", ("dev",))


@pytest.mark.needs("cdk-preflight")
def test_only_the_rules_for_the_resources_at_hand_are_compiled() -> None:
    one, all_of_them = (dict(lint.preflight_rules(types)) for types in (
        {"AWS::SNS::Topic"}, {"AWS::SNS::Topic", "AWS::ECS::Service"}))

    assert "_pf_service_ecs" not in one
    assert "pf-ecs-svc-" in all_of_them["_pf_service_ecs"]


@pytest.mark.needs("cdk-preflight", "checkov")
def test_a_secret_parameter_is_not_in_what_is_found() -> None:
    template = small_template()
    template.parameters["AlertEmail"].NoEcho = True

    found = lint.findings(text_of(template), template.to_dict(), {"dev": {"AlertEmail": "hunter2"}})

    assert found
    assert "hunter2" not in " ".join(map(str, found))


# The command


@pytest.mark.needs("cdk-preflight", "checkov")
def test_a_template_without_findings_exits_with_0_and_says_what_was_checked(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = environment(tmp_path, AlertEmail="other@example.com")

    code = main(["--root", str(root)], build=small_template)

    assert (code, capsys.readouterr().out) == (
        0, "tap.lint: 0 errors, 0 warnings (parameters: defaults, dev)\n")


def test_findings_are_one_line_each_and_exit_with_1(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = environment(tmp_path, AlertEmail="nobody")
    wrong = Finding(lint.VALIDATE, "error", "pf-some-rule", 7, "Alerts.Properties", "not\n good", ("dev",))

    code = main(["--root", str(root), "--environment", "dev"], build=small_template, find=lambda *_of: [wrong])

    assert (code, capsys.readouterr().out.splitlines()) == (1, [
        "templates/tap.yaml:7: error pf-some-rule Alerts.Properties: not good (dev)",
        "tap.lint: 1 error, 0 warnings (parameters: defaults, dev)"])


@pytest.mark.needs("cdk-preflight")
def test_what_cloudformation_validate_only_warns_of_is_printed_and_exits_with_0(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    template = small_template()
    template.add_resource(HealthCheck("Control", HealthCheckConfig=HealthCheckConfig(
        Type="RECOVERY_CONTROL", FailureThreshold=3, RoutingControlArn=(
            "arn:aws:route53-recovery-control::000000000000:controlpanel/0123456789abcdef0123456789abcdef"
            "/routingcontrol/0123456789abcdef"))))

    code = main(["--root", str(environment(tmp_path))], build=lambda: template, find=lint.validate)

    first, last = capsys.readouterr().out.splitlines()
    assert code == 0
    assert ": warning pf-route53-healthcheck-failurethreshold-recovery-control Control." in first
    assert last == "tap.lint: 0 errors, 1 warning (parameters: defaults, dev)"


def test_a_wrong_parameter_file_is_one_line_and_exits_with_2(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = environment(tmp_path, AlertMail="a@example.com")

    code = main(["--root", str(root)], build=small_template)

    assert code == 2
    assert capsys.readouterr().err == (
        "tap.lint: parameters/dev.json: AlertMail is not a parameter of the template: "
        "did you mean AlertEmail?\n")


@pytest.mark.parametrize(("module", "call", "command"), [
    ("cfnlint", "cfn_lint('', {})", "pip install -e '.[lint,validate]'"),
    ("cloudformation_validate", "validate('', {'Resources': {}}, {})", "pip install -e '.[lint,validate]'"),
    ("cdk_preflight", "validate('', {'Resources': {}}, {})", "pip install --no-deps -c constraints.txt cdk-preflight"),
])
def test_a_missing_tool_is_an_error_that_says_how_to_install_it(
        module: str, call: str, command: str) -> None:
    # None in sys.modules is how Python notes that there is no such module.
    program = (
        f"import sys; sys.modules[{module!r}] = None\n"
        f"from tap.lint import validators as lint\n"
        f"try: lint.{call}\n"
        f"except lint.InputError as error: print(error.message)\n")

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout.endswith(f" is not installed: {command}\n")
    assert ran.stdout.count("\n") == 1
