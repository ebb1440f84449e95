"""E9403."""

import pytest

MEND = "Set EnableDnsSupport and EnableDnsHostnames to true on the VPC."
DNS = ", EnableDnsSupport: true, EnableDnsHostnames: true"


@pytest.mark.parametrize(("dns", "missing"), [
    ("", "EnableDnsHostnames"),
    (", EnableDnsSupport: true, EnableDnsHostnames: 'false'", "EnableDnsHostnames"),
    (", EnableDnsSupport: false, EnableDnsHostnames: true", "EnableDnsSupport"),
    (", EnableDnsSupport: false", "EnableDnsSupport and EnableDnsHostnames"),
])
def test_an_endpoint_with_private_dns_in_a_vpc_without_it_is_found(found, dns, missing):
    assert found((DNS, dns)) == [f"E9403 `Endpoint` → `Vpc`: private DNS requires {missing} on the VPC. {MEND}"]


@pytest.mark.parametrize("dns", [", EnableDnsHostnames: true", ", EnableDnsHostnames: !Ref Image"])
def test_defaults_and_what_is_not_known_are_not_found(found, dns):
    assert found((DNS, dns)) == []


@pytest.mark.parametrize("change", [
    ("PrivateDnsEnabled: true", "PrivateDnsEnabled: false"),
    ("      VpcId: !Ref Vpc\n      VpcEndpointType", "      VpcId: !ImportValue vpc\n      VpcEndpointType"),
])
def test_other_endpoints_are_not_judged(found, change):
    assert found((DNS, ""), change) == []
