"""The people service that a team would write in Python: ldap3 behind uvicorn, one worker.

It answers the three questions of the bench: a list of 1,000 people, one person by id, a search as somebody types. It signs
nobody in, checks no rights and keeps no trace, all in its favour.

Settings come from the environment: LDAP_URL, LDAP_USER, LDAP_PASSWORD, LDAP_BASE, NAMES (a JSON file of people for the
search) and PORT.
"""

import asyncio
import json
import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import uvicorn
from ldap3 import SAFE_SYNC, SUBTREE, Connection, Server
from ldap3.utils.conv import escape_filter_chars

ATTRIBUTES = [
    "entryUUID", "uid", "cn", "givenName", "sn", "displayName", "title", "mail",
    "telephoneNumber", "ou", "employeeNumber", "manager",
]
BASE_DN = os.environ["LDAP_BASE"]
POOL = 8


def connect():
    return Connection(
        Server(os.environ["LDAP_URL"], get_info=None),
        os.environ["LDAP_USER"],
        os.environ["LDAP_PASSWORD"],
        client_strategy=SAFE_SYNC,
        auto_bind=True,
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


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path, query = scope["path"], parse_qs(scope["query_string"].decode())
    status, body = 200, None
    if path == "/people" and "q" in query:
        body = {"items": type_ahead(query["q"][0])}
    elif path == "/people":
        body = {"items": await DIRECTORY.search("(objectClass=inetOrgPerson)", paged=True)}
    elif path.startswith("/people/"):
        found = await DIRECTORY.search(f"(entryUUID={escape_filter_chars(path[8:])})")
        status, body = (200, found[0]) if found else (404, {"status": 404})
    else:
        status, body = 404, {"status": 404}
    octets = json.dumps(body, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(octets)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": octets})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)
