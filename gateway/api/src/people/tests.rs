//! The routes over one toy directory, from a request to its answer.

mod toy;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use portico_compose::absences::Absences;
use portico_compose::delegations::Delegations;
use portico_compose::expenses::Expenses;
use portico_compose::people::{Identity, IdentityConfig, IndexOptions, Indexes, Links, People};
use portico_compose::seal::{CURSOR_KEY_LEN, ID_KEY_LEN, Seals};
use portico_compose::tasks::Tasks;
use portico_compose::{Documents, Ground, Standing, System, Systems};
use portico_contract::access::{Facts, Principal};
use portico_contract::documents::SourceVersion;
use portico_contract::paging::{Listed, Position, SourcePage};
use portico_contract::people::{
    ChangesTold, FindPeople, GetOrgUnit, GetPerson, ListPeople, ListReports, OrgUnitRecord, PeopleChanges,
    PersonChange, PersonLink, PersonRecord, Photo, ReadPhoto,
};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{
    AdapterBuilder, CallContext, CallService, Capability, Error, ErrorKind, Handler, NativeId, SystemKey,
    Upstream,
};
use portico_edge::RequestScope;
use portico_policy::{Action, BuiltinPolicy, Policy, Rule, Who};
use portico_schemas::{Classification, ContactType, Owner, PersonProfile, PhoneNumber, SystemState};
use serde_json::Value;
use tower::ServiceExt;

use crate::{Api, routes};
use toy::{key, native, system};

fn rule(who: Who, up_to: Classification) -> Rule {
    Rule { name: None, resource: None, systems: None, actions: [Action::Read].into(), who, up_to }
}

/// Everybody sees everybody; people see everything of themselves.
async fn api() -> Api {
    let rules =
        vec![rule(Who::Anyone, Classification::Internal), rule(Who::Owner, Classification::Restricted)];
    let policy: Arc<dyn Policy> = Arc::new(BuiltinPolicy::new(rules));
    let systems = Arc::new(Systems::new(vec![system()]));
    let seals = Arc::new(Seals::new([1; ID_KEY_LEN], [2; CURSOR_KEY_LEN]));
    let indexes = Indexes::new(&systems, IndexOptions::default());
    indexes.refresh(&key(), CallContext::internal("test", Duration::from_secs(5))).await.unwrap();
    let links = Links::new(Some(key()), vec![], indexes.clone(), Arc::clone(&seals));
    let identity = Identity::new(
        Arc::clone(&systems),
        indexes.clone(),
        links.clone(),
        Arc::clone(&seals),
        IdentityConfig::new(key()),
    );
    let people = People::new(
        Arc::clone(&systems),
        Arc::clone(&policy),
        Arc::clone(&seals),
        indexes,
        Some(identity.clone()),
    );
    let documents = Documents::new(Arc::clone(&systems), Arc::clone(&policy), Arc::clone(&seals));
    let ground = Ground::new(
        Arc::clone(&systems),
        Arc::clone(&policy),
        Some(identity.clone()),
        links.clone(),
        Arc::clone(&seals),
        None,
    );
    Api {
        documents,
        people,
        expenses: Expenses::new(ground.clone()),
        absences: Absences::new(ground.clone()),
        tasks: Tasks::new(ground.clone()),
        delegations: Delegations::new(ground),
        writes: None,
        links,
        identity: Some(identity),
        systems,
        seals,
        policy,
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    octets: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.octets).unwrap()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// What is wrong with the query, by key.
    fn faults(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

async fn ask(api: &Api, who: &str, path: &str, fields: &[(header::HeaderName, &str)]) -> Answer {
    let principal = (*CallContext::internal(who, Duration::from_secs(5)).principal).clone();
    let mut request = Request::get(path);
    for (name, value) in fields {
        request = request.header(name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    let scope = RequestScope::detached(Some(Arc::new(Principal { ..principal })));
    request.extensions_mut().insert(scope);
    let answer = routes(api.clone()).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let octets = portico_edge::body::collect(body, 1 << 20).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, octets }
}

fn id(api: &Api, name: &str) -> String {
    api.seals.seal_person(&key(), &native(name))
}

#[tokio::test]
async fn a_person_is_shown_with_sealed_ids_and_masked_for_others() {
    let api = api().await;
    let path = format!("/v1/people/{}", id(&api, "sian"));
    let (own, other) = (ask(&api, "sian", &path, &[]).await, ask(&api, "owen", &path, &[]).await);
    let (mine, theirs) = (own.json(), other.json());
    assert_eq!((mine["employeeNumber"].as_str(), theirs["employeeNumber"].as_str()), (Some("K7001"), None));
    assert_eq!(mine["phoneNumbers"].as_array().unwrap().len(), 2);
    assert_eq!(theirs["phoneNumbers"].as_array().unwrap().len(), 1);
    assert_eq!(mine["manager"]["id"], id(&api, "owen"));
    assert_eq!(mine["photo"], format!("{path}/photo"));
    assert_eq!(mine["orgUnitId"], api.seals.seal_org_unit(&key(), &native("homes")));
    assert_eq!(mine["owner"]["id"], mine["id"]);
    assert_ne!(own.header(header::ETAG), other.header(header::ETAG), "the tag covers what is hidden");
    assert_eq!(own.header(header::CACHE_CONTROL), "private, no-cache");
    let again = ask(&api, "sian", &path, &[(header::IF_NONE_MATCH, own.header(header::ETAG))]).await;
    assert_eq!((again.status, again.octets.len()), (StatusCode::NOT_MODIFIED, 0));
    let foreign = ask(&api, "owen", &path, &[(header::IF_NONE_MATCH, own.header(header::ETAG))]).await;
    assert_eq!(foreign.status, StatusCode::OK);
}

#[tokio::test]
async fn a_photo_is_a_download_with_a_tag_of_its_own() {
    let api = api().await;
    let path = format!("/v1/people/{}/photo", id(&api, "sian"));
    let photo = ask(&api, "owen", &path, &[(header::ACCEPT, "image/png")]).await;
    assert_eq!((photo.status, photo.octets.as_slice()), (StatusCode::OK, &[0x89, b'P'][..]));
    assert_eq!(photo.header(header::CONTENT_TYPE), "image/png");
    assert_eq!(photo.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(photo.header(header::CONTENT_DISPOSITION), "attachment; filename=\"photo.png\"");
    assert_eq!(photo.header(header::CACHE_CONTROL), "private, no-cache");
    let tag = photo.header(header::ETAG).to_owned();
    let again = ask(&api, "owen", &path, &[(header::IF_NONE_MATCH, &tag)]).await;
    assert_eq!((again.status, again.octets.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.header(header::ETAG), tag);
    let other = ask(&api, "owen", &path, &[(header::IF_NONE_MATCH, "\"x.y\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn queries_are_strict() {
    let api = api().await;
    for (path, faults) in [
        ("/v1/people?colour=red&active=maybe", &["?colour", "?active"][..]),
        ("/v1/people?q=sian&sort=title", &["?sort"]),
        ("/v1/people?q=sian&cursor=abc", &["?cursor"]),
        ("/v1/people?sort=employeeNumber", &["?sort"]),
        ("/v1/people?managerId=sian", &["?managerId"]),
        ("/v1/people?fields=password", &["?fields"]),
        ("/v1/org-units?q=homes", &["?q"]),
    ] {
        let refused = ask(&api, "owen", path, &[]).await;
        assert_eq!((refused.status, refused.faults()), (StatusCode::BAD_REQUEST, strings(faults)), "{path}");
    }
    let hidden = ask(&api, "owen", "/v1/people?employeeNumber=K7001", &[]).await;
    assert_eq!((hidden.status, hidden.faults()), (StatusCode::FORBIDDEN, strings(&["?employeeNumber"])));
    for at in ["manager?q=x", "chain?sort=title", "photo?fields=id", "reports?q=x"] {
        let refused = ask(&api, "owen", &format!("/v1/people/{}/{at}", id(&api, "sian")), &[]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{at}");
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn lists_and_searches_say_where_they_come_from() {
    let api = api().await;
    let list = ask(&api, "owen", "/v1/people?fields=displayName,manager.display", &[]).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(list["items"][1]["manager"]["display"], "owen Example");
    let found = ask(&api, "owen", "/v1/people?q=sian&limit=1", &[]).await;
    let page = found.json();
    assert_eq!(page["items"][0]["id"], id(&api, "sian"));
    assert_eq!(page["items"][0]["fetchedAt"], page["sources"][0]["fetchedAt"]);
    assert_eq!(page["sources"][0]["status"], "ok");
    assert_eq!(found.header(header::CACHE_CONTROL), "no-store");
    let hidden = ask(&api, "sian", "/v1/people?q=900123", &[]).await.json();
    assert_eq!(hidden["items"].as_array().unwrap().len(), 0, "a mobile number finds nobody");
}

#[tokio::test]
async fn managers_reports_chains_and_units_are_reached_from_a_person() {
    let api = api().await;
    let (sian, owen) = (id(&api, "sian"), id(&api, "owen"));
    let manager = ask(&api, "sian", &format!("/v1/people/{sian}/manager"), &[]).await;
    assert_eq!(manager.json()["id"], owen.as_str());
    assert_eq!(manager.header(header::CONTENT_LOCATION), format!("/v1/people/{owen}"));
    let reports = ask(&api, "sian", &format!("/v1/people/{owen}/reports"), &[]).await.json();
    assert_eq!(reports["items"][0]["id"], sian.as_str());
    let chain = ask(&api, "sian", &format!("/v1/people/{sian}/chain?fields=displayName"), &[]).await.json();
    assert_eq!(
        (chain["items"][0]["displayName"].as_str(), &chain["complete"]),
        (Some("owen Example"), &true.into())
    );
    assert!(chain["items"][0].get("active").is_none() && chain.get("cut").is_none());
    let top = ask(&api, "sian", &format!("/v1/people/{owen}/manager"), &[]).await;
    assert_eq!(top.status, StatusCode::NOT_FOUND);
    let unit = format!("/v1/org-units/{}", api.seals.seal_org_unit(&key(), &native("homes")));
    let homes = ask(&api, "sian", &unit, &[]).await;
    assert_eq!(homes.json()["parentId"], api.seals.seal_org_unit(&key(), &native("council")));
    let part = ask(&api, "sian", &format!("{unit}?fields=owner.id,manager.display,name"), &[]).await;
    assert_eq!((part.status, part.json()["name"].as_str()), (StatusCode::OK, Some("Homes")));
    let again = ask(&api, "sian", &unit, &[(header::IF_NONE_MATCH, homes.header(header::ETAG))]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let document = ask(&api, "sian", &format!("/v1/documents/{sian}"), &[]).await;
    assert_eq!(document.status, StatusCode::BAD_REQUEST, "a person's id opens no document");
}

#[tokio::test]
async fn me_says_which_person_asks() {
    let api = api().await;
    let me = ask(&api, "sian", "/v1/me", &[]).await.json();
    assert_eq!((me["personId"].as_str(), me["identity"].as_str()), (Some(&*id(&api, "sian")), Some("known")));
    assert_eq!(me["person"]["display"], "sian Example");
    let stranger = ask(&api, "stranger", "/v1/me", &[]).await.json();
    assert_eq!((stranger.get("personId"), stranger["identity"].as_str()), (None, Some("nobody")));
}

#[test]
fn every_route_is_in_the_contract() {
    let contract: Value = serde_json::from_str(crate::openapi_document()).unwrap();
    for route in crate::ROUTES.iter().filter(|route| route.starts_with("/v1/") && !route.ends_with(".json")) {
        assert!(contract["paths"].get(*route).is_some(), "{route}");
    }
    for schema in ["Person", "PersonChain", "OrgUnit", "Me", "IdentityStatus"] {
        assert!(contract["components"]["schemas"].get(schema).is_some(), "{schema}");
    }
}
