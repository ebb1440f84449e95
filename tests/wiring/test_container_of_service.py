"""E9105."""

import pytest

MEND = "Use the name of a container in the task definition and a ContainerPort of its PortMappings."
ENTRY = "ContainerName: web, ContainerPort: 8080"


def test_a_container_that_the_task_definition_does_not_have_is_found(found):
    assert found((ENTRY, "ContainerName: app, ContainerPort: 8080")) == [
        f"E9105 `Service` → `Task`: it has no container app. {MEND}"]


def test_a_port_that_the_container_does_not_map_is_found(found):
    assert found(("PortMappings: [{ContainerPort: 8080}]", "PortMappings: [{ContainerPort: 9090}]")) == [
        f"E9105 `Service` → `Task`: its container web does not map port 8080. {MEND}"]


def test_a_container_without_port_mappings_maps_no_port(found):
    assert len(found(("        PortMappings: [{ContainerPort: 8080}]\n", ""))) == 1


def test_a_service_registry_is_judged_in_the_same_way(found):
    grace = "      HealthCheckGracePeriodSeconds: 60\n"
    entry = "{RegistryArn: !ImportValue registry, ContainerName: app, ContainerPort: 8080}"
    assert found((grace, f"{grace}      ServiceRegistries: [{entry}]\n")) == [
        f"E9105 `Service` → `Task`: it has no container app. {MEND}"]


@pytest.mark.parametrize("change", [
    ("- Name: web", "- Name: !Ref Image"),
    (ENTRY, "ContainerName: !Ref Image, ContainerPort: 8080"),
    (ENTRY, "ContainerName: !ImportValue container, ContainerPort: 8080"),
    ("PortMappings: [{ContainerPort: 8080}]", "PortMappings: [{ContainerPort: !Ref Image}]"),
    ("PortMappings: [{ContainerPort: 8080}]", "PortMappings: [{ContainerPortRange: 8000-9000}]"),
    ("PortMappings: [{ContainerPort: 8080}]", "PortMappings: [{ContainerPort: '8080'}]"),
    ("TaskDefinition: !Ref Task\n", "TaskDefinition: !ImportValue task\n"),
])
def test_what_is_the_same_or_not_known_is_not_found(found, change):
    assert found(change) == []
