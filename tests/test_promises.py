"""What holds for every resource and every parameter, in every environment."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import TopologicalSorter
from importlib.resources import files
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from hypothesis import given, settings
from hypothesis import strategies as st
from looping import some
from stack_view import (
    ALL_ON,
    CERTIFICATE,
    COPY_VAULT,
    ENVIRONMENTS,
    EXISTING_VPC,
    FOUR_TAGS,
    GIVEN,
    WEB_ACL,
    StackView,
    as_list,
    committed,
    statements_of,
    strings,
)
from troposphere import Template
from troposphere.ssm import Parameter as SsmParameter

from tap.deploy.constraints import violation
from tap.parts import tag_all
from tap.stack import build
from tap.template.resolve import Text, dependencies, resolve

TEMPLATE: dict[str, Any] = build().to_dict()
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
STACKS = {name: committed(TEMPLATE, name) for name in ENVIRONMENTS}
EVERYTHING = StackView(resolve(TEMPLATE, ALL_ON))
SERVERLESS_ALONE = {"DatabaseCapacityAlarm"}
EVERY_STACK = {**STACKS, "everything": EVERYTHING}
CFN_LINT = files("cfnlint.data.AdditionalSpecs")
IAM_ACTIONS: dict[str, Any] = json.loads((CFN_LINT / "Policies.json").read_text())
STATEFUL = {
    *json.loads((CFN_LINT / "StatefulResources.json").read_text())["ResourceTypes"],
    "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::Backup::BackupVault",
    # No data, but what a deployment can go back to.
    "AWS::Lambda::Version"}
# What the vault needs, which outlives the stack: recovery points expire by this role.
KEPT = {"BackupRole", "BackupPolicy"}
# Actions on all resources, and why they cannot name one.
ON_EVERYTHING = {
    "ecr:GetAuthorizationToken": "the service gives one token for the whole registry",
    "xray:PutTelemetryRecords": "traces have no resource", "xray:PutTraceSegments": "traces have no resource",
    **dict.fromkeys((f"elasticloadbalancing:Describe{what}" for what in (
        "Listeners", "Rules", "TargetGroups", "TargetHealth")), "it describes all or nothing"),
}
# Resources with `*` for more than a path or a log stream, and why.
WIDE = {
    "arn:aws:backup:us-east-1:123456789012:backup-vault:tap-*": "the vault is named after the role",
    "arn:aws:backup:us-east-1:123456789012:recovery-point:*": "AWS Backup names its recovery points",
    "arn:aws:ecr:*:*:repository/*": "the image is a parameter: its repository may be of any account and region",
    "arn:aws:ecs:us-east-1:123456789012:task-definition/tap-*:*": "any version's: CloudFormation names the families",
    "arn:aws:ecs:us-east-1:123456789012:task/${Cluster}/*": "ECS numbers tasks",
    "arn:aws:kms:us-east-1:123456789012:key/*": "in place when keys are switched on, through services alone",
    "arn:aws:logs:us-east-1:123456789012:log-group:RDSOSMetrics*": "the group is the region's, for all databases",
    "arn:aws:logs:us-east-1:123456789012:log-group:RDSOSMetrics*:log-stream:*": "RDS names its streams",
    "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:awsbackup:*": "AWS Backup names its snapshots",
    "${SessionsTable.Arn}/backup/*": "DynamoDB names the table's backups",
}
# Values that make conditions true and false, of parameters that do not list theirs.
OTHERWISE = {
    "CertificateArn": ["", CERTIFICATE], "AlertEmail": ["", "ops@payments.test"],
    "DatabaseInstanceClass": ["db.serverless", "db.r8g.large"], "DatabaseMinCapacity": ["0", "0.5"],
    "ValidationReservedConcurrency": ["0", "10"], "ContainerHealthCommand": ["", "true"],
    "MigrationCommand": ["", "python migrate.py"],
    "PermissionsBoundary": ["", "bounds"], "DomainName": ["", "pay.payments.test"], "HostedZoneId": ["", "Z1"],
    "CdnDomainName": ["", "cdn.payments.test"], "CdnCertificateArn": ["", CERTIFICATE], "CdnWebAclArn": ["", WEB_ACL],
    "SleepSchedule": ["", "cron(0 20 * * ? *)"], "WakeSchedule": ["", "cron(0 6 * * ? *)"],
    "MonthlyBudget": ["0", "100"], "AvailabilityZones": ["", "us-east-1a,us-east-1b,us-east-1c"],
    "DatabaseSnapshot": ["", "before-migration"], "BackupCopyVaultArn": ["", COPY_VAULT],
    **{name: ["", value] for name, value in EXISTING_VPC.items()},
    "TrafficAlarmRequests": ["0", "1"], "ProbeUrl": ["", "https://pay.payments.test"],
    "PagerTopicArn": ["", "arn:aws:sns:us-east-1:123456789012:on-call"],
    **{name: ["", value] for name, value in GIVEN.items() if name != "WorkerQueue"},
}


def schema_of(kind: str) -> Mapping[str, Any]:
    """What CloudFormation's registry says of a resource type."""
    found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return found


def names_in(tree: Any, function: str) -> Iterator[Any]:
    """Yield the arguments of a function, wherever in a tree it is called."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key == function:
                yield value
            yield from names_in(value, function)
    elif isinstance(tree, list):
        for item in tree:
            yield from names_in(item, function)


def used_names(tree: Any) -> set[str]:
    """What a tree refers to with Ref and Fn::Sub."""
    patterns = [as_list(argument)[0] for argument in names_in(tree, "Fn::Sub")]
    return {*names_in(tree, "Ref"), *(name for p in patterns for name in re.findall(r"\$\{([^.}!]+)", p))}


@pytest.mark.parametrize("stack", EVERY_STACK.values(), ids=EVERY_STACK)
def test_every_resource_that_can_be_tagged_has_the_four_tags(stack: StackView) -> None:
    four = {key: stack.parameter(key) for key in FOUR_TAGS}
    for title in some(stack.resolved.resources):
        schema = schema_of(stack.type_of(title))
        # Where the schema names no property for tags, it is Tags if there is one.
        name = schema.get("tagging", {}).get("tagProperty", "/properties/Tags").removeprefix("/properties/")
        if name not in schema["properties"]:
            assert "Tags" not in stack.properties(title), title
            continue
        tags = stack.properties(title)[name]
        pairs = list(tags.items()) if isinstance(tags, dict) else [(tag["Key"], tag["Value"]) for tag in tags]
        assert len(pairs) == len(dict(pairs)), title
        assert {key: value for key, value in pairs if key != "Name"} == four, title


def test_a_type_whose_tags_are_a_map_is_tagged_too() -> None:
    t = Template()
    t.add_resource(SsmParameter("Greeting", Type="String", Value="hello", Tags={"Name": "greeting"}))
    tag_all(t, {"Team": "payments"})
    assert t.to_dict()["Resources"]["Greeting"]["Properties"]["Tags"] == {"Name": "greeting", "Team": "payments"}


@pytest.mark.parametrize("stack", EVERY_STACK.values(), ids=EVERY_STACK)
def test_every_resource_that_holds_data_says_what_becomes_of_it(stack: StackView) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    for title in some(stack.resolved.resources):
        deletion, replacement = (
            stack.attributes(title).get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy"))
        if stack.type_of(title) in STATEFUL or title in KEPT:
            assert deletion in ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"), title
            assert replacement in ("Delete", "Retain", "Snapshot"), title
        else:
            assert (deletion, replacement) == (None, None), title


@pytest.mark.parametrize("stack", EVERY_STACK.values(), ids=EVERY_STACK)
def test_every_property_is_one_that_its_type_has(stack: StackView) -> None:
    custom = ("AWS::CloudFormation::CustomResource", "Custom::")
    for title in some(each for each in stack.resolved.resources if not stack.type_of(each).startswith(custom)):
        schema = schema_of(stack.type_of(title))
        assert set(stack.properties(title)) <= set(schema["properties"]), title
        assert set(schema.get("required", [])) <= set(stack.properties(title)), title


def test_logical_ids_are_a_role_and_a_kind_in_pascal_case() -> None:
    for title in some(TEMPLATE["Resources"]):
        assert re.fullmatch(r"[A-Z][a-z0-9]*([A-Z0-9][a-z0-9]*)*", title)
        assert len(title) <= 255
        assert not re.search(r"Dev|Prod(?!uction)|Staging|Tap[A-Z]|Environment", title)


def test_a_stack_with_everything_switched_on_has_every_resource() -> None:
    assert set(EVERYTHING.resolved.resources) | SERVERLESS_ALONE == set(TEMPLATE["Resources"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_is_described_and_constrained(name: str) -> None:
    entry = PARAMETERS[name]
    assert len(entry["Description"]) > 10
    assert entry["Type"] in ("String", "Number") or entry["Type"].startswith(("AWS::", "List<AWS::"))
    if entry["Type"] == "Number":
        assert "AllowedValues" in entry or {"MinValue", "MaxValue"} <= set(entry)
    elif entry["Type"] == "String":
        assert {"AllowedValues", "AllowedPattern", "MaxLength"} & set(entry)
    if "AllowedPattern" in entry:
        assert entry["ConstraintDescription"].startswith("must ")


def test_every_default_passes_its_own_constraints() -> None:
    defaults = {name: str(entry["Default"]) for name, entry in PARAMETERS.items() if "Default" in entry}
    for name, default in some(defaults.items()):
        assert violation(name, default, PARAMETERS[name], "a file") is None


def test_every_parameter_is_used() -> None:
    used = used_names([TEMPLATE[section] for section in ("Rules", "Conditions", "Resources", "Outputs")])
    assert set(PARAMETERS) - used == set()


def test_no_parameter_is_a_secret() -> None:
    # RDS makes the one there is, so that nobody has to.
    for name in some(PARAMETERS):
        assert "NoEcho" not in PARAMETERS[name], name
        assert "password" not in name.lower()


def test_the_consoles_form_shows_every_parameter_once_with_a_label() -> None:
    form = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]
    shown = [name for group in form["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(shown) == sorted(PARAMETERS)
    assert all(group["Label"]["default"] for group in form["ParameterGroups"])
    assert set(form["ParameterLabels"]) == set(PARAMETERS)
    assert all(label["default"] for label in form["ParameterLabels"].values())


def test_the_consoles_form_has_each_group_and_each_label_once() -> None:
    form = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]
    groups = [group["Label"]["default"] for group in form["ParameterGroups"]]
    assert len(groups) == len(set(groups))
    for group in form["ParameterGroups"]:
        labels = [form["ParameterLabels"][name]["default"] for name in group["Parameters"]]
        assert len(labels) == len(set(labels))


def test_every_condition_is_used() -> None:
    asked = {argument[0] for argument in names_in(TEMPLATE["Resources"], "Fn::If")}
    asked |= {entry.get("Condition") for entry in (*TEMPLATE["Resources"].values(), *TEMPLATE["Outputs"].values())}
    asked |= set(names_in(TEMPLATE["Conditions"], "Condition"))
    assert set(TEMPLATE["Conditions"]) - asked == set()


def test_every_condition_is_a_predicate_that_can_be_true_and_false() -> None:
    stacks = [EVERYTHING.resolved, *(stack.resolved for stack in STACKS.values()), *(
        resolve(TEMPLATE, {"Environment": "test", parameter: value})
        for parameter, values in choices().items() for value in values)]
    for name in some(TEMPLATE["Conditions"]):
        assert re.match("(Has|Is|Can|Needs)[A-Z]", name)
        assert {stack.conditions[name] for stack in stacks} == {True, False}, name


def test_every_mapping_is_used() -> None:
    asked = {argument[0] for argument in names_in(TEMPLATE["Resources"], "Fn::FindInMap")}
    assert asked == set(TEMPLATE.get("Mappings", {}))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_refers_to_what_the_environment_lacks(name: str) -> None:
    assert STACKS[name].resolved.dangling == ()


def choices() -> dict[str, list[str]]:
    listed = {name: [str(value) for value in entry["AllowedValues"]] for name, entry in PARAMETERS.items()
              if "AllowedValues" in entry}
    return {**listed, **OTHERWISE}


@settings(max_examples=100)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in choices().items()}))
def test_nothing_refers_to_what_is_missing_and_nothing_waits_in_a_circle_whatever_the_parameters(
        parameters: dict[str, str]) -> None:
    resolved = resolve(TEMPLATE, {"Environment": "test", **parameters})
    assert resolved.dangling == ()
    # Raises CycleError.
    TopologicalSorter(dependencies(resolved)).prepare()


def policies_of(stack: StackView) -> dict[str, list[dict[str, Any]]]:
    """The statements of everything that gives an identity permissions."""
    found = {title: statements_of(properties["PolicyDocument"])
             for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
             for title, properties in stack.all(kind).items()}
    for title, properties in stack.all("AWS::IAM::Role").items():
        found[title] = [s for policy in properties.get("Policies", []) for s in statements_of(policy["PolicyDocument"])]
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_role_may_do_everything_or_to_everything_without_a_reason(name: str) -> None:
    policies = policies_of(STACKS[name]).items()
    for title, statement in some((title, statement) for title, statements in policies for statement in statements):
        assert set(statement) <= {"Effect", "Action", "Resource", "Condition", "Sid"}, title
        assert not [action for action in statement["Action"] if "*" in action], title
        for resource in map(str, statement["Resource"]):
            if resource == "*":
                assert set(statement["Action"]) <= set(ON_EVERYTHING), title
            elif "*" in resource:
                assert resource in WIDE or re.fullmatch(r"\$\{\w+\.Arn\}/\*", resource), title


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_action_that_a_role_may_do_is_one_that_iam_knows(name: str) -> None:
    for action in some(action for statements in policies_of(STACKS[name]).values() for statement in statements
                       for action in statement["Action"]):
        service, verb = action.split(":")
        assert verb.lower() in IAM_ACTIONS[service]["Actions"], action


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_role_is_assumed_by_one_service_and_has_no_policy_of_awss(name: str) -> None:
    for title, role in some(STACKS[name].all("AWS::IAM::Role").items()):
        (trust,) = statements_of(role["AssumeRolePolicyDocument"])
        (service,) = trust.pop("Principal").values()
        # Of those that the stack has, these document that they say for whom they act; the others do not, and
        # would be refused their role.
        for_this_account = {"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}} if service in (
            "ecs-tasks.amazonaws.com", "vpc-flow-logs.amazonaws.com", "monitoring.rds.amazonaws.com") else {}
        assert trust == {"Effect": "Allow", "Action": ["sts:AssumeRole"], **for_this_account}, title
        assert for_this_account or service in (
            "lambda.amazonaws.com", "ecs.amazonaws.com", "backup.amazonaws.com"), title
        # Those grant far more than this stack has; each role's own policy is of this stack.
        assert not [policy for policy in role.get("ManagedPolicyArns", []) if isinstance(policy, str | Text)], title
        assert STACKS[name].statements(title), title


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_name_is_short_enough_for_the_longest_environment_and_stack(name: str) -> None:
    longest = {**STACKS[name].resolved.parameters, "Environment": "a" * 20}
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    resolved = resolve(TEMPLATE, longest, region="ap-southeast-1", stack_name="a" * 128)
    for title, resource in resolved.resources.items():
        schema = schema_of(resource["Type"])
        for key, value in resource.get("Properties", {}).items():
            limit = schema.get("properties", {}).get(key, {}).get("maxLength")
            assert not isinstance(value, str) or limit is None or len(value) <= limit, (title, key)
    distribution, = (resource for resource in resolved.resources.values()
                     if resource["Type"] == "AWS::CloudFront::Distribution")
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
    assert len(distribution["Properties"]["DistributionConfig"]["Comment"]) <= 128
    for output in resolved.outputs.values():
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
        assert len(output["Export"]["Name"]) <= 255


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_only_what_a_user_must_type_has_a_name_of_its_own(name: str) -> None:
    named = set()
    for title, resource in STACKS[name].resolved.resources.items():
        schema = schema_of(resource["Type"])
        identifiers = {pointer.split("/")[-1] for pointer in schema.get("primaryIdentifier", [])}
        given_names = {key for key in (*identifiers, "Name") if key.endswith("Name")} & set(
            resource.get("Properties", {}))
        named |= {f"{title}.{key}" for key in given_names}
    # The dashboard's is the reference's; a key's alias is nothing but a name, nor is a record or an alias of a
    # function; the service decides which group the database, WAF and metrics use, and the vault must have one.
    assert named <= {
        "Dashboard.DashboardName", "DatabaseKeyAlias.AliasName", "DataKeyAlias.AliasName",
        "OperationsKeyAlias.AliasName", "ValidationAlias.Name", "DatabaseLogGroup.LogGroupName",
        "WebAclLogGroup.LogGroupName", "BackupVault.BackupVaultName", "DomainRecord.Name", "CdnRecord.Name",
        "CdnIpv6Record.Name", "ValidationOnFailure.FunctionName", "ValidationVersion.FunctionName",
        "ValidationAlias.FunctionName",
        # People look for a saved query by its name.
        *(f"{each}Query.Name" for each in ("Caller", "Failure", "Rejection", "Trace", "Transaction"))}


def test_the_outputs_are_the_references_the_alarm_and_own_names_under_names_unique_to_each_environment() -> None:
    exports = [output["Export"]["Name"] for stack in STACKS.values() for output in stack.outputs().values()]
    assert set(TEMPLATE["Outputs"]) == {
        "LoadBalancerDNS", "CloudFrontURL", "DatabaseEndpoint", "ValidationLambdaArn", "SessionsTableName",
        "ServiceHealthAlarm", "ApplicationURL", "AssetsURL"}
    assert len(exports) == len(set(exports)) == 18


EVERY_TEXT = sorted(set(strings(TEMPLATE)))


@pytest.mark.parametrize(("what", "pattern"), [
    ("a partition", r"arn:aws:"),
    ("an account number", r"(?<!\d)\d{12}(?!\d)"),
    ("an Availability Zone or a region", r"\b(us|eu|ap|sa|ca|af|me|il|mx)-[a-z]+-\d[a-f]?\b"),
    ("somebody's address", r"@example\.|example\.(com|org|net)"),
    ("a bucket of CDK's", r"(?i)cdk"),
])
def test_the_template_is_of_no_account_region_or_person(what: str, pattern: str) -> None:
    # What is CloudFront's is made in one region wherever the stack is, and two parameters say so.
    assert [text for text in EVERY_TEXT if re.search(pattern, text) and "us-east-1" not in text] == [], what


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_in_another_partition_every_arn_is_of_that_partition(partition: str) -> None:
    resolved = resolve(TEMPLATE, STACKS["dev"].resolved.parameters, partition=partition, region="cn-north-1")
    texts = [*strings(resolved.resources), *map(str, texts_in(resolved.resources))]
    assert [text for text in texts if re.search(r"arn:aws:", text)] == []


def texts_in(tree: Any) -> Iterator[Text]:
    if isinstance(tree, Text):
        yield tree
    elif isinstance(tree, Mapping | list):
        for item in tree.values() if isinstance(tree, Mapping) else tree:
            yield from texts_in(item)


def test_the_template_needs_no_transform_and_no_named_iam_capability() -> None:
    assert "Transform" not in TEMPLATE
    assert "Fn::Transform" not in EVERY_TEXT
    # Named IAM resources would need CAPABILITY_NAMED_IAM.
    for resource in TEMPLATE["Resources"].values():
        assert not {"RoleName", "ManagedPolicyName", "PolicyName"} & set(resource["Properties"]) or (
            not resource["Type"].startswith("AWS::IAM::"))


def test_it_stays_within_cloudformations_numbers() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert len(PARAMETERS) <= 200
    assert len(TEMPLATE["Resources"]) <= 500
    assert len(TEMPLATE["Outputs"]) <= 200
    assert len(TEMPLATE["Description"].encode()) <= 1024
    assert all(len(entry["Description"]) <= 4000 for entry in PARAMETERS.values())


def test_stacks_differ_by_their_parameters_alone(deployed: Callable[..., StackView]) -> None:
    one, other = (deployed(Environment=name).resolved.resources for name in ("one", "two"))
    assert set(one) == set(other)
