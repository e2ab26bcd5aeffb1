"""The claims service that a team would write in Python: xmlrpc.client behind uvicorn, one worker.

It does what the gateway does for a request. Who asks is known by a token, what they see depends on their role, ids are
opaque, queries are strict, a claim has an entity tag, calls have a deadline, what changes rarely is kept for five minutes,
and each request is a trace with its calls to Odoo in it. Spans are recorded by the SDK and exported to nobody, as in the
gateway's configuration for the bench. PyJWT keeps nothing, so verified tokens are kept here until they expire.

Settings come from the environment: ODOO_URL, ODOO_DATABASE, ODOO_LOGIN, ODOO_PASSWORD, PORT, PUBLIC_KEY (a PEM file), ISSUER,
AUDIENCE and ID_KEY (32 octets in hex).
"""

import asyncio
import base64
import contextvars
import hashlib
import json
import os
import threading
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import jwt
import uvicorn
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

URL, DATABASE, PASSWORD = os.environ["ODOO_URL"], os.environ["ODOO_DATABASE"], os.environ["ODOO_PASSWORD"]
POOL = 16
DEADLINE_S = 10
KEPT_S = 300

trace.set_tracer_provider(TracerProvider())
TRACER = trace.get_tracer("claims")
PROPAGATOR = TraceContextTextMapPropagator()


class Transport(xmlrpc.client.Transport):
    """It keeps its connection, as every transport of the library does, and has a deadline."""

    def make_connection(self, host):
        connection = super().make_connection(host)
        connection.timeout = DEADLINE_S
        return connection


def proxy(service):
    return xmlrpc.client.ServerProxy(f"{URL}/xmlrpc/2/{service}", Transport(), use_builtin_types=True)


UID = proxy("common").authenticate(DATABASE, os.environ["ODOO_LOGIN"], PASSWORD, {})
if not UID:
    raise SystemExit("Odoo refuses the login")
# xmlrpc.client is blocking, so each request has a thread, and each thread a connection.
THREADS = ThreadPoolExecutor(POOL)
OF_THREAD = threading.local()


def read(model, domain, fields, archived=False, **more):
    attributes = {"rpc.system.name": "xmlrpc", "rpc.method": f"{model}.search_read"}
    with TRACER.start_as_current_span(f"search_read {model}", kind=trace.SpanKind.CLIENT, attributes=attributes):
        if not hasattr(OF_THREAD, "odoo"):
            OF_THREAD.odoo = proxy("object")
        context = {"lang": "en_US", "active_test": False} if archived else {"lang": "en_US"}
        keywords = {"fields": fields, "context": context, **more}
        return OF_THREAD.odoo.execute_kw(DATABASE, UID, PASSWORD, model, "search_read", [domain], keywords)


class Kept:
    """What is looked up again and again and changes rarely. What is not found is remembered as None."""

    def __init__(self, of):
        self.of, self.held = of, {}

    def get(self, keys):
        now = time.monotonic()
        missing = [key for key in set(keys) if self.held.get(key, (0, None))[0] <= now]
        if missing:
            found = self.of(missing)
            for key in missing:
                self.held[key] = (now + KEPT_S, found.get(key))
        return lambda key: self.held[key][1] if key in self.held else None


def employees(users):
    rows = read("hr.employee", [["user_id", "in", users]], ["name", "user_id"], True, order="active desc, id")
    return {row["user_id"][0]: {"nativeId": str(row["id"]), "display": row["name"]} for row in reversed(rows)}


def currencies(ids):
    rows = read("res.currency", [["id", "in", ids]], ["name", "decimal_places"], True)
    return {row["id"]: (row["name"], min(row["decimal_places"], 8)) for row in rows}


def taxes(ids):
    return {row["id"]: row["name"] for row in read("account.tax", [["id", "in", ids]], ["name"], True)}


def accounts(ids):
    rows = read("account.analytic.account", [["id", "in", ids]], ["name", "root_plan_id"], True)
    return {row["id"]: (row["name"], row["root_plan_id"][1]) for row in rows}


EMPLOYEES, CURRENCIES, TAXES, ACCOUNTS = Kept(employees), Kept(currencies), Kept(taxes), Kept(accounts)

# An id is one block, so that one block of AES is all that it takes.
CIPHER = Cipher(algorithms.AES(bytes.fromhex(os.environ["ID_KEY"])), modes.ECB())
KINDS = {"claim": 0, "line": 1, "category": 2, "tax": 3, "account": 4, "receipt": 5}


def seal(kind, identifier):
    block = bytes([KINDS[kind]]) + identifier.to_bytes(15, "big")
    return base64.urlsafe_b64encode(CIPHER.encryptor().update(block)).rstrip(b"=").decode()


def open_sealed(kind, sealed):
    try:
        octets = base64.urlsafe_b64decode(sealed + "==")
    except ValueError:
        return None
    if len(octets) != 16:
        return None
    block = CIPHER.decryptor().update(octets)
    identifier = int.from_bytes(block[1:], "big")
    return identifier if block[0] == KINDS[kind] and identifier < 1 << 63 else None


STATES = {
    "draft": "draft", "submit": "submitted", "approve": "approved", "post": "approved", "done": "reimbursed",
    "cancel": "rejected",
}
SHEET = [
    "name", "state", "employee_id", "department_id", "user_id", "company_currency_id", "total_amount", "untaxed_amount",
    "total_tax_amount", "payment_mode", "create_date", "write_date",
]
LINE = [
    "name", "sheet_id", "product_id", "quantity", "price_unit", "currency_id", "total_amount_currency",
    "tax_amount_currency", "tax_ids", "date", "analytic_distribution", "write_date",
]


def instant(text):
    return text.replace(" ", "T") + "Z"


def money(amount, currency):
    code, places = currency
    return {"amount": f"{amount:.{places}f}", "currency": code}


def item(kind, link):
    return {"id": seal(kind, link[0]), "display": link[1]}


def claims(sheets, last_day):
    users = EMPLOYEES.get(one["user_id"][0] for one in sheets if one["user_id"])
    known = CURRENCIES.get(one["company_currency_id"][0] for one in sheets)
    found = []
    for one in sheets:
        currency = known(one["company_currency_id"][0])
        status = STATES[one["state"]]
        total = money(one["total_amount"], currency)
        claim = {
            "id": seal("claim", one["id"]),
            "source": {"system": "odoo", "url": f"{URL}/odoo/hr.expense.sheet/{one['id']}"},
            "createdAt": instant(one["create_date"]), "updatedAt": instant(one["write_date"]),
            "title": one["name"], "status": status, "nativeStatus": one["state"],
            "employee": {"nativeId": str(one["employee_id"][0]), "display": one["employee_id"][1]},
            "subTotal": money(one["untaxed_amount"], currency), "totalTax": money(one["total_tax_amount"], currency),
            "totalAmount": total,
        }
        if one["id"] in last_day:
            claim["transactionDate"] = last_day[one["id"]]
        if one["payment_mode"] != "company_account":
            claim["reimbursableAmount"] = total
        approver = users(one["user_id"][0]) if one["user_id"] else None
        if approver:
            claim["approver"] = approver
            if status in ("approved", "reimbursed"):
                claim["approvedBy"] = approver
        found.append(claim)
    return found


def last_days(lines):
    days = {}
    for line in lines:
        sheet, day = line["sheet_id"][0], line["date"]
        if day and not days.get(sheet, "") > day:
            days[sheet] = day
    return days


def page(limit, offset):
    order = "create_date desc, id desc"
    sheets = read("hr.expense.sheet", [], SHEET, limit=limit + 1, offset=offset, order=order)
    answer = {}
    if len(sheets) > limit:
        answer["next"] = f"/claims?limit={limit}&offset={offset + limit}"
    sheets = sheets[:limit]
    lines = read("hr.expense", [["sheet_id", "in", [one["id"] for one in sheets]]], ["sheet_id", "date"])
    return {"items": claims(sheets, last_days(lines)), **answer}


def booked(line):
    return [int(one) for ids in line["analytic_distribution"] or () for one in ids.split(",")]


def in_plan(line, known, plan):
    for account in booked(line):
        if (found := known(account)) and found[1] == plan:
            return item("account", (account, found[0]))
    return None


def whole(identifier):
    sheets = read("hr.expense.sheet", [["id", "=", identifier]], SHEET, limit=1)
    if not sheets:
        return None
    lines = read("hr.expense", [["sheet_id", "=", identifier]], LINE, order="id")
    (claim,) = claims(sheets, last_days(lines))
    domain = [["res_model", "=", "hr.expense"], ["res_id", "in", [line["id"] for line in lines]]]
    files = read("ir.attachment", domain, ["name", "res_id", "mimetype", "file_size"], order="id")
    known = CURRENCIES.get(line["currency_id"][0] for line in lines)
    names = TAXES.get(tax for line in lines for tax in line["tax_ids"])
    plans = ACCOUNTS.get(account for line in lines for account in booked(line))
    receipts = {line["id"]: [] for line in lines}
    for file in files:
        sealed = seal("receipt", file["id"])
        receipt = {"id": sealed, "name": file["name"], "href": f"/claims/{claim['id']}/receipts/{sealed}"}
        if file["mimetype"]:
            receipt["mediaType"] = file["mimetype"]
        if file["file_size"]:
            receipt["contentLength"] = file["file_size"]
        receipts[file["res_id"]].append(receipt)
    claim["lines"] = []
    for number, line in enumerate(lines, 1):
        currency = known(line["currency_id"][0])
        shown = {
            "id": seal("line", line["id"]), "lineNumber": number, "description": line["name"],
            "category": item("category", line["product_id"]) if line["product_id"] else None,
            "quantity": f"{line['quantity']:g}", "unitPrice": money(line["price_unit"], currency),
            "amount": money(line["total_amount_currency"], currency),
            "taxAmount": money(line["tax_amount_currency"], currency),
            "taxRates": [item("tax", (tax, names(tax) or f"#{tax}")) for tax in line["tax_ids"]],
            "transactionDate": line["date"] or None, "project": in_plan(line, plans, "Projects"),
            "costCentre": in_plan(line, plans, "Cost centres"), "receipts": receipts[line["id"]],
        }
        claim["lines"].append({name: value for name, value in shown.items() if value is not None})
    return claim


class Problem(Exception):
    """An answer that is none."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


class App:
    CLAIMS = ["exp", "nbf", "iss", "aud", "sub"]
    LEEWAY_S = 30
    MOST_TOKENS = 1_000

    def __init__(self):
        with open(os.environ["PUBLIC_KEY"], "rb") as pem:
            self.key = load_pem_public_key(pem.read())
        self.tokens = {}

    def user(self, headers):
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            raise Problem(401, "A bearer token is needed.")
        known, now = self.tokens.get(token), time.time()
        if known is None or not known["nbf"] - self.LEEWAY_S <= now < known["exp"] + self.LEEWAY_S:
            known = self.verify(token)
            if len(self.tokens) >= self.MOST_TOKENS:
                self.tokens.clear()
            self.tokens[token] = known
        if "staff" not in known.get("roles", ()):
            raise Problem(403, "Only staff may see claims.")

    def verify(self, token):
        try:
            decoded = jwt.decode_complete(
                token, self.key, algorithms=["ES256"], issuer=os.environ["ISSUER"], audience=os.environ["AUDIENCE"],
                leeway=self.LEEWAY_S, options={"require": self.CLAIMS},
            )
        except jwt.PyJWTError as error:
            raise Problem(401, str(error)) from error
        if decoded["header"].get("typ") != "JWT":
            raise Problem(401, "The token is of another type.")
        return decoded["payload"]

    @staticmethod
    def numbers(scope, bounds):
        pairs = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        asked = dict(pairs)
        if len(asked) < len(pairs) or not bounds.keys() >= asked.keys():
            raise Problem(400, "The query has an unknown or a repeated key.")
        numbers = []
        for name, (least, most, standard) in bounds.items():
            value = asked.get(name, str(standard))
            if not value.isdecimal() or not least <= int(value) <= most:
                raise Problem(400, f"{name} is a number from {least} to {most}.")
            numbers.append(int(value))
        return numbers

    async def body(self, scope):
        """The octets are made in the thread too, so that a large answer holds nobody else up."""
        path = scope["path"]
        if path == "/claims":
            limit, offset = self.numbers(scope, {"limit": (1, 200, 25), "offset": (0, 1_000_000, 0)})
            work = lambda: page(limit, offset)
        else:
            self.numbers(scope, {})
            identifier = open_sealed("claim", path[8:]) if path.startswith("/claims/") else None
            if identifier is None:
                raise Problem(404, "There is no such claim.")
            work = lambda: whole(identifier)
        context = contextvars.copy_context()
        octets = lambda: (found := work()) and json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
        answer = await asyncio.get_running_loop().run_in_executor(THREADS, lambda: context.run(octets))
        if not answer:
            raise Problem(404, "There is no such claim.")
        return answer

    async def __call__(self, scope, _receive, send):
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        parent = None
        if b"traceparent" in headers:
            names = (b"traceparent", b"tracestate")
            parent = PROPAGATOR.extract({name.decode(): headers[name].decode() for name in names if name in headers})
        route = "/claims" if scope["path"] == "/claims" else "/claims/{id}"
        attributes = {"http.request.method": scope["method"], "http.route": route}
        with TRACER.start_as_current_span(f"GET {route}", parent, trace.SpanKind.SERVER, attributes) as span:
            try:
                self.user(headers)
                status, octets, kind, tags = 200, await self.body(scope), b"application/json", []
            except Problem as problem:
                status, kind, tags = problem.status, b"application/problem+json", []
                octets = json.dumps({"status": status, "detail": str(problem)}).encode()
            # Entity tags are for one claim: who has a page asks for it anew.
            if status == 200 and route != "/claims":
                tag = b'"' + hashlib.sha1(octets, usedforsecurity=False).hexdigest().encode() + b'"'
                tags = [(b"etag", tag)]
                if headers.get(b"if-none-match") == tag:
                    status, octets = 304, b""
            span.set_attribute("http.response.status_code", status)
            head = [(b"content-type", kind), (b"content-length", str(len(octets)).encode()), *tags]
            await send({"type": "http.response.start", "status": status, "headers": head})
            await send({"type": "http.response.body", "body": octets})


if __name__ == "__main__":
    uvicorn.run(App(), host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
