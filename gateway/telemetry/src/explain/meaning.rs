//! What each `error.type` means to somebody on call, and what to do about it. The set is closed (see the contract).

/// A failure in plain words. `{system}` stands for the system's key.
pub(super) struct Meaning {
    /// What happened, in half a sentence.
    pub(super) what: &'static str,
    /// What that means.
    pub(super) means: &'static str,
    /// What to do next.
    pub(super) next: &'static str,
}

pub(super) fn meaning(error: &str) -> Meaning {
    let (what, means, next) = match error {
        "timeout" => (
            "no answer in time",
            "The system took the connection but did not answer before the time was up. It is overloaded, it hangs, or \
             something between it and the gateway swallows packets.",
            "Ask its owner whether it is slow for everybody. Time it by hand with `portico check {system}`. If it is known \
             to be sick, pause it, so that requests fail at once instead of waiting.",
        ),
        "connect_refused" => (
            "no connection, or it broke",
            "Nobody listens at the configured address, a firewall refuses, or the system dropped the connection in the \
             middle. It is down, restarting, or has moved.",
            "Run `portico check {system}`. If the address is right, tell its owner that it is down; the gateway tries again \
             by itself.",
        ),
        "dns" => (
            "the host name does not resolve",
            "The name server does not know the configured host, or cannot be reached itself.",
            "Look the name up on this machine (`getent hosts …`). If others fail too, it is the name server; if only this \
             one does, the name is wrong or has been withdrawn.",
        ),
        "tls_peer_expired" => (
            "its certificate has expired",
            "The system shows a certificate that is past its end date. The gateway does not talk to it until it is renewed.",
            "Tell its owner to renew the certificate. Nothing needs to be done here afterwards.",
        ),
        "tls_untrusted" => (
            "its certificate is not trusted",
            "The system shows a certificate from an authority that the gateway does not know, or for another host name. \
             Either it was replaced, or somebody sits in between.",
            "Ask the owner whether the certificate was changed on purpose. If so, add its authority to the trusted ones of \
             `{system}` in the configuration. If not, treat it as an incident.",
        ),
        "breaker_open" => (
            "not asked: the circuit breaker is open, or the system is paused",
            "The system failed too often just before, or an operator paused it, so nothing was sent to it. This request is a \
             consequence, not the cause.",
            "Look for the first failures of `{system}` before this one: `portico trace` without an id lists the latest. `/status` on the operations \
             port says since when and why.",
        ),
        "queue_full" => (
            "not asked: too many calls are already waiting",
            "All places for calls to the system were taken, or its rate limit was used up. It is too slow for the load, or the \
             load is unusual.",
            "Compare `portico_adapter_in_flight` and the durations of `{system}` with yesterday's. Slower: talk to its owner. \
             More calls: find out who sends them. Raise the limit only if the system can take more.",
        ),
        "invalid_response" => (
            "an answer that makes no sense",
            "The system answered, but not in the form that it is documented to use: an error page instead of data, a cut-off \
             document, a wrong character set.",
            "Ask the owner about upgrades, log-in pages or proxies put in front of it. The log line with this trace id names \
             the place in the answer.",
        ),
        "backend_status" => (
            "it reports a failure of its own",
            "The system was reached, understood the request and said that it failed or may not be done.",
            "Look into the system's own log for the time of the attempt shown above, and give its owner that time.",
        ),
        "soap_fault" => (
            "it answered with a SOAP fault",
            "The system was reached and refused the request with a fault of its own.",
            "The log line with this trace id has the fault code. Look it up in the system's own log.",
        ),
        "limit_exceeded" => (
            "an answer larger than allowed",
            "The answer went over a limit that protects the gateway: too long, too deep, too many parts.",
            "If the answer is legitimate, narrow the request or raise the limit of `{system}`. If it is not, ask the owner what \
             the system sends.",
        ),
        "credentials_refused" => (
            "it refuses the gateway's own account",
            "The account that the gateway uses was refused: the password was changed, or the account is locked or expired. The \
             gateway stopped at the first refusal, so as not to lock the account, and probes every few minutes.",
            "Renew the secret of `{system}` and run `portico check {system}`. Nobody who uses the API can mend this.",
        ),
        "audit_unavailable" => (
            "the audit log cannot be written",
            "What must be recorded could not be recorded, so it was not done.",
            "Look at the disk and the rights of the audit folder: full, read-only, or another owner.",
        ),
        "outbox_full" => (
            "no room for the record of a write",
            "The write was not sent to the system, because its record would not fit on the disk.",
            "Make room on the disk that holds the store. Writes go on by themselves.",
        ),
        "cancelled" => (
            "the caller went away",
            "The caller closed the connection before the answer was there. That is no failure of the system.",
            "Nothing, unless it happens often: then the answers are too slow for the caller's patience.",
        ),
        "internal" => (
            "a defect of the gateway",
            "The gateway itself made a mistake; the systems behind it are not to blame.",
            "Report it with this whole text and the log line with this trace id.",
        ),
        ldap if ldap.starts_with("ldap_") => (
            "the directory refuses",
            "The directory server was reached and answered with the LDAP result code at the end of the word above (RFC 4511, \
             appendix A).",
            "Look into the directory's own log for the time of the attempt shown above.",
        ),
        _ => (
            "a kind of failure that this version does not know",
            "The trace was written by another version of the gateway.",
            "Use the `portico` of the version that wrote it.",
        ),
    };
    Meaning { what, means, next }
}
