"""Run Checkov on the template, both as written and as resolved for each environment.

Checkov runs in a separate virtual environment, since it pins old versions of boto3 and networkx. Suppressions are in
the resources' metadata, with their reasons:
https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tap.deploy.models import InputError
from tap.lint.finding import Finding, Values

CHECKOV = "checkov"
INSTALL_CHECKOV = "run make lint, or pipx install checkov"
# The parameter that decides what a check asks for. Checkov does not evaluate Fn::If, so the template suppresses some of
# these checks; an environment's resolved template has no suppressions and must pass unless the parameter is in OFF.
DECIDED_BY = {
    "CKV_AWS_2": "CertificateArn",
    "CKV_AWS_18": "AccessLogs",
    "CKV_AWS_26": "CustomerKeys",
    "CKV_AWS_27": "CustomerKeys",
    "CKV_AWS_68": "CdnWebAclArn",
    "CKV_AWS_86": "AccessLogs",
    "CKV_AWS_91": "AccessLogs",
    "CKV_AWS_103": "CertificateArn",
    "CKV_AWS_115": "ValidationReservedConcurrency",
    "CKV_AWS_118": "DatabaseMonitoringInterval",
    "CKV_AWS_119": "CustomerKeys",
    "CKV_AWS_158": "CustomerKeys",
    "CKV_AWS_173": "CustomerKeys",
    "CKV_AWS_174": "CdnCertificateArn",
}
OFF = ("false", "0", "")
BY_PARAMETER = "By "
"""Prefix of the reason for a suppression that exists only because Checkov does not evaluate `Fn::If`."""


class Failure(NamedTuple):
    """A failed check of a resource in a document."""

    document: str
    logical_id: str
    check: str
    name: str


def find_program() -> str | None:
    """Return the path of Checkov, in this virtual environment or on PATH, or None."""
    return shutil.which(CHECKOV, path=Path(sys.prefix) / CHECKOV / "bin") or shutil.which(CHECKOV)


def run(documents: Mapping[str, str]) -> Iterator[Failure]:
    """Run Checkov on documents by name; yield its failures.

    Raises InputError if Checkov is not installed or cannot read a document.
    """
    program = find_program()
    if program is None:
        raise InputError(f"{CHECKOV} is not installed: {INSTALL_CHECKOV}")
    # No environment variables that would make Checkov call a server, and no configuration file of the working
    # directory.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("BC_", "CKV_", "PRISMA_"))}
    with tempfile.TemporaryDirectory() as folder:
        files = {f"{index}.yaml": name for index, name in enumerate(documents)}
        for file, name in files.items():
            Path(folder, file).write_text(documents[name], encoding="utf-8")
        # No shell, and no content of the template on the command line.
        ran = subprocess.run(  # noqa: S603
            [program, "--framework", "cloudformation", "--compact", "--quiet", "--soft-fail", "-o", "json",
             "-f", *files],
            cwd=folder, env={**environ, "BC_SKIP_MAPPING": "TRUE"}, capture_output=True, text=True, check=False)
    try:
        report = json.loads(ran.stdout)
    except ValueError:
        report = {}
    # A report without checks has no summary.
    if ran.returncode or not report or report.get("summary", {}).get("parsing_errors"):
        *_, last = ["no report", *ran.stderr.strip().splitlines()]
        raise InputError(f"{CHECKOV} cannot read the template: {last}")
    for failed in report.get("results", {}).get("failed_checks", ()):
        yield Failure(files[Path(failed["file_path"]).name], failed["resource"].partition(".")[2],
                      failed["check_id"], failed["check_name"])


def checkov(
        text: str, template: Mapping[str, Any], values: Values, literal: Mapping[str, Mapping[str, Any]],
        run: Callable[[Mapping[str, str]], Iterable[Failure]] = run) -> list[Finding]:
    """Return Checkov's findings, and suppressions without a reason.

    `template` is the template as a dictionary, `text` its YAML; `literal` is the resolved template of each environment
    in `values`. Raises InputError as `run` does.
    """
    environments_of: dict[tuple[str, str, str], list[str]] = {}
    for logical_id, check, reason in suppressions(template):
        if not reason.strip():
            environments_of[check, logical_id, "suppressed without a reason"] = []
    excused = {(logical_id, check) for logical_id, check, reason in suppressions(template)
               if not reason.startswith(BY_PARAMETER)}
    documents = {"": text, **{name: json.dumps(_bare(document)) for name, document in literal.items()}}
    defaults = {name: str(entry.get("Default", "")) for name, entry in template.get("Parameters", {}).items()}
    for environment, logical_id, check, name in run(documents):
        if environment:
            parameter = DECIDED_BY.get(check)
            is_off = parameter and {**defaults, **values[environment]}.get(parameter) in OFF
            if is_off or (logical_id, check) in excused:
                continue
        environments_of.setdefault((check, logical_id, name), []).append(environment)
    return [
        Finding(CHECKOV, "error", check, _line(text, logical_id), logical_id, message,
                () if "" in names else tuple(names))
        for (check, logical_id, message), names in environments_of.items()]


def suppressions(template: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield a template's suppressions: logical id, check and reason, which may be empty."""
    for logical_id, resource in template["Resources"].items():
        for skip in resource.get("Metadata", {}).get(CHECKOV, {}).get("skip", ()):
            yield logical_id, skip["id"], skip.get("comment") or ""


def _bare(document: Mapping[str, Any]) -> dict[str, Any]:
    return {**document, "Resources": {
        logical_id: {key: value for key, value in resource.items() if key != "Metadata"}
        for logical_id, resource in document["Resources"].items()}}


def _line(text: str, logical_id: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.strip() == f"{logical_id}:"), 1)
