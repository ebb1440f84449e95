"""The action: its steps, run by a shell, with `tap` over an emulator or a stand-in for it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator_fixtures import TOPIC, client, emulator, shared_client
from runner import run, stand_in
from stack_view import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}
PROGRAM = f"""
import json, sys
from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.template import Rendered
document = json.loads({json.dumps(json.dumps(TOPIC))})
sys.exit(cli.main(None, App(template=lambda: Rendered(document, json.dumps(document)), lint=lambda *_: [])))
"""

__all__ = ["client", "emulator", "shared_client"]


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """Return a folder in which an action runs, with a project in it."""
    (tmp_path / "tap").mkdir()
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text("{}")
    for name in ("output", "summary"):
        (tmp_path / name).touch()
    stand_in(tmp_path, "python", f'exec {sys.executable} "$@"')
    return tmp_path


def step(folder: Path, name: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return run(folder, STEPS[name]["run"], **{"ENVIRONMENT": "dev", "ROOT": ".", "APPROVE": "", **variables})


def outputs(folder: Path) -> dict[str, str]:
    """Return what the steps so far have put out."""
    return dict(line.split("=", 1) for line in (folder / "output").read_text().splitlines())


def over(emulator: str, folder: Path) -> dict[str, str]:
    """Return variables with which `tap` itself deploys into an emulator."""
    (folder / "program.py").write_text(PROGRAM)
    stand_in(folder, "tap", f'PYTHONPATH={ROOT} exec {sys.executable} {folder}/program.py "$@"')
    return {"AWS_ENDPOINT_URL": emulator, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1"}


def test_a_plan_that_was_reviewed_is_deployed_and_its_outputs_are_those_of_the_step(
        runner: Path, emulator: str, client: Any) -> None:
    settings = over(emulator, runner)

    planned = step(runner, "Plan", **settings)
    assert planned.returncode == 0, planned.stderr
    assert outputs(runner)["changes"] == "true"
    assert "### `tap-dev` (dev): 1 change" in (runner / "summary").read_text()
    deployed = step(runner, "Deploy", **settings)
    assert deployed.returncode == 0, deployed.stderr
    assert outputs(runner)["outcome"] == "applied"
    arn = client.describe_stacks(StackName="tap-dev")["Stacks"][0]["Outputs"][0]["OutputValue"]
    assert json.loads(outputs(runner)["outputs"]) == {"TopicArn": arn}


def test_a_plan_of_what_is_deployed_has_no_changes_and_is_not_kept(
        runner: Path, emulator: str, client: Any) -> None:
    settings = over(emulator, runner)
    client.create_stack(StackName="tap-dev", TemplateBody=json.dumps(TOPIC))

    assert step(runner, "Plan", **settings).returncode == 0
    assert outputs(runner)["changes"] == "false"
    assert not (runner / "tap/plan.json").exists()


def test_another_plan_than_the_reviewed_one_is_refused(runner: Path, emulator: str, client: Any) -> None:
    settings = over(emulator, runner)
    assert step(runner, "Plan", **settings).returncode == 0
    (runner / "parameters/dev.json").write_text('{"Tags": {"Owner": "somebody"}}')

    assert step(runner, "Deploy", **settings).returncode == 4
    assert outputs(runner)["outcome"] == "refused"
    assert outputs(runner)["outputs"] == "{}"
    assert client.describe_stacks(StackName="tap-dev")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"


def test_a_plan_that_fails_says_why_and_fails_the_step(runner: Path) -> None:
    stand_in(runner, "tap", "echo 'tap: no certificate' >&2; exit 1")

    ran = step(runner, "Plan")

    assert (ran.returncode, ran.stderr) == (1, "tap: no certificate\n")
    assert (runner / "summary").read_text() == "### dev: no plan\n\n    tap: no certificate\n"
    assert outputs(runner)["changes"] == "false"


def commented(folder: Path, found: str) -> tuple[list[str], str]:
    """Return what gh was asked to write, and the comment."""
    stand_in(folder, "gh", f'case "$*" in *--method*) echo "$*" >>asked;; *) printf "{found}";; esac')
    ran = step(folder, "Comment", NUMBER="7", RUN="https://github.test/run", GH_TOKEN="x")
    assert ran.returncode == 0, ran.stderr
    return (folder / "asked").read_text().splitlines(), (folder / "tap/comment.md").read_text()


@pytest.mark.parametrize(("found", "asked"), [
    ("", "--method POST repos/payments/tap/issues/7/comments"),
    (r"41\n42\n", "--method PATCH repos/payments/tap/issues/comments/41")])
def test_the_plan_is_one_comment_that_is_written_anew(runner: Path, found: str, asked: str) -> None:
    (runner / "tap/plan.md").write_text("### dev\n")
    requests, comment = commented(runner, found)

    assert requests == [f"api --silent {asked} -F body=@{runner}/tap/comment.md"]
    assert comment == "<!-- tap plan dev -->\n### dev\n\n[The run](https://github.test/run)\n"


def test_the_name_of_the_environment_is_no_part_of_the_program_that_finds_the_comment(runner: Path) -> None:
    (runner / "tap/plan.md").touch()
    stand_in(runner, "gh", 'echo "$MARKER $*" >>asked')

    assert step(runner, "Comment", NUMBER="7", RUN="", GH_TOKEN="x", ENVIRONMENT='dev" + env.GH_TOKEN').returncode == 0
    marker, program = (runner / "asked").read_text().splitlines()[0].split(" api ")
    assert marker == '<!-- tap plan dev" + env.GH_TOKEN -->'
    assert "startswith(env.MARKER)" in program
    assert "GH_TOKEN" not in program


def test_a_comment_of_the_action_is_never_longer_than_github_takes(runner: Path) -> None:
    (runner / "tap/plan.md").write_text("x" * 70_000)

    assert len(commented(runner, "")[1]) < 65_536


@pytest.mark.parametrize(("command", "code"), [("plan", 0), ("deploy", 0), ("destroy", 2), ("", 2)])
def test_only_a_plan_and_a_deployment_can_be_asked_for(runner: Path, command: str, code: int) -> None:
    assert step(runner, "Check the inputs", COMMAND=command).returncode == code


def test_every_output_is_put_out_by_its_step() -> None:
    written = {f"steps.{each['id']}.outputs.{name}" for each in STEPS.values() if "id" in each
               for name in ("changes", "markdown", "outcome", "outputs") if f"{name}=" in each["run"]}

    assert {output["value"].strip("${ }") for output in ACTION["outputs"].values()} == written


def test_the_plan_is_handed_over_by_the_environments_name() -> None:
    names = [each["with"]["name"] for each in ACTION["runs"]["steps"] if "-artifact@" in each.get("uses", "")]

    assert names == ["tap-plan-${{ inputs.environment }}"] * 2


def test_the_documentation_lists_every_input_and_output_and_uses_no_other() -> None:
    page = (ROOT / "docs/how-to/deploy-from-ci.md").read_text().partition("## Use the action")[2]
    example = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    used = {name for job in example["jobs"].values() for each in job["steps"] if each.get("uses") == "./"
            for name in each["with"]}

    assert used <= set(ACTION["inputs"])
    tables = page.partition("## CodePipeline")[0].splitlines()
    listed = {line.split("`")[1] for line in tables if line.startswith("| `")}
    assert listed == {*ACTION["inputs"], *ACTION["outputs"]}
