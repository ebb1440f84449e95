"""The worker: a second service of the same image without a load balancer, and its queue."""

from collections.abc import Callable

from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
COMMAND = "python worker.py"


def test_there_is_no_worker_by_default(deployed: Deployed) -> None:
    assert [title for title in deployed().resolved.resources if title.startswith("Work")] == []


def test_a_worker_runs_its_command_in_the_services_image_with_its_variables_roles_and_network(
        deployed: Deployed) -> None:
    stack = deployed(WorkerCommand=COMMAND)
    (own,) = stack.properties("WorkerTaskDefinition")["ContainerDefinitions"]
    (service,) = stack.properties("TaskDefinition")["ContainerDefinitions"]
    assert own["Command"] == ["python", "worker.py"]
    assert "PortMappings" not in own
    for name in ("Image", "Environment", "Secrets", "User", "ReadonlyRootFilesystem"):
        assert own[name] == service[name]
    assert "LoadBalancers" not in stack.properties("WorkerService")
    assert stack.properties("WorkerService")["NetworkConfiguration"] == stack.properties("Service")[
        "NetworkConfiguration"]


def test_a_worker_without_a_queue_has_none_and_is_not_scaled_on_it(deployed: Deployed) -> None:
    stack = deployed(WorkerCommand=COMMAND)
    assert {"WorkQueue", "WorkFailures", "WorkerBacklogScaling"}.isdisjoint(stack.resolved.resources)


def test_a_worker_sleeps_and_wakes_with_the_service(deployed: Deployed) -> None:
    stack = deployed(WorkerCommand=COMMAND, MinWorkers="2", SleepSchedule="cron(0 20 * * ? *)",
                     WakeSchedule="cron(0 6 * * ? *)")
    sleep, wake = stack.properties("WorkerScaling")["ScheduledActions"]
    assert sleep["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}
    assert wake["ScalableTargetAction"] == {"MinCapacity": "2", "MaxCapacity": "4"}


def test_people_are_told_of_a_worker_whose_tasks_fail(deployed: Deployed) -> None:
    pattern = deployed(WorkerCommand=COMMAND).properties("WorkerActionRule")["EventPattern"]
    assert pattern["resources"] == [Reference("WorkerService")]
    assert pattern["detail"] == {"eventType": ["WARN", "ERROR"]}


def test_without_nat_gateways_tasks_reach_the_queue_through_an_endpoint(deployed: Deployed) -> None:
    inside = {"NatGateways": "none", "InterfaceEndpoints": "true", "WorkerCommand": COMMAND}
    endpoint = deployed(**inside, WorkerQueue="true").properties("SqsEndpoint")
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.sqs"
    assert "SqsEndpoint" not in deployed(**inside).resolved.resources
    assert "SqsEndpoint" not in deployed(WorkerCommand=COMMAND, WorkerQueue="true").resolved.resources


def test_every_task_knows_the_queue_and_may_send_and_receive(deployed: Deployed) -> None:
    stack = deployed(WorkerCommand=COMMAND, WorkerQueue="true")
    for title in ("TaskDefinition", "WorkerTaskDefinition"):
        (container,) = stack.properties(title)["ContainerDefinitions"]
        assert {"Name": "WORKER_QUEUE_URL", "Value": Reference("WorkQueue")} in container["Environment"]
    granted = stack.grants("TaskRole")
    for action in ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"):
        assert granted[action] == {"${WorkQueue.Arn}"}


def test_a_message_that_nobody_could_process_goes_to_the_dead_letter_queue(deployed: Deployed) -> None:
    stack = deployed(WorkerCommand=COMMAND, WorkerQueue="true")
    assert stack.properties("WorkQueue")["RedrivePolicy"] == {
        "deadLetterTargetArn": Reference("WorkFailures", "Arn"), "maxReceiveCount": 5}
