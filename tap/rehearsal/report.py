"""What a rehearsal reports, independent of the display, and what the emulator only simulates."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tap.deploy.models import Environment, Observer
from tap.deploy.stand_ins import STAND_INS
from tap.rehearsal.checks import Check
from tap.rehearsal.new_types import skipping
from tap.rehearsal.verification import PARTS

PRETENCES = (
    "The emulator (MiniStack) executes the Lambda functions and keeps what S3, DynamoDB, EC2, ELB and the others are "
    "told, but no database, task, load balancer, firewall or CDN runs and nothing is encrypted: Aurora and tasks are "
    "reported as available and running at once; a migration, and a task of tap run, ends immediately with exit code 0. "
    "Scaling and its schedule, the firewall's log, alarm expressions, saved log queries and target group weights are "
    "only recorded. A rehearsal shows that the parts fit together, not that AWS accepts every value.")


class Report(Protocol):
    """Displays a rehearsal."""

    def working(self, text: str) -> AbstractContextManager[Observer]:
        """Show progress until the block ends; the block receives a function for stack events."""

    def start(self, env: Environment, endpoint: str) -> None:
        """Show the environment and the emulator."""

    def step(self, seconds: float, text: str) -> None:
        """Show a step and its time."""

    def finish(self, checks: Sequence[Check], notes: Sequence[str], files: Sequence[Path]) -> None:
        """Show all checks, what is simulated, the verdict, and the written files."""


def notes(env: Environment, checks: Sequence[Check], skipped: Sequence[str], seconds: float) -> list[str]:
    """Return what is simulated, and the verdict, as one paragraph each."""
    replaced = [name for name, value in STAND_INS.items() if env.values.parameters.get(name) == value]
    real = f"Only checked in AWS, with tap verify {env.name}: {', '.join(PARTS)}."
    paragraphs = [PRETENCES, real, *map(skipping, skipped)]
    if replaced:
        paragraphs.append(f"Placeholders in parameters/{env.name}.json replaced by stand-ins: {', '.join(replaced)}.")
    differing = sum(not check.ok for check in checks)
    verdict = f"{differing} of {len(checks)} checks differ" if differing else f"all {len(checks)} checks ok"
    return [*paragraphs, f"{env.name}: {verdict}, {seconds:.0f} s."]
