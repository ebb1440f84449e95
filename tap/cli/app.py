"""The objects that every command receives: the application's parts and the project."""

import shlex
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from tap.cli.answer import Answer
from tap.cli.linting import lint_template
from tap.cli.secrets import Secrets
from tap.cli.terminal import complain
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, InputError, Options, TapError
from tap.deploy.parameters import load_environment, load_target
from tap.deploy.template import Rendered, rendered_template
from tap.deploy.variables import with_file_arn
from tap.rehearsal.checks import Check

DECLINED = 3
INTERRUPTED = 130  # 128 + SIGINT, as in shells

EXIT_CODES = """\b
Exit codes:
  0  applied, or nothing to do
  1  failed: CloudFormation rolled the stack back, or AWS refused a request
  2  usage or bad input: nothing was changed
  3  declined, or interrupted before anything was applied
  4  refused by the guard or the target: nothing was changed
  5  left running: CloudFormation is still changing the stack
  6  the stack is stuck: run tap recover ENV
  7  verify: a check failed
  130  interrupted otherwise
"""


class Stopped(TapError):
    """The user declined."""

    exit_code = DECLINED


class Connections:
    """Opens CloudFormation for environments; all environments in a region share their clients."""

    def __init__(self, notify: Callable[[str], None] = complain) -> None:
        """Create it with a function that notifies the user of slow responses from AWS.

        Imports nothing yet: boto3 is slow to import, and `tap --help` does not need it.
        """
        self._tell = notify
        self._session: Any = None
        self._clouds: dict[str | None, CloudFormation] = {}  # which look up the account once
        self._lock = threading.Lock()
        self.stop = threading.Event()  # once set, every wait ends as if interrupted

    def __call__(self, env: Environment) -> CloudFormation:
        """Return CloudFormation in the environment's region. Raises InputError."""
        from tap.deploy.boto import Session  # slow to import, and `tap --help` does not need it

        with self._lock:
            self._session = self._session or Session()
            region = env.target.region
            if region not in self._clouds:
                self._clouds[region] = CloudFormation(AwsClient(
                    lambda service: self._session.client(region, service), self._sleep, notify=self._notify))
            return self._clouds[region]

    def _notify(self, line: str) -> None:
        if not self._session.is_asking:  # it is the user who is slow
            self._tell(line)

    def _sleep(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise KeyboardInterrupt


ByHand = Callable[[Mapping[str, str]], None]  # such as tap.rehearsal.by_hand


def _rehearse(name: str, root: Path, console: Console, by_hand: ByHand | None) -> bool:
    from tap.cli.rehearsal_view import RehearsalView
    from tap.rehearsal.run import rehearse

    return rehearse(name, root, RehearsalView(console), by_hand=by_hand)


def _play(region: str | None, by_hand: ByHand) -> None:
    from tap.rehearsal.by_hand import play

    play(region, by_hand)


def _verify(cloud: CloudFormation, env: Environment, say: Callable[[str], None]) -> list[Check]:
    from datetime import UTC, datetime

    from tap.rehearsal.verification import read_subject, verify

    return list(verify(read_subject(cloud.aws, env, datetime.now(UTC)), say))


@dataclass(frozen=True)
class App:
    """The dependencies of the commands."""

    template: Callable[[], Rendered] = rendered_template
    bootstrap: Callable[[], Rendered] = lambda: rendered_template("bootstrap")
    repository: Callable[[], Rendered] = lambda: rendered_template("repository")
    cloud: Callable[[Environment], CloudFormation] = field(default_factory=Connections)
    rehearse: Callable[[str, Path, Console, ByHand | None], bool] = _rehearse
    playground: Callable[[str | None, ByHand], None] = _play
    wait: Callable[[], object] = field(default_factory=lambda: threading.Event().wait)  # until a signal
    verify: Callable[[CloudFormation, Environment, Callable[[str], None]], list[Check]] = _verify
    lint: Callable[[Rendered, Collection[str]], list[str]] = lint_template
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    secrets: Secrets = field(default_factory=Secrets)
    answer: Answer = field(default_factory=Answer)  # of this run

    def stop(self) -> None:
        """End the wait of every thread as if interrupted."""
        if isinstance(self.cloud, Connections):
            self.cloud.stop.set()


@dataclass(frozen=True)
class Project:
    """The project's directory, and the command line's options for its environments."""

    app: App
    root: Path
    region: str | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)

    def load(self, name: str, document: Mapping[str, Any]) -> Environment:
        """Return an environment, checked against the template. Raises InputError."""
        env = self.with_options(load_environment(
            name, self.root, document, overrides=self.overrides, keep=self.options.keep,
            previous=lambda env: self.cloud(self.with_options(env)).previous(env)))
        return env if env.values.variables is None else with_file_arn(self.cloud(env).aws, env)

    def target(self, name: str) -> Environment:
        """Return an environment with its target, without its parameters. Raises InputError."""
        return self.with_options(load_target(name, self.root, self._declarations(), self.overrides))

    def _declarations(self) -> Mapping[str, Any] | None:
        """Return the parameters that the template declares; None if it cannot be built."""
        try:
            return dict(self.app.template().document.get("Parameters", {}))
        except InputError:
            return None

    def with_options(self, env: Environment) -> Environment:
        """Return an environment with the command line's options."""
        text = "".join([f" --region {shlex.quote(self.region)}" if self.region else "",
                        f" --root {shlex.quote(str(self.root))}" if self.root != Path() else ""])
        env = replace(env, target=replace(env.target, region=self.region or env.target.region),
                      options=replace(self.options, text=text))
        self.app.secrets.learn(env)
        self.app.answer.about(env)
        return env

    def cloud(self, env: Environment) -> CloudFormation:
        """Return CloudFormation in an environment's region. Raises InputError."""
        self.app.secrets.learn(env)
        cloud = self.app.cloud(env)
        cloud.aws.masked = env.masked
        self.app.answer.located(env, cloud.aws.region)
        return cloud
