"""Your application's variables, secrets, permissions and resources. This is the only module that a team edits.

Most applications need no Python: put variables in parameters/ENV.env, a secret in AppSecretArn, and more policies for
the task role in TaskPolicyArns. docs/how-to/configure-your-application.md describes both ways.
"""

from troposphere import Template

from tap.tasks import Given, Platform, Tasks


def add_application(t: Template, platform: Platform) -> Given:  # noqa: ARG001 (for your resources)
    """Add the application's own resources; return the variables, secrets and permissions for its containers."""
    # A queue that the application sends to, for example:
    #
    #   from tap.queues import add_queue
    #
    #   receipts = add_queue(t, platform.keys, "Receipts")
    #   return Given(variables={"RECEIPTS_QUEUE_URL": receipts.queue.ref()}, statements=receipts.send())
    return Given()


def add_more_tasks(t: Template, tasks: Tasks) -> None:
    """Add further workers and jobs, in addition to those of WorkerCommand and JobCommand."""
    # A worker that always runs two tasks, for example:
    #
    #   from tap.worker import add_worker
    #
    #   add_worker(t, tasks, "Mailer", ["python", "mailer.py"], (2, 2))
    #
    # A job that runs every night, for example:
    #
    #   from tap.job import add_job
    #
    #   add_job(t, tasks, "Settlement", ["python", "settle.py"], "cron(0 3 * * ? *)")
