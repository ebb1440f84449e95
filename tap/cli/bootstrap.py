"""`tap bootstrap`: create what an account needs before its first deployment."""

import re
from collections.abc import Mapping
from dataclasses import replace

import click

from tap.bootstrap.repository_names import KEEP, NAME
from tap.bootstrap.settings import OUTPUTS, STACK, Settings
from tap.cli.app import EXIT_CODES, Project
from tap.cli.applying import OUTCOMES, deploy_account_stack
from tap.cli.image_repository import deploy_repository
from tap.cli.options import approve_option, env_argument, parameter_option, takes_project, yes_option
from tap.cli.terminal import console
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.constraints import items
from tap.deploy.deployed import Deployed, read_deployed
from tap.deploy.files import legible
from tap.deploy.models import CallFailed, Environment, InputError, TapError, Target
from tap.deploy.parameters import parameter_problems
from tap.deploy.stacks import find_stack, pages
from tap.deploy.targets import FILE
from tap.deploy.template import Rendered

STACKS = "tap-"
PLANNING = "-plan"  # suffix of the GitHub environment for planning
_SUBJECTS = {"GitHubSubjects": "", "GitHubPlanSubjects": PLANNING}
_GITHUB = "oidc-provider/token.actions.githubusercontent.com"
# The subjects of tokens contain ids for repositories created or renamed since July 15, 2026.
# https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
_REPOSITORY = r"[\w.-]+/[\w.-]+|[\w.-]+@\d+/[\w.-]+@\d+"
_IDS = """gh api repos/OWNER/NAME --jq '"\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)"'"""


def _repositories(_context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    if problem := next((name for name in names if not re.fullmatch(NAME, name) or not 2 <= len(name) <= 256), None):
        raise click.BadParameter(f"{legible(problem)} is not the name of an ECR repository, such as payments/web")
    return names


@click.command("bootstrap", epilog=EXIT_CODES)
@env_argument
@click.option("--github", "repositories", metavar="OWNER[@ID]/NAME[@ID]", multiple=True,
              help="Allow workflows of this repository to deploy (GitHub environment ENV) and to plan (ENV-plan). "
                   "Include ids if it was created or renamed since July 15, 2026.")
@click.option("--repository", "images", metavar="NAME", multiple=True, callback=_repositories,
              help="Also create an ECR repository for images, in its own stack. Repeatable.")
@approve_option()
@yes_option
@parameter_option
@takes_project
def bootstrap_command(project: Project, environment: str, repositories: tuple[str, ...], images: tuple[str, ...],
                      yes: bool) -> int:
    """Create what ENV's account and region need, once.

    Creates or updates the bootstrap stack: an artifact bucket, roles, a permissions boundary and notifications of
    failures. Shows the change set, asks for confirmation, executes it, and writes bucket, role and boundary to the
    files in parameters/. Requires IAM permissions. Omitted parameters keep their values. KeepImages is a parameter of
    --repository.
    """
    if not all(re.fullmatch(_REPOSITORY, repository) for repository in repositories):
        raise click.UsageError("--github takes OWNER/NAME or OWNER@ID/NAME@ID, as in --github payments/tap; "
                               f"print the ids with: {_IDS}")
    env = project.target(environment)
    if not env.stack_name.startswith(STACKS):
        raise InputError(f"stack {env.stack_name} does not start with {STACKS}, which the bootstrap stack's roles "
                         "require: rename it in parameters/targets.toml")
    settings = Settings(project.root, environment, project.app.template().document)
    settings.check()
    rendered = project.app.bootstrap()
    target = Target(STACK, env.target.region, env.target.accounts, artifact_bucket=env.target.artifact_bucket,
                    on_failure="DELETE", termination_protection=True)
    env = replace(env, target=target, has_commands=False)
    cloud = project.cloud(env)
    cloud.check_account(env)
    account = cloud.aws.account
    _check_bucket(cloud, env, account)
    own = {name: value for name, value in project.overrides.items() if images and name == KEEP}
    overrides = {name: value for name, value in project.overrides.items() if name not in own}
    env = _with_parameters(cloud, env, rendered, overrides, repositories)
    out = console()
    outcome = deploy_account_stack(project.app, cloud, env, rendered, out, yes=yes)
    outputs = _outputs(cloud, env)
    for line in settings.write(account, cloud.aws.region, outputs):
        out.print(f"Written: {line}", soft_wrap=True)
    out.print(f"{OUTCOMES[outcome]}: stack {env.stack_name} is up to date.", soft_wrap=True)
    shared = {**env.values.parameters, "DeployerRoleArn": outputs.get("DeployerRoleArn", ""), **own}
    for name in images:
        deploy_repository(project, cloud, env, name, shared, yes=yes)
    for repository in (re.sub(r"@\d+", "", repository) for repository in repositories):
        for role, suffix in (("Deployer", ""), ("Planner", PLANNING)):
            for name, value in (("AWS_ROLE_ARN", outputs.get(f"{role}RoleArn")), ("AWS_REGION", cloud.aws.region)):
                out.print(f"To do: gh variable set {name} --repo {repository} --env {environment}{suffix} "
                          f"--body {value}", soft_wrap=True)
    return 0


def _check_bucket(cloud: CloudFormation, env: Environment, account: str) -> None:
    """Raise InputError if the bucket of a new stack already exists: a manually created one has the same name."""
    if find_stack(cloud.aws.call, env.stack_name):
        return
    bucket = f"tap-artifacts-{account}-{cloud.aws.region}"
    try:
        cloud.aws.service("s3")("head_bucket", Bucket=bucket)
    except CallFailed:
        return  # It does not exist; otherwise CloudFormation reports why it cannot be created.
    raise InputError(f"bucket {bucket} already exists, but stack {env.stack_name} must create it: if its contents are "
                     "no longer needed, delete all versions and the bucket, then run this command again")


def _outputs(cloud: CloudFormation, env: Environment) -> Mapping[str, str]:
    """Return the stack's outputs. Raises TapError, but none whose exit code means that nothing was changed."""
    try:
        outputs = dict(cloud.outputs(env))
    except TapError as error:
        raise TapError(f"the bootstrap stack is deployed, but its outputs cannot be read: {error.message}. Run this "
                       "command again") from None
    if missing := [name for name in OUTPUTS if name not in outputs]:
        raise TapError(f"the bootstrap stack is deployed, but its outputs lack {', '.join(missing)}: copy the values "
                       f"to {FILE} and parameters/{env.name}.json by hand")
    return outputs


def _with_parameters(cloud: CloudFormation, env: Environment, rendered: Rendered, overrides: Mapping[str, str],
                     repositories: tuple[str, ...]) -> Environment:
    """Return the environment with these parameters, and the stack's values for others. Raises InputError."""
    declared = rendered.document["Parameters"]
    deployed = read_deployed(cloud.aws.call, env)
    current = deployed.parameters if deployed else {}
    values = {name: value for name, value in {**current, **overrides}.items()
              if name in declared or name in overrides}
    if repositories:
        for parameter, suffix in _SUBJECTS.items():
            subjects = {subject for subject in items(values.get(parameter, "")) if subject}
            subjects |= {f"repo:{repository}:environment:{env.name}{suffix}" for repository in repositories}
            values[parameter] = ",".join(sorted(subjects))
    if any(values.get(parameter) for parameter in _SUBJECTS) and not values.get("GitHubProviderArn"):
        values["GitHubProviderArn"] = _provider_of_others(cloud, deployed)
    if problems := parameter_problems(rendered.document, values, "--parameter"):
        raise InputError("\n  - ".join(["the bootstrap stack cannot be deployed:", *map(str, problems)])
                         if len(problems) > 1 else str(problems[0]))
    return env.with_parameters(values)


def _provider_of_others(cloud: CloudFormation, deployed: Deployed | None) -> str:
    """Return the ARN of the account's provider for GitHub; empty if there is none, or only the stack's own.

    An account can have one provider for each URL:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
    """
    own = {resource.get("PhysicalResourceId") for resource in pages(
        cloud.aws.call, "list_stack_resources", "StackResourceSummaries", StackName=deployed.stack_id)
        } if deployed else set()
    providers = cloud.aws.service("iam")("list_open_id_connect_providers")["OpenIDConnectProviderList"]
    return next((provider["Arn"] for provider in providers
                 if provider["Arn"].endswith(_GITHUB) and provider["Arn"] not in own), "")
