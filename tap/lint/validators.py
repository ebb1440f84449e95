"""Run the validators on a template.

cfn-lint checks the template as written; cloudformation-validate, with the rules of cdk-preflight, checks the resolved
template of each environment; Checkov checks both. All run offline.
"""

import contextlib
import gc
import importlib.metadata
import importlib.util
import json
import re
import tarfile
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap.deploy.constraints import is_list, is_no_echo, items
from tap.deploy.models import InputError
from tap.lint.checkov import checkov
from tap.lint.finding import CFN_LINT, WIRING, Finding, Values
from tap.lint.metrics import metrics
from tap.template.resolve import Reference, Text, resolve

if TYPE_CHECKING:
    pass

VALIDATE = "cloudformation-validate"
INSTALL = "pip install -e '.[lint,validate]'"
INSTALL_PREFLIGHT = "pip install --no-deps -c constraints.txt cdk-preflight"
REGION = "eu-central-1"  # the region of the stand-in values
DEFAULTS = "defaults"
# Rules that resolved parameters break, and one that is stricter than AWS.
ARTEFACTS = {
    "W3010": "availability zones are Fn::GetAZs in the template",
    "W9013": "the account is AWS::AccountId in the template",
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
    "pf-lambda-perm-principal-service-domain": "the principal may be a role, by its ARN; the rule knows only services",
    "W9003": "numbers are Refs to parameters in the template; CloudFormation converts their text",
}
SHOWN_NO_ECHO = "*" * 16


def cfn_lint(text: str, values: Values, append_rules: Sequence[str] = (WIRING,),
             regions: Collection[str] = ()) -> list[Finding]:
    """Return cfn-lint's findings in a template.

    Without `values`, cfn-lint tries every allowed value of a parameter; with `values`, these and the defaults of the
    others. `append_rules` are folders and modules with further rules. A `.cfnlintrc` in the working directory applies,
    as for the command, but `regions` replace its regions. Raises InputError if cfn-lint is not installed.
    """
    try:
        from cfnlint.api import lint
        from cfnlint.config import ManualArgs
        from cfnlint.context.parameters import ParameterSet
        from cfnlint.helpers import REGIONS
    except ImportError:
        raise InputError(f"{CFN_LINT} is not installed: {INSTALL}") from None
    parameters = [ParameterSet(name, dict(parameter_values)) for name, parameter_values in values.items()]
    options = ManualArgs(parameters=parameters, append_rules=list(append_rules))
    if known := sorted(set(REGIONS).intersection(regions)):  # an emulator may have another
        options["regions"] = known
    with _no_garbage_collection():
        matches = lint(text, config=options)
    return [Finding(CFN_LINT, match.rule.severity, match.rule.id, match.linenumber,
                    _place(getattr(match, "path", None) or []), match.message) for match in matches]


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Turn the collector off: it would look through the millions of objects that linting makes again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def validate(text: str, template: Mapping[str, Any], values: Values) -> list[Finding]:
    """Return the findings of cloudformation-validate, with cdk-preflight's rules, in each environment's template.

    `template` is the template as a dictionary, `text` its YAML, for line numbers. Raises InputError if one of the two
    tools is not installed or they are incompatible.
    """
    try:
        import cloudformation_validate as validator
    except ImportError:
        raise InputError(f"{VALIDATE} is not installed: {INSTALL}") from None
    types = {resource["Type"] for resource in template["Resources"].values()}
    rules = [validator.ExternalRuleSource(name=name, content=rego) for name, rego in preflight_rules(types)]
    try:
        engine = validator.CompositeEngine(validator.CompositeEngineConfig(rego_rules=rules))
    except validator.ValidationError as error:
        raise InputError(f"{VALIDATE} cannot read the rules of cdk-preflight: {error}") from None
    config = validator.ValidateConfig(
        severity_level=validator.Severity.WARN, exclude=validator.RuleFilterConfig(ids=list(ARTEFACTS)))

    environments_of: dict[tuple[str, str, str | None, str, str], list[str]] = {}
    for environment, parameters in values.items():
        try:
            document = json.dumps(_literal_template(template, parameters))
        except ValueError as error:
            environments_of.setdefault(("error", "resolve", None, "", str(error)), []).append(environment)
            continue
        report = engine.validate_template(validator.TemplateContent(document), config)
        if report.status is not validator.ReportStatus.OK:
            key = ("error", "status", None, "", f"the analysis ended as {report.status.name}")
            environments_of.setdefault(key, []).append(environment)
        for item in report.diagnostics:
            severity = "warning" if item.severity is validator.Severity.WARN else "error"
            logical_id = item.entity.logical_id if item.entity else None
            key = (severity, item.rule_id, logical_id, item.property_path or "", item.message)
            environments_of.setdefault(key, []).append(environment)
    return [
        Finding(VALIDATE, severity, rule, _line(text, logical_id), ".".join(filter(None, (logical_id, path))),
                message, tuple(environments))
        for (severity, rule, logical_id, path, message), environments in environments_of.items()]


def preflight_rules(types: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield the names and sources of the Rego modules of cdk-preflight for resources of these types.

    The modules are in the JavaScript archive inside the wheel; importing the package would start Node.js. Raises
    InputError if the package is not installed or its layout has changed.
    """
    package = importlib.util.find_spec("cdk_preflight")
    if package is None or package.origin is None:
        raise InputError(f"cdk-preflight is not installed: {INSTALL_PREFLIGHT}")
    try:
        archive, = (Path(package.origin).parent / "_jsii").glob("cdk-preflight@*.jsii.tgz")
        with tarfile.open(archive) as tar:
            member = tar.extractfile("package/lib/rules.generated.js")
            source = member.read().decode() if member else ""
        libraries, rules = (_exported(source, name) for name in ("BUNDLED_LIBS", "BUNDLED_RULES"))
    except (ValueError, KeyError, OSError, tarfile.TarError) as error:
        version = importlib.metadata.version("cdk-preflight")
        raise InputError(
            f"cdk-preflight {version} has an unexpected layout ({error}): install the version in "
            "constraints.txt") from None
    header = "package cdk_preflight\n\nimport rego.v1\n"
    yield "_pf_deploy_environment", f'{header}\ndeploy_region := "{REGION}"\n'
    for library in libraries:
        yield library["name"], library["rego"]
    # One module per service, as in cdk-preflight, since compilation time depends on the number of modules.
    services: dict[str, list[str]] = {}
    for rule in rules:
        wanted = rule["resourceTypes"]
        if not wanted or "*" in wanted or not types.isdisjoint(wanted):
            body = re.sub(r"(?m)^(?:package|import)\s.*\n", "", rule["rego"])
            services.setdefault(rule["service"], [header]).append(body)
    for service, bodies in services.items():
        yield f"_pf_service_{service}", "\n".join(bodies)


def _exported(source: str, name: str) -> Any:
    start = source.index("[", source.index(f"exports.{name} = ["))
    return json.JSONDecoder().raw_decode(source, start)[0]


def _literal_template(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    resolved = resolve(template, parameters, region=REGION)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": _literal(resolved.resources),
            "Outputs": _literal(resolved.outputs)}


def _literals(template: Mapping[str, Any], values: Values) -> dict[str, dict[str, Any]]:
    """Return the resolved template of each environment; `validate` reports those that cannot be resolved."""
    literals = {}
    for environment, parameters in values.items():
        with contextlib.suppress(ValueError):
            literals[environment] = _literal_template(template, parameters)
    return literals


def _literal(value: Any) -> Any:
    """Return a resolved value as a template writes it."""
    match value:
        case Reference(logical_id, None):
            return {"Ref": logical_id}
        case Reference(logical_id, attribute):
            return {"Fn::GetAtt": [logical_id, attribute]}
        case Text(parts):
            return {"Fn::Sub": "".join(
                part.replace("${", "${!") if isinstance(part, str) else str(part) for part in parts)}
        case Mapping():
            return {key: _literal(item) for key, item in value.items()}
        case list():
            return [_literal(item) for item in value]
    return value


def _place(path: Sequence[Any]) -> str:
    return ".".join(str(step) for step in (path[1:] if path[:1] == ["Resources"] else path))


def _line(text: str, logical_id: str | None) -> int:
    match = re.search(rf"(?m)^ +{re.escape(logical_id)}:$", text) if logical_id else None
    return text.count("\n", 0, match.start()) + 1 if match else 1


def _without_secrets(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    # The tools quote values in their messages.
    return {name: SHOWN_NO_ECHO if is_no_echo(template["Parameters"][name]) else value
            for name, value in parameters.items()}


def _split(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    # cfn-lint expects values of list parameters as lists.
    return {name: items(value) if is_list(template["Parameters"][name]) else value
            for name, value in parameters.items()}


def findings(text: str, template: Mapping[str, Any], environments: Values) -> list[Finding]:
    """Return the findings of all tools, with the defaults and with each environment's parameters, sorted by line."""
    by_environment = {name: _without_secrets(template, values) for name, values in environments.items()}
    required = {name: DEFAULTS for name, entry in template["Parameters"].items() if "Default" not in entry}
    all_given = {DEFAULTS: required, **by_environment}
    # In parallel with the others, since it is a separate process.
    with ThreadPoolExecutor() as pool:
        security = pool.submit(checkov, text, template, all_given, _literals(template, all_given))
        # The faster one first, so that a missing tool is reported at once.
        results = validate(text, template, all_given)
        results += cfn_lint(text, {})
        if by_environment:
            results += cfn_lint(text, {name: _split(template, values) for name, values in by_environment.items()})
        results += metrics(template, all_given)
        results += security.result()
    return sorted(dict.fromkeys(results), key=lambda finding: finding.line)
