// The people service that a team would write in Node: ldapts behind fastify, one process.
//
// It answers the three questions of the bench: a list of 1,000 people, one person by id, a search as somebody types. It
// signs nobody in, checks no rights and keeps no trace, all in its favour.
//
// Settings come from the environment: LDAP_URL, LDAP_USER, LDAP_PASSWORD, LDAP_BASE, NAMES (a JSON file of people for the
// search) and PORT.

import { readFileSync } from "node:fs";
import Fastify from "fastify";
import { Client, EqualityFilter } from "ldapts";

const ATTRIBUTES = [
  "entryUUID", "uid", "cn", "givenName", "sn", "displayName", "title", "mail",
  "telephoneNumber", "ou", "employeeNumber", "manager",
];
const POOL = 8;

async function connect() {
  const client = new Client({ url: process.env.LDAP_URL });
  await client.bind(process.env.LDAP_USER, process.env.LDAP_PASSWORD);
  return client;
}

const clients = await Promise.all(Array.from({ length: POOL }, connect));
let turn = 0;

const first = (value) => (Array.isArray(value) ? value[0] : value) ?? null;
const all = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

function person(entry) {
  return {
    id: first(entry.entryUUID),
    userName: first(entry.uid),
    displayName: first(entry.displayName) ?? first(entry.cn),
    name: { givenName: first(entry.givenName), familyName: first(entry.sn) },
    title: first(entry.title),
    department: first(entry.ou),
    employeeNumber: first(entry.employeeNumber),
    emails: all(entry.mail).map((value) => ({ value })),
    phoneNumbers: all(entry.telephoneNumber).map((value) => ({ value })),
    manager: first(entry.manager),
  };
}

async function search(filter, paged) {
  const client = clients[turn++ % POOL];
  const options = { scope: "sub", filter, attributes: ATTRIBUTES, paged: paged ? { pageSize: 200 } : false };
  const { searchEntries } = await client.search(process.env.LDAP_BASE, options);
  return searchEntries.map(person);
}

const fold = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
const people = JSON.parse(readFileSync(process.env.NAMES, "utf8")).map((one) => [fold(one.displayName), one]);

function typeAhead(text) {
  const words = fold(text).split(" ").filter((word) => word !== "");
  const hits = [];
  for (const [folded, one] of people) {
    if (words.every((word) => folded.includes(word))) {
      hits.push(one);
      if (hits.length === 25) break;
    }
  }
  return hits;
}

const app = Fastify();
app.get("/people", async (request) => {
  const text = request.query.q;
  const items = text === undefined ? await search("(objectClass=inetOrgPerson)", true) : typeAhead(text);
  return { items };
});
app.get("/people/:id", async (request, reply) => {
  const filter = new EqualityFilter({ attribute: "entryUUID", value: request.params.id });
  const [found] = await search(filter, false);
  if (found === undefined) reply.code(404);
  return found ?? { status: 404 };
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
