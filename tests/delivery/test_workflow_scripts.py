"""The scripts of the workflows, run by a shell, with stand-ins for `tap` and `gh`."""

from pathlib import Path

import pytest
import yaml
from runner import run, stand_in
from stack_view import ENVIRONMENTS, ROOT

MARKER = "<!-- tap plan -->"


def script(workflow: str, job: str, name: str) -> str:
    steps = yaml.safe_load((ROOT / f".github/workflows/{workflow}.yml").read_text())["jobs"][job]["steps"]
    return str(next(step["run"] for step in steps if step.get("name") == name))


PLAN = script("plan", "plan", "tap plan")
SAVE = script("environment", "plan", "tap plan")
COMMENT = script("plan", "comment", "Write the comment, or write it anew")


def test_a_plan_is_in_the_summary(tmp_path: Path) -> None:
    stand_in(tmp_path, "tap", 'echo "### of $2"')

    assert run(tmp_path, PLAN, ENVIRONMENT="dev").returncode == 0
    assert (tmp_path / "plan.md").read_text() == (tmp_path / "summary").read_text() == "### of dev\n"


def test_a_plan_that_fails_says_why_in_the_comment_and_fails_the_job(tmp_path: Path) -> None:
    stand_in(tmp_path, "tap", "echo 'tap: no certificate' >&2; exit 2")

    ran = run(tmp_path, PLAN, ENVIRONMENT="prod")

    assert (ran.returncode, ran.stderr) == (2, "tap: no certificate\n")
    assert (tmp_path / "plan.md").read_text() == "### prod: no plan\n\n    tap: no certificate\n"


@pytest.mark.parametrize(("saves", "output"), [("touch plan.json", "changes=true\n"), ("", "")])
def test_only_a_plan_with_changes_is_deployed(tmp_path: Path, saves: str, output: str) -> None:
    (tmp_path / "output").touch()
    stand_in(tmp_path, "tap", f"{saves}\necho planned")

    assert run(tmp_path, SAVE, ENVIRONMENT="dev").returncode == 0
    assert (tmp_path / "output").read_text() == output
    assert (tmp_path / "summary").read_text() == "planned\n"


def test_a_plan_that_fails_fails_the_deployment(tmp_path: Path) -> None:
    stand_in(tmp_path, "tap", "exit 4")

    assert run(tmp_path, SAVE, ENVIRONMENT="dev").returncode == 4


def commented(folder: Path, found: str) -> tuple[list[str], str]:
    """What gh was asked to write, and the comment."""
    stand_in(folder, "gh", f'case "$*" in *--method*) echo "$*" >>asked;; *) printf "{found}";; esac')
    ran = run(folder, COMMENT, NUMBER="7", MARKER=MARKER, RUN="https://github.test/run", GH_TOKEN="x")
    assert ran.returncode == 0, ran.stderr
    return (folder / "asked").read_text().splitlines(), (folder / "comment.md").read_text()


def plans(folder: Path, *environments: str, size: int = 10) -> None:
    for name in environments:
        (folder / f"plan-{name}").mkdir()
        (folder / f"plan-{name}" / "plan.md").write_text(f"### {name}\n{'x' * size}\n")


def test_the_first_comment_is_written_with_every_environment(tmp_path: Path) -> None:
    plans(tmp_path, *ENVIRONMENTS)

    asked, comment = commented(tmp_path, "")

    assert asked == ["api --silent --method POST repos/payments/tap/issues/7/comments -F body=@comment.md"]
    assert comment.startswith(f"{MARKER}\n### dev\n")
    assert comment.endswith("[The whole plans](https://github.test/run)\n")


def test_the_same_comment_is_written_anew(tmp_path: Path) -> None:
    plans(tmp_path, *ENVIRONMENTS)

    asked, _ = commented(tmp_path, r"41\n42\n")

    assert asked == ["api --silent --method PATCH repos/payments/tap/issues/comments/41 -F body=@comment.md"]


def test_an_environment_without_a_plan_is_told(tmp_path: Path) -> None:
    plans(tmp_path, "dev")

    _, comment = commented(tmp_path, "")

    assert "### staging: no plan\n" in comment


def test_a_comment_is_never_longer_than_github_takes(tmp_path: Path) -> None:
    plans(tmp_path, *ENVIRONMENTS, size=65_000)

    _, comment = commented(tmp_path, "")

    assert len(comment) < 65_536
