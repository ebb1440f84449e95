"""`tap bootstrap --repository`: an ECR repository, in a stack of its own."""

from collections.abc import Mapping
from dataclasses import replace

from tap.bootstrap.repository_names import stack_name
from tap.cli.app import Project
from tap.cli.applying import OUTCOMES, deploy_account_stack
from tap.cli.terminal import console
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.deployed import Deployed, read_deployed
from tap.deploy.models import CallFailed, Environment, InputError
from tap.deploy.parameters import parameter_problems


def deploy_repository(project: Project, cloud: CloudFormation, bootstrap: Environment, name: str,
                      parameters: Mapping[str, str], *, yes: bool) -> None:
    """Create or update a repository's stack, and print where to push images.

    `parameters` are the bootstrap stack's; those that this template declares are used, and omitted values
    stay unchanged. Raises TapError, such as InputError for a repository that no tap stack owns.
    """
    rendered, out = project.app.repository(), console()
    env = replace(bootstrap, target=replace(bootstrap.target, stack_name=stack_name(name)))
    deployed = read_deployed(cloud.aws.call, env)
    _check_absent(cloud, deployed, name)
    current = deployed.parameters if deployed else {}
    declared = rendered.document["Parameters"]
    values = {key: value for key, value in {**current, **parameters, "RepositoryName": name}.items() if key in declared}
    if problems := parameter_problems(rendered.document, values, "--parameter"):
        raise InputError(str(problems[0]))
    env = env.with_parameters(values)
    outcome = deploy_account_stack(project.app, cloud, env, rendered, out, yes=yes)
    out.print(f"{OUTCOMES[outcome]}: stack {env.stack_name} is up to date.", soft_wrap=True)
    out.print(f"Push images to: {cloud.outputs(env).get('RepositoryUri', name)}", soft_wrap=True)


def _check_absent(cloud: CloudFormation, deployed: Deployed | None, name: str) -> None:
    """Raise InputError if this stack has another repository, or if the repository exists without the stack."""
    if deployed:
        if (other := deployed.parameters.get("RepositoryName")) != name:
            raise InputError(f"stack {stack_name(name)} already has the repository {other}: choose another name")
        return
    try:
        cloud.aws.service("ecr")("describe_repositories", repositoryNames=[name])
    except CallFailed:
        return  # It does not exist; otherwise CloudFormation reports why it cannot be created.
    raise InputError(f"repository {name} already exists, outside of any tap bootstrap stack: use it as it is, or "
                     "choose another name")
