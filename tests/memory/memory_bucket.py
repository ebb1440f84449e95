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
        self.owner = "123456789012"

    def do_head_bucket(self, **request: Any) -> Any:
        self._check_owner(request)
        return {}

    def do_head_object(self, Key: str, **request: Any) -> Any:
        self._check_owner(request)
        if Key not in self.objects:
            raise refusal("404", "Not Found", 404)
        return {}

    def do_get_object(self, Key: str, **_request: Any) -> Any:
        if Key not in self.objects:
            raise refusal("NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": io.BytesIO(self.objects[Key])}

    def do_put_object(self, Key: str, Body: bytes, **request: Any) -> Any:
        self._check_owner(request)
        self.objects[Key] = Body
        return {}

    def _check_owner(self, request: dict[str, Any]) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html"""
        if request["ExpectedBucketOwner"] != self.owner:
            raise refusal("AccessDenied", "Access Denied", 403)
