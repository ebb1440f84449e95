"""A service of AWS in memory, at the level of boto3's calls; requests and answers are checked against its own model.

Every call may be made to fail, before or after its work is done. The models are botocore's, which the API's
owners write; a request that AWS would refuse for its shape is refused here, and no answer has a shape of ours.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.validate import validate_parameters

ACCOUNT, REGION = "123456789012", "eu-west-1"
LOST = ReadTimeoutError(endpoint_url="https://example.amazonaws.com")


@cache
def model(service: str) -> Any:
    client = boto3.client(service, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    return client.meta.service_model, client.meta.method_to_api_mapping


def refusal(code: str, message: str = "no", status: int = 400, operation: str = "Call") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message},
                        "ResponseMetadata": {"HTTPStatusCode": status}}, operation)


def check_texts(value: Any, shape: Any, path: str = "") -> None:
    """Raise AssertionError for text that the model does not admit: botocore looks at types and least lengths alone."""
    if isinstance(value, Mapping):
        members = shape.members if shape.type_name == "structure" else dict.fromkeys(value, shape.value)
        for key, item in value.items():
            check_texts(item, members[key], f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            check_texts(item, shape.member, path)
    elif isinstance(value, str):
        choices, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern", "")
        assert not choices or value in choices, f"{path}: {value} is none of {choices}"
        assert len(value) <= shape.metadata.get("max", len(value)), f"{path} is too long"
        # Python has no classes of characters such as \p{L}.
        assert not pattern or "\\p" in pattern or re.fullmatch(pattern, value), f"{path}: {value} is not {pattern}"


class MemoryService:
    """The client of one service; a subclass has `do_<method>` for each call."""

    service = ""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, list[tuple[str, BaseException]]] = {}  # method: (when, error), one for each call
        self.always: dict[str, BaseException] = {}  # method: what every call of it fails with
        self.hooks: dict[str, Callable[[], None]] = {}  # run once, before the method's work
        self.meta: Any = type("Meta", (), {
            "region_name": REGION, "endpoint_url": f"https://{self.service}.{REGION}.amazonaws.com",
            "partition": "aws", "service_model": model(self.service)[0]})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        work: Callable[..., Any] = object.__getattribute__(self, f"do_{name}")

        def call(**request: Any) -> Any:
            self.calls.append(name)
            self.requests.append((name, request))
            self._check(name, request, "input_shape")
            if hook := self.hooks.pop(name, None):
                hook()
            if name in self.always:
                raise self.always[name]
            faults = self.faults.get(name)
            when, error = faults.pop(0) if faults else ("", None)
            if error and when == "before":
                raise error
            answer = work(**request) or {}
            self._check(name, answer, "output_shape")
            if error and when == "after":
                raise error
            if error and when == "twice":  # the client's own second try, after the first answer was lost
                return work(**request) or {}
            return answer

        return call

    def _check(self, method: str, value: Any, kind: str) -> None:
        service, names = model(self.service)
        # A fake that stands for several services is checked where a call is of its own.
        if shape := method in names and getattr(service.operation_model(names[method]), kind):
            validate_parameters(value, shape)
            check_texts(value, shape, method)

    def lose(self, method: str, when: str, times: int = 1) -> None:
        """Let answers to a method be lost, `before` its work is done or `after`."""
        self.faults.setdefault(method, []).extend([(when, LOST)] * times)
