"""DynamoDB's client with one table in memory, as far as the validation needs it."""

from types import SimpleNamespace
from typing import Any


class ConditionalCheckFailed(Exception):
    def __init__(self, item: dict[str, Any]) -> None:
        self.response = {"Item": item}


class Table:
    """Keeps the items; raises the next of `failures`; `repeats` each write as the SDK does when an answer is lost."""

    exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionalCheckFailed)

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.calls = 0
        self.failures: list[Exception] = []
        self.repeats = False

    def put_item(self, **request: Any) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        self._put(**request)
        if self.repeats:
            self._put(**request)

    def _put(self, TableName: str, Item: dict[str, Any], ConditionExpression: str,
             ExpressionAttributeValues: dict[str, Any], ReturnValuesOnConditionCheckFailure: str) -> None:
        assert TableName == "sessions"
        assert ConditionExpression == "attribute_not_exists(sessionId) OR expiresAt < :now"
        assert ReturnValuesOnConditionCheckFailure == "ALL_OLD"
        old = self.items.get(Item["sessionId"]["S"])
        if old and int(old["expiresAt"]["N"]) >= int(ExpressionAttributeValues[":now"]["N"]):
            raise ConditionalCheckFailed(old)
        self.items[Item["sessionId"]["S"]] = Item
