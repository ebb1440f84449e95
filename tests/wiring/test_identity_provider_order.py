"""E9412."""

import pytest

NAMES = "SupportedIdentityProviders: [COGNITO, Google]"


def test_a_client_that_does_not_wait_for_its_provider_is_found(found_in_example):
    [message] = found_in_example("E9412")
    assert message.startswith("E9412 `Client` → `Google`: it does not wait for the provider.")


@pytest.mark.parametrize("change", [
    (NAMES, "SupportedIdentityProviders: [COGNITO]"), (NAMES, "SupportedIdentityProviders: [COGNITO, !Ref Google]"),
    ("{UserPoolId: !ImportValue pool, Supported", "{UserPoolId: !ImportValue other, Supported")])
def test_clients_of_other_providers_and_pools_and_references_are_not_found(found_in_example, change):
    assert found_in_example("E9412", change) == []
