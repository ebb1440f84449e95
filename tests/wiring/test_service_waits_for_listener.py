"""E9102."""

import pytest

DEPENDS_ON = "    DependsOn: HttpListener\n    Metadata: {WaitsFor: !If [HasCertificate, !Ref HttpsListener, '']}\n"
PROBLEM = (
    "the service does not wait for the listener that forwards to `TargetGroup`. "
    "Add the listener or rule to the service's DependsOn.")


def test_a_service_that_waits_for_no_listener_is_found(found):
    assert found((DEPENDS_ON, "")) == [
        f"E9102 `Service` → `HttpListener`: {PROBLEM} (Where HasCertificate is false.)",
        f"E9102 `Service` → `HttpsListener`: {PROBLEM} (Where HasCertificate is true.)",
    ]


def test_waiting_for_a_listener_that_redirects_is_not_enough(found):
    assert found((DEPENDS_ON, "    DependsOn: HttpListener\n")) == [
        f"E9102 `Service` → `HttpsListener`: {PROBLEM} (Where HasCertificate is true.)"]


@pytest.mark.parametrize("waiting", [
    "    DependsOn: [HttpListener]\n    Metadata: {WaitsFor: !If [HasCertificate, !Ref HttpsListener, '']}\n",
    "    DependsOn: [HttpListener, HttpsListener]\n",
    "    Metadata: {WaitsFor: [!Ref HttpListener, !If [HasCertificate, !Ref HttpsListener, '']]}\n",
    "    Metadata: {WaitsFor: [!Sub '${HttpListener}', !If [HasCertificate, !Sub '${HttpsListener}', '']]}\n",
])
def test_every_way_of_waiting_counts(found, waiting):
    assert found((DEPENDS_ON, waiting)) == []


def test_it_is_enough_to_wait_for_something_that_waits(found):
    cluster = "  Cluster:\n    Type: AWS::ECS::Cluster\n"
    assert found((DEPENDS_ON, ""), (cluster, f"{cluster}    DependsOn: [HttpListener, HttpsListener]\n")) == []
