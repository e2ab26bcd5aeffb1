-- The store of Portico 0.1. Times are milliseconds since 1970. What is searched has a column; the rest is JSON in `body`.

-- The audit trail's two ends, and whether writes are closed after a restore. One row.
create table chain (
    one int primary key check (one = 1),
    start_seq bigint not null,
    start_digest text not null,
    end_seq bigint not null,
    end_digest text not null,
    closed boolean not null
);

insert into chain values (1, 0, repeat('0', 64), 0, repeat('0', 64), false);

create table intents (
    id text collate "C" primary key,
    state text not null check (state in ('accepted', 'sent', 'confirmed', 'refused', 'unknown')),
    system text not null,
    subject text not null,
    created_ms bigint not null,
    updated_ms bigint not null,
    lease_ms bigint not null,
    next_look_ms bigint,
    looks bigint not null,
    body text not null
);

create index intents_due on intents (next_look_ms) where next_look_ms is not null;
create index intents_by_state on intents (state, id);
create index intents_by_subject on intents (subject, id);
create index intents_over on intents (updated_ms) where next_look_ms is null;

create table idempotency_keys (
    subject text not null,
    route text not null,
    key text not null,
    intent text not null unique,
    created_ms bigint not null,
    primary key (subject, route, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_ms);

create table audit (
    seq bigint primary key,
    at_ms bigint not null,
    kind text not null,
    subject text not null,
    system text,
    intent text,
    body text not null,
    digest text not null
);

create index audit_by_intent on audit (intent) where intent is not null;

create table decisions (
    seq bigint generated always as identity primary key,
    intent text not null unique,
    at_ms bigint not null,
    system text not null,
    resource_type text not null,
    native_id text,
    subject text not null,
    outcome text not null,
    settled_ms bigint,
    body text not null
);

create index decisions_by_thing on decisions (native_id, seq) where native_id is not null;
create index decisions_over on decisions (settled_ms) where settled_ms is not null;

create table delegations (
    id text collate "C" primary key,
    delegator text not null,
    delegate text not null,
    from_ms bigint not null,
    until_ms bigint not null,
    created_ms bigint not null,
    updated_ms bigint not null,
    body text not null
);

create index delegations_by_delegator on delegations (delegator, until_ms);
create index delegations_by_delegate on delegations (delegate, until_ms);
create index delegations_over on delegations (until_ms);

create table outbox (
    seq bigint generated always as identity primary key,
    id text not null unique,
    key text not null,
    kind text not null,
    at_ms bigint not null,
    claimed_until_ms bigint,
    done_ms bigint,
    body text not null
);

create index outbox_waiting on outbox (seq) where done_ms is null;
create index outbox_waiting_by_key on outbox (key, seq) where done_ms is null;
create index outbox_done on outbox (done_ms) where done_ms is not null;
