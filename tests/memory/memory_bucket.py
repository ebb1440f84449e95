"""A bucket in memory."""

import io
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

    def do_get_object(self, Key: str, **_request: Any) -> Any:
        if Key not in self.objects:
            raise refusal("NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": io.BytesIO(self.objects[Key])}

    def do_put_object(self, Key: str, Body: bytes, **_request: Any) -> Any:
        self.objects[Key] = Body
        return {}
