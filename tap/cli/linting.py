"""Run cfn-lint while a change set is created: both take seconds, and neither depends on the other."""

import os
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tap.cli.terminal import complain
from tap.deploy import preflight
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, InputError
from tap.deploy.pending import PendingChangeSet
from tap.deploy.template import Rendered

Problems = Callable[[], list[str]]
"""Returns what cfn-lint found, once it is known."""
# What determines a result besides cfn-lint: modules that the rules use, and the code that runs cfn-lint.
SOURCES = ("tap",)


def lint_template(template: Rendered, regions: Collection[str]) -> list[str]:
    """Return cfn-lint's errors in these regions, one per line; none, with a warning, if cfn-lint is not installed.

    Without regions, those of cfn-lint's configuration apply. A template that passed before is not linted again.
    """
    try:
        from tap.lint import cache

        key = cache.verdict_key(template.text, regions, SOURCES, (cache.home(), Path.cwd()))
        return cache.cached(key, lambda: _errors(template, regions), cache.cache_folder(os.environ) / "lint")
    except (ImportError, InputError):
        complain("not linted: cfn-lint is not installed (pip install -e '.[lint]')")
        return []


def _errors(template: Rendered, regions: Collection[str]) -> list[str]:
    from tap.lint.validators import cfn_lint

    return [f"cfn-lint {finding.rule} {finding.place}: {finding.message}"
            for finding in cfn_lint(template.text, {}, regions=regions) if finding.severity == "error"]


def in_background(lint: Problems) -> Problems:
    """Start linting in a daemon thread; return a function that waits for its result."""
    future: Future[list[str]] = Future()

    def run() -> None:
        try:
            future.set_result(lint())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="lint").start()
    return future.result


@contextmanager
def linted(cloud: CloudFormation, env: Environment, template: Rendered, problems: Problems, *,
           empty_too: bool = True) -> Iterator[PendingChangeSet]:
    """Create a change set as `CloudFormation.change_set` does, of a template that passes all checks, and yield it.

    Raises InputError with all problems that the checks, CloudFormation and cfn-lint find. With `empty_too` off, an
    empty change set does not wait for cfn-lint: nothing will be deployed.
    """
    with ExitStack() as stack:
        try:
            cloud.check(env, template)
            change = stack.enter_context(cloud.change_set(env, template))
        except InputError as error:
            if errors := problems():
                preflight.refuse(env, [error.message, *errors])
            raise
        if empty_too or not change.empty:
            preflight.refuse(env, problems())
        yield change
