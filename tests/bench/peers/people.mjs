// The people service that a team would write in Node: ldapts behind fastify, one process.
//
// It answers the three questions of the bench: a list of 1,000 people, one person by id, a search as somebody types. It has
// two forms. "bare" signs nobody in, checks no rights and keeps no trace. "same" does what the gateway does for a request:
// see `sameWork` below.
//
// Settings come from the environment: FORM, LDAP_URL, LDAP_USER, LDAP_PASSWORD, LDAP_BASE, NAMES (a JSON file of people for
// the search) and PORT; for "same" also PUBLIC_KEY (a PEM file), ISSUER, AUDIENCE and ID_KEY (32 octets in hex).

import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import etag from "@fastify/etag";
import jwt from "@fastify/jwt";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, propagation, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import Fastify from "fastify";
import { Client, EqualityFilter } from "ldapts";

const ATTRIBUTES = [
  "entryUUID", "uid", "cn", "givenName", "sn", "displayName", "title", "mail",
  "telephoneNumber", "ou", "employeeNumber", "manager",
];
const POOL = 8;
const SAME = process.env.FORM === "same";
const DEADLINE_MS = 10_000;

async function connect() {
  const limits = SAME ? { timeout: DEADLINE_MS, connectTimeout: DEADLINE_MS } : {};
  const client = new Client({ url: process.env.LDAP_URL, ...limits });
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
  if (SAME) options.timeLimit = DEADLINE_MS / 1_000;
  const { searchEntries } = await client.search(process.env.LDAP_BASE, options);
  return searchEntries.map(person);
}

const everybody = () => search("(objectClass=inetOrgPerson)", true);
const byId = async (value) => (await search(new EqualityFilter({ attribute: "entryUUID", value }), false))[0];

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

function bare(app) {
  app.get("/people", async (request) => {
    const text = request.query.q;
    return { items: text === undefined ? await everybody() : typeAhead(text) };
  });
  app.get("/people/:id", async (request, reply) => {
    const found = await byId(request.params.id);
    if (found === undefined) reply.code(404);
    return found ?? { status: 404 };
  });
}

// Who asks is known by a token, what they see depends on their role, ids are opaque, queries are strict, answers have entity
// tags, calls have a deadline, and each request is a trace with the call to the directory in it. Spans are recorded by the SDK
// and exported to nobody, as in the gateway's configuration for the bench.
async function sameWork(app) {
  const provider = new NodeTracerProvider();
  provider.register();
  const tracer = trace.getTracer("people");

  const key = Buffer.from(process.env.ID_KEY, "hex");
  // An id is one block, so that one block of AES is all that it takes.
  const seal = (id) => {
    const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    return cipher.update(Buffer.from(id.replaceAll("-", ""), "hex")).toString("base64url");
  };
  const open = (sealed) => {
    const octets = Buffer.from(sealed, "base64url");
    if (octets.length !== 16) return undefined;
    const hex = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(octets).toString("hex");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const seesAll = (user) => Array.isArray(user.roles) && user.roles.includes("personnel");
  const shown = (user, one) => ({
    ...one,
    id: seal(one.id),
    employeeNumber: seesAll(user) || user.sub === one.userName ? one.employeeNumber : null,
  });
  // Of those who are searched in memory, ids are made and numbers hidden once.
  const hidden = new Map();
  for (const [, one] of people) {
    one.id = seal(one.id);
    hidden.set(one, { ...one, employeeNumber: null });
  }
  const hit = (user, one) => (seesAll(user) || user.sub === one.userName ? one : hidden.get(one));

  await app.register(jwt, {
    secret: { public: readFileSync(process.env.PUBLIC_KEY, "utf8") },
    verify: {
      algorithms: ["ES256"], allowedIss: process.env.ISSUER, allowedAud: process.env.AUDIENCE, checkTyp: "JWT",
      requiredClaims: ["exp", "nbf", "iss", "aud", "sub"], clockTolerance: 30_000, cache: true,
    },
  });
  await app.register(etag);
  app.decorateRequest("span", null);
  app.decorateRequest("context", null);
  app.addHook("onRequest", async (request) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers);
    const route = request.routeOptions.url;
    const attributes = { "http.request.method": request.method, "http.route": route };
    request.span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    request.context = trace.setSpan(parent, request.span);
    // The verifier of the application, which keeps what it verified: `request.jwtVerify` was measured a quarter slower.
    try {
      request.user = app.jwt.verify(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "");
    } catch (error) {
      throw Object.assign(error, { statusCode: 401 });
    }
    if (!Array.isArray(request.user.roles) || !request.user.roles.includes("staff")) {
      throw Object.assign(new Error("Only staff may see people."), { statusCode: 403 });
    }
  });
  app.addHook("onResponse", async (request, reply) => {
    request.span.setAttribute("http.response.status_code", reply.statusCode);
    if (reply.statusCode >= 500) request.span.setStatus({ code: SpanStatusCode.ERROR });
    request.span.end();
  });
  app.setErrorHandler((error, request, reply) => {
    const status = error.statusCode ?? (error.validation ? 400 : 502);
    reply.code(status).type("application/problem+json").send({ status, detail: error.message });
  });

  const traced = async (request, call) => {
    const attributes = { "db.system.name": "ldap", "db.operation.name": "search" };
    const span = tracer.startSpan("search people", { kind: SpanKind.CLIENT, attributes }, request.context);
    try {
      return await call();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };

  const text = { type: "string", nullable: true };
  const values = { type: "array", items: { type: "object", properties: { value: { type: "string" } } } };
  const personSchema = {
    type: "object",
    properties: {
      id: text, userName: text, displayName: text,
      name: { type: "object", properties: { givenName: text, familyName: text } },
      title: text, department: text, employeeNumber: text, emails: values, phoneNumbers: values, manager: text,
    },
  };
  const pageSchema = { type: "object", properties: { items: { type: "array", items: personSchema } } };
  const query = (properties) => ({ type: "object", additionalProperties: false, properties });
  const listed = { querystring: query({ q: { type: "string", minLength: 1 } }), response: { 200: pageSchema } };
  app.get("/people", { schema: listed }, async (request) => {
    const { user, query: { q } } = request;
    if (q !== undefined) return { items: typeAhead(q).map((one) => hit(user, one)) };
    return { items: (await traced(request, everybody)).map((one) => shown(user, one)) };
  });
  const one = { querystring: query({}), response: { 200: personSchema } };
  app.get("/people/:id", { schema: one }, async (request) => {
    const id = open(request.params.id);
    const found = id && (await traced(request, () => byId(id)));
    if (!found) throw Object.assign(new Error("There is no such person."), { statusCode: 404 });
    return shown(request.user, found);
  });
}

const app = Fastify({ ajv: { customOptions: { removeAdditional: false } } });
await (SAME ? sameWork(app) : bare(app));
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
