"""Decide whether transactions may proceed, and remember the accepted ones. The contract is in README.md.

In: `{"transaction": {...}}`, `{"transactions": [{...}, ...]}` of 1 to 100, or an HTTP event of a load balancer, an API
or a function URL whose body is either. Out: `statusCode` and a JSON `body`. Raises UnsupportedEvent for any other
event, and Undecided if DynamoDB does not respond and the caller may not read a response.

This file is deployed unchanged, including comments.
"""

import json
import os
import re
import time
from binascii import a2b_base64
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

# ---- Settings: environment variables, checked once when the function starts.

DEFAULTS = {
    "CURRENCIES": "USD:2:1000000,EUR:2:1000000,GBP:2:1000000,JPY:0:150000000,KWD:3:300000",
    "TYPES": "debit,credit,transfer,payment,refund,deposit,withdrawal,fee",
    "TTL_DAYS": "30",
    "DYNAMODB_TABLE": "",
}
SETTINGS = {name: os.environ.get(name, default) for name, default in DEFAULTS.items()}


def invalid(name, expected):
    """Return the ValueError for an invalid setting."""
    return ValueError(f"environment variable {name} is {SETTINGS[name]!r}; expected {expected}")


def read_currencies():
    """Return the minor unit and the maximum of each currency, in major units: 0.01 and 1000000 for USD."""
    currencies = {}
    for entry in SETTINGS["CURRENCIES"].split(","):
        # Up to 12 digits, so that an amount is never a card number: see holds_card_number.
        match = re.fullmatch(r"([A-Z]{3}):([0-4]):([1-9]\d{0,11})", entry, re.A)
        if not match or match[1] in currencies:
            raise invalid("CURRENCIES", "each currency once, with its minor units and maximum, such as USD:2:1000000")
        currencies[match[1]] = Decimal(1).scaleb(-int(match[2])), Decimal(match[3])
    return currencies


def read_types():
    """Return the accepted transaction types."""
    types = SETTINGS["TYPES"].split(",")
    if not all(re.fullmatch("[a-z_]+", name) for name in types):
        raise invalid("TYPES", "lower-case words separated by commas, such as debit,credit")
    return types


def read_memory_seconds():
    """Return how many seconds to remember an accepted transaction."""
    try:
        days = float(SETTINGS["TTL_DAYS"])
    except ValueError:
        days = 0
    if not 0 < days <= 3650:
        raise invalid("TTL_DAYS", "a number of days, more than 0 and at most 3650")
    return int(days * 86400)


CURRENCIES = read_currencies()
TYPES = read_types()
MEMORY_SECONDS = read_memory_seconds()
TABLE = SETTINGS["DYNAMODB_TABLE"]
FUNCTION_NAME = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")

if TABLE:
    # Imported in the init phase, which has a full vCPU.
    from hashlib import sha256

    import boto3
    from botocore.config import Config

    CLIENT = boto3.client("dynamodb", config=Config(
        connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2}))

# ---- Limits and patterns

KNOWN = {"transaction_id", "amount", "account_id", "type", "currency", "timestamp"}
MAX_BATCH = 100
# Bytes of a body: the maximum that a load balancer sends to a function. Function URLs and APIs allow six times as much:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
MAX_BODY = 1024 * 1024
# Values in a body: a value of three characters takes Python up to 250 bytes.
MAX_ITEMS = 20_000
# Characters of a transaction's unknown fields in Python's repr.
MAX_EXTRAS = 8192
# Seconds that a caller's clock may be ahead.
CLOCK_SKEW = 60
# Milliseconds that a write may take, including retries.
WRITE = 8000

AMOUNT = re.compile(r"[+-]?\d{1,24}(\.\d{1,24})?([eE][+-]?\d{1,3})?", re.A).fullmatch
ID = re.compile(r"[A-Za-z0-9][\w.:-]{0,63}", re.A).fullmatch
# RFC 3339 without leap seconds. fromisoformat accepts more, depending on the Python version: 24:00:00, offsets of 99
# minutes, any character between date and time.
TIMESTAMP = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.A).fullmatch

# 13 digits or more, with separators. The first pattern is a fast check before the second.
MAY_BE_LONG = re.compile("[0-9][0-9 _.:/-]{12}").search
LONG_NUMBERS = re.compile("[0-9](?:[ _.:/-]*[0-9]){12,}").finditer
NO_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# UUIDs, SHA digests, timestamps and JSON numbers with a fraction: one long number in ten passes the Luhn check by
# chance.
NOT_A_CARD_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:[\da-fA-F]{8}(?:-?[\da-fA-F]{4}){4}[\da-fA-F]{8}|[\da-fA-F]{40}|[\da-fA-F]{64})(?![0-9A-Za-z])"
    r"|\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?"
    r"|(?<=[ \[])-?\d{1,12}\.\d+(?:e[+-]?\d+)?(?=[,\]}])")

# ---- Responses and metrics

# Any other code: 400.
STATUS = {"accepted": 200, "duplicate": 200, "conflict": 409, "too_large": 413, "unavailable": 503}
METRICS = ("Accepted", "Duplicate", "Unavailable", "Rejected")
NAMESPACE = {"Namespace": "TransactionValidation"}
TOTALS = NAMESPACE | {"Dimensions": [["FunctionName"]], "Metrics": [
    *({"Name": name} for name in METRICS), {"Name": "Latency", "Unit": "Milliseconds"}]}
BY_CODE = NAMESPACE | {"Dimensions": [["FunctionName", "Code"]], "Metrics": [{"Name": "Rejected"}]}
JSON = "application/json"


class UnsupportedEvent(Exception):
    """The event is not a request. A response would discard the messages of a queue or an asynchronous call."""


class Undecided(Exception):
    """DynamoDB did not respond and the caller may not read a 503, so Lambda must retry or keep the event."""


class Refused(Exception):
    """The whole request is rejected; the arguments are code and reason."""


# ---- Reading a request


class Number(str):
    """A JSON number as written, neither rounded nor converted."""

    __slots__ = ()
    # Without a string's quotes.
    __repr__ = str.__str__


def unique(pairs):
    """Return a JSON object as a dictionary; raise Refused for a duplicate key."""
    decoded = dict(pairs)
    if len(decoded) < len(pairs):
        raise Refused("duplicate_key", "Body has the same key twice in an object")
    return decoded


DECODE = json.JSONDecoder(object_pairs_hook=unique, parse_float=Number, parse_int=Number).decode


def decode_body(event):
    """Return the decoded body of an HTTP event; raise Refused if it is not JSON, or too large to decode."""
    try:
        body, is_base64 = event["body"], event.get("isBase64Encoded")
        # Base64 encodes three bytes as four characters.
        if len(body) > (MAX_BODY * 4 // 3 + 4 if is_base64 else MAX_BODY):
            raise Refused("too_large", "Body is too large")
        data = a2b_base64(body, strict_mode=True) if is_base64 else body.encode()
        items = data.count(b",") + data.count(b"[") + data.count(b"{")
        if len(data) > MAX_BODY or items > MAX_ITEMS:
            raise Refused("too_large", "Body is too large")
        return DECODE(data.decode())
    except Refused:
        raise
    except Exception as error:
        raise Refused("malformed_json", "Body is not JSON") from error


def read(event, is_http):
    """Return an event's transactions as a list, and whether they are a batch.

    Raises Refused or UnsupportedEvent.
    """
    request = decode_body(event) if is_http else event
    if not isinstance(request, dict):
        request = {} if is_http or not request else {"unsupported": request}
    if "transactions" in request:
        batch = request["transactions"]
        if not isinstance(batch, list) or not 0 < len(batch) <= MAX_BATCH:
            raise Refused("batch_size", "A batch has 1 to 100 transactions")
        return batch, True
    if request and "transaction" not in request and not is_http:
        # For example messages of a queue or a schedule. The event is not quoted, since it may contain anything.
        raise UnsupportedEvent("expected a transaction, transactions, or an HTTP event with a requestContext")
    return [request.get("transaction")], False


# ---- Checking a transaction


def holds_card_number(text):
    """Return whether any 13 to 19 consecutive digits, ignoring separators, pass the Luhn check (ISO/IEC 7812-1).

    Running sums keep the time linear in the length of the text.
    """
    if not MAY_BE_LONG(text):
        return False
    for number in LONG_NUMBERS(NOT_A_CARD_NUMBER.sub(",", text)):
        groups = re.findall("[0-9]+", number[0])
        digits = [int(digit) for digit in "".join(groups)]
        bounds = {0, *accumulate(map(len, groups))}
        # Luhn doubles every second digit, from the last but one to the left: those at even places of a number that
        # ends before an even place, and those at odd places otherwise. Of a product like 14 it adds up the digits.
        sums = [list(accumulate((DOUBLED[digit] if place % 2 == parity else digit
                                 for place, digit in enumerate(digits)), initial=0)) for parity in (0, 1)]
        for first in bounds:
            for last in range(first + 13, first + 20):
                if last in bounds and (sums[last % 2][last] - sums[last % 2][first]) % 10 == 0:
                    return True
    return False


def check(tx, now):
    """Return a code and its reason, or for an accepted transaction its id, account, amount, currency and type.

    tx is a dictionary, now in epoch seconds.
    """
    try:
        name, amount, account, kind = tx["transaction_id"], tx["amount"], tx["account_id"], tx["type"]
    except KeyError as error:
        return "missing_field", "Missing required field: " + error.args[0]
    try:
        if type(amount) in (float, int):
            amount = str(amount)
        amount = Decimal(AMOUNT(amount)[0])
    except (TypeError, ValueError):
        return "amount_format", "Invalid amount format"
    if amount <= 0:
        return "amount_not_positive", "Amount must be positive"
    currency = tx.get("currency", "USD")
    try:
        minor_unit, maximum = CURRENCIES[currency]
    except (KeyError, TypeError):
        return "currency_unknown", "Currency is not accepted"
    if amount > maximum:
        return "amount_too_large", "Amount exceeds the maximum"
    if amount % minor_unit:
        return "amount_precision", "Amount has too many decimals for " + currency
    if type(name) is not str or not ID(name):
        return "transaction_id_format", "Invalid transaction_id format"
    if type(account) is not str or not ID(account):
        return "account_id_format", "Invalid account_id format"
    if kind not in TYPES:
        return "type_unknown", "Type is not accepted"
    if "timestamp" in tx:
        try:
            when = datetime.fromisoformat(TIMESTAMP(tx["timestamp"])[0].upper()).timestamp()
        except (TypeError, ValueError):
            return "timestamp_format", "Invalid timestamp format"
        if when > now + CLOCK_SKEW:
            return "timestamp_future", "Timestamp is in the future"
        if when < now - MEMORY_SECONDS:
            # Its id may have been forgotten, and a replay would be accepted as new.
            return "timestamp_too_old", "Timestamp is too old"
    text = name + "\n" + account
    # The fast check saves the call.
    has_card_number = MAY_BE_LONG(text) and holds_card_number(text)
    if len(tx) > len(KNOWN) or not tx.keys() <= KNOWN:
        extras = [field for field in tx if field not in KNOWN]
        try:
            written = "\n".join(extras) + repr([tx[field] for field in extras])
        except (ValueError, RecursionError):
            return "too_large", "Transaction is too large"
        if len(written) > MAX_EXTRAS:
            return "too_large", "Transaction is too large"
        # Few texts have 13 digits, and counting is five times as fast as searching.
        digits = len(written.encode("utf-8", "replace").translate(None, NO_DIGITS))
        has_card_number = has_card_number or (digits >= 13 and holds_card_number(written))
    if has_card_number:
        return "card_number", "A field holds a card number"
    return "accepted", (name, account, amount, currency, kind)


# ---- Remembering accepted transactions


def digest(*parts):
    """Return the SHA-256 of the parts, in hexadecimal."""
    return sha256("\n".join(parts).encode()).hexdigest()


def remember(client, content, now):
    """Store an accepted transaction and return its code and content, or conflict or duplicate if its id is known.

    Raises the client's error if the table does not respond.
    """
    name, account, amount, currency, kind = content
    content_digest = {"S": digest(name, account, str(amount.normalize()), currency, kind)}
    # Distinguishes the SDK's retry of a write from another request.
    token = {"S": os.urandom(9).hex()}
    try:
        client.put_item(
            TableName=TABLE,
            Item={
                # "#" is not allowed in an id.
                "sessionId": {"S": f"transaction#{name}#{digest(name, account)}"},
                "content": content_digest, "token": token,
                # A timestamp may be ahead by the skew and must be too old before its record expires.
                "expiresAt": {"N": str(int(now) + MEMORY_SECONDS + CLOCK_SKEW)}},
            # DynamoDB deletes expired items within days, not immediately.
            ConditionExpression="attribute_not_exists(sessionId) OR expiresAt < :now",
            ExpressionAttributeValues={":now": {"N": str(int(now))}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except client.exceptions.ConditionalCheckFailedException as error:
        old = error.response["Item"]
        if old["content"] != content_digest:
            return "conflict", "Transaction id was used with other content"
        if old["token"] != token:
            return "duplicate", content
    return "accepted", content


def decide(transactions, context, client, now):
    """Return each transaction's code with its reason or content, and the name of the first error or None.

    After one failure of the table, the remaining transactions are not tried.
    """
    outcomes, error_name = [], None
    for tx in transactions:
        try:
            outcome = check(tx if isinstance(tx, dict) else {}, now)
            if TABLE and outcome[0] == "accepted":
                if error_name or (context and context.get_remaining_time_in_millis() < WRITE):
                    raise TimeoutError
                outcome = remember(client or CLIENT, outcome[1], now)
        except Exception as error:
            # The code of an AWS error, or the exception type. Never the message, which may quote the request.
            response = getattr(error, "response", None) or {}
            error_name = error_name or response.get("Error", {}).get("Code") or type(error).__name__
            outcome = "unavailable", "Try again"
        outcomes.append(outcome)
    return outcomes, error_name


# ---- Responding


def result_of(code, detail):
    """Return the response to one transaction, including its status."""
    status = STATUS.get(code, 400)
    if status != 200:
        return {"statusCode": status, "valid": False, "reason": detail, "code": code}
    result = {"statusCode": 200, "valid": True, "transaction_id": detail[0], "code": "accepted"}
    return result | {"duplicate": True} if code == "duplicate" else result


def letters_and_digits(identifier):
    """Return an id in lowercase without separators."""
    return identifier.replace("-", "").replace("_", "").replace(".", "").replace(":", "").lower()


def loggable_id(tx):
    """Return a transaction's id, or None if it is invalid or contains the account or a card number."""
    if not isinstance(tx, dict):
        return None
    name, account = tx.get("transaction_id"), tx.get("account_id")
    if not (type(name) is type(account) is str and ID(name) and ID(account)) or holds_card_number(name):
        return None
    return None if letters_and_digits(account) in letters_and_digits(name) else name


def log(codes, ids, line):
    """Print a log line with metrics for each code; ids is None unless the transactions are a batch."""
    for code in dict.fromkeys(codes):
        count = codes.count(code)
        metric, directives = code.title(), [TOTALS]
        if metric not in METRICS:
            metric, directives = "Rejected", [TOTALS, BY_CODE]
        counts = dict.fromkeys(METRICS, 0) | {metric: count}
        aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives}
        if ids:
            line["transactionIds"] = [name for name, own in zip(ids, codes, strict=True) if own == code and name]
        print(json.dumps({"_aws": aws, "Code": code} | counts | line))


def handler(event, context, client=None, clock=time.time):
    """Return the response to an event, or raise UnsupportedEvent or Undecided. Tests inject client and clock."""
    start = time.perf_counter()
    line = {"requestId": getattr(context, "aws_request_id", ""), "FunctionName": FUNCTION_NAME}
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    if trace:
        line["traceId"] = trace
    is_http = isinstance(event, dict) and "requestContext" in event
    ids = None
    try:
        transactions, is_batch = read(event, is_http)
        outcomes, error_name = decide(transactions, context, client, clock())
        if error_name:
            line["error"] = error_name
        if is_batch:
            ids = [loggable_id(tx) for tx in transactions]
        elif name := loggable_id(transactions[0]):
            line["transactionId"] = name
    except Refused as refusal:
        outcomes, is_batch = [refusal.args], False
    codes = [code for code, _ in outcomes]
    log(codes, ids, line | {"Latency": round(1000 * (time.perf_counter() - start), 3)})
    undecided = [place for place, code in enumerate(codes) if code == "unavailable"]
    if undecided and not is_http and event.get("synchronous") is not True:
        # A function cannot distinguish an asynchronous from a synchronous invocation.
        raise Undecided(f"{len(undecided)} of {len(codes)} not decided, retry: {undecided}")
    results = [result_of(*outcome) for outcome in outcomes]
    if is_batch:
        status, body = 200, {"results": results}
    else:
        status, body = results[0].pop("statusCode"), results[0]
    answer = {"statusCode": status, "body": json.dumps(body)}
    if is_http:
        # A load balancer with multi-value headers requires them in the response.
        kind, value = ("multiValueHeaders", [JSON]) if event.get("multiValueHeaders") else ("headers", JSON)
        answer |= {kind: {"Content-Type": value}, "isBase64Encoded": False}
    return answer
