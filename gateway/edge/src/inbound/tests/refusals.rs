//! CORS, caps, shedding, authentication, shares.

use std::num::NonZeroU32;

use super::*;

#[tokio::test]
async fn nobody_gets_in_without_a_token_but_for_public_paths() {
    let mut site = site();
    let service = site.service();
    let open = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    for path in ["/v1/openapi.json", "/docs/problems/not_found"] {
        assert_eq!(ask(&service, open(path)).await.status, 200, "{path}");
    }
    for path in ["/v1/things/7", "/v1/openapi.json/", "/v1/openapi.jsonx", "/docs", "/nowhere"] {
        let answer = ask(&service, open(path)).await;
        assert_eq!((answer.status, answer.problem().code), (401, ProblemCode::Unauthenticated), "{path}");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"portico\"");
    }
    let mut forged = open("/v1/things/7");
    let token = format!("Bearer {}x", site.token);
    forged.headers_mut().insert("authorization", HeaderValue::from_str(&token).unwrap());
    let answer = ask(&service, forged).await;
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{:?}", answer.headers);
    assert!(answer.problem().detail.contains("signature"), "{}", answer.text());
    assert!(!answer.text().contains(&site.token[..20]));
}

fn preflight(path: &str, origin: &str) -> Request<Body> {
    Request::builder()
        .method("OPTIONS")
        .uri(path)
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization,if-match")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_preflight_is_answered_before_authentication_to_listed_origins_only() {
    let mut site = site();
    let service = site.service();
    let answer = ask(&service, preflight("/v1/things/7", "https://intranet.example")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://intranet.example");
    assert!(answer.header("access-control-allow-methods").contains("PUT"));
    assert!(answer.header("access-control-allow-headers").contains("if-match"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    for origin in [
        "https://evil.example",
        "https://intranet.example.evil.example",
        "http://intranet.example",
        "https://intranet.example:444",
        "null",
    ] {
        let answer = ask(&service, preflight("/v1/things/7", origin)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
    let open = ask(&service, preflight("/v1/openapi.json", "https://anybody.example")).await;
    assert_eq!(open.header("access-control-allow-origin"), "https://anybody.example");
}

#[tokio::test]
async fn a_listed_page_can_read_answers_and_refusals_with_their_fields() {
    let mut site = site();
    let service = site.service();
    let from = |request: Request<Body>| {
        let (mut parts, body) = request.into_parts();
        parts.headers.insert("origin", HeaderValue::from_static("https://intranet.example"));
        Request::from_parts(parts, body)
    };
    let refused = Request::get("/v1/things/7").body(Body::empty()).unwrap();
    for (request, status) in [
        (site.get("/v1/things/7"), 200),
        (site.get("/v1/things/missing"), 404),
        (refused, 401),
        (site.get("/v1/panic"), 500),
    ] {
        let answer = ask(&service, from(request)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), "https://intranet.example", "{status}");
        let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
        for name in ["etag", "location", "retry-after", "ratelimit", "api-version", "portico-partial"] {
            assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name} not in {exposed}");
        }
    }
}

#[tokio::test]
async fn long_addresses_and_large_bodies_are_refused() {
    let mut site = site();
    let config = site.config.as_mut().unwrap();
    (config.max_uri, config.max_body, config.max_upload) = (100, 1_000, 100_000);
    let service = site.service();
    let long = ask(&service, site.get(&format!("/v1/things/{}", "x".repeat(100)))).await;
    assert_eq!((long.status, long.problem().code), (414, ProblemCode::UriTooLong));

    let send = |path: &str, body: Body| site.request("PUT", path).body(body).unwrap();
    let pieces = |count: usize| {
        let pieces = (0..count).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[0; 100])));
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    for (path, body, status) in [
        ("/v1/upload", Body::from(vec![0; 1_000]), 200),
        ("/v1/upload", Body::from(vec![0; 1_001]), 413),
        ("/v1/upload", pieces(10), 200),
        ("/v1/upload", pieces(11), 413),
        ("/v1/files/content", pieces(11), 200),
        ("/v1/files/content", pieces(1_001), 413),
    ] {
        let answer = ask(&service, send(path, body)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        if status == 413 {
            assert_eq!(answer.problem().code, ProblemCode::ContentTooLarge);
        }
    }
    // The declared length is enough: the body is not even looked at.
    let declared = site.request("PUT", "/v1/upload").header("content-length", "1001");
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    assert_eq!(ask(&service, declared.body(endless).unwrap()).await.status, 413);
}

#[tokio::test]
async fn what_does_not_fit_is_shed_at_once_and_places_last_until_the_body_ends() {
    let mut site = site();
    site.config.as_mut().unwrap().max_in_flight = 2;
    let service = site.service();
    let slow = tokio::spawn(service.clone().oneshot(site.get("/v1/slow")));
    tokio::task::yield_now().await;
    // Answered, but its body has not been read.
    let unread = service.clone().oneshot(site.get("/v1/things/7")).await.unwrap();

    // Refused without a single wait.
    let mut refused = service.clone();
    let refusal = std::pin::pin!(refused.call(site.get("/v1/things/7")));
    let refusal = futures_util::FutureExt::now_or_never(refusal).expect("shedding waited").unwrap();
    let refusal = Answer::of(refusal).await;
    assert_eq!((refusal.status, refusal.problem().code), (503, ProblemCode::Overloaded));
    assert_eq!(refusal.header("retry-after"), "1");
    assert!(refusal.problem().retryable);

    assert_eq!(Answer::of(unread).await.text(), "thing 7");
    assert_eq!(ask(&service, site.get("/v1/things/7")).await.status, 200);
    site.gate.add_permits(1);
    assert_eq!(Answer::of(slow.await.unwrap().unwrap()).await.text(), "slow");
    // The refusal is in the metrics.
    assert_eq!(site.seen.records.lock().iter().filter(|record| record.status == 503).count(), 1);
}

#[tokio::test]
async fn a_person_has_a_share() {
    let mut site = site();
    site.config.as_mut().unwrap().caller_rate =
        Some(CallerRate { requests: NonZeroU32::new(3).unwrap(), window: Duration::from_secs(3_000) });
    let service = site.service();
    for left in [2, 1, 0] {
        let answer = ask(&service, site.get("/v1/things/7")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit-policy"), "\"caller\";q=3;w=3000");
        assert_eq!(answer.header("ratelimit"), format!("\"caller\";r={left};t=1000"));
    }
    let answer = ask(&service, site.get("/v1/things/7")).await;
    assert_eq!((answer.status, answer.problem().code), (429, ProblemCode::TooManyRequests));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((900..=1_000).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit"), format!("\"caller\";r=0;t={wait}"));
    // Nobody's share is touched by requests without a person.
    let open = Request::get("/v1/openapi.json").body(Body::empty()).unwrap();
    assert_eq!(ask(&service, open).await.header("ratelimit"), "");
}
