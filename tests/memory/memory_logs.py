"""CloudWatch Logs in memory, as far as it is read."""

from typing import Any

from memory_service import MemoryService, refusal


class MemoryLogs(MemoryService):
    """The client; events come in pages of two."""

    service = "logs"

    def __init__(self, **groups: list[tuple[int, str]]) -> None:
        """Take each group's events: when, in milliseconds, and what."""
        super().__init__()
        self.groups = groups

    def do_filter_log_events(self, logGroupName: str, startTime: int, filterPattern: str = "", nextToken: str = "0",
                             logStreamNames: list[str] | None = None) -> Any:
        if logGroupName not in self.groups:
            raise refusal("ResourceNotFoundException", "The specified log group does not exist.")
        if logStreamNames and not self.groups[logGroupName]:
            raise refusal("ResourceNotFoundException", "The specified log stream does not exist.")
        if filterPattern == "[":
            raise refusal("InvalidParameterException", "Invalid filter pattern")
        stream = (logStreamNames or ["web-app/WebApp/1234abcd"])[0]
        found = [{"eventId": f"{number}", "timestamp": when, "logStreamName": stream, "message": text}
                 for number, (when, text) in enumerate(self.groups[logGroupName])
                 if when >= startTime and filterPattern in text]
        begin = int(nextToken)
        more = {"nextToken": str(begin + 2)} if begin + 2 < len(found) else {}
        return {"events": found[begin:begin + 2], **more}
