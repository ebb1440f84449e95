"""A queue that the service may send to is added in three files: a tier module, `tap/stack.py` and a test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TIER = '''\
"""The orders: a queue that the service sends to."""

from typing import NamedTuple

from awacs import sqs
from awacs.aws import Action
from troposphere import Template
from troposphere.sqs import Queue, QueuePolicy

from tap.parts import allow, policy, refuse_plain_http
from tap.tasks import Given


class Orders(NamedTuple):
    """The parts of the orders tier that other tiers use."""

    queue: Queue

    def send(self) -> Given:
        """Return what the task needs to send to the queue."""
        return Given({"ORDERS_QUEUE": self.queue.ref()}, [allow([sqs.SendMessage], self.queue.get_att("Arn"))])


def add_orders(t: Template) -> Orders:
    """Add the queue, and the policy that keeps it to TLS."""
    queue = t.add_resource(Queue(
        "OrdersQueue", DeletionPolicy="Delete", UpdateReplacePolicy="Delete", SqsManagedSseEnabled=True))
    t.add_resource(QueuePolicy("OrdersQueuePolicy", Queues=[queue.ref()], PolicyDocument=policy(
        refuse_plain_http([Action("sqs", "*")], queue.get_att("Arn")))))
    return Orders(queue)
'''
TEST = '''\
"""The orders: a queue that the service may send to, and nothing else."""

from stack_view import StackView


def test_the_service_may_send_to_the_queue(stack: StackView) -> None:
    assert stack.grants("TaskRole")["sqs:SendMessage"] == {"${OrdersQueue.Arn}"}
'''
# What is about the whole template, and so about resources that it does not know.
TESTS = ("test_orders", "test_permissions_of_roles", "test_service")


def run(folder: Path, *command: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST", "MAKE"))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for part in ("tap", "tests", "templates", "docs")
            for path in (folder / part).rglob("*") if path.is_file() and "__pycache__" not in path.parts}


def test_a_queue_is_a_tier_module_a_line_of_the_stack_and_a_test(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".*", "build", "__pycache__"))
    before = files(copy)

    (copy / "tap/orders.py").write_text(TIER, encoding="utf-8")
    (copy / "tests/test_orders.py").write_text(TEST, encoding="utf-8")
    stack = copy / "tap/stack.py"
    text = stack.read_text(encoding="utf-8")
    text = text.replace("from tap.parts import", "from tap.orders import add_orders\nfrom tap.parts import")
    text = text.replace("    tasks = t.add(", "    orders = t.add(add_orders)\n    tasks = t.add(", 1)
    text = text.replace("application, worker.given())", "application, worker.given(), orders.send())")
    stack.write_text(text, encoding="utf-8")
    # The virtual environment is there: nothing is installed.
    run(copy, "make", "template", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.rehearse", "-o", f"{sys.prefix}/.dev")

    after = files(copy)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        "tap/orders.py", "tap/stack.py", "tests/test_orders.py",
        "templates/tap.yaml", "docs/application.md"} | (changed & {"docs/architecture.svg"})
    assert b"| `ORDERS_QUEUE` | `${OrdersQueue}` |" in after["docs/application.md"]
    assert b"| `sqs:SendMessage` | `${OrdersQueue.Arn}` |" in after["docs/application.md"]
    run(copy, sys.executable, "-m", "pytest", "-n", "0", "--no-cov", "-p", "no:cacheprovider",
        *(f"tests/{name}.py" for name in TESTS))
