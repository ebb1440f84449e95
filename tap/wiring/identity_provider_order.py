"""E9412: Cognito client that does not wait for its identity provider."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_list, is_known, same

CLIENT = "AWS::Cognito::UserPoolClient"
PROVIDER = "AWS::Cognito::UserPoolIdentityProvider"
POOL = "AWS::Cognito::UserPool"


class IdentityProviderOrder(WiringRule):
    """A client names its identity providers without a reference."""

    id = "E9412"
    shortdesc = "Cognito client that does not wait for its identity provider"
    description = (
        "A user pool client refers to identity providers by name. If it does not wait for a provider in the template, "
        "CloudFormation may create the client first, and Cognito rejects it.")
    source_url = (
        "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html")
    error = "The provider … does not exist for User Pool …"
    fix = "Add the identity provider to the client's DependsOn."
    types = (CLIENT, PROVIDER, POOL)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield clients that do not wait for a provider that they name."""
        for client in stack.of_type(CLIENT):
            names = [name for name in as_list(client.at("SupportedIdentityProviders")) if is_known(name)]
            for provider in stack.of_type(PROVIDER):
                named = any(same(provider.at("ProviderName"), name) for name in names)
                if named and same(provider.at("UserPoolId"), client.at("UserPoolId")) and (
                        not stack.waits_for(client, provider)):
                    yield Broken(client, provider, "SupportedIdentityProviders", "it does not wait for the provider")
