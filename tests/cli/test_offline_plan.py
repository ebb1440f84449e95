"""`tap plan --offline`: the guard's verdicts for a commit, without AWS."""

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from memory_aws import MemoryAws
from memory_tap import Tap

from tap.cli.offline import plan_files
from tap.deploy.models import InputError

QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Name"}}}
ROLE: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "payments", "Path": "/a/"}}


def document(**resources: Any) -> dict[str, Any]:
    return {"Parameters": {"Name": {"Type": "String", "Default": "orders"}}, "Resources": resources}


@pytest.fixture
def project(aws: MemoryAws, tap: Tap) -> Iterator[Tap]:
    """A project in git whose first commit has a queue; no call of AWS may come."""
    (tap.root / "templates").mkdir()
    (tap.root / "templates/tap.yaml").write_text(json.dumps(document(Queue=QUEUE)))
    git(tap.root, "init", "-q", "-b", "main")
    commit(tap.root)
    tap.document = document(Queue=QUEUE)
    yield tap
    assert aws.calls == []


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments],
                   check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "change")


def verdicts(project: Tap, *arguments: str) -> dict[str, str]:
    assert project("plan", "dev", "--offline", "--json", *arguments) == 0
    return {each["logical_id"]: each["verdict"] for each in json.loads(project.out)["changes"]}


def test_nothing_changes_where_the_commit_is_the_base(project: Tap) -> None:
    assert verdicts(project) == {}


def test_a_changed_value_of_the_parameter_file_is_a_change(project: Tap) -> None:
    (project.root / "parameters/dev.json").write_text('{"Parameters": {"Name": "payments"}}')
    assert verdicts(project) == {"Queue": "destructive"}


def test_the_page_of_a_plan_without_aws_names_no_account(project: Tap, tmp_path: Path) -> None:
    (project.root / "parameters/dev.json").write_text('{"Parameters": {"Name": "payments"}}')

    assert project("plan", "dev", "--offline", "--html", str(tmp_path / "plan.html")) == 0
    assert "environment dev, planned offline, update." in (tmp_path / "plan.html").read_text()


def test_a_changed_variable_of_the_application_is_named_and_changes_the_task(project: Tap) -> None:
    task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": {"Ref": "EnvironmentFileArn"}}}
    project.document = {"Parameters": {"EnvironmentFileArn": {"Type": "String", "Default": ""}},
                        "Resources": {"Task": task}}
    (project.root / "templates/tap.yaml").write_text(json.dumps(project.document))
    (project.root / "parameters/dev.env").write_text("GREETING=hello\nOLD=1\n")
    commit(project.root)
    (project.root / "parameters/dev.env").write_text("GREETING=hi\n")

    assert set(verdicts(project)) == {"Task"}
    assert json.loads(project.out)["variables"] == [
        {"name": "GREETING", "before": "hello", "after": "hi"}, {"name": "OLD", "before": "1", "after": None}]


def test_an_added_resource_is_safe_and_a_removed_queue_destructive(project: Tap) -> None:
    project.document = document(Other=QUEUE | {"Properties": {}})
    assert verdicts(project) == {"Other": "safe", "Queue": "destructive"}


def test_an_update_that_would_fail_is_told_without_aws(project: Tap) -> None:
    (project.root / "templates/tap.yaml").write_text(json.dumps(document(Role=ROLE)))
    commit(project.root)
    project.document = document(Role={**ROLE, "Properties": {**ROLE["Properties"], "Path": "/b/"}})
    assert verdicts(project) == {"Role": "will fail"}


def test_the_base_may_be_named(project: Tap) -> None:
    project.document = document(Queue=QUEUE, Role=ROLE)
    (project.root / "templates/tap.yaml").write_text(json.dumps(project.document))
    commit(project.root)
    assert verdicts(project, "--base", "HEAD~1") == {"Role": "safe"}


def test_without_a_name_every_environment_is_planned(project: Tap) -> None:
    (project.root / "parameters/live.json").write_text('{"Parameters": {}}')
    assert project("plan", "--offline", "--json") == 0
    assert [(each["environment"], each["type"]) for each in json.loads(project.out)] == [
        ("dev", "UPDATE"), ("live", "CREATE")]


def test_it_says_what_only_a_change_set_knows(project: Tap) -> None:
    assert project("plan", "dev", "--offline") == 0
    assert "planned without AWS: drift" in project.out


def test_detailed_exit_codes_are_those_of_a_plan(project: Tap) -> None:
    assert project("plan", "dev", "--offline", "--detailed-exitcode") == 0
    project.document = document(Queue=QUEUE, Role=ROLE)
    assert project("plan", "dev", "--offline", "--detailed-exitcode") == 2


@pytest.mark.parametrize(("arguments", "problem"), [
    (("dev", "--offline", "--base", "nowhere"), "nowhere"),
    (("dev", "--base", "HEAD"), "--base and --template require --offline"),
    (("dev", "--offline", "--save", "plan.json"), "--save cannot be combined with --offline"),
    (("--offline", "--template", __file__), "--template FILE requires --base FILE"),
    ((), "environment is missing")])
def test_bad_usage_is_exit_code_2_and_says_what_is_wrong(
        project: Tap, arguments: tuple[str, ...], problem: str) -> None:
    assert project("plan", *arguments) == 2
    assert problem in project.err
    assert "Traceback" not in project.err


def test_a_folder_without_git_is_one_line(tap: Tap) -> None:
    assert tap("plan", "dev", "--offline", "--base", "HEAD") == 2
    assert len(tap.err.splitlines()) == 1


def test_any_two_template_files_are_compared(project: Tap, tmp_path: Path) -> None:
    before, after = tmp_path / "before.yaml", tmp_path / "after.yaml"
    before.write_text("Parameters: {Name: {Type: String}}\nResources:\n  Queue:\n    Type: AWS::SQS::Queue\n"
                      "    Properties: {QueueName: !Ref Name, FifoQueue: true}\n")
    after.write_text(before.read_text().replace("true", "false"))
    assert project("plan", "--offline", "--template", str(after), "--base", str(before), "--json") == 0
    change, = json.loads(project.out)["changes"]
    assert (change["verdict"], change["replacement"]) == ("will fail", "True")


@pytest.mark.parametrize(("text", "problem"), [
    ("Outputs: {}", "has no Resources"), ("Resources: {A: {Properties: {}}}", "resource A has no Type"),
    ("Resources: {A: {Type: {Ref: B}}}", "resource A has no Type"),
    ("Resources: {'Fn::ForEach::A': [B, [c], {}]}", "resource Fn::ForEach::A has no Type")])
def test_a_file_that_is_not_a_plain_template_is_one_line(
        project: Tap, tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert project("plan", "--offline", "--template", str(tmp_path / "a.yaml"), "--base", str(tmp_path / "a.yaml")) == 2
    assert problem in project.err
    assert len(project.err.splitlines()) == 1


@pytest.fixture(scope="module")
def written(template: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("templates")
    (folder / "before.json").write_text(json.dumps(template))
    return template, folder


@pytest.mark.parametrize("seed", range(40))
def test_a_template_changed_at_random_is_planned_or_refused_in_one_line(
        written: tuple[dict[str, Any], Path], seed: int) -> None:
    template, folder = written
    changed = json.loads(json.dumps(template))
    chance = random.Random(seed)
    for name in chance.sample(sorted(changed["Resources"]), 4):
        meddle(changed["Resources"], name, chance)
    (folder / "after.json").write_text(json.dumps(changed))
    with suppress(InputError):
        assert plan_files(folder / "after.json", folder / "before.json", {}).change_set.type == "UPDATE"


def meddle(resources: dict[str, Any], name: str, chance: random.Random) -> None:
    """Remove, rename or retype a resource, or replace one of its properties."""
    entry = resources[name]
    match chance.choice(["remove", "rename", "type", "property"]):
        case "remove":
            del resources[name]
        case "rename":
            resources[f"{name}Renamed"] = resources.pop(name)
        case "type":
            entry["Type"] = "AWS::SQS::Queue"
        case "property" if entry.get("Properties"):
            key = chance.choice(sorted(entry["Properties"]))
            entry["Properties"][key] = chance.choice([{"Ref": "Vpc"}, "changed", [None, {"Ref": "AWS::Region"}], 1, {}])
