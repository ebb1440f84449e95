"""The page of a plan and of a deployment: what is on it, in which order, and that nothing breaks out of it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from page_fakes import HOSTILE, content_of, event, failed_deployment, many

from tap.cli.recording import Recording
from tap.deploy.guard import judge
from tap.deploy.models import Change, Environment, Options, StackFailed, Target, Values
from tap.deploy.plan import ParameterValue
from tap.deploy.template import Rendered
from tap.page.html import VOID
from tap.page.plan_page import plan_page
from tap.page.rehearsal import write_rehearsal
from tap.page.write import page_content
from tap.template.resolve import MASK, resolve


class Page(HTMLParser):
    """A page as a browser's parser sees it: elements, ids, texts; unbalanced elements are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def update(template: dict[str, Any]) -> str:
    return plan_page(content_of(template, {}, {"NatGateways": "single", "DatabaseReaderInstance": "false",
                                               "LogRetentionDays": "30"}))


def test_verdicts_come_first_then_changes_timeline_cost_and_parameters(template: dict[str, Any]) -> None:
    headings = Page(update(template)).headings
    assert headings[0] == "Plan for tap-test"
    assert headings[1] == "Guard verdicts"
    assert re.match(r"\d+ changes: ", headings[2])
    assert headings[3:] == ["Timeline and dependencies", "Cost", "Parameters"]


def test_each_change_is_folded_with_before_and_after(template: dict[str, Any]) -> None:
    content = content_of(template, {}, {"LogRetentionDays": "30"})
    page = Page(plan_page(content))
    folded = [attributes for name, attributes in page.elements
              if name == "details" and str(attributes.get("id", "")).startswith("change-")]
    assert len(folded) == len(content.plan.change_set.changes)
    assert not any("open" in attributes for attributes in folded)
    assert re.search(r"RetentionInDays\s*7\s*30", page.text)


def test_the_worst_change_is_on_top(template: dict[str, Any]) -> None:
    page = Page(update(template))
    badges = [str(attributes["class"]) for _, attributes in page.elements
              if str(attributes.get("class")).startswith("badge ")]
    assert badges == sorted(badges, key=["badge destructive", "badge disruptive", "badge safe"].index)
    assert badges[0] == "badge destructive"
    assert "To approve: tap deploy test --approve" in page.text


def test_the_line_that_lets_it_happen_has_all_that_was_given(template: dict[str, Any]) -> None:
    content = content_of(template, {}, {"DatabaseReaderInstance": "false"})
    env = replace(content.plan.env, options=Options(text=" --root 'a b'"))
    told = (ParameterValue("DatabaseReaderInstance", "false", "override"), ParameterValue("MinTasks", "2", "file"))
    page = Page(plan_page(replace(content, plan=replace(content.plan, env=env, parameters=told))))
    assert ("To approve: tap deploy test --root 'a b' --parameter DatabaseReaderInstance=false --approve"
            in page.text)


def test_what_it_costs_is_beside_what_it_costs_now(template: dict[str, Any]) -> None:
    assert re.search(r"total\s*[\d,.]+\s*[\d,.]+\s*-[\d,.]+", Page(update(template)).text)


def test_a_price_that_is_missing_is_named() -> None:
    assert "Not priced" not in Page(plan_page(many(9))).text
    content = content_of({"Resources": {"Thing": {"Type": "AWS::Novelty::Thing"}}, "Parameters": {
        "Environment": {"Type": "String"}}}, None, {})
    assert "Thing: AWS::Novelty::Thing is not in the price table" in Page(plan_page(content)).text


def test_every_parameter_has_its_provenance(template: dict[str, Any]) -> None:
    text = Page(plan_page(content_of(template, None, {"NatGateways": "single"}))).text
    assert "NatGatewayssingleparameters/test.json" in text
    assert "InterfaceEndpointsfalsetemplate's default" in text


def test_variables_that_change_are_on_the_page(template: dict[str, Any]) -> None:
    content = content_of(template, None, {})
    variables = (("GREETING", "hello", "hi"), ("OLD", "1", None))
    text = Page(plan_page(replace(content, plan=replace(content.plan, variables=variables)))).text
    assert "Variables that change" in text
    assert "GREETINGhellohi" in text
    assert "OLD1(none)" in text
    assert "Variables that change" not in Page(plan_page(content)).text


def test_a_secret_is_not_on_the_page(template: dict[str, Any]) -> None:
    content = content_of(template, None, {})
    env = Environment("test", Target("tap-test"), Values({"Password": "hunter2"}, secrets=frozenset({"Password"})))
    given = replace(content.plan.parameters[0], name="Password", value=MASK)
    page = plan_page(replace(content, plan=replace(content.plan, env=env, parameters=(given,),
                                                   warnings=(env.masked("it is hunter2"),))))
    assert "hunter2" not in page


def test_the_timeline_names_the_critical_path_and_what_each_waits_for(template: dict[str, Any]) -> None:
    page = Page(plan_page(content_of(template, None, {})))
    assert re.search(r"Critical path: \w+ → .*DatabaseCluster → DatabaseLogGroup → DatabaseWriter", page.text)
    assert page.count("svg") == 1
    assert "waits for DatabaseCluster" in page.text


def test_durations_say_where_they_are_from(template: dict[str, Any]) -> None:
    content = content_of(template, {}, {"LogRetentionDays": "30"})
    names = [each.logical_id for each in content.plan.change_set.changes]
    assert "typical of AWS: nothing has been measured on this stack yet" in plan_page(content)
    learned = replace(content, history={(names[0], "UPDATE"): 1.0})
    assert f"measured on this stack for 1 of {len(names)} resources" in plan_page(learned)
    assert "measured on this stack" in plan_page(
        replace(content, history={(name, "UPDATE"): 1.0 for name in names}))


def test_nothing_breaks_out_of_the_page() -> None:
    page = Page(plan_page(many(120)))
    assert page.count("script") == 1
    assert page.count("img") == 0
    assert HOSTILE in page.text


def test_the_one_script_is_the_page_s_own_and_the_policy_lets_no_other_run() -> None:
    page = Page(plan_page(many(3)))
    (policy,) = [str(attributes["content"]) for name, attributes in page.elements
                 if name == "meta" and "http-equiv" in attributes]
    assert re.fullmatch(r"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-[\w+/=]+'; base-uri 'none'",
                        policy)


def test_nothing_is_fetched(template: dict[str, Any]) -> None:
    page = Page(plan_page(content_of(template, None, {})))
    assert not [value for _, attributes in page.elements for name, value in attributes.items()
                if name in ("src", "href", "action") and not str(value).startswith("#")]
    assert "@import" not in page.text
    assert "url(" not in page.text


def test_every_link_leads_to_something(template: dict[str, Any]) -> None:
    page = Page(update(template))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(attributes["href"])[1:] for name, attributes in page.elements if name == "a"} <= set(ids)


def test_four_hundred_changes_fit_into_two_megabytes_and_a_timeline_that_can_be_read() -> None:
    text = plan_page(many(400))
    assert len(text) < 2_000_000
    assert "The chart shows the 60 longest of 400 resources; the table shows all" in text


def test_a_plan_without_changes_says_so(template: dict[str, Any]) -> None:
    assert "No changes." in Page(plan_page(content_of(template, {}, {}))).text


def test_the_same_plan_makes_the_same_page(template: dict[str, Any]) -> None:
    assert update(template) == update(template)


def test_a_deployment_that_failed_begins_with_its_cause(template: dict[str, Any]) -> None:
    page = Page(plan_page(failed_deployment(template)))
    assert page.headings[:3] == ["Deployment of tap-test", "What happened", "Timeline and dependencies"]
    assert "ECS: CannotPullContainerError" in page.text
    assert page.count("script") == 1


def test_actual_durations_stand_beside_the_expected_ones(template: dict[str, Any]) -> None:
    page = Page(plan_page(failed_deployment(template)))
    assert "DatabaseWriter: expected 9 min 00 s" in page.text
    assert "actual 9 min 54 s, CREATE_COMPLETE" in page.text
    assert "not started" in page.text


HISTORY = [event("Vpc", "CREATE_IN_PROGRESS", 0), event("Vpc", "CREATE_COMPLETE", 21)]


def test_what_the_page_needs_is_taken_from_the_plan_and_the_stack_s_events(template: dict[str, Any]) -> None:
    plan = content_of(template, {}, {"LogRetentionDays": "30"}).plan
    deployed = resolve(template, {"Environment": "test", "NatGateways": "single"})
    content = page_content(replace(plan, deployed=deployed), Rendered(template, ""), HISTORY)
    assert content.before is deployed
    assert content.history == {("Vpc", "CREATE"): 21}
    assert content.cost
    assert content.cost_before
    assert content.cost.total > content.cost_before.total


def test_parameters_that_keep_their_value_have_the_stack_s(template: dict[str, Any]) -> None:
    plan = content_of(template, {}, {"LogRetentionDays": "30"}).plan
    plan = replace(plan, env=replace(plan.env, values=replace(plan.env.values, previous=frozenset({"TaskSize"}))),
                   deployed=resolve(template, {"Environment": "test", "TaskSize": "1024/2048"}))
    assert page_content(plan, Rendered(template, ""), []).after.properties("TaskDefinition")["Cpu"] == "1024"


def test_a_stack_that_may_not_be_read_costs_the_comparison_alone(template: dict[str, Any]) -> None:
    plan = content_of(template, {}, {"LogRetentionDays": "30"}).plan
    content = page_content(replace(plan, deployed=None), Rendered(template, ""), [])
    assert (content.before, content.cost_before) == (None, None)
    assert "Guard verdicts" in plan_page(content)


def test_what_a_condition_leaves_out_is_not_waited_for(template: dict[str, Any]) -> None:
    content = content_of(template, None, {"NatGateways": "single"})
    listed = (*content.plan.change_set.changes, Change("Add", "NatGateway2", None, "AWS::EC2::NatGateway", None))
    plan = replace(content.plan, change_set=replace(content.plan.change_set, changes=listed), verdicts={
        each.logical_id: judge(each) for each in listed})
    assert "NatGateway2: expected" not in plan_page(replace(content, plan=plan))


def test_a_rehearsal_says_that_it_was_one(template: dict[str, Any], tmp_path: Path) -> None:
    page, _ = write_rehearsal(tmp_path, failed_deployment(template))
    assert "A rehearsal in an emulator: it creates no real resources" in page.read_text()


@pytest.mark.parametrize("name", ["html", "svg"])
def test_a_rehearsal_leaves_page_and_picture(template: dict[str, Any], tmp_path: Path, name: str) -> None:
    files = write_rehearsal(tmp_path / "build", failed_deployment(template))
    (file,) = [each for each in files if each.suffix == f".{name}"]
    assert file == tmp_path / f"build/rehearsal-test.{name}"
    assert file.stat().st_size > 10_000


def test_a_recording_writes_the_plan_and_then_what_happened(template: dict[str, Any], tmp_path: Path) -> None:
    plan = content_of(template, None, {}).plan
    recording = Recording(tmp_path / "p.html", Rendered(template, ""))
    recording.planned(plan, [])
    assert Page((tmp_path / "p.html").read_text()).headings[0] == "Plan for tap-test"
    assert recording.cost().startswith("Cost: about $")
    recording.on_event(event("Vpc", "CREATE_IN_PROGRESS", 0))
    recording.on_event(event("Vpc", "CREATE_FAILED", 3, "limit exceeded"))
    error = StackFailed("the stack was rolled back")
    error.add_note("Vpc: limit exceeded")
    recording.ended("failed", error)
    text = Page((tmp_path / "p.html").read_text()).text
    assert "Deployment of tap-test" in text
    assert "the stack was rolled backVpc: limit exceeded" in text


def test_a_recording_without_a_file_writes_nothing_and_knows_the_cost(template: dict[str, Any], tmp_path: Path) -> None:
    plan = content_of(template, {}, {"LogRetentionDays": "30"}).plan
    recording = Recording(None, Rendered(template, ""))
    recording.planned(plan, [])
    recording.ended("applied")
    assert list(tmp_path.iterdir()) == []
    assert recording.cost().startswith("Cost: about $")
