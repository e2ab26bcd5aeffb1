-- The store of Portico 0.1. Times are milliseconds since 1970. What is searched has a column; the rest is JSON in `body`.

-- The audit trail's two ends, and whether writes are closed after a restore. One row.
create table chain (
    one integer primary key check (one = 1),
    start_seq integer not null,
    start_digest text not null,
    end_seq integer not null,
    end_digest text not null,
    closed integer not null
) strict;

insert into chain values (1, 0, printf('%064d', 0), 0, printf('%064d', 0), 0);

create table intents (
    id text primary key,
    state text not null check (state in ('accepted', 'sent', 'confirmed', 'refused', 'unknown')),
    system text not null,
    subject text not null,
    created_ms integer not null,
    updated_ms integer not null,
    lease_ms integer not null,
    next_look_ms integer,
    looks integer not null,
    body text not null
) strict, without rowid;

create index intents_due on intents (next_look_ms) where next_look_ms is not null;
create index intents_by_state on intents (state, id);
create index intents_by_subject on intents (subject, id);
create index intents_over on intents (updated_ms) where next_look_ms is null;

create table idempotency_keys (
    subject text not null,
    route text not null,
    key text not null,
    intent text not null unique,
    created_ms integer not null,
    primary key (subject, route, key)
) strict, without rowid;

create index idempotency_keys_by_age on idempotency_keys (created_ms);

create table audit (
    seq integer primary key,
    at_ms integer not null,
    kind text not null,
    subject text not null,
    system text,
    intent text,
    body text not null,
    digest text not null
) strict;

create index audit_by_intent on audit (intent) where intent is not null;

create table decisions (
    seq integer primary key autoincrement,
    intent text not null unique,
    at_ms integer not null,
    system text not null,
    resource_type text not null,
    native_id text,
    subject text not null,
    outcome text not null,
    settled_ms integer,
    body text not null
) strict;

create index decisions_by_thing on decisions (native_id, seq) where native_id is not null;
create index decisions_over on decisions (settled_ms) where settled_ms is not null;

create table delegations (
    id text primary key,
    delegator text not null,
    delegate text not null,
    from_ms integer not null,
    until_ms integer not null,
    created_ms integer not null,
    updated_ms integer not null,
    body text not null
) strict, without rowid;

create index delegations_by_delegator on delegations (delegator, until_ms);
create index delegations_by_delegate on delegations (delegate, until_ms);
create index delegations_over on delegations (until_ms);

create table outbox (
    seq integer primary key autoincrement,
    id text not null unique,
    key text not null,
    kind text not null,
    at_ms integer not null,
    claimed_until_ms integer,
    done_ms integer,
    body text not null
) strict;

create index outbox_waiting on outbox (seq) where done_ms is null;
create index outbox_waiting_by_key on outbox (key, seq) where done_ms is null;
create index outbox_done on outbox (done_ms) where done_ms is not null;
