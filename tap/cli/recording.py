"""Record what `tap plan --html` and `tap deploy --html` write to a page."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tap.cost.change import told
from tap.deploy.models import Observer, StackEvent
from tap.deploy.plan import Plan
from tap.deploy.template import Rendered
from tap.page.plan_page import Content
from tap.page.timeline import happened
from tap.page.write import page_content, write_content


class Recording(Observer):
    """Records a plan, events and the outcome, and writes the page to `file`, if there is one."""

    def __init__(self, file: Path | None, rendered: Rendered) -> None:
        """Create a recording with the file to write and the template."""
        self._file = file
        self._rendered = rendered
        self.events: list[StackEvent] = []
        self._content: Content | None = None

    def planned(self, plan: Plan, history: Sequence[StackEvent]) -> None:
        """Record a plan and the stack's earlier events, and write the plan's page. Raises InputError."""
        try:
            self._content = page_content(plan, self._rendered, history)
        except ValueError:
            return  # a template that does not resolve was already reported
        if self._file:
            write_content(self._file, self._content)

    def on_event(self, event: StackEvent) -> None:
        """Record an event of the deployment."""
        self.events.append(event)

    def ended(self, outcome: str, error: BaseException | None = None) -> None:
        """Write the page with the deployment's actual course. Raises InputError.

        `error` is why it failed; its message and notes are the cause.
        """
        if self._file and self._content:
            cause = [str(error), *getattr(error, "__notes__", ())] if error else []
            write_content(self._file, replace(self._content, went=happened(outcome, self.events, cause)))

    def cost(self) -> str:
        """Return the plan's cost on one line; empty if it is unknown."""
        content = self._content
        return told(content.cost, content.cost_before) if content and content.cost else ""
