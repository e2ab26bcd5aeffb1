"""The people service that a team would write in Python: ldap3 behind uvicorn, one worker.

It answers the three questions of the bench: a list of 1,000 people, one person by id, a search as somebody types. It has two
forms. "bare" signs nobody in, checks no rights and keeps no trace. "same" does what the gateway does for a request: see
`SameWork` below.

Settings come from the environment: FORM, LDAP_URL, LDAP_USER, LDAP_PASSWORD, LDAP_BASE, NAMES (a JSON file of people for the
search) and PORT; for "same" also PUBLIC_KEY (a PEM file), ISSUER, AUDIENCE and ID_KEY (32 octets in hex).
"""

import asyncio
import base64
import hashlib
import json
import os
import time
import unicodedata
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, parse_qsl

import uvicorn
from ldap3 import SAFE_SYNC, SUBTREE, Connection, Server
from ldap3.utils.conv import escape_filter_chars

ATTRIBUTES = [
    "entryUUID", "uid", "cn", "givenName", "sn", "displayName", "title", "mail",
    "telephoneNumber", "ou", "employeeNumber", "manager",
]
BASE_DN = os.environ["LDAP_BASE"]
POOL = 8
SAME = os.environ["FORM"] == "same"
DEADLINE_S = 10


def connect():
    limits = {"receive_timeout": DEADLINE_S} if SAME else {}
    return Connection(
        Server(os.environ["LDAP_URL"], get_info=None, connect_timeout=DEADLINE_S if SAME else None),
        os.environ["LDAP_USER"],
        os.environ["LDAP_PASSWORD"],
        client_strategy=SAFE_SYNC,
        auto_bind=True,
        **limits,
    )


def first(attributes, name):
    values = attributes.get(name) or []
    return values[0] if isinstance(values, list) and values else values or None


def person(entry):
    attributes = entry["attributes"]
    return {
        "id": first(attributes, "entryUUID"),
        "userName": first(attributes, "uid"),
        "displayName": first(attributes, "displayName") or first(attributes, "cn"),
        "name": {"givenName": first(attributes, "givenName"), "familyName": first(attributes, "sn")},
        "title": first(attributes, "title"),
        "department": first(attributes, "ou"),
        "employeeNumber": first(attributes, "employeeNumber"),
        "emails": [{"value": value} for value in attributes.get("mail") or []],
        "phoneNumbers": [{"value": value} for value in attributes.get("telephoneNumber") or []],
        "manager": first(attributes, "manager"),
    }


class Directory:
    """Connections that wait in a list; ldap3 is blocking, so each question has a thread."""

    def __init__(self):
        self.threads = ThreadPoolExecutor(POOL)
        self.idle = [connect() for _ in range(POOL)]

    def _search(self, search_filter, paged):
        connection = self.idle.pop()
        try:
            entries, cookie = [], None
            while True:
                _, result, response, _ = connection.search(
                    BASE_DN, search_filter, SUBTREE, attributes=ATTRIBUTES,
                    paged_size=200 if paged else None, paged_cookie=cookie,
                    time_limit=DEADLINE_S if SAME else 0,
                )
                entries += [person(entry) for entry in response if entry["type"] == "searchResEntry"]
                control = result.get("controls", {}).get("1.2.840.113556.1.4.319")
                cookie = control["value"]["cookie"] if control else None
                if not cookie:
                    return entries
        finally:
            self.idle.append(connection)

    async def search(self, search_filter, paged=False):
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self._search, search_filter, paged)

    async def everybody(self):
        return await self.search("(objectClass=inetOrgPerson)", paged=True)

    async def by_id(self, identifier):
        found = await self.search(f"(entryUUID={escape_filter_chars(identifier)})")
        return found[0] if found else None


def fold(text):
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


with open(os.environ["NAMES"], encoding="utf-8") as file:
    PEOPLE = [(fold(one["displayName"]), one) for one in json.load(file)]
DIRECTORY = Directory()


def type_ahead(text):
    words = fold(text).split()
    hits = []
    for folded, one in PEOPLE:
        if all(word in folded for word in words):
            hits.append(one)
            if len(hits) == 25:
                break
    return hits


async def answer(send, status, body, headers=()):
    octets = json.dumps(body, ensure_ascii=False).encode()
    kind = b"application/json" if status == 200 else b"application/problem+json"
    await send_octets(send, status, octets, [(b"content-type", kind), *headers])


async def send_octets(send, status, octets, headers):
    headers = [*headers, (b"content-length", str(len(octets)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": octets})


async def bare(scope, _receive, send):
    if scope["type"] != "http":
        return
    path, query = scope["path"], parse_qs(scope["query_string"].decode())
    status, body = 200, None
    if path == "/people" and "q" in query:
        body = {"items": type_ahead(query["q"][0])}
    elif path == "/people":
        body = {"items": await DIRECTORY.everybody()}
    elif path.startswith("/people/"):
        found = await DIRECTORY.by_id(path[8:])
        status, body = (200, found) if found else (404, {"status": 404})
    else:
        status, body = 404, {"status": 404}
    await answer(send, status, body)


class Problem(Exception):
    """An answer that is none."""

    def __init__(self, status, detail):
        super().__init__(detail)
        self.status = status


class SameWork:
    """What the gateway does for a request.

    Who asks is known by a token, what they see depends on their role, ids are opaque, queries are strict, answers have entity
    tags, calls have a deadline, and each request is a trace with the call to the directory in it. Spans are recorded by the
    SDK and exported to nobody, as in the gateway's configuration for the bench. PyJWT keeps nothing, so verified tokens are
    kept here until they expire.
    """

    CLAIMS = ["exp", "nbf", "iss", "aud", "sub"]
    LEEWAY_S = 30
    MOST_TOKENS = 1_000

    def __init__(self):
        # Only this form needs them.
        import jwt
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        trace.set_tracer_provider(TracerProvider())
        self.jwt, self.trace = jwt, trace
        self.tracer = trace.get_tracer("people")
        self.propagator = TraceContextTextMapPropagator()
        with open(os.environ["PUBLIC_KEY"], "rb") as pem:
            self.key = load_pem_public_key(pem.read())
        self.tokens = {}
        # An id is one block, so that one block of AES is all that it takes.
        self.cipher = Cipher(algorithms.AES(bytes.fromhex(os.environ["ID_KEY"])), modes.ECB())
        # Of those who are searched in memory, ids are made and numbers hidden once.
        self.hidden = {}
        for _, one in PEOPLE:
            one["id"] = self.seal(one["id"])
            self.hidden[one["id"]] = {**one, "employeeNumber": None}

    def seal(self, identifier):
        octets = self.cipher.encryptor().update(uuid.UUID(identifier).bytes)
        return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()

    def open(self, sealed):
        try:
            octets = base64.urlsafe_b64decode(sealed + "==")
        except ValueError:
            return None
        if len(octets) != 16:
            return None
        return str(uuid.UUID(bytes=self.cipher.decryptor().update(octets)))

    def user(self, headers):
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            raise Problem(401, "A bearer token is needed.")
        claims, now = self.tokens.get(token), time.time()
        if claims is None or not claims["nbf"] - self.LEEWAY_S <= now < claims["exp"] + self.LEEWAY_S:
            claims = self.verify(token)
            if len(self.tokens) >= self.MOST_TOKENS:
                self.tokens.clear()
            self.tokens[token] = claims
        if "staff" not in claims.get("roles", ()):
            raise Problem(403, "Only staff may see people.")
        return claims

    def verify(self, token):
        try:
            whole = self.jwt.decode_complete(
                token, self.key, algorithms=["ES256"], issuer=os.environ["ISSUER"], audience=os.environ["AUDIENCE"],
                leeway=self.LEEWAY_S, options={"require": self.CLAIMS},
            )
        except self.jwt.PyJWTError as error:
            raise Problem(401, str(error)) from error
        if whole["header"].get("typ") != "JWT":
            raise Problem(401, "The token is of another type.")
        return whole["payload"]

    @staticmethod
    def sees_all(user, one):
        return "personnel" in user["roles"] or user["sub"] == one["userName"]

    def shown(self, user, one):
        one["id"] = self.seal(one["id"])
        if not self.sees_all(user, one):
            one["employeeNumber"] = None
        return one

    async def traced(self, call):
        attributes = {"db.system.name": "ldap", "db.operation.name": "search"}
        with self.tracer.start_as_current_span("search people", kind=self.trace.SpanKind.CLIENT, attributes=attributes):
            return await call

    async def body(self, scope, user):
        path = scope["path"]
        pairs = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        known = {"q"} if path == "/people" else set()
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names) or not known.issuperset(names) or any(value == "" for _, value in pairs):
            raise Problem(400, "The query has an unknown, a repeated or an empty key.")
        if path == "/people" and pairs:
            hits = type_ahead(pairs[0][1])
            return {"items": [one if self.sees_all(user, one) else self.hidden[one["id"]] for one in hits]}
        if path == "/people":
            everybody = await self.traced(DIRECTORY.everybody())
            return {"items": [self.shown(user, one) for one in everybody]}
        identifier = self.open(path[8:]) if path.startswith("/people/") else None
        found = await self.traced(DIRECTORY.by_id(identifier)) if identifier else None
        if not found:
            raise Problem(404, "There is no such person.")
        return self.shown(user, found)

    async def __call__(self, scope, _receive, send):
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        parent = None
        if b"traceparent" in headers:
            names = (b"traceparent", b"tracestate")
            carrier = {name.decode(): headers[name].decode() for name in names if name in headers}
            parent = self.propagator.extract(carrier)
        route = "/people" if scope["path"] == "/people" else "/people/{id}"
        attributes = {"http.request.method": scope["method"], "http.route": route}
        kind = self.trace.SpanKind.SERVER
        with self.tracer.start_as_current_span(f"GET {route}", parent, kind, attributes) as span:
            try:
                body = await self.body(scope, self.user(headers))
            except Problem as problem:
                span.set_attribute("http.response.status_code", problem.status)
                await answer(send, problem.status, {"status": problem.status, "detail": str(problem)})
                return
            octets = json.dumps(body, ensure_ascii=False).encode()
            tag = b'"' + hashlib.sha1(octets, usedforsecurity=False).hexdigest().encode() + b'"'
            status = 304 if headers.get(b"if-none-match") == tag else 200
            span.set_attribute("http.response.status_code", status)
            tags = [(b"content-type", b"application/json"), (b"etag", tag)]
            await send_octets(send, status, octets if status == 200 else b"", tags)


if __name__ == "__main__":
    app = SameWork() if SAME else bare
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
