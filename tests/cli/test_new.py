"""A new environment's files."""

import json

import pytest
from memory_tap import Tap

from tap.deploy.parameters import load_environment

TARGETS = '# Ours.\n[default]\nregion = "eu-west-1"\n\n[dev]\nstack_name = "tap-dev"\nmonitoring_minutes = 5  # short\n'
PARAMETERS = '{\n  "Parameters": {\n    "Environment": "dev",\n    "MinTasks": "1"\n  },\n  "Tags": {"Team": "a"}\n}\n'


@pytest.fixture
def like_dev(tap: Tap) -> Tap:
    tap.document = {**tap.document, "Parameters": {
        "Environment": {"Type": "String", "AllowedPattern": "[a-z][a-z0-9-]*"}, "MinTasks": {"Type": "String"}}}
    (tap.root / "parameters/dev.json").write_text(PARAMETERS)
    (tap.root / "parameters/targets.toml").write_text(TARGETS)
    return tap


def test_a_new_environment_has_the_others_parameters_under_its_own_name(like_dev: Tap) -> None:
    assert like_dev("new", "qa", "--like", "dev") == 0
    assert (like_dev.root / "parameters/qa.json").read_text() == PARAMETERS.replace("dev", "qa")
    assert "Written: parameters/qa.json" in like_dev.out


def test_a_new_environment_has_the_others_target_and_a_stack_of_its_own(like_dev: Tap) -> None:
    assert like_dev("new", "qa", "--like", "dev") == 0
    assert (like_dev.root / "parameters/targets.toml").read_text() == (
        TARGETS + '\n[qa]\nstack_name = "tap-qa"\nmonitoring_minutes = 5\n')


def test_a_new_environment_can_be_loaded(like_dev: Tap) -> None:
    assert like_dev("new", "qa", "--like", "dev") == 0
    env = load_environment("qa", like_dev.root, like_dev.document)
    assert (env.stack_name, env.name) == ("tap-qa", "qa")


def test_an_environment_like_one_without_a_target_gets_one(like_dev: Tap) -> None:
    (like_dev.root / "parameters/targets.toml").unlink()

    assert like_dev("new", "qa", "--like", "dev") == 0
    assert (like_dev.root / "parameters/targets.toml").read_text() == '[qa]\nstack_name = "tap-qa"\n'


@pytest.mark.parametrize(("file", "text", "named"), [
    ("qa.json", "{}", "parameters/qa.json already exists"),
    ("targets.toml", f"{TARGETS}[qa]\n", "[qa] is not an environment")])
def test_an_environment_that_exists_is_left_alone(like_dev: Tap, file: str, text: str, named: str) -> None:
    (like_dev.root / "parameters" / file).write_text(text)
    before = {path.name: path.read_text() for path in (like_dev.root / "parameters").iterdir()}

    assert like_dev("new", "qa", "--like", "dev") == 2
    assert named in like_dev.err
    assert {path.name: path.read_text() for path in (like_dev.root / "parameters").iterdir()} == before


@pytest.mark.parametrize(("name", "problem"), [
    ("../qa", 'Environment cannot be "../qa"'), ("QA", 'Environment cannot be "QA"'),
    ("default", "applies to every environment")])
def test_what_cannot_be_an_environments_name_is_refused(like_dev: Tap, name: str, problem: str) -> None:
    assert like_dev("new", name, "--like", "dev") == 2
    assert problem in like_dev.err


def test_an_environment_that_does_not_exist_cannot_be_copied(like_dev: Tap) -> None:
    assert like_dev("new", "qa", "--like", "prd") == 2
    assert "environment prd does not exist" in like_dev.err


def test_no_file_is_left_where_one_of_the_two_cannot_be_written(like_dev: Tap) -> None:
    (like_dev.root / "parameters/targets.toml").unlink()
    (like_dev.root / "parameters/targets.toml").symlink_to(like_dev.root / "nowhere/targets.toml")

    assert like_dev("new", "qa", "--like", "dev") == 2
    assert not (like_dev.root / "parameters/qa.json").exists()


def test_the_copy_of_a_file_with_another_layout_says_the_same(like_dev: Tap) -> None:
    (like_dev.root / "parameters/dev.json").write_text('{"Tags": {"Environment": "dev"}, "Parameters": {'
                                                       '"Environment": "dev", "MinTasks": "1"}}')

    assert like_dev("new", "qa", "--like", "dev") == 0
    assert json.loads((like_dev.root / "parameters/qa.json").read_text()) == {
        "Tags": {"Environment": "dev"}, "Parameters": {"Environment": "qa", "MinTasks": "1"}}
