"""Says whether a transaction may go on: {"transaction": {...}} in, statusCode and a JSON body out."""

import json
from decimal import Decimal
from typing import Any

REQUIRED = ("transaction_id", "amount", "account_id", "type")


def handler(event: Any, context: object) -> dict[str, Any]:
    """Answer 200 with `valid` and `transaction_id`, or 400 with `valid` and `reason`; raise nothing."""
    transaction = event.get("transaction") if isinstance(event, dict) else None
    if not isinstance(transaction, dict):
        transaction = {}
    for field in REQUIRED:
        if field not in transaction:
            return _invalid(f"Missing required field: {field}")
    amount = _decimal(transaction["amount"])
    if amount is None:
        return _invalid("Invalid amount format")
    if amount <= 0:
        return _invalid("Amount must be positive")
    try:
        body = json.dumps({"valid": True, "transaction_id": transaction["transaction_id"]})
    except RecursionError:
        return _invalid("Invalid transaction_id format")
    return {"statusCode": 200, "body": body}


def _invalid(reason: str) -> dict[str, Any]:
    return {"statusCode": 400, "body": json.dumps({"valid": False, "reason": reason})}


def _decimal(amount: object) -> Decimal | None:
    if not isinstance(amount, int | float | str):
        return None
    try:
        # Refuses "True" and "False" too.
        number = Decimal(str(amount))
    except (ArithmeticError, ValueError):
        return None
    return number if number.is_finite() else None
