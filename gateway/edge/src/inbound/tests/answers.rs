//! Traces, records, header fields, problems.

use portico_contract::trace::{SpanKind, Value, attr};

use super::*;

#[tokio::test]
async fn a_request_is_one_span_with_the_name_of_its_route_until_its_body_ends() {
    let mut site = site();
    let service = site.service();
    let response = service.clone().oneshot(site.get("/v1/things/7?q=secret")).await.unwrap();
    assert!(site.seen.traces.lock().is_empty(), "the span ended before the body");
    assert_eq!(Answer::of(response).await.text(), "thing 7");

    let traces = site.seen.traces.lock();
    let [trace] = traces.as_slice() else { panic!("{} traces", traces.len()) };
    let [span] = trace.spans.as_slice() else { panic!("{} spans", trace.spans.len()) };
    assert_eq!((span.kind, &*span.name), (SpanKind::Server, "GET /v1/things/{id}"));
    assert_eq!((trace.sampled, trace.remote_parent, span.error), (false, None, None));
    assert!(span.attributes.contains(&(attr::HTTP_ROUTE, Value::Word("/v1/things/{id}"))));
    assert!(span.attributes.contains(&(attr::HTTP_STATUS, Value::Number(200))));
    assert!(!format!("{trace:?}").contains("secret"));
    assert_eq!(
        *site.seen.records.lock(),
        [Record {
            method: "GET",
            route: Some("/v1/things/{id}".to_owned()),
            status: 200,
            sent: 7,
            complete: true,
            problem: None,
            error_type: None,
        }]
    );
}

#[tokio::test]
async fn a_trace_from_outside_is_continued_but_only_a_proxy_may_ask_for_recording() {
    let mut site = site();
    let service = site.service();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (trusted, sampled) in [(None, false), (Some(false), false), (Some(true), true)] {
        let mut request =
            site.request("GET", "/v1/things/7").header("traceparent", parent).body(Body::empty()).unwrap();
        if let Some(trusted) = trusted {
            let address = "127.0.0.1:1".parse().unwrap();
            request.extensions_mut().insert(crate::serve::Peer { address, trusted });
        }
        ask(&service, request).await;
        let trace = site.seen.traces.lock().pop().unwrap();
        assert_eq!(trace.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.remote_parent.unwrap().to_string(), "00f067aa0ba902b7");
        assert_eq!(trace.sampled, sampled, "trusted: {trusted:?}");
    }
    for bad in ["nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
        let request = site.request("GET", "/v1/things/7").header("traceparent", bad);
        ask(&service, request.body(Body::empty()).unwrap()).await;
        assert_eq!(site.seen.traces.lock().pop().unwrap().remote_parent, None);
    }
}

#[test]
fn sampling_is_even() {
    for (ratio, expected) in [(0.0, 0), (0.05, 50), (0.5, 500), (1.0, 1_000), (7.0, 1_000)] {
        let sampler = Sampler::new(ratio);
        let sampled = (0..1_000).filter(|_| sampler.sample()).count();
        assert!(sampled.abs_diff(expected) <= 1, "{ratio}: {sampled}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_fixed_fields() {
    let mut site = site();
    let service = site.service();
    let plain = Request::get("/v1/things/7").body(Body::empty()).unwrap();
    for (request, cache) in [
        (site.get("/v1/things/7"), "no-store"),
        (site.get("/v1/cached"), "private, no-cache"),
        (site.get("/v1/things/missing"), "no-store"),
        (site.get("/nowhere"), "no-store"),
        (plain, "no-store"),
    ] {
        let path = request.uri().clone();
        let answer = ask(&service, request).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("api-version"), "1.0.0", "{path}");
        assert_eq!(answer.header("cache-control"), cache, "{path}");
    }
}

#[tokio::test]
async fn a_failure_is_a_problem_with_path_and_trace_and_is_reported_once() {
    let mut site = site();
    let service = site.service();
    let answer = ask(&service, site.get("/v1/things/late?q=x")).await;
    let problem = answer.problem();
    let trace = site.seen.traces.lock().pop().unwrap();
    assert_eq!((answer.status, problem.code), (504, ProblemCode::BackendTimeout));
    assert_eq!(problem.instance.as_deref(), Some("/v1/things/late"));
    assert_eq!(problem.trace_id, Some(trace.trace_id.to_string()));
    assert!(!answer.text().contains("ORA-600"), "a back office's words went out");
    assert!(
        !answer.headers.contains_key("content-length")
            || answer.header("content-length") == answer.body.len().to_string()
    );
    assert_eq!(trace.spans[0].error, Some("timeout"));
    assert!(trace.spans[0].attributes.contains(&(attr::PROBLEM, Value::Word("backend_timeout"))));
    let failures = site.seen.failures.lock();
    assert!(failures.len() == 1 && failures[0].contains("ORA-600"), "{failures:?}");
    let record = site.seen.records.lock().pop().unwrap();
    assert_eq!((record.status, record.error_type), (504, Some("timeout")));
}

#[tokio::test]
async fn a_caller_s_mistake_is_no_error_of_the_span() {
    let mut site = site();
    let service = site.service();
    assert_eq!(ask(&service, site.get("/v1/things/missing")).await.status, 404);
    assert_eq!(site.seen.traces.lock()[0].spans[0].error, None);
    let record = site.seen.records.lock().pop().unwrap();
    assert_eq!((record.problem, record.error_type), (Some(ProblemCode::NotFound), None));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let mut site = site();
    let service = site.service();
    let nowhere = ask(&service, site.get("/nowhere")).await;
    assert_eq!((nowhere.status, nowhere.problem().code), (404, ProblemCode::NotFound));
    let record = site.seen.records.lock().pop().unwrap();
    assert_eq!((record.route, record.status), (None, 404));
    let post = site.request("POST", "/v1/things/7").body(Body::empty()).unwrap();
    let answer = ask(&service, post).await;
    assert_eq!((answer.status, answer.problem().code), (405, ProblemCode::MethodNotAllowed));
    assert!(answer.header("allow").contains("GET"), "{:?}", answer.headers);
    let odd = site.request("BREW", "/v1/things/7").body(Body::empty()).unwrap();
    ask(&service, odd).await;
    assert_eq!(site.seen.records.lock().pop().unwrap().method, "_OTHER");
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let mut site = site();
    let service = site.service();
    let answer = ask(&service, site.get("/v1/panic")).await;
    assert_eq!((answer.status, answer.problem().code), (500, ProblemCode::Internal));
    assert!(!answer.text().contains("sentinel"));
    assert!(site.seen.failures.lock()[0].contains("the sentinel of a panic"));
    assert_eq!(ask(&service, site.get("/v1/things/7")).await.status, 200);

    let response = service.clone().oneshot(site.get("/v1/broken")).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.is_err(), "a broken body ended as if it were whole");
    let record = site.seen.records.lock().pop().unwrap();
    assert_eq!((record.sent, record.complete, record.error_type), (5, false, Some("internal")));
}

#[tokio::test]
async fn a_caller_that_goes_away_is_recorded_as_such() {
    let mut site = site();
    let service = site.service();
    let call = tokio::spawn(service.clone().oneshot(site.get("/v1/slow")));
    tokio::task::yield_now().await;
    call.abort();
    assert!(call.await.is_err());
    let record = site.seen.records.lock().pop().unwrap();
    assert_eq!((record.status, record.complete, record.error_type), (499, false, Some("cancelled")));
}

#[tokio::test]
async fn handlers_get_person_deadline_and_ids() {
    let mut site = site();
    let service = site.service();
    for (given, kept) in
        [("order-7.a_B", true), ("", false), ("a b", false), ("x\u{7f}", false), (&"x".repeat(65), false)]
    {
        let mut request = site.get("/v1/context");
        if let Ok(value) = HeaderValue::from_bytes(given.as_bytes()) {
            request.headers_mut().insert("x-correlation-id", value);
        }
        let answer = ask(&service, request).await;
        let words: Vec<&str> = answer.text().split(' ').collect();
        let [subject, correlation, left, trace] = words.as_slice() else { panic!("{}", answer.text()) };
        assert_eq!((*subject, *left), ("u-1", "9"));
        assert_eq!(*correlation, if kept { given } else { trace }, "{given}");
    }
}

#[tokio::test]
async fn routes_never_see_the_token() {
    let mut site = site();
    let service = site.service();
    let answer = ask(&service, site.get("/v1/headers")).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("Bearer") && !answer.text().contains(&site.token));
}

#[tokio::test]
async fn the_whole_way_works_over_a_socket() {
    use crate::serve::{Drain, ServeConfig, Server};

    let mut site = site();
    let service = site.service();
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), ServeConfig::default()).unwrap();
    let address = server.local_addr().unwrap();
    let observer = Arc::clone(&site.seen) as Arc<dyn RequestObserver>;
    tokio::spawn(server.serve(service, observer, Drain::new()));
    let mut connection = portico_simkit::client::Connection::open(address).await.unwrap();
    let token = format!("Bearer {}", site.token);
    let headers = [("Authorization", token.as_str()), ("X-Forwarded-User", "root")];
    for _ in 0..3 {
        let reply = connection.request("GET", "/v1/headers", &headers, b"").await.unwrap();
        assert_eq!((reply.status, reply.header("x-content-type-options")), (200, Some("nosniff")));
        assert!(!reply.text().contains("root") && !reply.text().contains(&site.token), "{}", reply.text());
        let missing = connection.request("GET", "/v1/things/missing", &headers, b"").await.unwrap();
        assert_eq!(missing.status, 404);
        assert!(missing.text().contains("\"instance\":\"/v1/things/missing\""), "{}", missing.text());
        let upload = connection.request("PUT", "/v1/upload", &headers, &[7; 100_000]).await.unwrap();
        assert_eq!(upload.text(), "100000");
    }
    assert_eq!(site.seen.records.lock().len(), 9);
}
