"""A bucket in memory."""

from typing import Any

from memory_service import MemoryService, refusal


class MemoryBucket(MemoryService):
    service = "s3"

    def __init__(self) -> None:
        super().__init__()
        self.meta.endpoint_url = "https://s3.eu-west-1.amazonaws.com"
        self.objects: dict[str, bytes] = {}

    def do_head_bucket(self, **_request: Any) -> Any:
        return {}

    def do_head_object(self, Key: str, **_request: Any) -> Any:
        if Key not in self.objects:
            raise refusal("404", "Not Found", 404)
        return {}

    def do_put_object(self, Key: str, Body: bytes, **_request: Any) -> Any:
        self.objects[Key] = Body
        return {}
