"""List which versions are in use: the provisioned products of a product in this account.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionedProductAttribute.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tap.deploy.aws import Call

# TAINTED: the stack exists and is stable, but differs from the request, for example after an update rolled back.
FAILED = ("TAINTED", "ERROR")
_PAGE_SIZE = 100  # the API's maximum


@dataclass(frozen=True)
class Provisioned:
    """One provisioned product (API type ProvisionedProductAttribute)."""

    id: str
    name: str
    status: str  # AVAILABLE, UNDER_CHANGE, TAINTED, ERROR, PLAN_IN_PROGRESS
    version: str  # the version's name, or its id if it has no name
    user: str  # ARN of the user who launched it
    message: str = ""
    version_id: str = ""

    @property
    def failed(self) -> bool:
        """Whether the last operation on it failed."""
        return self.status in FAILED


def pages(call: Call, method: str, member: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a Service Catalog list."""
    while True:
        page = call(method, **request)
        yield from page.get(member, [])
        if not page.get("NextPageToken"):
            return
        request["PageToken"] = page["NextPageToken"]


def provisioned(call: Call, product_id: str) -> list[Provisioned]:
    """Return all provisioned products of a product in the account, sorted by name."""
    products = pages(call, "search_provisioned_products", "ProvisionedProducts", PageSize=_PAGE_SIZE,
                     AccessLevelFilter={"Key": "Account", "Value": "self"},
                     Filters={"SearchQuery": [f"productId:{product_id}"]})
    # The search matches words, so compare the whole id.
    return sorted((_provisioned(product) for product in products if product.get("ProductId") == product_id),
                  key=lambda product: product.name)


def _provisioned(product: dict[str, Any]) -> Provisioned:
    version = product.get("ProvisioningArtifactName") or product.get("ProvisioningArtifactId", "")
    return Provisioned(product["Id"], product["Name"], product["Status"], version, product.get("UserArn", ""),
                       " ".join(product.get("StatusMessage", "").split()), product.get("ProvisioningArtifactId", ""))
