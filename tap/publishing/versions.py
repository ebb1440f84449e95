"""Manage a product's versions in Service Catalog: list, publish and deprecate them.

Service Catalog calls a version a provisioning artifact. None is ever deleted or overwritten here. What a version
was made of is in its description, as the SHA-256 of the template: Service Catalog keeps a copy of its own under
a URL of its own.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisioningArtifact.html
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tap.deploy.aws import AwsClient
from tap.deploy.models import LeftRunning, Refused, TapError
from tap.deploy.waiting import poll, send_once
from tap.publishing.changelog import Release

DESCRIPTION_LIMIT = 8192  # API type ProvisioningArtifactDescription
_DIGEST = re.compile(r"^Template: sha256:([0-9a-f]{64})$", re.MULTILINE)
_MOST_LOOKS = 200  # polls of a version that is being created: about five minutes


@dataclass(frozen=True)
class Version:
    """One version (API type ProvisioningArtifactDetail)."""

    id: str
    name: str
    created: datetime
    active: bool
    deprecated: bool
    digest: str | None  # the template's digest; None for a version that tap did not publish


def digest_of(template: str) -> str:
    """Return the SHA-256 of a template's bytes, as used by the artifact bucket and by versions."""
    return hashlib.sha256(template.encode()).hexdigest()


def description_of(text: str, digest: str, limit: int = DESCRIPTION_LIMIT) -> str:
    """Return a version's description: the release notes, shortened if necessary, and the template's digest."""
    last = f"\n\nTemplate: sha256:{digest}"
    room = limit - len(last)
    return (text if len(text) <= room else f"{text[:room - 1]}…") + last


class Product:
    """One product's versions. Every method may raise CallFailed."""

    def __init__(self, aws: AwsClient, product_id: str) -> None:
        """Take the caller of AWS, and the product's id."""
        self._aws, self._call = aws, aws.service("servicecatalog")
        self.id = product_id

    def versions(self) -> list[Version]:
        """Return all versions, newest last."""
        # The request has no page token, although the response has one.
        artifacts = self._call("list_provisioning_artifacts", ProductId=self.id)["ProvisioningArtifactDetails"]
        return sorted(map(_version, artifacts), key=lambda version: version.created)

    def status(self, version_id: str) -> str:
        """Return AVAILABLE, CREATING or FAILED."""
        return str(self._call("describe_provisioning_artifact", ProductId=self.id,
                              ProvisioningArtifactId=version_id)["Status"])

    def is_published(self, release: Release, digest: str) -> bool:
        """Whether a release exists with exactly this template.

        Raises Refused where its version is taken by another template, and where the template is that of the
        newest version, which leaves nothing to publish.
        """
        versions = self.versions()
        for version in (version for version in versions if version.name == release.version):
            if version.digest == digest:
                return True
            content = "another template" if version.digest else "a template that tap did not publish"
            raise Refused(f"version {version.name} already exists, with {content}; versions are never overwritten. Add "
                          "a new version number to CHANGELOG.md")
        # A failed version is useless: allow the same template under another number.
        usable = [version for version in versions if version.digest != digest or self.status(version.id) != "FAILED"]
        if usable and usable[-1].digest == digest:
            raise Refused(f"the template is the same as in version {usable[-1].name}: nothing to publish")
        return False

    def publish(self, release: Release, digest: str, url: str) -> None:
        """Create a version unless it exists, and return when it can be launched.

        Raises TapError where Service Catalog cannot take it, or two versions of the name were made at once.
        """
        if not self._named(release.version, digest):
            self._create(release, digest, url)
        self._wait(release)

    def deprecate(self, keep: int) -> list[str]:
        """Deprecate all active versions but the `keep` newest; return their names.

        Who runs a deprecated version may update it; nobody can launch it anew (API member Guidance).
        """
        active = [version for version in self.versions() if version.active]
        old = [version for version in active[:-keep] if not version.deprecated]
        for version in old:
            self._call("update_provisioning_artifact", ProductId=self.id, ProvisioningArtifactId=version.id,
                       Guidance="DEPRECATED")
        return [version.name for version in old]

    def _named(self, name: str, digest: str) -> list[Version]:
        return [version for version in self.versions() if version.name == name and version.digest == digest]

    def _create(self, release: Release, digest: str, url: str) -> None:
        # The same content gets the same token, so a repeated request creates one version.
        token = hashlib.sha256(f"{self.id} {release.version} {digest}".encode()).hexdigest()
        parameters = {"Name": release.version, "Description": description_of(release.text, digest),
                      "Type": "CLOUD_FORMATION_TEMPLATE", "Info": {"LoadTemplateFromURL": url}}
        send_once(
            self._aws, lambda: self._call("create_provisioning_artifact", ProductId=self.id, Parameters=parameters,
                                          IdempotencyToken=token),
            # The response to this request, or to an earlier attempt of the client, may have been lost.
            lambda _error: self._named(release.version, digest) or None)

    def _wait(self, release: Release) -> None:
        matches = [version for version in self.versions() if version.name == release.version]
        if len(matches) > 1:
            ids = ", ".join(version.id for version in matches)
            raise TapError(f"{len(matches)} versions {release.version} exist ({ids}), published at the same time: "
                           "deactivate the wrong one in the Service Catalog console")
        if not matches:
            raise TapError(f"Service Catalog accepted version {release.version} but does not list it yet: run this "
                           "command again in a minute")
        status = poll(self._aws, lambda: self.status(matches[0].id),
                      lambda status: status not in ("FAILED", "AVAILABLE"), _MOST_LOOKS)
        if status == "FAILED":
            raise TapError(f"Service Catalog could not create version {release.version}: see the reason in its "
                           "console, then publish with another number")
        if status != "AVAILABLE":
            raise LeftRunning(f"version {release.version} is still being created: run this command again to follow it")


def newest(versions: Sequence[Version], name: str | None) -> Version:
    """Return the version with a name, or the newest one that can be launched. Raises Refused."""
    launchable = [version for version in versions if version.active and not version.deprecated]
    candidates = [version for version in versions if version.name == name] if name else launchable
    if not candidates:
        there = ", ".join(version.name for version in launchable) or "none"
        raise Refused(f"version {name} does not exist; there are: {there}" if name else "no version can be launched: "
                                                                                        "publish one with tap publish")
    if not candidates[-1].active:
        raise Refused(f"version {candidates[-1].name} is not active and cannot be launched")
    return candidates[-1]


def _version(detail: dict[str, Any]) -> Version:
    digest = _DIGEST.search(detail.get("Description", ""))
    return Version(detail["Id"], detail["Name"], detail["CreatedTime"], detail.get("Active", True),
                   detail.get("Guidance") == "DEPRECATED", digest[1] if digest else None)
