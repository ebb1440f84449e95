"""What the user sees of a rehearsal: a heading, a table of checks, and what the emulator only pretends."""

import textwrap
from collections.abc import Sequence
from importlib.metadata import version

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tap.deploy.models import Environment
from tap.deploy.stand_ins import STAND_INS
from tap.rehearsal.checks import Check

PRETENCES = (
    "The emulator (MiniStack) executes the Lambda functions and keeps what S3, DynamoDB, EC2, ELB and the "
    "others are told, but no database, task, load balancer, firewall or CDN runs and nothing is encrypted: "
    "Aurora is available and tasks are running as soon as they are asked for. Only recorded are scaling and "
    "its schedule, the firewall's log, the expressions of alarms and the weights of target groups. So a "
    "rehearsal shows that the parts fit together, not that AWS accepts every value.")


def heading(console: Console, env: Environment, endpoint: str) -> None:
    """Say what is rehearsed and where."""
    console.print(f"Rehearsing {env.name} in MiniStack {version('ministack')} at {endpoint}", highlight=False)


def table(console: Console, checks: Sequence[Check]) -> None:
    """Show every check: what is there and, where it differs, what should be."""
    result = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    result.add_column("Check", no_wrap=True)
    result.add_column("Seen", overflow="fold")
    result.add_column("", no_wrap=True)
    for check in checks:
        if not check.ok:
            seen, word, style = f"{check.seen}\nexpected: {check.expected}", "differs", "bold red"
        elif check.is_stand_in:
            seen, word, style = check.seen, "stand-in", "yellow"
        else:
            seen, word, style = check.seen, "ok", "green"
        result.add_row(Text(check.name), Text(seen), Text(word, style=style))
    console.print(result)


def notes(console: Console, env: Environment, checks: Sequence[Check], seconds: float) -> None:
    """Say what is not real, and the verdict."""
    stood_in = [name for name, value in STAND_INS.items() if env.parameters.get(name) == value]
    lines = [PRETENCES]
    if stood_in:
        lines.append(f"Stand-ins for the placeholders in parameters/{env.name}.json: {', '.join(stood_in)}.")
    differing = sum(not check.ok for check in checks)
    verdict = f"{differing} of {len(checks)} checks differ" if differing else f"all {len(checks)} checks ok"
    lines.append(f"{env.name}: {verdict}, {seconds:.0f} s.")
    for line in lines:
        console.print(textwrap.fill(line, console.width), highlight=False, soft_wrap=True)
