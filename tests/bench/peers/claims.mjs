// The claims service that a team would write in Node: fast-xml-parser and undici behind fastify, one process.
//
// It does what the gateway does for a request: who asks is known by a token, what they see depends on their role, ids are
// opaque, queries are strict, a claim has an entity tag, calls have a deadline, what changes rarely is kept for five
// minutes, and each request is a trace with its calls to Odoo in it. Spans are recorded by the SDK and exported to nobody, as
// in the gateway's configuration for the bench.
//
// Settings come from the environment: ODOO_URL, ODOO_DATABASE, ODOO_LOGIN, ODOO_PASSWORD, PORT, PUBLIC_KEY (a PEM file),
// ISSUER, AUDIENCE and ID_KEY (32 octets in hex).

import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import etag from "@fastify/etag";
import jwt from "@fastify/jwt";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, propagation, trace } from "@opentelemetry/api";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { XMLParser } from "fast-xml-parser";
import Fastify from "fastify";
import { Pool } from "undici";

const { ODOO_URL, ODOO_DATABASE, ODOO_LOGIN, ODOO_PASSWORD } = process.env;
const DEADLINE_MS = 10_000;
const KEPT_MS = 300_000;
const PLACES = 8;

// XML-RPC: nothing but elements and text. Values stay text until their type is known.
// Without paths, which nothing here looks at, the parser was measured a fifth faster.
const parser = new XMLParser({ ignoreAttributes: true, ignoreDeclaration: true, parseTagValue: false, jPath: false });
const pool = new Pool(ODOO_URL, { connections: 16, bodyTimeout: DEADLINE_MS, headersTimeout: DEADLINE_MS });

const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);

function encode(value) {
  if (typeof value === "string") return `<value><string>${escaped(value)}</string></value>`;
  if (typeof value === "number") return `<value><int>${value}</int></value>`;
  if (typeof value === "boolean") return `<value><boolean>${value ? 1 : 0}</boolean></value>`;
  if (Array.isArray(value)) return `<value><array><data>${value.map(encode).join("")}</data></array></value>`;
  const members = Object.entries(value).map(([name, one]) => `<member><name>${name}</name>${encode(one)}</member>`);
  return `<value><struct>${members.join("")}</struct></value>`;
}

const list = (one) => (one === undefined || one === "" ? [] : Array.isArray(one) ? one : [one]);

function decode(value) {
  if (typeof value === "string") return value;
  for (const kind in value) {
    const held = value[kind];
    switch (kind) {
      case "struct": {
        const found = {};
        for (const member of list(held.member)) found[member.name] = decode(member.value);
        return found;
      }
      case "array":
        return list(held.data === "" ? undefined : held.data.value).map(decode);
      case "int": case "i4": case "i8": case "double":
        return Number(held);
      case "boolean":
        return held === "1";
      case "nil":
        return null;
      default:
        return held;
    }
  }
  return "";
}

async function call(service, method, params) {
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params
    .map((one) => `<param>${encode(one)}</param>`).join("")}</params></methodCall>`;
  const headers = { "content-type": "text/xml" };
  const answer = await pool.request({ path: `/xmlrpc/2/${service}`, method: "POST", headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`Odoo answered ${answer.statusCode}`);
  const { methodResponse } = parser.parse(text);
  if (methodResponse.fault) throw new Error(decode(methodResponse.fault.value).faultString);
  return decode(methodResponse.params.param.value);
}

const uid = await call("common", "authenticate", [ODOO_DATABASE, ODOO_LOGIN, ODOO_PASSWORD, {}]);
if (!uid) throw new Error("Odoo refuses the login");

const provider = new NodeTracerProvider();
provider.register();
const tracer = trace.getTracer("claims");

async function read(request, model, domain, fields, more = {}, archived = false) {
  const attributes = { "rpc.system.name": "xmlrpc", "rpc.method": `${model}.search_read` };
  const span = tracer.startSpan(`search_read ${model}`, { kind: SpanKind.CLIENT, attributes }, request.context);
  const context = archived ? { lang: "en_US", active_test: false } : { lang: "en_US" };
  try {
    const params = [ODOO_DATABASE, uid, ODOO_PASSWORD, model, "search_read", [domain], { fields, ...more, context }];
    return await call("object", "execute_kw", params);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

// What is looked up again and again and changes rarely. `of` reads records; what is not found is remembered as null.
class Kept {
  #held = new Map();
  constructor(of) {
    this.of = of;
  }
  async get(request, keys) {
    const now = Date.now();
    const missing = [...new Set(keys)].filter((key) => !(this.#held.get(key)?.until > now));
    if (missing.length > 0) {
      const found = await this.of(request, missing);
      for (const key of missing) this.#held.set(key, { until: now + KEPT_MS, value: found.get(key) ?? null });
    }
    return (key) => this.#held.get(key)?.value ?? null;
  }
}

const byId = (rows, of) => new Map(rows.map((row) => [row.id, of(row)]));
const kept = {
  employees: new Kept(async (request, users) => {
    const domain = [["user_id", "in", users]];
    const rows = await read(request, "hr.employee", domain, ["name", "user_id"], { order: "active desc, id" }, true);
    return new Map(rows.reverse().map((row) => [row.user_id[0], { nativeId: String(row.id), display: row.name }]));
  }),
  currencies: new Kept(async (request, ids) => {
    const rows = await read(request, "res.currency", [["id", "in", ids]], ["name", "decimal_places"], {}, true);
    return byId(rows, (row) => ({ code: row.name, places: Math.min(row.decimal_places, PLACES) }));
  }),
  taxes: new Kept(async (request, ids) => {
    return byId(await read(request, "account.tax", [["id", "in", ids]], ["name"], {}, true), (row) => row.name);
  }),
  accounts: new Kept(async (request, ids) => {
    const fields = ["name", "root_plan_id"];
    const rows = await read(request, "account.analytic.account", [["id", "in", ids]], fields, {}, true);
    return byId(rows, (row) => ({ name: row.name, plan: row.root_plan_id[1] }));
  }),
};

const key = Buffer.from(process.env.ID_KEY, "hex");
const KINDS = ["claim", "line", "category", "tax", "account", "receipt"];
// An id is one block, so that one block of AES is all that it takes.
function seal(kind, id) {
  const block = Buffer.alloc(16);
  block.writeUInt8(KINDS.indexOf(kind), 0);
  block.writeBigUInt64BE(BigInt(id), 8);
  return createCipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(block).toString("base64url");
}
function open(kind, sealed) {
  const octets = Buffer.from(sealed, "base64url");
  if (octets.length !== 16) return undefined;
  const block = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(octets);
  const whole = block.readUInt8(0) === KINDS.indexOf(kind) && block.subarray(1, 8).every((octet) => octet === 0);
  return whole ? Number(block.readBigUInt64BE(8)) : undefined;
}

const STATES = {
  draft: "draft", submit: "submitted", approve: "approved", post: "approved", done: "reimbursed", cancel: "rejected",
};
const SHEET = [
  "name", "state", "employee_id", "department_id", "user_id", "company_currency_id", "total_amount", "untaxed_amount",
  "total_tax_amount", "payment_mode", "create_date", "write_date",
];
const LINE = [
  "name", "sheet_id", "product_id", "quantity", "price_unit", "currency_id", "total_amount_currency",
  "tax_amount_currency", "tax_ids", "date", "analytic_distribution", "write_date",
];

const instant = (text) => `${text.replace(" ", "T")}Z`;
const money = (amount, currency) => ({ amount: amount.toFixed(currency.places), currency: currency.code });
const item = (kind, link) => (link ? { id: seal(kind, link[0]), display: link[1] } : undefined);

async function claims(request, sheets, lastDay) {
  const users = await kept.employees.get(request, sheets.map((one) => one.user_id && one.user_id[0]).filter(Boolean));
  const currencies = await kept.currencies.get(request, sheets.map((one) => one.company_currency_id[0]));
  return sheets.map((one) => {
    const status = STATES[one.state];
    if (status === undefined) throw new Error(`Odoo has a state ${one.state}`);
    const currency = currencies(one.company_currency_id[0]);
    const approver = (one.user_id && users(one.user_id[0])) || undefined;
    const decided = status === "approved" || status === "reimbursed";
    const totalAmount = money(one.total_amount, currency);
    return {
      id: seal("claim", one.id),
      source: { system: "odoo", url: `${ODOO_URL}/odoo/hr.expense.sheet/${one.id}` },
      createdAt: instant(one.create_date), updatedAt: instant(one.write_date),
      title: one.name, status, nativeStatus: one.state,
      employee: { nativeId: String(one.employee_id[0]), display: one.employee_id[1] },
      transactionDate: lastDay.get(one.id),
      subTotal: money(one.untaxed_amount, currency), totalTax: money(one.total_tax_amount, currency), totalAmount,
      reimbursableAmount: one.payment_mode === "company_account" ? undefined : totalAmount,
      approver, approvedBy: decided ? approver : undefined,
    };
  });
}

function lastDays(lines) {
  const days = new Map();
  for (const { sheet_id: sheet, date } of lines) {
    if (date && !(days.get(sheet[0]) > date)) days.set(sheet[0], date);
  }
  return days;
}

async function page(request, limit, offset) {
  const more = { limit: limit + 1, offset, order: "create_date desc, id desc" };
  const sheets = await read(request, "hr.expense.sheet", [], SHEET, more);
  const next = sheets.length > limit ? `/claims?limit=${limit}&offset=${offset + limit}` : undefined;
  sheets.length = Math.min(sheets.length, limit);
  const ids = sheets.map((one) => one.id);
  const lines = await read(request, "hr.expense", [["sheet_id", "in", ids]], ["sheet_id", "date"]);
  return { items: await claims(request, sheets, lastDays(lines)), next };
}

const booked = (line) => Object.keys(line.analytic_distribution || {}).flatMap((ids) => ids.split(",")).map(Number);

async function whole(request, id) {
  const [sheets, lines] = await Promise.all([
    read(request, "hr.expense.sheet", [["id", "=", id]], SHEET, { limit: 1 }),
    read(request, "hr.expense", [["sheet_id", "=", id]], LINE, { order: "id" }),
  ]);
  if (sheets.length === 0) return undefined;
  const [claim] = await claims(request, sheets, lastDays(lines));
  const domain = [["res_model", "=", "hr.expense"], ["res_id", "in", lines.map((line) => line.id)]];
  const fields = ["name", "res_id", "mimetype", "file_size"];
  const files = await read(request, "ir.attachment", domain, fields, { order: "id" });
  const currencies = await kept.currencies.get(request, lines.map((line) => line.currency_id[0]));
  const taxes = await kept.taxes.get(request, lines.flatMap((line) => line.tax_ids));
  const accounts = await kept.accounts.get(request, lines.flatMap(booked));
  const receipts = new Map(lines.map((line) => [line.id, []]));
  for (const file of files) {
    const sealed = seal("receipt", file.id);
    const href = `/claims/${claim.id}/receipts/${sealed}`;
    const [mediaType, contentLength] = [file.mimetype || undefined, file.file_size || undefined];
    receipts.get(file.res_id)?.push({ id: sealed, name: file.name, mediaType, contentLength, href });
  }
  claim.lines = lines.map((line, at) => {
    const currency = currencies(line.currency_id[0]);
    const inPlan = (plan) => {
      const found = booked(line).find((account) => accounts(account)?.plan === plan);
      return found === undefined ? undefined : item("account", [found, accounts(found).name]);
    };
    return {
      id: seal("line", line.id), lineNumber: at + 1, category: item("category", line.product_id),
      description: line.name, quantity: String(line.quantity), unitPrice: money(line.price_unit, currency),
      amount: money(line.total_amount_currency, currency), taxAmount: money(line.tax_amount_currency, currency),
      taxRates: line.tax_ids.map((tax) => item("tax", [tax, taxes(tax) ?? `#${tax}`])),
      transactionDate: line.date || undefined, project: inPlan("Projects"), costCentre: inPlan("Cost centres"),
      receipts: receipts.get(line.id),
    };
  });
  return claim;
}

const text = { type: "string" };
const shape = (properties) => ({ type: "object", properties });
const listOf = (items) => ({ type: "array", items });
const itemShape = shape({ id: text, display: text });
const moneyShape = shape({ amount: text, currency: text });
const personShape = shape({ nativeId: text, display: text });
const receiptShape = shape({ id: text, name: text, mediaType: text, contentLength: { type: "integer" }, href: text });
const lineShape = shape({
  id: text, lineNumber: { type: "integer" }, category: itemShape, description: text, quantity: text,
  unitPrice: moneyShape, amount: moneyShape, taxRates: listOf(itemShape), taxAmount: moneyShape, transactionDate: text,
  project: itemShape, costCentre: itemShape, receipts: listOf(receiptShape),
});
const claimShape = shape({
  id: text, source: shape({ system: text, url: text }), createdAt: text, updatedAt: text, title: text,
  status: text, nativeStatus: text, employee: personShape, transactionDate: text, subTotal: moneyShape,
  totalTax: moneyShape, totalAmount: moneyShape, reimbursableAmount: moneyShape, approver: personShape,
  approvedBy: personShape, lines: listOf(lineShape),
});

const app = Fastify({ ajv: { customOptions: { removeAdditional: false } } });
await app.register(jwt, {
  secret: { public: readFileSync(process.env.PUBLIC_KEY, "utf8") },
  verify: {
    algorithms: ["ES256"], allowedIss: process.env.ISSUER, allowedAud: process.env.AUDIENCE, checkTyp: "JWT",
    requiredClaims: ["exp", "nbf", "iss", "aud", "sub"], clockTolerance: 30_000, cache: true,
  },
});
app.decorateRequest("span", null);
app.decorateRequest("context", null);
app.addHook("onRequest", async (request) => {
  const parent = propagation.extract(ROOT_CONTEXT, request.headers);
  const route = request.routeOptions.url;
  const attributes = { "http.request.method": request.method, "http.route": route };
  request.span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
  request.context = trace.setSpan(parent, request.span);
  try {
    request.user = app.jwt.verify(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "");
  } catch (error) {
    throw Object.assign(error, { statusCode: 401 });
  }
  if (!Array.isArray(request.user.roles) || !request.user.roles.includes("staff")) {
    throw Object.assign(new Error("Only staff may see claims."), { statusCode: 403 });
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

const query = (properties) => ({ type: "object", additionalProperties: false, properties });
const number = (minimum, maximum, standard) => ({ type: "integer", minimum, maximum, default: standard });
const paged = query({ limit: number(1, 200, 25), offset: number(0, 1_000_000, 0) });
const pageShape = shape({ items: listOf(claimShape), next: text });
app.get("/claims", { schema: { querystring: paged, response: { 200: pageShape } } }, async (request) => {
  return page(request, request.query.limit, request.query.offset);
});
// Entity tags are for one claim: who has a page asks for it anew.
await app.register(async (single) => {
  await single.register(etag);
  const schema = { querystring: query({}), response: { 200: claimShape } };
  single.get("/claims/:id", { schema }, async (request) => {
    const id = open("claim", request.params.id);
    const found = id && (await whole(request, id));
    if (!found) throw Object.assign(new Error("There is no such claim."), { statusCode: 404 });
    return found;
  });
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
