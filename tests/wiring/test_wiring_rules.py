"""All wiring rules together: their page, their use from cfn-lint, the project's own template, malformed ones."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cfnlint.context.parameters import ParameterSet
from cfnlint.decode.cfn_yaml import loads
from cfnlint.template import Template
from hypothesis import given, settings
from hypothesis import strategies as st
from wiring_template import PlainTemplate

from tap.deploy.parameters import environment_names, load_environment
from tap.deploy.stand_ins import STAND_INS
from tap.stack import build
from tap.template.render import to_text
from tap.wiring import all_rules
from tap.wiring.__main__ import main, page
from tap.wiring.facts import FACTS

ROOT = Path(__file__).parents[2]
WIRING = ROOT / "tap" / "wiring"
TESTS = Path(__file__).parent
NOT_RULES = {
    "balancing", "delivery", "examples", "facts", "graph", "iam", "invoking", "reach", "routing", "rule", "scenarios",
    "values"}
BROKEN = """\
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      LifecycleConfiguration:
        Rules: [{Status: Enabled, Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 7}]}]
"""


def modules():
    return sorted(path.stem for path in WIRING.glob("[a-z]*.py") if path.stem not in NOT_RULES)


def test_the_reference_of_the_rules_is_what_the_package_prints(capsys):
    assert main([]) == 0
    committed = (ROOT / "docs" / "wiring-rules.md").read_text("utf-8")
    assert committed == capsys.readouterr().out, "run: python -m tap.wiring > docs/wiring-rules.md"


def test_the_reference_has_a_section_for_every_rule():
    assert re.findall(r"(?m)^### ([EWI]9\d{3})$", page()) == [rule.id for rule in all_rules()]


def test_without_cfn_lint_the_package_says_what_to_install():
    program = "import runpy, sys; sys.modules['cfnlint'] = None; runpy.run_module('tap.wiring', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "python -m tap.wiring: cfn-lint is not installed: pip install 'tap-cloudformation[lint]'\n"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_every_rule_says_what_it_catches_how_to_fix_it_and_where_aws_says_so(rule):
    assert re.fullmatch(r"[EWI]9\d{3}", rule.id)
    assert rule.shortdesc
    assert rule.description.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.source_url.startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_quotes_an_error_of_aws_if_and_only_if_it_is_an_error(rule):
    assert bool(rule.error) == rule.id.startswith("E")


def test_there_is_one_rule_a_module_with_a_test_module_of_its_name():
    assert len(all_rules()) == len(modules()) == len({rule.id for rule in all_rules()})
    assert [name for name in modules() if not (TESTS / f"test_{name}.py").exists()] == []


def test_every_table_of_facts_has_its_source_and_date():
    assert all(table["source"].startswith("https://docs.aws.amazon.com/") for table in FACTS.values())
    assert all(table["as_of"].year >= 2026 for table in FACTS.values())


def hook():
    found, = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return found


@pytest.mark.parametrize("command", [
    f"{hook()['entry']} template.yaml",
    f"cfn-lint template.yaml --append-rules {WIRING}",
], ids=["by module, as the pre-commit hook does", "by folder"])
def test_cfn_lint_takes_the_rules_from_anywhere(tmp_path, command):
    (tmp_path / "template.yaml").write_text(BROKEN, "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program, *arguments = command.split()
    done = subprocess.run(
        [Path(sys.executable).parent / program, "--format", "parseable", *arguments],
        cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == (
        "template.yaml:7:7:7:29:E9404:`Bucket` → STANDARD_IA: a transition after 7 days is too early. "
        "Set TransitionInDays to 30 or more."), done.stderr
    assert done.returncode == 2


def test_the_pre_commit_hook_installs_what_it_runs():
    assert hook()["language"] == "python"
    assert [item.split(">")[0] for item in hook()["additional_dependencies"]] == ["cfn-lint"]


def findings(text, *parameter_sets):
    template = Template("tap.yaml", loads(text), ["us-east-1"], list(parameter_sets) or None)
    return [match.message for rule in all_rules() for match in rule().match(template)]


def test_no_rule_finds_anything_in_the_project_s_template_whatever_its_conditions():
    assert findings(to_text(build())) == []


def test_no_rule_finds_anything_in_the_project_s_template_with_a_committed_environment():
    built = build()
    template = built.to_dict()
    sets = [ParameterSet(name, dict(load_environment(name, ROOT, template, stand_ins=STAND_INS).values.parameters))
            for name in environment_names(ROOT)]
    assert findings(to_text(built), *sets) == []


def places(tree, path=()):
    if path:
        yield path
    for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(item, (*path, key))


PLACES = list(places(loads((TESTS / "good.yaml").read_text("utf-8"))))


@given(st.sampled_from(PLACES), st.sampled_from([
    "x", 5, True, None, [], {}, ["x", {"a": 1}], {"Fn::ImportValue": "x"}, {"Ref": ["x"]}, {"Fn::GetAtt": 5},
    {"Fn::If": ["HasCertificate"]}, {"Fn::Select": ["x"]}]))
@settings(max_examples=30, derandomize=True)
def test_no_rule_fails_on_a_malformed_template(place, value):
    tree = loads((TESTS / "good.yaml").read_text("utf-8"))
    parent = tree
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    template = PlainTemplate(tree)
    for rule in all_rules():
        rule().match(template)
