"""The workflows and the buildspec: every command in them exists with its flags, and what they may do is little."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from looping import some
from shell import commands
from stack_view import ENVIRONMENTS, ROOT

from tap.cli.bootstrap import PLANNING
from tap.cli.main import tap
from tap.cli.options import names as names_of
from tap.lint.__main__ import main
from tap.template.registry import TEMPLATES

FILES = sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / "action.yml", ROOT / "buildspec.yml"])
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}
EVERY_JOB = [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values()]
JOBS = [pytest.param(job, id=f"{name}-{title}") for name, workflow in WORKFLOWS.items()
        for title, job in workflow["jobs"].items()]
# What a workflow's variables may be.
VARIABLES = {"ENVIRONMENT": "dev", "APPROVE": "DatabaseCluster,StackPolicy", "ROOT": "."}

def scripts(tree: Any) -> Iterator[str]:
    """The shell scripts of a workflow, an action or a buildspec."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "run":
                yield value
            elif key == "commands":
                yield from value
            else:
                yield from scripts(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from scripts(item)



COMMANDS_OF = [(path.stem, words) for path in FILES for script in scripts(yaml.safe_load(path.read_text()))
               for words in commands(script, VARIABLES)]
EVERY_COMMAND = [pytest.param(words, id=f"{name}-{' '.join(words[:3])}") for name, words in COMMANDS_OF]
# The shell's own, and what a runner has.
PLAIN = frozenset({"[", "cat", "cmp", "echo", "exit", "export", "gh", "head", "mkdir", "sed", "set"})


def test_the_commands_are_found() -> None:
    found = [words[:2] for _, words in COMMANDS_OF]
    for wanted in ("tap plan", "tap deploy", "make test", "make rehearse", "python generate.py", "python -m"):
        assert wanted.split() in found


@pytest.mark.parametrize("command", EVERY_COMMAND)
def test_every_command_exists_with_the_flags_that_are_used(command: list[str]) -> None:
    name, *arguments = command
    if name == "tap":
        group = click.Context(tap, info_name="tap")
        _, found, rest = tap.resolve_command(group, arguments)
        assert found is not None
        found.make_context(str(found.name), list(rest), parent=group)
    elif name == "make":
        target, *variables = arguments
        assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text())
        assert all(re.search(rf"(?m)^{each.partition('=')[0]} [?:]?=( |$)", (ROOT / "Makefile").read_text())
                   for each in variables)
    elif command[:2] == ["python", "generate.py"]:
        ran = subprocess.run([sys.executable, "-c", "import generate, sys; generate.main(sys.argv[1:])",
                              *["/dev/null" if each.startswith("build/") else each for each in arguments[1:]]],
                             cwd=ROOT, check=False, capture_output=True)
        assert ran.returncode == 0
    elif command[:3] == ["python", "-m", "tap.lint"]:
        with pytest.raises(SystemExit, match="0"):
            main([*arguments[2:], "--help"])
    elif command[:2] == ["python", "-c"]:
        assert compile(command[2], name, "exec")
    elif command[:3] == ["python", "-m", "pip"]:
        extras = {extra for each in arguments if each.endswith("]") for extra in each[:-1].partition("[")[2].split(",")}
        assert {extra for extra in extras if f"\n{extra} =\n" not in (ROOT / "setup.cfg").read_text()} == set()
    else:
        assert name in PLAIN


def test_a_flag_that_there_is_not_would_be_found() -> None:
    group = click.Context(tap, info_name="tap")
    _, found, rest = tap.resolve_command(group, ["plan", "dev", "--no-such-flag"])
    assert found
    with pytest.raises(click.NoSuchOption):
        found.make_context("plan", list(rest), parent=group)


def test_no_names_to_approve_approves_nothing() -> None:
    assert names_of(("",)) == frozenset()


# Actions and rights


def test_every_action_is_pinned_to_a_commit_and_says_its_version_or_is_our_own() -> None:
    for action in some(action for path in FILES for action in re.findall(r"uses: (.*)", path.read_text())):
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action) or (
            action.startswith("$/") and (ROOT / action[2:]).exists())


def test_an_action_is_pinned_to_the_same_commit_everywhere() -> None:
    pins = {tuple(pin.split("@")) for path in FILES for pin in re.findall(r"uses: (\S+@\S+)", path.read_text())}
    assert len({name for name, _ in pins}) == len(pins)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_right_that_a_job_does_not_ask_for(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


@pytest.mark.parametrize("job", JOBS)
def test_no_job_writes_but_to_sign_in_or_to_comment(job: dict[str, Any]) -> None:
    written = {right for right, level in job["permissions"].items() if level == "write"}
    assert written in (set(), {"id-token"}, {"pull-requests"})


def test_a_job_that_signs_in_is_of_an_environment_or_calls_one_that_is() -> None:
    for job in some(job for job in EVERY_JOB if job["permissions"].get("id-token") == "write"):
        assert job.get("environment") or job["uses"] == "$/.github/workflows/environment.yml"


def test_every_job_that_runs_ends_some_time_and_leaves_no_credentials() -> None:
    for job in some(job for job in EVERY_JOB if "uses" not in job):
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_what_comes_from_outside_reaches_a_script_as_a_variable_alone() -> None:
    assert [script for path in FILES for script in scripts(yaml.safe_load(path.read_text())) if "${{" in script] == []


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    ran = subprocess.run([str(zizmor), "--offline", "--no-progress", ".github", "action.yml"], cwd=ROOT,
                         check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


# Pull requests


def test_a_pull_request_is_tested_and_planned_for_each_environment() -> None:
    # YAML 1.1 reads `on` as true.
    assert "pull_request" in WORKFLOWS["ci"][True]
    assert list(WORKFLOWS["plan"][True]) == ["pull_request"]
    assert WORKFLOWS["plan"]["jobs"]["plan"]["strategy"]["matrix"]["environment"] == list(ENVIRONMENTS)


def test_a_pull_request_signs_in_only_where_nothing_can_be_deployed() -> None:
    jobs = [job for name in ("plan", "ci") for job in WORKFLOWS[name]["jobs"].values()
            if job["permissions"].get("id-token") == "write"]
    assert [job["environment"] for job in jobs] == [f"${{{{ matrix.environment }}}}{PLANNING}"]


def test_the_comment_has_every_environment_and_is_found_again_by_its_marker() -> None:
    step = WORKFLOWS["plan"]["jobs"]["comment"]["steps"][-1]
    assert f"for environment in {' '.join(ENVIRONMENTS)}; do" in step["run"]
    assert step["env"]["MARKER"].startswith("<!--")
    assert 'startswith(\\"$MARKER\\")' in step["run"]
    # https://docs.github.com/en/rest/issues/comments: 65,536 characters.
    most = int(re.search(r"head -c (\d+)", step["run"])[1])  # type: ignore[index]
    assert len(ENVIRONMENTS) * most + 1000 < 65_536


# Deployments


def test_environments_follow_each_other_after_the_tests() -> None:
    jobs = WORKFLOWS["deploy"]["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "test": None, "dev": "test", "staging": "dev", "prod": "staging"}
    assert {name: job["with"]["environment"] for name, job in jobs.items() if name != "test"} == {
        name: name for name in ENVIRONMENTS}


def test_no_deployment_is_cancelled_and_none_runs_beside_another_one() -> None:
    for name in ENVIRONMENTS:
        assert WORKFLOWS["deploy"]["jobs"][name]["concurrency"] == {
            "group": f"deploy-{name}", "cancel-in-progress": False}
    assert "concurrency" not in WORKFLOWS["deploy"]


def test_only_what_is_merged_is_deployed() -> None:
    assert WORKFLOWS["deploy"][True]["push"] == {"branches": ["main"]}
    assert set(WORKFLOWS["deploy"][True]) == {"push", "workflow_dispatch"}


def test_what_is_deployed_is_the_plan_of_the_same_run_shown_before_the_approval() -> None:
    plan, deploy = (WORKFLOWS["environment"]["jobs"][name] for name in ("plan", "deploy"))
    assert plan["environment"] == f"${{{{ inputs.environment }}}}{PLANNING}"
    assert deploy["environment"] == "${{ inputs.environment }}"
    assert deploy["needs"] == "plan"
    planning = next(step["run"] for step in plan["steps"] if step.get("id") == "plan")
    assert "--save plan.json" in planning
    assert '>>"$GITHUB_STEP_SUMMARY"' in planning
    assert "--plan plan.json" in deploy["steps"][-1]["run"]
    names = [step["with"]["name"] for job in (plan, deploy) for step in job["steps"]
             if "-artifact@" in step.get("uses", "")]
    assert names == ["deploy-${{ inputs.environment }}"] * 2


# CodePipeline


def test_the_buildspec_hands_over_the_template_and_the_files_that_configure_it() -> None:
    build = yaml.safe_load((ROOT / "buildspec.yml").read_text())
    assert build["artifacts"]["files"] == ["build/template.yaml", "parameters/*.json"]
    assert "python generate.py -o build/template.yaml" in build["phases"]["build"]["commands"]
    assert "tap" in TEMPLATES
