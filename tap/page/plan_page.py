"""The page of a plan, and of the deployment that it became."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tap.cost import view
from tap.cost.estimate import NOT_COUNTED, Estimate
from tap.deploy.diff import shown
from tap.deploy.durations import Usual, usual
from tap.deploy.guard import Grade
from tap.deploy.masking import LONG, Mask
from tap.deploy.models import Change, ChangeSet
from tap.deploy.plan import Plan, property_changes
from tap.deploy.plan_text import deploy_command
from tap.deploy.wording import cut, duration, number_of_changes, short, summary
from tap.page.chart import chart, chosen
from tap.page.html import Markup, document, joined, table, tag
from tap.page.timeline import Bar, Happened, schedule
from tap.template.resolve import Resolved, dependencies

_LONG = 20_000  # characters of one value; more is no reading
_WARNING = 300  # characters of one warning
_FEW = 6  # lines that stand below each other; more go into columns


@dataclass(frozen=True)
class Content:
    """All that a page shows."""

    plan: Plan
    after: Resolved
    """What the new template comes to; secrets masked."""
    before: Resolved | None = None
    """What the deployed one comes to; None where there is no stack."""
    cost: Estimate | None = None
    cost_before: Estimate | None = None
    history: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Seconds that the stack's own operations have taken (`tap.deploy.durations.learned`)."""
    went: Happened | None = None
    """What really happened, once it has."""
    notes: tuple[str, ...] = ()
    """What else a reader must know, such as that all this was a rehearsal."""

    @property
    def to_come(self) -> ChangeSet:
        """The changes that the template really makes here: a change set may list what a condition leaves out."""
        kept = (change for change in self.plan.change_set.changes
                if change.action != "Add" or change.logical_id in self.after.resources)
        return replace(self.plan.change_set, changes=tuple(kept))


def plan_page(content: Content) -> str:
    """Return the page as HTML: one file, nothing fetched, the same text for the same content."""
    plan = content.plan
    expected = usual(content.to_come, content.history)
    bars = schedule(content.to_come, {name: each.seconds for name, each in expected.items()}, _needs(content))
    what = "Deployment of" if content.went else "Plan for"
    timeline = _timeline(content, bars, expected)
    body = joined([
        tag("a", "To the verdicts", href="#verdicts", class_="skip"),
        _top(content, what, bars), _nav(content),
        tag("main", _outcome(content), timeline if content.went else "", _verdicts(content), _changes(content),
            "" if content.went else timeline, _cost(content), _parameters(content)),
        tag("footer", "Written by tap from CloudFormation's change set and tap's own look at the template. Secret "
                      "parameter values are not on this page.")], "\n")
    masked = Markup(Mask(plan.env.unspeakable, shortest=LONG)(body))
    return document(f"{what} {plan.env.stack_name}", masked)


def _needs(content: Content) -> dict[str, set[str]]:
    before = dependencies(content.before) if content.before else {}
    after = dependencies(content.after)
    return {**before, **after}


def _top(content: Content, what: str, bars: list[Bar]) -> Markup:
    plan = content.plan
    kind = "new stack" if plan.change_set.type == "CREATE" else "update"
    _, _, _, region, account, _ = plan.change_set.stack_id.split(":", 5)
    facts = [("Changes", str(len(plan.change_set.changes))), ("Verdict", str(plan.grade)),
             ("Expected to take", duration(max((bar.end for bar in bars), default=0.0)))]
    if content.went:
        facts.append(("Really took", duration(content.went.seconds)))
    if content.cost:
        by = content.cost.total - content.cost_before.total if content.cost_before else None
        facts.append(("A month", f"${view.usd(content.cost.total)}" + (f" ({by:+,.2f})" if by is not None else "")))
    items = [tag("li", name, tag("b", value, class_=value if value in {"safe", "disruptive", "destructive"} else None))
             for name, value in facts]
    return tag("header", tag("h1", f"{what} {plan.env.stack_name}"),
               tag("p", f"environment {plan.env.name}, account {account}, {region}, {kind}. {_sentence(plan)}",
                   class_="soft"),
               joined(tag("p", note, class_="panel disruptive") for note in content.notes),
               tag("ul", *items, class_="facts"), class_="top")


def _sentence(plan: Plan) -> str:
    return "No changes." if plan.change_set.empty else f"{summary(plan.change_set)}."


def _nav(content: Content) -> Markup:
    sections = [("verdicts", "Verdicts"), ("changes", "Changes"), ("timeline", "Timeline"),
                *([("cost", "Cost")] if content.cost else []), ("parameters", "Parameters")]
    links = [tag("a", title, href=f"#{name}") for name, title in sections]
    buttons = [tag("button", "Unfold all", type="button", id="unfold"),
               tag("button", "Fold all", type="button", id="fold"),
               tag("span", "", id="shown", class_="soft", role="status"),
               tag("input", type="search", id="filter", placeholder="Filter changes", aria_label="Filter changes")]
    return tag("nav", tag("div", *links, tag("span", *buttons, class_="script", hidden=True)), aria_label="Page")


def _outcome(content: Content) -> Markup:
    went = content.went
    if not went:
        return Markup("")
    failed = bool(went.cause)
    lines = tag("ul", *(tag("li", line) for line in went.cause), class_="plain") if failed else Markup("")
    reasons = [tag("li", tag("b", name), f" {each.status}: {each.reason or ''}")
               for name, each in went.resources.items() if each.status.endswith("FAILED")]
    return tag("section", tag("h2", "What happened"),
               tag("div", tag("p", tag("b", went.outcome, class_="failed" if failed else "safe")), lines,
                   tag("ul", *reasons, class_="plain") if reasons else "",
                   class_=f"panel {'failed' if failed else 'safe'}"), id="happened")


def _verdicts(content: Content) -> Markup:
    plan = content.plan
    parts: list[object] = [tag("h2", "Guard verdicts")]
    for grade in (Grade.WILL_FAIL, Grade.DESTRUCTIVE, Grade.DISRUPTIVE):
        names = [name for name, verdict in plan.verdicts.items() if verdict.grade is grade]
        if names:
            lines = [tag("li", tag("a", name, href=f"#change-{name}"), f": {plan.verdicts[name].reason}")
                     for name in names]
            parts.append(tag("div", tag("b", f"{len(names)} {grade}", class_=str(grade)),
                             tag("ul", *lines, class_="plain many" if len(lines) > _FEW else "plain"),
                             class_=f"panel {grade}"))
    remarks = [*(f"the stack policy does not allow {each}: the update would fail" for each in plan.denied),
               *(f"the new stack policy would allow {each}, which the stack's own denies" for each in plan.loosened)]
    if remarks:
        parts.append(tag("div", tag("ul", *(tag("li", each) for each in remarks), class_="plain"),
                         class_="panel destructive"))
    if plan.warnings:
        lines = [tag("li", cut(each, _WARNING)) for each in plan.warnings]
        parts.append(tag("div", tag("b", "Warnings"), tag("ul", *lines, class_="plain"), class_="panel disruptive"))
    safe = sum(verdict.grade is Grade.SAFE for verdict in plan.verdicts.values())
    if safe:
        parts.append(tag("div", tag("b", f"{safe} safe", class_="safe"), class_="panel safe"))
    if plan.needs_approval:
        parts.append(tag("p", "To let it happen: ", tag("code", deploy_command(plan))))
    if plan.change_set.empty:
        parts.append(tag("p", "No changes."))
    return tag("section", *parts, id="verdicts")


def _changes(content: Content) -> Markup:
    plan = content.plan
    ordered = sorted(plan.change_set.changes, key=lambda change: -plan.verdicts[change.logical_id].grade)
    counts = Counter(change.action for change in ordered)
    told = ", ".join(f"{count} {action}" for action, count in counts.items())
    return tag("section", tag("h2", f"{number_of_changes(plan.change_set).capitalize()}{f': {told}' if told else ''}"),
               joined((_change(content, change) for change in ordered), "\n"), id="changes")


def _change(content: Content, change: Change) -> Markup:
    verdict = content.plan.verdicts[change.logical_id]
    head = tag("summary", tag("span", change.action, class_="act"), tag("span", change.logical_id, class_="id"),
               tag("span", short(change.resource_type), class_="type"),
               tag("span", verdict.reason, " ", tag("span", verdict.grade, class_=f"badge {verdict.grade}"),
                   class_="why"))
    facts = [("Physical id", content.plan.env.masked(change.physical_id or "")), ("Replacement", change.replacement),
             ("Policy action", change.policy_action), ("Scope", ", ".join(change.scope))]
    told = joined((joined((f"{name}: ", tag("code", value))) for name, value in facts if value), " · ")
    rows = property_changes(content.plan, change) or _all_values(content, change)
    values = table(("Property", "Before", "After", "Because of"),
                   [(tag("span", path, class_="mono"), tag("td", _value(before), class_="before"), _value(after), cause)
                    for path, before, after, cause in rows], classes="values") if rows else Markup("")
    body = tag("div", tag("p", told, class_="soft") if told else "", values)
    return tag("details", head, body, class_="change", id=f"change-{change.logical_id}")


def _all_values(content: Content, change: Change) -> list[tuple[str, str, str, str]]:
    """Return every property of what comes or goes, which a change set does not list."""
    masked = content.plan.env.masked
    if change.action == "Add" and change.logical_id in content.after.resources:
        return [(name, "", masked(shown(value)), "new")
                for name, value in content.after.properties(change.logical_id).items()]
    if change.action == "Remove" and content.before and change.logical_id in content.before.resources:
        return [(name, masked(shown(value)), "", "removed")
                for name, value in content.before.properties(change.logical_id).items()]
    return []


def _value(value: str) -> Markup:
    left_out = f"… ({len(value):,} characters)" if len(value) > _LONG else ""
    return tag("pre", value[:_LONG] + left_out) if value else tag("span", "(none)", class_="soft")


def _timeline(content: Content, bars: list[Bar], expected: Mapping[str, Usual]) -> Markup:
    if not bars:
        return Markup("")
    resources = content.went.resources if content.went else {}
    drawn = chosen(bars, resources)
    critical = [bar for bar in bars if bar.critical]
    learned = sum(each.learned for each in expected.values())
    source = ("all as this stack has shown them" if learned == len(expected) else
              f"{learned} of {len(expected)} as this stack has shown them, the others typical of AWS" if learned else
              "typical of AWS: this stack has not shown them yet")
    keys = [("k1", "expected"), ("k2", "expected, on the critical path"),
            *([("k3", "really"), ("k4", "failed")] if resources else [])]
    rest = f" The {len(drawn)} longest of {len(bars)} are drawn; the table has all." if len(drawn) < len(bars) else ""
    return tag("section", tag("h2", "Timeline and dependencies"),
               tag("p", f"Critical path: {' → '.join(bar.logical_id for bar in critical)}, "
                        f"{duration(critical[-1].end)}. Durations are {source}.{rest}"),
               tag("p", *(tag("span", tag("i", class_=name), told) for name, told in keys), class_="key soft"),
               chart(drawn, resources),
               tag("details", tag("summary", "As a table, with what each waits for"), _table(content, bars),
                   class_="change"), id="timeline")


def _table(content: Content, bars: list[Bar]) -> Markup:
    head = ["Resource", "Begins", "Takes", *(["Really", "Ended as"] if content.went else []), "Waits for"]
    rows = []
    for bar in bars:
        row: list[object] = [f"{bar.logical_id}{' (critical)' if bar.critical else ''}", duration(bar.start),
                             duration(bar.seconds)]
        if content.went:
            went = content.went.resources.get(bar.logical_id)
            row += [duration(went.seconds) if went and went.seconds is not None else "",
                    f"{went.status}{f': {went.reason}' if went.reason else ''}" if went else "not begun"]
        rows.append([*row, ", ".join(bar.waits_for)])
    return table(head, rows, numbers=(1, 2, *((3,) if content.went else ())))


def _cost(content: Content) -> Markup:
    now, before = content.cost, content.cost_before
    if not now:
        return Markup("")
    there = before.tiers() if before else {}
    rows = [_amounts(tier, now.tiers().get(tier, 0.0), there.get(tier, 0.0), before)
            for tier in dict.fromkeys((*now.tiers(), *there))]
    rows += [_amounts("fixed", now.fixed, before.fixed if before else 0.0, before),
             _amounts("total", now.total, before.total if before else 0.0, before)]
    head = ["A month, US dollars", now.name, *([before.name, "difference"] if before else [])]
    unpriced = [tag("li", f"{resource}: {why}") for resource, why in now.unpriced]
    assumed = ", ".join(f"{name} {value:g}" for name, value in now.assumptions.items())
    return tag("section", tag("h2", "Cost"),
               tag("p", view.difference(now, before) if before else f"${view.usd(now.total)} a month", "."),
               table(head, rows, numbers=range(1, len(head))),
               tag("div", tag("b", "Not priced"), tag("ul", *unpriced, class_="plain"), class_="panel disruptive")
               if unpriced else "",
               tag("p", f"On-demand list prices without tax, discounts or free tiers. Not counted: "
                        f"{', '.join(NOT_COUNTED)}. {now.use[:1].upper()}{now.use[1:]}: {assumed}.", class_="soft"),
               tag("p", f"Warning: {now.note}.", class_="panel disruptive") if now.note else "", id="cost")


def _amounts(name: str, here: float, there: float, before: Estimate | None) -> list[str]:
    return [name, view.usd(here), *([view.usd(there), f"{round(here - there, 2) + 0:+,.2f}"] if before else [])]


def _parameters(content: Content) -> Markup:
    told = {"file": f"parameters/{content.plan.env.name}.json", "override": "command line",
            "default": "template's default", "previous": "as the stack has it"}
    rows = [(each.name, tag("pre", each.value + (f" = {each.resolved}" if each.resolved is not None else "")),
             told.get(each.source, each.source) + (f"; stack: {each.deployed}" if each.deployed is not None else ""))
            for each in content.plan.parameters]
    parts: list[object] = [tag("h2", "Parameters"), table(("Parameter", "Value", "From"), rows)]
    if content.plan.variables:
        parts += [tag("h3", "Variables that change"), table(("Variable", "Before", "After"), [
            (tag("span", name, class_="mono"), tag("td", _value(before or ""), class_="before"), _value(after or ""))
            for name, before, after in content.plan.variables], classes="values")]
    return tag("section", *parts, id="parameters")
