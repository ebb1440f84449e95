"""Render a deployment for the terminal; readable in 80 columns without colour."""

from collections.abc import Mapping
from datetime import tzinfo

from rich.text import Text

from tap.deploy.models import StackEvent
from tap.deploy.wording import short


def event_line(event: StackEvent, zone: tzinfo | None = None) -> Text:
    """Return an event as a line: time (in `zone`, by default local), status, logical id, type, reason."""
    line = Text()
    line.append(f"{event.timestamp.astimezone(zone):%H:%M:%S}  ", "dim")
    line.append(f"{event.status:<18}  ", status_style(event.status))
    line.append(event.logical_id, "bold" if event.is_stack else "")
    line.append(f"  {short(event.resource_type)}", "dim")
    if event.reason:
        line.append(f"  {' '.join(event.reason.split())}")
    return line


def output_lines(outputs: Mapping[str, str]) -> Text:
    """Return the name and value of each output, with aligned values that never wrap."""
    width = max(map(len, outputs), default=0)
    return Text("\n").join(
        Text.assemble((f"{name:<{width}}", "bold"), f"  {outputs[name]}") for name in outputs
    )


def status_style(status: str) -> str:
    """Return the colour of a status."""
    if "FAILED" in status or "ROLLBACK" in status:
        return "red"
    return "green" if status.endswith("_COMPLETE") else "yellow"
