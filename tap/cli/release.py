"""`tap release`: deploy a new image without other changes."""

import click

from tap.cli.app import EXIT_CODES, Project
from tap.cli.applying import OUTCOMES, deploy_change_set, mark_deployed
from tap.cli.options import env_argument, takes_project, wait_option, yes_option
from tap.cli.ready import wait_for
from tap.cli.recording import Recording
from tap.cli.terminal import console
from tap.deploy import releases
from tap.deploy.models import Outcome


@click.command("release", epilog=EXIT_CODES)
@env_argument
@click.argument("image", required=False)
@click.option("--previous", is_flag=True, help="Release the previous image.")
@yes_option
@wait_option
@takes_project
def release_command(project: Project, environment: str, image: str | None, previous: bool, yes: bool,
                    wait: int) -> int:
    """Deploy IMAGE to ENV without other changes.

    Uses the stack's current template and parameters. Refuses if anything else would change. A protected environment
    requires an image by digest.
    """
    if (image is None) != previous:
        raise click.UsageError("image is missing: name one, or use --previous")
    env = project.target(environment)
    cloud = project.cloud(env)
    out = console()
    wait_for(cloud, env, wait, out)
    release = releases.prepare(cloud, env, image)
    out.print(f"Image   {release.old} → {release.new}", soft_wrap=True)
    out.print(f"Digest  {release.old_digest or 'not known'} → {release.new_digest or 'not known'}", soft_wrap=True)
    done = deploy_change_set(project.app, releases.change_set(cloud, release), release.env, release.template, out,
                             Recording(None, release.template), yes=yes,
                             before=lambda: mark_deployed(cloud, release.new, out))
    out.print(f"{OUTCOMES[done.outcome]}: stack {env.stack_name} has image {release.new}.", soft_wrap=True)
    if done.outcome is Outcome.APPLIED:
        out.print(f"To go back: {env.command('release')} --previous", soft_wrap=True)
    return 0
