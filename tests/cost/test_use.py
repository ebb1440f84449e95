"""What an environment's use follows from: its parameters and what its target says, never its name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stack_view import ROOT

from tap.cost.schedule import awake_share
from tap.cost.use import figures_of, use_of
from tap.deploy.models import Environment, InputError, Target

Run = Callable[..., int | str]
AWAKE = 14 * 5 / (24 * 7)


def env(use: Any = None, name: str = "test") -> Environment:
    return Environment(name, Target("tap-test", use=use))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project in which each committed environment has a copy of another name, and no targets."""
    (tmp_path / "parameters").mkdir()
    for name, copy in (("prod", "live"), ("dev", "sandbox"), ("staging", "uat")):
        text = (ROOT / f"parameters/{name}.json").read_text()
        shutil.copy(ROOT / f"parameters/{name}.json", tmp_path / "parameters")
        (tmp_path / f"parameters/{copy}.json").write_text(text.replace(f'"Environment": "{name}",', ""))
    return tmp_path


@pytest.mark.parametrize(("name", "copy"), [("prod", "live"), ("dev", "sandbox"), ("staging", "uat")])
def test_a_copy_of_another_name_costs_the_same(
        run: Run, project: Path, capsys: pytest.CaptureFixture[str], name: str, copy: str) -> None:
    assert run(name, "--vs", copy, "--json", root=project) == 0
    assert json.loads(capsys.readouterr().out)["difference"] == 0


@pytest.mark.parametrize(("parameters", "name"), [
    ({"Protected": "true"}, "production"), ({"Protected": "true", "SleepSchedule": "cron(0 20 * * ? *)"}, "production"),
    ({"Protected": "false", "SleepSchedule": "cron(0 20 * * ? *)"}, "development"), ({}, "default")])
def test_without_a_use_one_is_assumed_by_the_parameters_and_said(parameters: dict[str, str], name: str) -> None:
    use = use_of(env(), parameters)
    assert use.figures == figures_of(name)
    assert use.source.startswith(f"use is assumed to be {name}, since ")
    assert not use.is_named


def test_a_target_names_its_use() -> None:
    use = use_of(env("production"), {})
    assert use.figures == figures_of("production")
    assert use.source == "use is production ([test] use in parameters/targets.toml)"


def test_a_target_has_figures_over_the_use_that_it_is_like() -> None:
    use = use_of(env({"like": "production", "nat_gb": 1}), {})
    assert use.figures == {**figures_of("production"), "nat_gb": 1}


def test_figures_of_a_target_alone_are_over_what_its_parameters_let_one_assume() -> None:
    assert use_of(env({"nat_gb": 1}), {"Protected": "true"}).figures == {**figures_of("production"), "nat_gb": 1}


def test_a_target_in_the_file_is_read_and_the_output_says_so(
        run: Run, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "parameters/targets.toml").write_text('[uat]\nuse = {like = "production", nat_gb = 7}\n')
    assert run("uat", root=project) == 0
    assert "Use is production with figures of [uat] use in parameters/targets.toml." in " ".join(
        capsys.readouterr().out.split())


@pytest.mark.parametrize(("use", "problem"), [
    ("busy", '"busy" must be one of default, development, production'), ({"like": 3}, '"3" must be one of'),
    ({"nat": 1}, "nat is not an assumption"), ({"nat_gb": -1}, "nat_gb must be a number of zero or more, not -1"),
    ({"nat_gb": float("nan")}, "zero or more, not NaN"), ({"nat_gb": float("inf")}, "zero or more, not Infinity"),
    ({"nat_gb": "7"}, 'zero or more, not "7"'), ({"nat_gb": True}, "zero or more, not true"),
    ({"hours_per_month": 0}, "hours_per_month must be a number from 1 to 744, not 0"),
    ({"active_hours_per_day": 25}, "from 0 to 24, not 25"), ({"spot_discount_percent": 101}, "from 0 to 100, not 101")])
def test_a_use_that_makes_no_sense_is_refused_on_one_line(use: Any, problem: str) -> None:
    with pytest.raises(InputError) as error:
        use_of(env(use), {})
    assert problem in error.value.message
    assert error.value.message.startswith("[test] use in parameters/targets.toml: ")
    assert "\n" not in error.value.message


@pytest.mark.parametrize("value", ["0", "-1", "NaN", '"730"'])
def test_a_month_that_would_be_divided_by_is_refused(run: Run, tmp_path: Path, value: str) -> None:
    (tmp_path / "a.json").write_text(f'{{"default": {{"hours_per_month": {value}}}}}')
    told = str(run("dev", "--assumptions", str(tmp_path / "a.json")))
    assert "hours_per_month must be a number from 1 to 744, not " in told


@pytest.mark.parametrize(("sleep", "wake", "share"), [
    ("cron(0 20 ? * MON-FRI *)", "cron(0 6 ? * MON-FRI *)", AWAKE),
    ("cron(0 20 * * ? *)", "cron(0 6 * * ? *)", 14 / 24), ("cron(0 2 * * ? *)", "cron(0 6 * * ? *)", 20 / 24),
    ("cron(0 20 ? * 2-6 *)", "cron(0 6 ? * 2,3,4,5,6 *)", AWAKE),
    ("cron(0 20 ? * FRI *)", "cron(0 6 ? * MON *)", (4 * 24 + 14) / (24 * 7)),
    ("cron(30 20 ? * SAT-MON *)", "cron(30 8 ? * SAT-MON *)", 36 / (24 * 7)),
    ("cron(0 20 1 * ? *)", "cron(0 6 1 * ? *)", 1), ("cron(0/5 20 ? * * *)", "cron(0 6 ? * * *)", 1),
    ("cron(0 20 ? * XYZ *)", "cron(0 6 ? * MON *)", 1)])
def test_the_time_awake_is_that_of_the_schedules(sleep: str, wake: str, share: float) -> None:
    assert awake_share(sleep, wake) == pytest.approx(share)
