"""The catalog's template: a Service Catalog portfolio with the stack as its product, and its launch role.

In the account that publishes, all of it; in an account that the portfolio is shared with, the launch role alone
(`Portfolio` is false), since a launch constraint names the role and each account brings its own.
https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
"""

import json
from collections.abc import Mapping
from typing import Any

from awacs import cloudformation, s3
from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from awacs.sts import AssumeRole
from troposphere import And, Equals, GetAtt, Not, Output, Parameter, Ref, Sub, Template, encode_to_dict
from troposphere import Condition as ConditionOf
from troposphere.iam import ManagedPolicy, Role
from troposphere.servicecatalog import (
    CloudFormationProduct,
    Info,
    LaunchRoleConstraint,
    LaunchTemplateConstraint,
    Portfolio,
    PortfolioPrincipalAssociation,
    PortfolioProductAssociation,
    ProvisioningArtifactProperties,
    ResourceUpdateConstraint,
    TagOption,
    TagOptionAssociation,
)

from tap import stack
from tap.environment import TAGS, add_tags
from tap.parts import Stack, add_parameter, add_switch, allow, only_if, policy, suppress, tag_all
from tap.permissions import NARROWED, Names, boundary, execution, split

# Users select one of these at launch; the product's stack and resources get it as a tag.
CLASSIFICATION, CLASSES = "DataClassification", ("internal", "confidential", "restricted")
# Provisioned products keep needing them: without its launch role none can be updated or terminated, and a
# product's versions are published to it after its creation, by `tap publish`.
KEPT: dict[str, Any] = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
# Sample values for lint: the publishing account, and an account that the portfolio is shared with.
SAMPLES = {
    "published": {"TemplateUrl": "https://artifacts.s3.eu-central-1.amazonaws.com/0", "EndUserRole": "team-*",
                  "SupportEmail": "stand-in@example.com"},
    "shared": {"Portfolio": "false"},
}
# The name of a provisioned product's stack, which begins the names of its resources: SC-<account>-pp-<id>.
PROVISIONED = "SC-"
PATH = "/catalog/"
# Prefix of a constraint's rules, which are merged with the template's rules.
RULE_PREFIX = "Launch"


def build() -> Template:
    """Return the template of portfolio, product, constraints and launch role."""
    t = Stack("Service Catalog portfolio with the transaction-processing application as its product")
    product = stack.build().to_dict()
    has_portfolio = add_switch(
        t, "Account", "Portfolio", "Portfolio", "true",
        "Set to false in an account that the portfolio is shared with: it gets only the launch role.")
    launch_role = add_parameter(t, "Account", "Launch role", Parameter(
        "LaunchRoleName", Type="String", Default="launch-tap", AllowedPattern=r"(?!SC-|tap-)[\w+=,.@-]{1,55}",
        ConstraintDescription="must be the name of an IAM role that does not start with SC- or tap-",
        Description="Name of the role that launches the product, the same in every account of the portfolio."))
    t.add(_add_launch_role, launch_role, product)
    t.add(_add_portfolio, has_portfolio, launch_role, product)
    tag_all(t, add_tags(t, "Tags"))
    return t


def constraint_rules(product: Mapping[str, Any]) -> str:
    """Return a template's Rules in the format of a template constraint: JSON with one object per rule.

    The form is the same, functions included, so that both come from one source:
    https://docs.aws.amazon.com/servicecatalog/latest/adminguide/reference-template_constraint_rules.html
    Further rules refuse what the launch role could not do anyway, before it has done the half of it.
    """
    rules = {f"{RULE_PREFIX}{title}": rule for title, rule in product.get("Rules", {}).items()}
    needs = {
        "Application": (Equals(Ref("Application"), TAGS["Application"]),
                        f"Application must be {TAGS['Application']}: the launch role's permissions depend on this tag"),
        "PermissionsBoundary": (Not(Equals(Ref("PermissionsBoundary"), "")),
                                "PermissionsBoundary must be the catalog's output LaunchBoundary")}
    for parameter in sorted(needs.keys() & product["Parameters"]):
        assertion, description = needs[parameter]
        rules[f"{RULE_PREFIX}Needs{parameter}"] = {
            "Assertions": [{"Assert": encode_to_dict(assertion), "AssertDescription": description}]}
    return json.dumps(rules)


def _add_launch_role(t: Template, name: Parameter, product: Mapping[str, Any]) -> None:
    """Add the launch role, its policies, and the boundary of the roles that it creates, which launches cannot widen.

    Neither the rights of this role nor those of tap bootstrap's reach its policies, which have a path of their own,
    nor itself, as its name does not begin as those of their stacks do.
    """
    bound = t.add_resource(ManagedPolicy(
        "LaunchBoundary", ManagedPolicyName=Sub("${LaunchRoleName}-boundary"), Path=PATH,
        Description="The most that a role of a launched application may do", **KEPT))
    names = Names(prefix=PROVISIONED, application=TAGS["Application"], boundary=bound.ref())
    bound.PolicyDocument = policy(*boundary(names))
    suppress(bound, {"CKV_AWS_111": "A boundary limits permissions and grants none"})
    types = {resource["Type"] for resource in product["Resources"].values()}
    permissions = [
        t.add_resource(ManagedPolicy(f"LaunchPolicy{number}", Path=PATH, PolicyDocument=policy(*statements), **KEPT))
        for number, statements in enumerate(split([*_stack_statements(), *execution(types, names)]), 1)]
    for permission in permissions:
        suppress(permission, {"CKV_AWS_111": NARROWED})
    trust = Statement(
        Effect=Allow, Action=[AssumeRole], Principal=Principal("Service", "servicecatalog.amazonaws.com"))
    role = t.add_resource(Role(
        "LaunchRole", RoleName=name.ref(), Description="Launches the transaction-processing application",
        AssumeRolePolicyDocument=policy(trust), ManagedPolicyArns=[permission.ref() for permission in permissions],
        **KEPT))
    t.add_output(Output("LaunchRoleArn", Description="Role that launches the product", Value=role.get_att("Arn")))
    t.add_output(Output("LaunchBoundary", Description="Permissions boundary of launched stacks' roles: parameter "
                                                      "PermissionsBoundary",
                        Value=Sub(f"{PATH.removeprefix('/')}${{LaunchRoleName}}-boundary")))


def _stack_statements() -> list[Statement]:
    """Return the permissions that the launch role needs itself: run the stack, and read Service Catalog's template.

    Stacks and change sets are called SC-<account>-<provisioned product>; the actions on them are those of AWS's
    policy AWSServiceCatalogEndUserFullAccess.
    https://docs.aws.amazon.com/servicecatalog/latest/adminguide/getstarted-launchconstraint.html
    """
    on_stacks = ("CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents", "SetStackPolicy",
                 "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "ListChangeSets",
                 "TagResource", "UntagResource")
    here = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}"
    return [
        allow([cloudformation.Action(name) for name in on_stacks],
              Sub(f"{here}:stack/{PROVISIONED}*"), Sub(f"{here}:changeSet/{PROVISIONED}*")),
        # These two actions take a template, which is not an IAM resource.
        allow([cloudformation.GetTemplateSummary, cloudformation.ValidateTemplate], "*"),
        # The buckets are Service Catalog's own, with unknown names; objects for a launch are tagged.
        allow([s3.GetObject], "*",
              condition=Condition(StringEquals("s3:ExistingObjectTag/servicecatalog:provisioning", "true"))),
    ]


def _add_portfolio(t: Template, condition: str, launch_role: Parameter, product: Mapping[str, Any]) -> None:
    when: dict[str, Any] = {"Condition": condition}
    text: dict[str, Any] = {
        "Type": "String", "AllowedPattern": r"\S(.{0,98}\S)?", "ConstraintDescription": "must be a short text"}
    provider = add_parameter(t, "Portfolio", "Provider", Parameter(
        "ProviderName", Default="Platform engineering", Description="Provider of the product.", **text))
    title = add_parameter(t, "Portfolio", "Portfolio name", Parameter(
        "PortfolioName", Default="Payments", Description="Name of the portfolio that users see.", **text))
    users = add_parameter(t, "Portfolio", "End user role", Parameter(
        "EndUserRole", Type="String", Default="", AllowedPattern=r"([\w+=,.@/-]{3}[\w+=,.@/*?-]{0,509})?",
        ConstraintDescription="must be a role's path and name; * and ? are wildcards after the first three characters",
        Description="IAM role that may launch the product, such as team-*; empty for none."))
    support = add_parameter(t, "Portfolio", "Support address", Parameter(
        "SupportEmail", Type="String", Default="", AllowedPattern=r"([^@\s]+@[^@\s]+)?",
        ConstraintDescription="must be an email address", Description="Email address where users ask for help; empty "
                                                                      "for none."))
    url = add_parameter(t, "First version", "Template", Parameter(
        "TemplateUrl", Type="String", Default="", AllowedPattern=r"(https://\S+)?",
        ConstraintDescription="must be the URL of a template in S3",
        Description="Template of the first version. Keep the value: tap publish adds further versions."))
    version = add_parameter(t, "First version", "Version", Parameter(
        "FirstVersion", Type="String", Default="0.1.0", AllowedPattern=r"[\w.-]{1,64}",
        ConstraintDescription="must be a version without spaces",
        Description="Name of the first version. Keep the value: a new name would replace the version."))
    description = add_parameter(t, "First version", "Description", Parameter(
        "FirstVersionDescription", Type="String", Default="First version", MaxLength=4000,
        Description="Description of the first version."))
    t.add_rule("PortfolioHasProduct", {
        "RuleCondition": Equals(Ref("Portfolio"), "true"),
        "Assertions": [{"Assert": Not(Equals(url.ref(), "")),
                        "AssertDescription": "Portfolio=true requires TemplateUrl: tap catalog deploy sets it"}]})
    has_users = t.add_condition("HasEndUsers", And(ConditionOf(condition), Not(Equals(users.ref(), ""))))
    has_support = t.add_condition("HasSupport", Not(Equals(support.ref(), "")))

    portfolio = t.add_resource(Portfolio(
        "ProductPortfolio", DisplayName=title.ref(), ProviderName=provider.ref(),
        Description="Applications that teams launch themselves", **when, **KEPT))
    offered = t.add_resource(CloudFormationProduct(
        "Product", Name=title_of(product), Owner=provider.ref(), Description=str(product["Description"]),
        SupportEmail=only_if(has_support, support.ref()),
        # Otherwise an update of the product would replace its versions, which are in use, with new ids.
        ReplaceProvisioningArtifacts=False,
        ProvisioningArtifactParameters=[ProvisioningArtifactProperties(
            Name=version.ref(), Description=description.ref(), Type="CLOUD_FORMATION_TEMPLATE",
            Info=Info(LoadTemplateFromURL=url.ref()))],
        **when, **KEPT))
    both: dict[str, Any] = {"PortfolioId": portfolio.ref(), "ProductId": offered.ref()}
    listed = t.add_resource(PortfolioProductAssociation("ProductInPortfolio", **both, **when))
    # A constraint requires that the product is already in the portfolio.
    later: dict[str, Any] = {"DependsOn": listed, **both, **when}
    t.add_resource(LaunchRoleConstraint(
        "LaunchConstraint", LocalRoleName=launch_role.ref(), Description="Launched with the launch role",
        **{**later, "DependsOn": [listed, "LaunchRole"]}))
    t.add_resource(LaunchTemplateConstraint(
        "TemplateConstraint", Rules=constraint_rules(product),
        Description="Combinations of parameters that are rejected at launch", **later))
    t.add_resource(ResourceUpdateConstraint(
        "TagUpdateConstraint", TagUpdateOnProvisionedProduct="ALLOWED",
        Description="Users may change the tags of their products", **later))
    t.add_resource(PortfolioPrincipalAssociation(
        "EndUsers", PortfolioId=portfolio.ref(), Condition=has_users, PrincipalType="IAM_PATTERN",
        PrincipalARN=Sub("arn:${AWS::Partition}:iam:::role/${EndUserRole}")))
    for value in CLASSES:
        option = t.add_resource(TagOption(
            f"{value.title()}TagOption", Key=CLASSIFICATION, Value=value, Active=True, **when))
        t.add_resource(TagOptionAssociation(
            f"{value.title()}TagOptionOfPortfolio", ResourceId=portfolio.ref(), TagOptionId=option.ref(), **when))
    for name, resource in (("PortfolioId", portfolio), ("ProductId", offered)):
        t.add_output(Output(name, Description=f"For tap publish: the {name[:-2].lower()}", Value=resource.ref(),
                            Condition=condition))
    t.add_output(Output("ProductName", Description="Name of the product", Condition=condition,
                        Value=GetAtt(offered, "ProductName")))


def title_of(product: Mapping[str, Any]) -> str:
    """Return a product's name: its template's description, shortened."""
    return str(product["Description"]).split(":")[0]
