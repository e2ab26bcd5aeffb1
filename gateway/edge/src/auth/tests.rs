use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use portico_contract::access::Principal;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_795_000_000;

struct Site {
    folder: tempfile::TempDir,
    pair: KeyPair,
    minter: Minter,
    authenticator: Authenticator,
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let pair = KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("a.pem"), &pair.public_pem).unwrap();
    let authenticator = Authenticator::new(config(folder.path(), &["a"])).unwrap();
    let minter = Minter::new("a", Algorithm::Es256, &pair.private_pem).unwrap();
    Site { folder, pair, minter, authenticator }
}

fn config(folder: &Path, ids: &[&str]) -> AuthConfig {
    let source = |id: &&str| KeySource {
        id: (*id).to_owned(),
        algorithm: Algorithm::Es256,
        file: folder.join(format!("{id}.pem")),
    };
    AuthConfig {
        issuer: "https://login.example.gov.uk".to_owned(),
        audience: "portico".to_owned(),
        leeway: Duration::from_secs(30),
        keys: ids.iter().map(source).collect(),
        claims: ClaimNames::default(),
    }
}

fn good() -> Value {
    json!({
        "iss": "https://login.example.gov.uk", "aud": "portico", "sub": "u-1",
        "nbf": NOW - 10, "exp": NOW + 600, "name": "Ada Byron", "roles": ["records", "staff"], "units": "finance planning",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

impl Site {
    fn check(&self, claims: &Value) -> Result<std::sync::Arc<Principal>, Refusal> {
        self.authenticator.verify(&self.minter.sign(claims).unwrap(), at(0))
    }

    /// A token with this header, signed with the site's own key.
    fn with_header(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(head), part(claims));
        let key =
            jsonwebtoken::EncodingKey::from_ec_pem(self.pair.private_pem.expose_secret().as_bytes()).unwrap();
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }
}

#[test]
fn a_good_token_names_the_person() {
    let person = site().check(&good()).unwrap();
    assert_eq!((person.subject.as_str(), person.display_name.as_str()), ("u-1", "Ada Byron"));
    assert_eq!(person.roles.iter().collect::<Vec<_>>(), ["records", "staff"]);
    assert_eq!(person.units.iter().collect::<Vec<_>>(), ["finance", "planning"]);
    assert!(person.reports.is_empty() && person.person_id.is_none());
    let plain = site().check(&without("name")).unwrap();
    assert_eq!(plain.display_name, "u-1");
    assert!(site().check(&with("aud", json!(["other", "portico"]))).is_ok());
}

#[test]
fn every_claim_that_is_missing_wrong_or_mistyped_is_refused() {
    let site = site();
    for name in ["exp", "nbf", "aud", "iss", "sub"] {
        let refusal = site.check(&without(name)).unwrap_err();
        assert!(matches!(refusal, Refusal::ClaimMissing(missing) if missing == name), "{name}: {refusal}");
    }
    for (name, value) in [
        ("exp", json!((NOW + 600).to_string())),
        ("exp", json!(null)),
        ("exp", json!([NOW + 600])),
        ("nbf", json!((NOW - 10).to_string())),
        ("nbf", json!(true)),
        ("iss", json!(["https://login.example.gov.uk"])),
        ("aud", json!({"portico": true})),
        ("aud", json!(["portico", 1])),
        ("sub", json!(7)),
        ("name", json!({})),
        ("roles", json!([1])),
        ("units", json!({"a": "b"})),
    ] {
        let refusal = site.check(&with(name, value.clone())).unwrap_err();
        assert_eq!(refusal, Refusal::ClaimType(name.to_owned()), "{name} = {value}");
    }
    assert_eq!(site.check(&with("aud", json!("other"))), Err(Refusal::WrongAudience));
    assert_eq!(site.check(&with("aud", json!([]))), Err(Refusal::WrongAudience));
    assert_eq!(site.check(&with("iss", json!("https://evil.example"))), Err(Refusal::WrongIssuer));
    assert_eq!(site.check(&with("sub", json!(""))), Err(Refusal::ClaimMissing("sub")));
}

#[test]
fn times_hold_with_the_leeway_and_no_more() {
    let site = site();
    let token = site.minter.sign(&good()).unwrap();
    for (seconds, holds) in [(-40, true), (-41, false), (0, true), (629, true), (630, false)] {
        assert_eq!(site.authenticator.verify(&token, at(seconds)).is_ok(), holds, "at {seconds}");
    }
    let late = site.authenticator.verify(&token, at(700)).unwrap_err();
    assert_eq!(late, Refusal::Expired(at(600).to_string()));
    let early = site.authenticator.verify(&token, at(-100)).unwrap_err();
    assert_eq!(early, Refusal::NotYet(at(-10).to_string()));

    // However much is configured, a minute is all there is.
    let mut lenient = config(site.folder.path(), &["a"]);
    lenient.leeway = Duration::from_secs(86_400);
    let lenient = Authenticator::new(lenient).unwrap();
    assert!(lenient.verify(&token, at(659)).is_ok());
    assert!(lenient.verify(&token, at(660)).is_err());
}

#[test]
fn the_header_cannot_choose_how_it_is_checked() {
    let site = site();
    let head = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": "a"});
    let claims = good();

    for alg in ["none", "None", "HS256", "ES384", "RS256", "es256", ""] {
        let token = site.with_header(&head(alg), &claims);
        assert_eq!(site.authenticator.verify(&token, at(0)), Err(Refusal::WrongAlgorithm), "{alg}");
    }
    // alg none in its usual form: no signature at all.
    let bare = site.with_header(&head("none"), &claims);
    let bare = format!("{}.", bare.rsplit_once('.').unwrap().0);
    assert_eq!(site.authenticator.verify(&bare, at(0)), Err(Refusal::WrongAlgorithm));

    // The public key as the secret of an HMAC.
    let mut hmac = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    hmac.kid = Some("a".to_owned());
    let secret = jsonwebtoken::EncodingKey::from_secret(site.pair.public_pem.as_bytes());
    let confused = jsonwebtoken::encode(&hmac, &claims, &secret).unwrap();
    assert_eq!(site.authenticator.verify(&confused, at(0)), Err(Refusal::WrongAlgorithm));
    // … and with a header that claims the right algorithm.
    let (_, rest) = confused.split_once('.').unwrap();
    let disguised = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(head("ES256").to_string()));
    assert_eq!(site.authenticator.verify(&disguised, at(0)), Err(Refusal::BadSignature));

    for (head, refusal) in [
        (json!({"alg": "ES256", "kid": "a"}), Refusal::WrongType),
        (json!({"alg": "ES256", "kid": "a", "typ": "JWE"}), Refusal::WrongType),
        (json!({"alg": "ES256", "kid": "a", "typ": "id+jwt"}), Refusal::WrongType),
        (json!({"alg": "ES256", "kid": "a", "typ": 7}), Refusal::Malformed),
        (json!({"alg": "ES256", "kid": "b", "typ": "JWT"}), Refusal::UnknownKey),
        (json!({"alg": "ES256", "kid": "../a", "typ": "JWT"}), Refusal::UnknownKey),
        (json!({"alg": "ES256", "kid": "a", "typ": "JWT", "crit": ["b64"], "b64": false}), Refusal::Critical),
        (json!({"kid": "a", "typ": "JWT"}), Refusal::Malformed),
    ] {
        let token = site.with_header(&head, &claims);
        assert_eq!(site.authenticator.verify(&token, at(0)), Err(refusal), "{head}");
    }
    for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
        let token = site.with_header(&json!({"alg": "ES256", "kid": "a", "typ": typ}), &claims);
        assert!(site.authenticator.verify(&token, at(0)).is_ok(), "{typ}");
    }
}

#[test]
fn keys_that_a_token_brings_along_are_neither_used_nor_fetched() {
    let site = site();
    // A listener that would see a fetch.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let head = json!({"alg": "ES256", "kid": "a", "typ": "JWT", "jku": url, "x5u": url, "x5c": ["AAAA"], "jwk": {"kty": "EC"}});
    let own = site.with_header(&head, &good());
    assert!(site.authenticator.verify(&own, at(0)).is_ok(), "they are ignored, not refused");

    let stranger = super::tests::site();
    let foreign = stranger.with_header(&head, &good());
    assert_eq!(site.authenticator.verify(&foreign, at(0)), Err(Refusal::BadSignature));
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_missing_key_id_is_fine_with_one_key_and_refused_with_two() {
    let site = site();
    let token = site.with_header(&json!({"alg": "ES256", "typ": "JWT"}), &good());
    assert!(site.authenticator.verify(&token, at(0)).is_ok());
    std::fs::write(site.folder.path().join("b.pem"), KeyPair::generate().unwrap().public_pem).unwrap();
    let two = Authenticator::new(config(site.folder.path(), &["a", "b"])).unwrap();
    assert_eq!(two.verify(&token, at(0)), Err(Refusal::NoKeyId));
}

#[test]
fn what_is_not_a_token_is_refused() {
    let site = site();
    let good = site.minter.sign(&good()).unwrap();
    let (message, signature) = good.rsplit_once('.').unwrap();
    for (name, token) in [
        ("two parts", message.to_owned()),
        ("four parts", format!("{good}.x")),
        ("five parts", "a.b.c.d.e".to_owned()),
        ("not base64", "a b.c.d".to_owned()),
        ("padding", format!("{message}=.{signature}")),
        ("words", "let me in".to_owned()),
    ] {
        let refusal = site.authenticator.verify(&token, at(0)).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed | Refusal::BadSignature), "{name}: {refusal}");
    }
    let long = "x".repeat(MAX_TOKEN + 1);
    assert_eq!(site.authenticator.verify(&long, at(0)), Err(Refusal::TooLong { max: MAX_TOKEN }));
}

#[test]
fn no_octet_of_a_token_can_be_changed() {
    let site = site();
    let token = site.minter.sign(&good()).unwrap();
    for at_octet in (0..token.len()).step_by(7) {
        let mut changed = token.clone().into_bytes();
        changed[at_octet] = if changed[at_octet] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(site.authenticator.verify(&changed, at(0)).is_err(), "octet {at_octet}");
    }
}

#[test]
fn a_remembered_token_still_expires_and_is_forgotten_at_a_reload() {
    let site = site();
    let token = site.minter.sign(&good()).unwrap();
    assert!(site.authenticator.verify(&token, at(0)).is_ok());
    assert_eq!(site.authenticator.remembered(), 1);
    assert!(site.authenticator.verify(&token, at(100)).is_ok());
    assert!(matches!(site.authenticator.verify(&token, at(-1_000)), Err(Refusal::NotYet(_))));
    assert!(site.authenticator.verify(&token, at(0)).is_ok());
    assert!(matches!(site.authenticator.verify(&token, at(1_000)), Err(Refusal::Expired(_))));

    assert!(site.authenticator.verify(&token, at(0)).is_ok());
    // A reload that fails changes nothing.
    let file = site.folder.path().join("a.pem");
    std::fs::write(&file, "nonsense").unwrap();
    let fault = site.authenticator.reload().unwrap_err().to_string();
    assert!(fault.contains("a.pem") && !fault.contains("nonsense"), "{fault}");
    assert!(site.authenticator.verify(&token, at(0)).is_ok());
    // One that works ends what the old key signed, remembered or not.
    std::fs::write(&file, KeyPair::generate().unwrap().public_pem).unwrap();
    site.authenticator.reload().unwrap();
    assert_eq!(site.authenticator.remembered(), 0);
    assert_eq!(site.authenticator.verify(&token, at(0)), Err(Refusal::BadSignature));
}

#[test]
fn key_files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |ids: &[&str]| Authenticator::new(config(folder.path(), ids)).unwrap_err().to_string();
    assert!(fault(&[]).contains("no key is configured"));
    assert!(fault(&["missing"]).contains("missing.pem cannot be read"));
    let pair = KeyPair::generate().unwrap();
    std::fs::write(folder.path().join("a.pem"), &pair.public_pem).unwrap();
    assert!(fault(&["a", "a"]).contains("two keys have the id 'a'"));
    std::fs::write(folder.path().join("p.pem"), pair.private_pem.expose_secret()).unwrap();
    assert!(fault(&["p"]).contains("does not hold a public key for ES256"), "a private key was taken");
}

#[test]
fn the_authorization_header_is_read_strictly() {
    let site = site();
    let token = site.minter.sign(&with("exp", json!(4_000_000_000_i64))).unwrap();
    let check = |fields: &[&str]| {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(field).unwrap());
        }
        site.authenticator.authenticate(&headers)
    };
    let bearer = format!("Bearer {token}");
    // The wall clock counts here, and the token's nbf lies before it.
    assert_eq!(check(&[]), Err(Refusal::Missing));
    assert_eq!(check(&[&bearer, &bearer]), Err(Refusal::NotBearer));
    assert_eq!(check(&[&token]), Err(Refusal::NotBearer));
    assert_eq!(check(&["Basic dTpw"]), Err(Refusal::NotBearer));
    assert_eq!(check(&["Bearer "]), Err(Refusal::Missing));
    if Timestamp::now() > at(0) {
        assert!(check(&[&bearer]).is_ok());
        assert!(check(&[&bearer.replacen("Bearer", "bearer", 1)]).is_ok());
    }
}

#[test]
fn minted_tokens_are_accepted_and_carry_the_person() {
    let site = site();
    let person = Principal {
        subject: "u-2".to_owned(),
        display_name: "Grace".to_owned(),
        person_id: Some("p-2".to_owned()),
        roles: ["manager".to_owned()].into(),
        units: ["it".to_owned()].into(),
        reports: ["u-1".to_owned()].into(),
        stands_in_for: Default::default(),
    };
    let grant = Grant {
        issuer: "https://login.example.gov.uk".to_owned(),
        audience: "portico".to_owned(),
        lifetime: Duration::from_secs(60),
    };
    let token = site.minter.mint(&person, &grant, &ClaimNames::default()).unwrap();
    assert_eq!(*site.authenticator.verify(&token, Timestamp::now()).unwrap(), person);
    let later = Timestamp::now() + Duration::from_secs(91);
    assert!(matches!(site.authenticator.verify(&token, later), Err(Refusal::Expired(_))));
}

#[test]
fn nothing_prints_a_secret() {
    let site = site();
    let token = site.minter.sign(&good()).unwrap();
    let private = site.pair.private_pem.expose_secret().lines().nth(1).unwrap().to_owned();
    let mut texts = vec![format!("{:?} {:?} {:?}", site.pair, site.minter, site.authenticator)];
    for broken in [format!("{token}x"), token[1..].to_owned(), format!("{token}.x")] {
        let refusal = site.authenticator.verify(&broken, at(0)).unwrap_err();
        texts.push(format!("{refusal} {refusal:?} {}", refusal.challenge()));
    }
    for text in texts {
        assert!(!text.contains(&private), "{text}");
        assert!(!token.split('.').any(|part| text.contains(part)), "{text}");
    }
}
