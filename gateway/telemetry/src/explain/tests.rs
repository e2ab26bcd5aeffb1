use super::*;
use crate::ring::{StoredService, StoredValue};

fn span(
    id: u64,
    parent: Option<u64>,
    kind: &'static str,
    name: &str,
    from_ms: u64,
    to_ms: u64,
) -> StoredSpan {
    StoredSpan {
        id: format!("{id:016x}"),
        parent: parent.map(|parent| format!("{parent:016x}")),
        kind: kind.into(),
        name: name.into(),
        start_nanos: from_ms * 1_000_000,
        end_nanos: to_ms * 1_000_000,
        error: None,
        attributes: Vec::new(),
    }
}

impl StoredSpan {
    fn failing(mut self, error: &str) -> Self {
        self.error = Some(error.into());
        self
    }

    fn text_is(mut self, key: &str, text: &str) -> Self {
        self.attributes.push((key.into(), StoredValue::Text(text.into())));
        self
    }

    fn number_is(mut self, key: &str, number: i64) -> Self {
        self.attributes.push((key.into(), StoredValue::Number(number)));
        self
    }

    fn flag_is(mut self, key: &str, flag: bool) -> Self {
        self.attributes.push((key.into(), StoredValue::Flag(flag)));
        self
    }
}

fn trace(kept: Kept, spans: Vec<StoredSpan>) -> StoredTrace {
    StoredTrace {
        trace_id: "0af7651916cd43dd8448eb211c80319c".into(),
        kept,
        started_unix_nanos: 1_795_363_692_345_000_000,
        service: StoredService {
            name: "portico".into(),
            version: "0.1.0".into(),
            instance: "town-hall".into(),
        },
        remote_parent: None,
        dropped: 0,
        spans,
    }
}

fn check(trace: &StoredTrace, expected: &str) {
    let text = explain(trace);
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn a_failed_request_says_which_system_failed_what_it_means_and_what_to_do() {
    let attempt = |id, from, to| {
        span(id, Some(2), "client", "PROPFIND", from, to)
            .text_is(attr::SERVER_ADDRESS, "dav.example.org")
            .number_is(attr::SERVER_PORT, 443)
            .failing("timeout")
    };
    let failed = trace(
        Kept::Failed,
        vec![
            attempt(4, 2, 5_002),
            attempt(5, 5_100, 10_000).number_is(attr::HTTP_RESEND, 1),
            span(2, Some(1), "internal", "documents list", 1, 10_000)
                .text_is(attr::SYSTEM, "intranet")
                .text_is(attr::BREAKER, "half_open")
                .text_is(attr::BREAKER_CAUSE, "connect_refused")
                .number_is(attr::ATTEMPTS, 2)
                .failing("timeout"),
            span(1, None, "server", "GET /v1/documents", 0, 10_020)
                .number_is(attr::HTTP_STATUS, 504)
                .text_is(attr::PROBLEM, "backend_timeout")
                .failing("timeout"),
        ],
    );
    check(
        &failed,
        "\
Trace 0af7651916cd43dd8448eb211c80319c, kept because the request failed.
22 November 2026 at 16:08:12.345 UTC, portico 0.1.0 on town-hall.

Asked     GET /v1/documents
Answered  504 backend_timeout after 10.02 s

What was done, in order
  documents list on `intranet` — FAILED after 10.00 s: no answer in time (timeout), 2 attempts, circuit breaker half-open because of: no connection, or it broke (connect_refused)
    attempt 1: PROPFIND to dav.example.org:443 — FAILED after 5.00 s: no answer in time (timeout)
    attempt 2: PROPFIND to dav.example.org:443 — FAILED after 4.90 s: no answer in time (timeout)

What failed
  `intranet`: no answer in time (timeout).
    Means  The system took the connection but did not answer before the time was up. It is
           overloaded, it hangs, or something between it and the gateway swallows packets.
    Do     Ask its owner whether it is slow for everybody. Time it by hand with `portico check
           intranet`. If it is known to be sick, pause it, so that requests fail at once instead of
           waiting.
",
    );
    assert_eq!(
        summary(&failed),
        "2026-11-22 16:08:12  0af7651916cd43dd8448eb211c80319c   10.02 s  failed   GET /v1/documents → 504 backend_timeout"
    );
}

#[test]
fn a_slow_request_says_where_the_time_went() {
    let slow = trace(
        Kept::Slow,
        vec![
            span(3, Some(2), "client", "GET", 10, 2_910)
                .text_is(attr::SERVER_ADDRESS, "odoo.example.org")
                .number_is(attr::HTTP_STATUS, 200),
            span(2, Some(1), "internal", "documents get", 1, 2_920)
                .text_is(attr::SYSTEM, "odoo")
                .number_is(attr::QUEUED_MS, 9),
            span(1, None, "server", "GET /v1/documents/{id}", 0, 2_930).number_is(attr::HTTP_STATUS, 200),
        ],
    );
    check(
        &slow,
        "\
Trace 0af7651916cd43dd8448eb211c80319c, kept because the request was slow.
22 November 2026 at 16:08:12.345 UTC, portico 0.1.0 on town-hall.

Asked     GET /v1/documents/{id}
Answered  200 after 2.93 s

What was done, in order
  documents get on `odoo` — 2.92 s, 9 ms of it waiting for a place
    GET to odoo.example.org — 2.90 s, status 200

Where the time went
    2.90 s of 2.93 s went by in `GET`, waiting for `odoo`.
",
    );
}

#[test]
fn a_look_for_changes_is_told_as_what_the_gateway_does_by_itself() {
    let search = |id, from, to| {
        span(id, Some(2), "client", "search people", from, to)
            .text_is(attr::SERVER_ADDRESS, "ldap.example.org")
            .number_is(attr::SERVER_PORT, 636)
            .failing("connect_refused")
    };
    let failed = trace(
        Kept::Failed,
        vec![
            search(3, 1, 2),
            search(4, 102, 103).number_is(attr::RESEND, 1),
            span(2, Some(1), "internal", "people changes", 1, 103)
                .text_is(attr::SYSTEM, "staff")
                .number_is(attr::ATTEMPTS, 2)
                .failing("connect_refused"),
            span(1, None, "internal", "poll people", 0, 104)
                .text_is(attr::SYSTEM, "staff")
                .number_is(attr::POLL_LAG_MS, 61_500)
                .failing("connect_refused"),
        ],
    );
    check(
        &failed,
        "\
Trace 0af7651916cd43dd8448eb211c80319c, kept because it failed.
22 November 2026 at 16:08:12.345 UTC, portico 0.1.0 on town-hall.

Task      look for changes of people in `staff`; the gateway does this by itself
Outcome   failed: no connection, or it broke (connect_refused), after 104 ms
Before    what was known was 1 min 1 s old

What was done, in order
  people changes on `staff` — FAILED after 102 ms: no connection, or it broke (connect_refused), 2 attempts
    attempt 1: search people to ldap.example.org:636 — FAILED after 1 ms: no connection, or it broke (connect_refused)
    attempt 2: search people to ldap.example.org:636 — FAILED after 1 ms: no connection, or it broke (connect_refused)

What failed
  `staff`: no connection, or it broke (connect_refused).
    Means  Nobody listens at the configured address, a firewall refuses, or the system dropped the
           connection in the middle. It is down, restarting, or has moved.
    Do     Run `portico check staff`. If the address is right, tell its owner that it is down; the
           gateway tries again by itself.
",
    );
    assert!(
        summary(&failed).ends_with(
            "failed   look for changes of people in `staff` → failed: no connection, or it broke (connect_refused)"
        ),
        "{}",
        summary(&failed)
    );
}

#[test]
fn a_call_that_the_breaker_refused_is_told_with_what_opened_it() {
    let refused = |cause: Option<&str>| {
        let call = span(2, Some(1), "internal", "people get", 0, 1)
            .text_is(attr::SYSTEM, "staff")
            .text_is(attr::BREAKER, "open")
            .failing("breaker_open");
        let call = cause.into_iter().fold(call, |call, cause| call.text_is(attr::BREAKER_CAUSE, cause));
        let root = span(1, None, "server", "GET /v1/people/{id}", 0, 2).number_is(attr::HTTP_STATUS, 503);
        let text = explain(&trace(Kept::Failed, vec![call, root]));
        text.lines().find(|line| line.contains("people get")).unwrap().trim().to_owned()
    };
    assert_eq!(
        refused(Some("timeout")),
        "people get on `staff` — FAILED after 1 ms: not asked, the circuit breaker is open because of: no answer in time (timeout)"
    );
    // Of another version of the gateway, or paused.
    assert_eq!(
        refused(None),
        "people get on `staff` — FAILED after 1 ms: not asked: the circuit breaker is open, or the system is paused \
         (breaker_open), circuit breaker open"
    );
}

#[test]
fn what_a_slow_look_for_changes_found_is_said() {
    let poll = |changes, whole| {
        let root = span(1, None, "internal", "poll people", 0, 12_000)
            .text_is(attr::SYSTEM, "staff")
            .number_is(attr::POLL_CHANGES, changes)
            .flag_is(attr::POLL_WHOLE, whole);
        summary(&trace(Kept::Slow, vec![root]))
    };
    for (told, words) in [
        (poll(0, false), "nothing had changed"),
        (poll(1, false), "1 change"),
        (poll(40, false), "40 changes"),
        (poll(1_000, true), "everything read anew, 1000 in all"),
    ] {
        assert!(
            told.ends_with(&format!("slow     look for changes of people in `staff` → {words}")),
            "{told}"
        );
    }
}

#[test]
fn a_write_whose_outcome_is_unknown_says_so() {
    let unknown = trace(
        Kept::Failed,
        vec![
            span(2, Some(1), "internal", "documents put", 1, 20)
                .text_is(attr::SYSTEM, "intranet")
                .text_is(attr::OUTCOME, "unknown")
                .failing("connect_refused"),
            span(1, None, "server", "PUT /v1/documents/{id}/content", 0, 21)
                .number_is(attr::HTTP_STATUS, 503),
        ],
    );
    let text = explain(&unknown);
    assert!(text.contains("It is NOT known whether the system did what it was asked."), "{text}");
}

#[test]
fn odd_traces_are_explained_as_far_as_they_go() {
    let without_root = trace(Kept::Failed, vec![span(2, Some(1), "internal", "documents list", 0, 1)]);
    assert!(explain(&without_root).contains("The request itself is missing"), "{}", explain(&without_root));
    let alone = trace(Kept::Failed, vec![span(1, None, "server", "GET /v1/me", 0, 1).failing("internal")]);
    let text = explain(&alone);
    assert!(text.contains("No system was asked"), "{text}");
    assert!(text.contains("a defect of the gateway"), "{text}");
    // Spans that name each other as parents, and a span that is its own, must not be walked for ever.
    let mut ring = vec![
        span(1, None, "server", "GET /", 0, 1),
        span(3, Some(3), "internal", "x", 0, 1).failing("timeout"),
    ];
    ring.extend([
        span(4, Some(5), "internal", "x", 0, 1),
        span(5, Some(4), "internal", "x", 0, 1).failing("dns"),
    ]);
    assert!(explain(&trace(Kept::Failed, ring)).contains("the host name does not resolve"));
}

#[test]
fn a_long_trace_is_cut_and_counted() {
    let mut spans: Vec<_> =
        (0..200).map(|n| span(10 + n, Some(1), "internal", "documents get", n, n + 1)).collect();
    spans.push(span(1, None, "server", "GET /v1/documents", 0, 300));
    let text = explain(&trace(Kept::Slow, spans));
    assert!(text.contains("… and 140 more steps"), "{text}");
    assert!(text.lines().count() < 80);
}

#[test]
fn every_kind_of_failure_of_the_contract_has_a_meaning() {
    use portico_contract::ErrorKind::*;
    let unknown = meaning("no such word").what;
    for kind in [
        InvalidInput,
        NotFound,
        Conflict,
        BackendForbidden,
        InvalidResponse,
        BackendStatus,
        LimitExceeded,
        CredentialsRefused,
        TlsPeerExpired,
        TlsUntrusted,
        ConnectRefused,
        Dns,
        ConnectionLost,
        Timeout,
        BreakerOpen,
        QueueFull,
        RateLimited,
        Maintenance,
        InsufficientStorage,
        Cancelled,
        Internal,
    ] {
        assert_ne!(meaning(kind.error_type()).what, unknown, "{}", kind.error_type());
    }
}
