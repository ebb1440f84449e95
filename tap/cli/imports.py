"""`tap import`: import existing resources into a stack."""

from dataclasses import replace

import click

from tap.cli.app import EXIT_CODES, Project
from tap.cli.applying import OUTCOMES, deploy_change_set
from tap.cli.options import (
    approve_option,
    env_argument,
    keep_option,
    pairs,
    parameter_option,
    takes_project,
    yes_option,
)
from tap.cli.recording import Recording
from tap.cli.terminal import console
from tap.deploy.imports import find_imports


@click.command("import", epilog=EXIT_CODES)
@env_argument
@click.argument("resources", metavar="LOGICALID=[KEY:]VALUE...", nargs=-1, required=True)
@approve_option()
@yes_option
@keep_option
@parameter_option
@takes_project
def import_command(project: Project, environment: str, resources: tuple[str, ...], yes: bool) -> int:
    """Import existing resources into ENV's stack.

    The template must already contain each resource, with a DeletionPolicy. VALUE is the resource's identifier in AWS,
    such as AssetsBucket=my-bucket, or several: Stage=RestApiId:a1b2c3,StageName:prod. CloudFormation rejects an import
    together with other changes: deploy those first, without the resource. To import resources by the names in the
    template during a deployment, use tap deploy --import-existing.
    """
    wanted = pairs(resources, "an import is LOGICALID=VALUE", f"tap import {environment} AssetsBucket=my-bucket")
    rendered = project.app.template()
    env = project.load(environment, rendered.document)
    cloud = project.cloud(env)
    imports = find_imports(cloud, env, rendered, wanted)
    env = replace(env, options=replace(env.options, imports=imports))
    out = console()
    done = deploy_change_set(project.app, cloud.change_set(env, rendered), env, rendered, out,
                             Recording(None, rendered), yes=yes)
    out.print(f"{OUTCOMES[done.outcome]}: stack {env.stack_name} has {', '.join(wanted)}. To compare with the "
              f"template: {env.command('drift')}", soft_wrap=True)
    return 0
