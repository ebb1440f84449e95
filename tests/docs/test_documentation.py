"""What the documentation names exists: links, commands with their options, paths, and the names of templates."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import click
import pytest
from botocore import xform_name
from documentation import ROOT, Page, pages

from tap.cli.main import tap
from tap.deploy.constraints import violation
from tap.template.registry import TEMPLATES, builder

PAGES = {page.path: page for page in pages()}
# A changelog names what there was.
CURRENT = [page for path, page in PAGES.items() if path != "CHANGELOG.md"]
BUILT: dict[str, dict[str, Any]] = {name: builder(name)().to_dict() for name in TEMPLATES}
PARAMETERS: dict[str, dict[str, Any]] = {
    name: entry for document in reversed(BUILT.values()) for name, entry in document["Parameters"].items()}
SECTIONS = ("Conditions", "Outputs", "Parameters", "Resources", "Rules")
NAMES = {name for document in BUILT.values() for section in SECTIONS for name in document.get(section, ())}
# The reader's own: environments, files and whatever is in capitals.
OWN_FILES = {"parameters/pr-123.json", "parameters/drill.json", "parameters/pay.json", "parameters/dev.env"}
# A parameter that only a page invents.
INVENTED = {"Pin=e"}
PLACEHOLDER = re.compile(r"[A-Z_]{2,}")
# Options of the AWS CLI itself, and commands that are no operation of a service.
CLI_OPTIONS = {"region", "profile", "query", "output", "endpoint-url"}
CLI_COMMANDS = {"acm wait", "cloudformation deploy", "ecr get-login-password", "s3 mb", "s3 rb", "sso login"}
# Members of templates, of functions' events and of policies, and what the pages themselves define.
OTHER_NAMES = {
    "AccessControl", "AccessDenied", "AppSecret", "DataClassification", "DeletionPolicy", "FunctionName", "NaN",
    "ReadOnlyAccess", "ReceiptsThrottledAlarm", "ReturnValuesOnConditionCheckFailure", "RoleArn", "StackPolicy",
    "TaskExecution", "TransactionValidation", "UnsupportedEvent", "UpdateReplacePolicy", "ZipFile"}
SESSION = botocore.session.get_session()
OPERATIONS = {name for service in ("cloudformation", "ecs", "servicecatalog", "sqs")
              for name in SESSION.get_service_model(service).operation_names}


def of_pages(*found: tuple[Page, Any]) -> list[Any]:
    return [pytest.param(page, each, id=f"{page.path}: {' '.join(each) if isinstance(each, list) else each}")
            for page, each in found]


@pytest.mark.parametrize(("page", "link"), of_pages(
    *((page, link) for page in PAGES.values() for link in page.links())))
def test_each_link_leads_to_a_file_and_a_heading_of_it(page: Page, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = Path(ROOT, page.path).parent.joinpath(path).resolve() if path else Path(ROOT, page.path)
    assert target.exists()
    assert not anchor or anchor in Page(str(target.relative_to(ROOT))).anchors()


@pytest.mark.parametrize(("page", "words"), of_pages(
    *((page, words) for page in CURRENT for words in page.commands("tap"))))
def test_each_command_of_tap_exists_with_its_options(page: Page, words: list[str]) -> None:  # noqa: ARG001
    command: click.Command = tap
    options = {"--help", "--version"}
    unknown = []
    for word in itertools.takewhile(lambda word: word != "--", words[1:]):
        if isinstance(command, click.Group) and not word.startswith("-"):
            if word not in command.commands:
                unknown.append(word)
                break
            command = command.commands[word]
            options = {name for parameter in command.params for name in parameter.opts}
        elif word.startswith("-") and word.partition("=")[0] not in options:
            unknown.append(word)
    assert unknown == []


@pytest.mark.parametrize(("page", "words"), of_pages(
    *((page, words) for page in CURRENT for words in page.commands("aws"))))
def test_each_command_of_the_aws_cli_exists_with_its_options(page: Page, words: list[str]) -> None:  # noqa: ARG001
    service, operation, *rest = words[1:]
    if f"{service} {operation}" in CLI_COMMANDS:
        return
    model = SESSION.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    options = CLI_OPTIONS | {xform_name(name, "-") for name in (shape.members if shape else ())}
    used = {word.removeprefix("--").removeprefix("no-") for word in rest if word.startswith("--")}
    assert used - options == set()


@pytest.mark.parametrize(("page", "words"), of_pages(
    *((page, words) for page in CURRENT for words in page.commands("make"))))
def test_each_target_of_make_exists(page: Page, words: list[str]) -> None:  # noqa: ARG001
    assert re.search(rf"^{words[1]}:", Path(ROOT, "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("page", "path"), of_pages(*(
    (page, name) for page in CURRENT for name in sorted(page.in_backticks)
    if re.fullmatch(r"(?:tap|tests|docs|templates|parameters|lambda|bench|examples|\.github|\.ci)/[\w./-]*", name)
    and not PLACEHOLDER.search(name) and name not in OWN_FILES)))
def test_each_path_exists(page: Page, path: str) -> None:  # noqa: ARG001
    assert Path(ROOT, path).exists()


@pytest.mark.parametrize(("page", "name"), of_pages(*(
    (page, name) for page in CURRENT for name in sorted(page.in_backticks)
    if re.fullmatch(r"[A-Z][a-z0-9]+(?:[A-Z]\w*)+", name))))
def test_each_name_is_one_of_the_templates_or_of_aws(page: Page, name: str) -> None:  # noqa: ARG001
    assert name in NAMES | OPERATIONS | OTHER_NAMES


@pytest.mark.parametrize(("page", "pair"), of_pages(*(
    (page, pair) for page in CURRENT for pair in sorted(page.in_backticks)
    if re.fullmatch(r"[A-Z][a-z]\w+=[^\s=]+", pair) and pair not in INVENTED
    and not PLACEHOLDER.fullmatch(pair.partition("=")[2]))))
def test_each_parameter_with_a_value_exists_and_takes_it(page: Page, pair: str) -> None:
    name, _, value = pair.partition("=")
    assert violation(name, value, PARAMETERS[name], page.path) is None


@pytest.mark.parametrize(("page", "block"), of_pages(*(
    (page, block.text) for page in CURRENT for block in page.blocks if block.language == "json")))
def test_each_json_is_well_formed_and_its_parameters_take_their_values(page: Page, block: str) -> None:
    values = json.loads(block if block.lstrip()[0] in "{[" else f"{{{block}}}")
    assert [violation(name, value, PARAMETERS[name], page.path)
            for name, value in values.items() if name in PARAMETERS and not PLACEHOLDER.search(value)] == [
        None for name, value in values.items() if name in PARAMETERS and not PLACEHOLDER.search(value)]


def test_each_page_of_docs_is_in_the_navigation_of_the_site() -> None:
    navigation = Path(ROOT, "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    assert [path for path in PAGES if path.startswith("docs/") and f" {path}\n" not in navigation] == []
