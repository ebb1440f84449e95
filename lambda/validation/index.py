"""Says whether a transaction may go on, and remembers those that may. README.md beside this file is the contract.

In: `{"transaction": {...}}`, `{"transactions": [{...}, ...]}` of 1 to 100, or an HTTP event of a load balancer, an API
or a function URL whose body is either. Out: `statusCode` and a JSON `body` with `valid`, `code` and, where refused,
`reason`; a batch's body has `results`, in order. 200 accepted, 400 or 413 refused, 409 other content under an id
that was accepted before, 503 not decided: send it again.

Environment: MAX_AMOUNT; CURRENCIES, each with its ISO 4217 minor units; TYPES; DYNAMODB_TABLE, without which nothing
is remembered; TTL_DAYS, for how long. All but the table have defaults.
"""

import json
import os
import re
import time
from binascii import a2b_base64
from datetime import datetime
from decimal import Decimal

ENV = os.environ.get
MAX_AMOUNT = Decimal(ENV("MAX_AMOUNT", "1000000"))
UNITS = dict(pair.split(":") for pair in ENV("CURRENCIES", "USD:2,EUR:2,GBP:2,JPY:0,KWD:3").split(","))
TYPES = ENV("TYPES", "debit,credit,transfer,payment,refund,deposit,withdrawal,fee").split(",")
TABLE = ENV("DYNAMODB_TABLE")
TTL = 86400 * int(ENV("TTL_DAYS", "30"))
REQUIRED = ("transaction_id", "amount", "account_id", "type")
IDS = REQUIRED[::2]
KNOWN = {*REQUIRED, "currency", "timestamp"}
AMOUNT = re.compile(r"[+-]?\d{1,24}(\.\d{1,24})?([eE][+-]?\d{1,3})?", re.A).fullmatch
ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,63}", re.A).fullmatch
# The shape of RFC 3339: fromisoformat takes more of ISO 8601, and any character between date and time.
MOMENT = re.compile(r"[\d-]{10}[Tt ][\d:]{8}(\.\d+)?([Zz]|.\d\d:\d\d)", re.A).fullmatch
# Characters of a transaction as Python writes it, which is about its JSON.
LARGEST = 8192
# Milliseconds that a write takes at the most, with all its attempts.
WRITE = 8000
STATUS = {"accepted": 200, "duplicate": 200, "conflict": 409, "too_large": 413, "unavailable": 503}
METRICS = ("Accepted", "Duplicate", "Unavailable", "Rejected")
JSON = "application/json"
SPACE = {"Namespace": "TransactionValidation"}
TOTALS = SPACE | {"Dimensions": [["FunctionName"]], "Metrics": [
    *({"Name": name} for name in METRICS), {"Name": "Latency", "Unit": "Milliseconds"}]}
BY_CODE = SPACE | {"Dimensions": [["FunctionName", "Code"]], "Metrics": [{"Name": "Rejected"}]}

if TABLE:
    # In the init phase, which has a whole processor.
    from hashlib import sha256

    import boto3
    from botocore.config import Config

    CLIENT = boto3.client("dynamodb", config=Config(
        connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2}))


class Number(str):
    """A JSON number as it was written: neither rounded nor, however long, computed."""

    __slots__ = ()


DECODE = json.JSONDecoder(parse_float=Number, parse_int=Number).decode


def is_id(value):
    """Whether a value may name a transaction or an account."""
    return type(value) is str and ID(value)


def check(tx):
    """Return a code and the reason for it; of what is accepted, the fields that two of one id must agree in."""
    for field in REQUIRED:
        if field not in tx:
            return "missing_field", "Missing required field: " + field
    try:
        amount = Decimal(AMOUNT(str(tx["amount"]))[0])
    except (TypeError, ValueError, RecursionError):
        return "amount_format", "Invalid amount format"
    if amount <= 0:
        return "amount_not_positive", "Amount must be positive"
    if amount > MAX_AMOUNT:
        return "amount_too_large", "Amount exceeds the maximum"
    currency = tx.get("currency", "USD")
    if type(currency) is not str or currency not in UNITS:
        return "currency_unknown", "Currency is not accepted"
    exact = round(amount, int(UNITS[currency]))
    if exact != amount:
        return "amount_precision", "Amount has too many decimals for " + currency
    for field in IDS:
        if not is_id(tx[field]):
            return field + "_format", f"Invalid {field} format"
    if tx["type"] not in TYPES:
        return "type_unknown", "Type is not accepted"
    when = ""
    if "timestamp" in tx:
        try:
            when = datetime.fromisoformat(MOMENT(tx["timestamp"])[0].upper()).timestamp()
        except (TypeError, ValueError):
            return "timestamp_format", "Invalid timestamp format"
        # The clock of a caller may be a minute ahead.
        if when > time.time() + 60:
            return "timestamp_future", "Timestamp is in the future"
    try:
        large = tx.keys() - KNOWN and len(repr(tx)) > LARGEST
    except (ValueError, RecursionError):
        large = True
    if large:
        return "too_large", "Transaction is too large"
    return "accepted", (tx["transaction_id"], tx["account_id"], exact, currency, tx["type"], when)


def remember(client, content):
    """Return what check does, or what an earlier transaction of the id makes of it; raise where it cannot be known."""
    now = int(time.time())
    digest = {"S": sha256("\n".join(map(str, content)).encode()).hexdigest()}
    # Tells a write that the SDK repeated from one of another request.
    token = {"S": os.urandom(9).hex()}
    try:
        client.put_item(
            TableName=TABLE,
            Item={
                "sessionId": {"S": "transaction#" + content[0]}, "content": digest, "token": token,
                "expiresAt": {"N": str(now + TTL)}},
            # DynamoDB deletes what has expired within days, not at once.
            ConditionExpression="attribute_not_exists(sessionId) OR expiresAt < :now",
            ExpressionAttributeValues={":now": {"N": str(now)}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except client.exceptions.ConditionalCheckFailedException as e:
        old = e.response["Item"]
        if old["content"] != digest:
            return "conflict", "Transaction id was used with other content"
        if old["token"] != token:
            return "duplicate", content
    return "accepted", content


def read(event, http):
    """Return a batch, which is a list, or a tuple of one transaction, or of a tuple that says what is wrong."""
    if http:
        try:
            body = event["body"]
            if event.get("isBase64Encoded"):
                body = a2b_base64(body, strict_mode=True).decode()
            event = DECODE(body)
        except Exception:
            return (("malformed_json", "Body is not JSON"),)
    if type(event) is not dict:
        event = {}
    if "transactions" not in event:
        return (event.get("transaction"),)
    batch = event["transactions"]
    if type(batch) is list and 0 < len(batch) <= 100:
        return batch
    return (("batch_size", "A batch has 1 to 100 transactions"),)


def handler(event, context, client=None):
    """Answer whatever comes, and raise nothing; tests give a client."""
    start = time.perf_counter()
    http = type(event) is dict and "requestContext" in event
    batch = read(event, http)
    codes, results, line = [], [], {"requestId": getattr(context, "aws_request_id", "")}
    for tx in batch:
        try:
            code, detail = tx if type(tx) is tuple else check(tx if type(tx) is dict else {})
            if TABLE and code == "accepted":
                # One that failed is enough: the others would only wait for the same.
                if "error" in line or (context and context.get_remaining_time_in_millis() < WRITE):
                    raise TimeoutError
                code, detail = remember(client or CLIENT, detail)
        except Exception as e:
            line.setdefault("error", type(e).__name__)
            code, detail = "unavailable", "Try again"
        status = STATUS.get(code, 400)
        if status == 200:
            result = {"valid": True, "transaction_id": detail[0], "code": "accepted"}
        else:
            result = {"valid": False, "reason": detail, "code": code}
        if code == "duplicate":
            result["duplicate"] = True
        codes.append(code)
        results.append({"statusCode": status} | result)
    if type(batch) is list:
        status, result = 200, {"results": results}
    elif type(tx) is dict:
        # An id that does not give its account away.
        name, account = map(tx.get, IDS)
        if is_id(name) and is_id(account) and account not in name:
            line["transactionId"] = name
    log(codes, line | {"Latency": round(1000 * (time.perf_counter() - start), 3)})
    answer = {"statusCode": status, "body": json.dumps(result)}
    if http:
        # A load balancer that sends the one kind of headers takes no other.
        kind, value = ("multiValueHeaders", [JSON]) if event.get("multiValueHeaders") else ("headers", JSON)
        answer |= {kind: {"Content-Type": value}, "isBase64Encoded": False}
    return answer


def log(codes, line):
    """Print a line with its metrics for each code, which is one line for one transaction."""
    for code in dict.fromkeys(codes):
        count = codes.count(code)
        metric, directives = code.title(), [TOTALS]
        if metric not in METRICS:
            metric, directives = "Rejected", [TOTALS, BY_CODE]
        counts = dict.fromkeys(METRICS, 0) | {metric: count}
        aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}
        line["FunctionName"] = ENV("AWS_LAMBDA_FUNCTION_NAME", "local")
        print(json.dumps({"_aws": aws, "Code": code} | counts | line))
