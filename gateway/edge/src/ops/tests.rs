use axum::Router;
use axum::routing::get;
use tower::ServiceExt as _;

use super::*;

fn guarded(
    token: Option<&str>,
) -> impl Service<Request<Body>, Response = Response, Error = Infallible> + Clone {
    let guard = OpsGuard::new(OpsGuardConfig {
        hosts: vec!["ops.example.gov.uk".to_owned()],
        open: PublicPaths(vec!["/livez".to_owned(), "/metrics".to_owned()]),
        token: token.map(|token| token.to_owned().into()),
    });
    let routes = Router::new().route("/livez", get(async || "live")).route("/status", get(async || "status"));
    guard.layer(routes)
}

async fn status(token: Option<&str>, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    guarded(token).oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn hosts_and_origins_are_checked_before_anything_else() {
    for (host, expected) in [
        ("localhost:9464", 200),
        ("127.0.0.1:9464", 200),
        ("[::1]:9464", 200),
        ("[::1]", 200),
        ("LOCALHOST", 200),
        ("ops.example.gov.uk", 200),
        ("evil.example", 403),
        ("evil.example:9464", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:evil", 403),
        ("", 403),
    ] {
        assert_eq!(status(None, "/livez", &[("host", host)]).await, expected, "host {host}");
    }
    assert_eq!(status(None, "/livez", &[]).await, 403);
    for (origin, expected) in [
        ("http://localhost:9464", 200),
        ("https://ops.example.gov.uk", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let headers = [("host", "localhost"), ("origin", origin)];
        assert_eq!(status(None, "/livez", &headers).await, expected, "origin {origin}");
    }
}

#[tokio::test]
async fn everything_but_probes_wants_the_token() {
    let host = ("host", "localhost");
    for (configured, sent, expected) in [
        (Some("s3cret"), Some("Bearer s3cret"), 200),
        (Some("s3cret"), Some("Bearer s3creT"), 401),
        (Some("s3cret"), Some("Bearer s3cret "), 401),
        (Some("s3cret"), Some("s3cret"), 401),
        (Some("s3cret"), Some("Bearer "), 401),
        (Some("s3cret"), None, 401),
        (Some(""), Some("Bearer "), 401),
        (None, Some("Bearer "), 401),
        (None, None, 401),
    ] {
        let mut headers = vec![host];
        headers.extend(sent.map(|sent| ("authorization", sent)));
        assert_eq!(status(configured, "/status", &headers).await, expected, "{configured:?} {sent:?}");
        assert_eq!(status(configured, "/livez", &headers).await, 200);
    }
    let twice = [host, ("authorization", "Bearer s3cret"), ("authorization", "Bearer s3cret")];
    assert_eq!(status(Some("s3cret"), "/status", &twice).await, 401);
}

#[test]
fn the_token_is_not_printed() {
    let guard = OpsGuard::new(OpsGuardConfig {
        hosts: Vec::new(),
        open: PublicPaths::default(),
        token: Some("s3cret-sentinel".into()),
    });
    assert!(!format!("{guard:?}").contains("s3cret"));
}
