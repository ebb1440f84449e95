"""Access: the execution role of CloudFormation, the roles that run `tap`, and the boundary of the stacks' own roles."""

from typing import Any

from awacs import s3
from awacs.aws import Allow, Condition, Principal, Statement, StringEquals
from awacs.sts import AssumeRole, AssumeRoleWithWebIdentity
from troposphere import And, Equals, If, Join, Not, Or, Output, Parameter, Ref, Sub, Template
from troposphere import Condition as InCondition
from troposphere.iam import ManagedPolicy, OIDCProvider, Role
from troposphere.s3 import Bucket

from tap.deploy.artifacts import PLANS
from tap.deploy.variables import FOLDER
from tap.parts import NO_VALUE, add_parameter, policy, suppress
from tap.permissions import NARROWED, Names, boundary, execution, keep_artifacts, split
from tap.permissions.deployer import deployer, planner
from tap.stack import build as build_stack

STACKS = "tap-"  # prefix of stack names
PATH = "/bootstrap/"  # outside the names that the execution role may change
GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_DEPLOYMENT_SECONDS = 2 * 3600  # the longest observed deployment took an hour


def add_boundary(t: Template, application: Ref) -> Names:
    """Add the permissions boundary of the stacks' roles; return the names that identify the stacks."""
    limit = ManagedPolicy("PermissionsBoundary", Path=PATH, Description="The most that roles of the stacks may do")
    names = Names(STACKS, application, limit.ref())
    limit.PolicyDocument = policy(*boundary(names))
    t.add_resource(limit)
    suppress(limit, {"CKV_AWS_111": "A boundary limits permissions and grants none"})
    t.add_output(Output("PermissionsBoundaryArn", Description="Permissions boundary of the stacks' roles: parameter "
                                                              "PermissionsBoundary",
                        Value=limit.ref()))
    return names


def add_execution_role(t: Template, names: Names, bucket: Bucket) -> Role:
    """Add the role that CloudFormation assumes, with permissions for the resource types of `tap.stack`; return it."""
    types = {str(resource.resource_type) for resource in build_stack().resources.values()}
    keep = keep_artifacts(NotAction=[s3.GetObject])
    read = Statement(Sid="Artifacts", Effect=Allow, Action=[s3.GetObject], Resource=[Sub(f"${{{bucket.title}.Arn}}/*")])
    policies = [
        t.add_resource(ManagedPolicy(
            f"ExecutionPolicy{number}", Path=PATH, PolicyDocument=policy(*statements)))
        for number, statements in enumerate(split([keep, read, *execution(types, names)]), 1)]
    for managed_policy in policies:
        suppress(managed_policy, {"CKV_AWS_111": NARROWED})
    trust = Statement(Effect=Allow, Action=[AssumeRole], Principal=Principal("Service", "cloudformation.amazonaws.com"))
    role = t.add_resource(Role(
        "ExecutionRole", Path=PATH, AssumeRolePolicyDocument=policy(trust),
        ManagedPolicyArns=[managed_policy.ref() for managed_policy in policies]))
    t.add_output(Output("ExecutionRoleArn", Description="Role that CloudFormation assumes: role_arn in targets.toml",
                        Value=role.get_att("Arn")))
    return role


def add_deployers(t: Template, bucket: Bucket, execution_role: Role) -> None:
    """Add the deployer's and the planner's role, each if a principal may assume it.

    GitHub workflows may assume either, by environment; an IAM principal may assume the deployer's role.
    """
    subjects = _add_subjects(t, "GitHubSubjects", "GitHub subjects: deploy", "Workflows that deploy")
    planners = _add_subjects(t, "GitHubPlanSubjects", "GitHub subjects: plan", "Workflows that only plan")
    provider = add_parameter(t, "Deployment access", "GitHub OIDC provider", Parameter(
        "GitHubProviderArn", Type="String", Default="",
        AllowedPattern=rf"(arn:[a-z-]+:iam::\d{{12}}:oidc-provider/{GITHUB})?".replace(".", r"\."),
        ConstraintDescription="must be the ARN of GitHub's OIDC provider, or empty",
        Description="ARN of the account's OIDC provider for GitHub, if it already has one; empty to create it."))
    principal = add_parameter(t, "Deployment access", "Principal", Parameter(
        "DeployerPrincipalArn", Type="String", Default="",
        AllowedPattern=r"(arn:[a-z-]+:iam::\d{12}:(root|user/.+|role/.+))?",
        ConstraintDescription="must be the ARN of an account's root, a user or a role, or empty",
        Description="ARN of a role, user or account that may assume the deployer's role; empty for none."))
    # Fn::Join in a condition: see `_items` of tap/inputs.py.
    has_github = t.add_condition("HasGitHub", Not(Equals(Join("", subjects.ref()), "")))
    has_planner = t.add_condition("HasPlanner", Not(Equals(Join("", planners.ref()), "")))
    has_principal = t.add_condition("HasPrincipal", Not(Equals(principal.ref(), "")))
    has_deployer = t.add_condition("HasDeployer", Or(InCondition(has_github), InCondition(has_principal)))
    t.add_condition("NeedsProvider", And(
        Or(InCondition(has_github), InCondition(has_planner)), Equals(provider.ref(), "")))

    own = t.add_resource(OIDCProvider(
        "GitHubProvider", Condition="NeedsProvider",
        # The bootstrap stack of another region may use it.
        DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        Url=f"https://{GITHUB}", ClientIdList=[AUDIENCE]))
    federated = If("NeedsProvider", own.ref(), provider.ref())
    people = Statement(Effect=Allow, Action=[AssumeRole], Principal=Principal("AWS", principal.ref()))
    arguments = (STACKS, bucket.get_att("Arn"), execution_role.get_att("Arn"), PLANS, FOLDER)
    _add_role(t, "Deployer", has_deployer, deployer(*arguments), [
        _if(has_github, _workflows(federated, subjects)), _if(has_principal, people)])
    _add_role(t, "Planner", has_planner, planner(*arguments), policy(_workflows(federated, planners))["Statement"])


def _add_subjects(t: Template, title: str, label: str, who: str) -> Parameter:
    return add_parameter(t, "Deployment access", label, Parameter(
        title, Type="CommaDelimitedList", Default="", AllowedPattern=r"(repo:[^\s*?,]+:environment:[^\s*?,]+)?",
        ConstraintDescription="must be like repo:OWNER/NAME:environment:ENVIRONMENT, without wildcards",
        Description=f"{who}, comma-separated: repo:OWNER/NAME:environment:ENVIRONMENT, or "
                    "repo:OWNER@ID/NAME@ID:environment:ENVIRONMENT for repositories created or renamed since July 15, "
                    "2026; empty for none."))


def _workflows(federated: If, subjects: Parameter) -> Statement:
    # https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    return Statement(
        Effect=Allow, Action=[AssumeRoleWithWebIdentity], Principal=Principal("Federated", federated),
        Condition=Condition(StringEquals({f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": subjects.ref()})))


def _add_role(t: Template, title: str, condition: str, may: list[Statement], trust: list[Any]) -> None:
    permissions = t.add_resource(ManagedPolicy(
        f"{title}Policy", Condition=condition, Path=PATH, PolicyDocument=policy(*may)))
    role = t.add_resource(Role(
        f"{title}Role", Condition=condition, Path=PATH, MaxSessionDuration=_DEPLOYMENT_SECONDS,
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": trust},
        ManagedPolicyArns=[permissions.ref()]))
    t.add_output(Output(f"{title}RoleArn", Condition=condition, Description="Role for AWS_ROLE_ARN in workflows",
                        Value=role.get_att("Arn")))


def _if(condition: str, statement: Statement) -> If:
    return If(condition, policy(statement)["Statement"][0], NO_VALUE)
