"""Write the bootstrap stack's outputs to the files that `tap deploy` reads."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap.deploy.constraints import violation
from tap.deploy.edits import replace_file, with_parameter
from tap.deploy.files import read
from tap.deploy.models import InputError, TapError
from tap.deploy.parameters import read_sections
from tap.deploy.targets import FILE

STACK = "bootstrap-tap"  # without the prefix of the stacks that its roles may change
BOUNDARY = "PermissionsBoundary"  # the stacks' parameter
OUTPUTS = ("ArtifactBucketName", "ExecutionRoleArn", "PermissionsBoundaryArn")  # outputs to write


def boundary_for(document: Mapping[str, Any], arn: str) -> dict[str, str]:
    """Return the boundary parameter as the template expects it, as ARN or as path and name; empty if it has none.

    An ARN is `arn:<partition>:iam::<account>:policy<path><name>`, a path begins and ends with a slash.
    """
    declaration = document.get("Parameters", {}).get(BOUNDARY)
    if declaration is None:
        return {}
    by_arn = violation(BOUNDARY, arn, declaration, "") is None
    return {BOUNDARY: arn if by_arn else arn.partition(":policy/")[2]}


@dataclass(frozen=True)
class Settings:
    """The settings files of one environment; `document` is its template."""

    root: Path
    name: str
    document: Mapping[str, Any]
    access: Callable[[Path, int], bool] = os.access

    @property
    def _parameters(self) -> str:
        return f"parameters/{self.name}.json"

    def check(self) -> None:
        """Raise InputError unless the files exist, are valid and writable."""
        files: dict[str, Callable[[Path, str], object]] = {FILE: read}
        if boundary_for(self.document, ""):
            files[self._parameters] = read_sections
        for file, reader in files.items():
            reader(self.root, file)
            path = (self.root / file).resolve()
            if not all(self.access(target, os.W_OK) for target in (path, path.parent)):
                raise InputError(f"cannot write {file}, which bootstrap updates: make it writable")

    def write(self, account: str, region: str, outputs: Mapping[str, str]) -> list[str]:
        """Set bucket, role and boundary; return a line for each changed value.

        `outputs` must include all of OUTPUTS. Comments and layout are kept. Raises TapError if a file cannot be
        written.
        """
        return [*self._write_target(account, region, outputs), *self._write_boundary(outputs)]

    def _write_target(self, account: str, region: str, outputs: Mapping[str, str]) -> list[str]:
        import tomlkit  # slow to import and rarely needed

        document = tomlkit.parse(read(self.root, FILE))
        shared: Mapping[str, Any] = document.get("default", {})
        own: Any = document.get(self.name, {})
        bucket = own.get("artifact_bucket", shared.get("artifact_bucket", ""))
        owner = own.get("artifact_bucket_owner", shared.get("artifact_bucket_owner", account))
        wanted = {}
        named = bucket.replace("{account}", account).replace("{region}", region)
        if owner == account and named != outputs["ArtifactBucketName"]:
            wanted["artifact_bucket"] = outputs["ArtifactBucketName"]
        if own.get("role_arn", shared.get("role_arn")) != outputs["ExecutionRoleArn"]:
            wanted["role_arn"] = outputs["ExecutionRoleArn"]
        if wanted:
            if self.name not in document:
                document[self.name] = tomlkit.table()
            table: Any = document[self.name]
            table.update(wanted)
            self._replace(FILE, tomlkit.dumps(document))
        return [f'{FILE}: [{self.name}] {key} = "{value}"' for key, value in wanted.items()]

    def _write_boundary(self, outputs: Mapping[str, str]) -> list[str]:
        wanted = boundary_for(self.document, outputs["PermissionsBoundaryArn"])
        if not wanted:
            return []
        text = read(self.root, self._parameters)
        if json.loads(text).get("Parameters", {}).get(BOUNDARY) == wanted[BOUNDARY]:
            return []
        self._replace(self._parameters, with_parameter(text, BOUNDARY, wanted[BOUNDARY]))
        return [f"{self._parameters}: {BOUNDARY} = {wanted[BOUNDARY]}"]

    def _replace(self, file: str, text: str) -> None:
        try:
            replace_file(self.root / file, text)
        except OSError as error:
            raise TapError(f"the bootstrap stack is deployed, but {file} cannot be written: {error.strerror or error}. "
                           "Make it writable, then run this command again") from None
