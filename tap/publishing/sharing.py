"""Share the portfolio with accounts, organizational units and organizations.

By request: AWS::ServiceCatalog::PortfolioShare takes accounts alone, and a share that is there is no error.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html
"""

from collections.abc import Sequence

from tap.deploy.aws import AwsClient, Call
from tap.deploy.models import CallFailed, LeftRunning, TapError
from tap.deploy.waiting import poll
from tap.deploy.wording import reason_of
from tap.publishing.provisioned import pages

_TYPES = ("ACCOUNT", "ORGANIZATION", "ORGANIZATIONAL_UNIT")
_MOST_LOOKS = 200  # about five minutes


def shared_with(call: Call, portfolio_id: str) -> set[str]:
    """Return the ids that a portfolio is shared with."""
    return {str(node["PrincipalId"]) for kind in _TYPES for node in pages(
        call, "describe_portfolio_shares", "PortfolioShareDetails", PortfolioId=portfolio_id, Type=kind)}


def share(aws: AwsClient, portfolio_id: str, nodes: Sequence[str]) -> list[str]:
    """Share a portfolio and its tag options with every id that it is not shared with yet; return these ids.

    Names of principals are not shared: whoever can make a role of such a name in another account could launch.
    Raises TapError where a share fails, and LeftRunning where it takes longer than some minutes.
    """
    call = aws.service("servicecatalog")
    missing = sorted(set(nodes) - shared_with(call, portfolio_id))
    for node in missing:
        whom = ({"AccountId": node} if node.isdigit() else {"OrganizationNode": {
            "Type": "ORGANIZATION" if node.startswith("o-") else "ORGANIZATIONAL_UNIT", "Value": node}})
        try:
            answer = call("create_portfolio_share", PortfolioId=portfolio_id, ShareTagOptions=True, **whom)
        except CallFailed as error:
            if error.code != "OperationNotSupportedException":
                raise
            raise TapError(f"{error.message}. Only the organization's management account, or a delegated administrator "
                           "of Service Catalog, can share with an organization") from None
        if token := answer.get("PortfolioShareToken"):
            _wait(aws, node, token)
    return missing


def _wait(aws: AwsClient, node: str, token: str) -> None:
    call = aws.service("servicecatalog")
    answer = poll(aws, lambda: call("describe_portfolio_share_status", PortfolioShareToken=token),
                  lambda answer: answer["Status"] not in ("COMPLETED", "ERROR", "COMPLETED_WITH_ERRORS"), _MOST_LOOKS)
    match answer["Status"]:
        case "COMPLETED":
            return
        case "ERROR" | "COMPLETED_WITH_ERRORS":
            errors = answer.get("ShareDetails", {}).get("ShareErrors", [])
            why = "; ".join(f"{', '.join(error.get('Accounts', []))}: {error.get('Message', '')}" for error in errors)
            raise TapError(f"cannot share the portfolio with all of {node}: {reason_of(why)}")
    raise LeftRunning(f"the portfolio is still being shared with {node}: run this command again to check")
