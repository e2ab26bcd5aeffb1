//! Writes: keys, preconditions, dry runs, lost answers, receipts.

use super::*;

const REPORTS: &str = "/v1/expense-reports";
const OTHER_KEY: &str = "\"11111111-40d5-43e9-bc93-6a894a57f324\"";

#[tokio::test]
async fn a_key_makes_one_report_however_often_and_however_written() {
    let world = world().await;
    let key = [("idempotency-key", KEY)];
    let made = world.ask("sian", Method::POST, REPORTS, &key, &world.content()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.json());
    let report = made.json();
    assert_eq!(made.header(header::LOCATION), format!("{REPORTS}/{}", report["id"].as_str().unwrap()));
    assert_eq!(made.header(header::ETAG), format!("\"{}\"", report["etag"].as_str().unwrap()));
    assert_eq!(report["totalAmount"], json!({ "amount": "12.50", "currency": "GBP" }));
    // The same request, its members in another order and with spaces.
    let content = world.content();
    let turned = format!("{{ \"lines\": {}, \"title\": {} }}", content["lines"], content["title"]);
    let request =
        Request::post(REPORTS).header("idempotency-key", KEY).header("content-type", "application/json");
    let again = world.send("sian", request.body(Body::from(turned)).unwrap()).await;
    assert_eq!((again.status, again.json()["id"].clone()), (StatusCode::OK, report["id"].clone()));
    let mut other = world.content();
    other["title"] = json!("Something else");
    let reused = world.ask("sian", Method::POST, REPORTS, &key, &other).await;
    assert_eq!(reused.code(), "422 idempotency_key_reused");
    assert_eq!(world.office.written(), 1);
}

#[tokio::test]
async fn a_write_without_its_key_or_precondition_is_not_begun() {
    let world = world().await;
    let path = world.path("one");
    let none = world.ask("sian", Method::POST, REPORTS, &[], &world.content()).await;
    assert_eq!((&*none.code(), &*none.faults()[0]), ("400 idempotency_key_missing", "#idempotency-key"));
    for (at, body) in [("submission", json!({ "declaration": "True." })), ("withdrawal", json!({}))] {
        let at = format!("{path}/{at}");
        let bare = [("idempotency-key", "abc"), ("if-match", "*")];
        let refused = world.ask("sian", Method::POST, &at, &bare, &body).await;
        assert_eq!(refused.code(), "400 idempotency_key_missing", "{at}");
        let refused = world.ask("sian", Method::POST, &at, &[("idempotency-key", KEY)], &body).await;
        assert_eq!(refused.code(), "428 precondition_required", "{at}");
    }
    let edit = async |fields: &[(&str, &str)]| {
        world.ask("sian", Method::PUT, &path, fields, &world.content()).await.code()
    };
    assert_eq!(edit(&[]).await, "428 precondition_required");
    assert_eq!(edit(&[("if-match", "\"made.up\"")]).await, "412 precondition_failed");
    let delete = async |query: &str, fields: &[(&str, &str)]| {
        world.ask("sian", Method::DELETE, &format!("{path}{query}"), fields, &Value::Null).await
    };
    assert_eq!(delete("", &[]).await.code(), "428 precondition_required");
    assert_eq!(delete("?force=true", &[("if-match", "*")]).await.faults(), ["?force"]);
    assert_eq!(world.office.written(), 0);
}

#[tokio::test]
async fn a_draft_is_edited_handed_in_taken_back_and_deleted() {
    let world = world().await;
    let path = world.path("one");
    let read = world.get("sian", &path).await;
    let tag = read.header(header::ETAG).to_owned();
    let edited = world.ask("sian", Method::PUT, &path, &[("if-match", &tag)], &world.content()).await;
    assert_eq!((edited.status, edited.json()["title"].as_str()), (StatusCode::OK, Some("Site visits")));
    let stale = world.ask("sian", Method::PUT, &path, &[("if-match", &tag)], &world.content()).await;
    assert_eq!(stale.code(), "412 precondition_failed");
    let tag = edited.header(header::ETAG).to_owned();
    let submission = format!("{path}/submission");
    let fields = [("if-match", &*tag), ("idempotency-key", KEY)];
    let declared = json!({ "declaration": "I laid this out." });
    let submitted = world.ask("sian", Method::POST, &submission, &fields, &declared).await;
    assert_eq!((submitted.status, actions(&submitted.json())), (StatusCode::OK, vec!["withdraw"]));
    let again = world.ask("sian", Method::POST, &submission, &fields, &declared).await;
    assert_eq!((again.status, again.json()["status"].as_str()), (StatusCode::OK, Some("submitted")));
    let edit = world.ask("sian", Method::PUT, &path, &[("if-match", "*")], &world.content()).await;
    assert_eq!(edit.code(), "409 conflict");
    let fields = [("if-match", "*"), ("idempotency-key", OTHER_KEY)];
    let withdrawn = world.ask("sian", Method::POST, &format!("{path}/withdrawal"), &fields, &json!({})).await;
    assert_eq!((withdrawn.status, withdrawn.json()["status"].as_str()), (StatusCode::OK, Some("draft")));
    let gone = world.ask("sian", Method::DELETE, &path, &[("if-match", "*")], &Value::Null).await;
    assert_eq!((gone.status, gone.octets.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(world.get("sian", &path).await.code(), "404 not_found");
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_refused_and_writes_nothing() {
    let world = world().await;
    let at = format!("{REPORTS}?validateOnly=true");
    let key = [("idempotency-key", KEY)];
    let fine = world.ask("sian", Method::POST, &at, &key, &world.content()).await;
    assert_eq!((fine.status, fine.octets.len()), (StatusCode::NO_CONTENT, 0));
    let mut bad = world.content();
    bad["lines"][0]["amount"]["amount"] = json!("12.505");
    bad["lines"][0]["categoryId"] = json!("travel");
    bad["title"] = json!("");
    let refused = world.ask("sian", Method::POST, &at, &key, &bad).await;
    let mut faults = refused.faults();
    faults.sort_unstable();
    assert_eq!(faults, ["/lines/0/amount/amount", "/lines/0/categoryId", "/title"]);
    let delete = format!("{}?validateOnly=true", world.path("one"));
    let theirs = world.ask("owen", Method::DELETE, &delete, &[("if-match", "*")], &Value::Null).await;
    assert_eq!(theirs.code(), "403 forbidden");
    assert_eq!(world.office.written(), 0);
}

#[tokio::test]
async fn bodies_are_strict_and_faults_have_places() {
    let world = world().await;
    let line = |member: &str, value: Value| {
        let mut content = world.content();
        content["lines"][0][member] = value;
        content
    };
    for (body, place) in [
        (line("amount", json!({ "amount": 12.5, "currency": "GBP" })), "/lines/0/amount/amount"),
        (line("amount", json!({ "amount": "12.50", "currency": "pounds" })), "/lines/0/amount/currency"),
        (line("colour", json!("red")), "/lines/0/colour"),
        (line("transactionDate", json!("yesterday")), "/lines/0/transactionDate"),
        (json!({ "title": "x" }), "/"),
        (json!([]), "/"),
    ] {
        let refused = world.ask("sian", Method::POST, REPORTS, &[("idempotency-key", KEY)], &body).await;
        assert_eq!((refused.status.as_u16(), refused.faults()), (400, vec![place.to_owned()]), "{body}");
    }
    assert_eq!(world.office.written(), 0);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_202_and_says_where_to_look() {
    let world = world().await;
    world.office.be(Mood::LosesAnswers);
    let key = [("idempotency-key", KEY)];
    let pending = world.ask("sian", Method::POST, REPORTS, &key, &world.content()).await;
    let operation = pending.json();
    assert_eq!((pending.status, operation["status"].as_str()), (StatusCode::ACCEPTED, Some("unknown")));
    let at = pending.header(header::LOCATION).to_owned();
    assert_eq!(at, format!("/v1/operations/{}", operation["id"].as_str().unwrap()));
    assert_ne!(pending.header(header::RETRY_AFTER), "");
    let looked = world.get("sian", &at).await;
    assert_eq!((looked.status, looked.json()["id"].clone()), (StatusCode::OK, operation["id"].clone()));
    assert_eq!(world.get("bo", &at).await.code(), "404 not_found", "it is hers");
    world.office.be(Mood::Answers);
    let again = world.ask("sian", Method::POST, REPORTS, &key, &world.content()).await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    assert_eq!(world.office.written(), 1, "it is not sent a second time");
}

#[tokio::test]
async fn a_receipt_is_an_upload_with_a_digest_and_a_download() {
    let world = world().await;
    let key = [("idempotency-key", OTHER_KEY)];
    let report = world.ask("sian", Method::POST, REPORTS, &key, &world.content()).await.json();
    let at = format!("{REPORTS}/{}", report["id"].as_str().unwrap());
    let line = format!("{at}/lines/{}/receipts", report["lines"][0]["id"].as_str().unwrap());
    let sum = |octets: &str| format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(octets)));
    let upload = |digest: &str, octets: &str| {
        let request = Request::post(&line)
            .header("idempotency-key", KEY)
            .header("content-type", "application/pdf")
            .header("content-disposition", "attachment; filename*=UTF-8''tr%C3%AAn.pdf")
            .header("content-length", octets.len());
        let request = if digest.is_empty() { request } else { request.header("content-digest", digest) };
        request.body(Body::from(octets.to_owned())).unwrap()
    };
    assert_eq!(world.send("sian", upload("", "%PDF")).await.faults(), ["#content-digest"]);
    let cut = world.send("sian", upload(&sum("%PDF and more"), "%PDF")).await;
    assert_eq!((cut.status.as_u16(), cut.faults()), (400, vec!["#content-digest".to_owned()]));
    let added = world.send("sian", upload(&sum("%PDF"), "%PDF")).await;
    let receipt = added.json();
    assert_eq!(
        (added.status, receipt["name"].as_str()),
        (StatusCode::CREATED, Some("trên.pdf")),
        "{receipt}"
    );
    assert_eq!(added.header(header::LOCATION), receipt["href"].as_str().unwrap());
    let again = world.send("sian", upload(&sum("%PDF"), "%PDF")).await;
    assert_eq!((again.status, again.json()["id"].clone()), (StatusCode::OK, receipt["id"].clone()));
    assert_eq!(world.send("sian", upload(&sum("%PDX"), "%PDX")).await.code(), "422 idempotency_key_reused");
    let href = receipt["href"].as_str().unwrap();
    let accept = [("accept", "application/pdf")];
    let read = world.ask("sian", Method::GET, href, &accept, &Value::Null).await;
    assert_eq!((read.status, read.octets.as_slice()), (StatusCode::OK, &b"%PDF"[..]));
    assert_eq!(read.header(header::CONTENT_TYPE), "application/pdf");
    assert_eq!(read.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(read.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename="));
    assert_eq!(world.get("bo", href).await.code(), "404 not_found");
    let out = world.ask("sian", Method::DELETE, href, &[], &Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("sian", href).await.code(), "404 not_found");
}
