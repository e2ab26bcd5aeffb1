//! Every answer of these tests is held to the published contract.

use std::sync::LazyLock;

use super::*;

static CONTRACT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(crate::openapi_document()).unwrap());

/// The template that a path was made from.
fn template(path: &str) -> &'static str {
    let fits = |template: &str| {
        template.split('/').count() == path.split('/').count()
            && template.split('/').zip(path.split('/')).all(|(part, is)| part.starts_with('{') || part == is)
    };
    let templates = CONTRACT["paths"].as_object().unwrap().keys();
    templates.map(String::as_str).find(|template| fits(template)).unwrap_or_else(|| panic!("{path}"))
}

/// Whether the contract describes this answer, and the answer is as described.
#[track_caller]
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let operation = &CONTRACT["paths"][template(path)][method.as_str().to_lowercase()];
    assert!(operation.is_object(), "{method} {path} is not in the contract");
    let exact = &operation["responses"][answer.status.as_str()];
    let is_problem = answer.header(header::CONTENT_TYPE) == "application/problem+json";
    assert!(exact.is_object() || is_problem, "{method} {path}: {} is not described", answer.status);
    let described = if exact.is_object() { exact } else { &operation["responses"]["default"] };
    let media_type = answer.header(header::CONTENT_TYPE);
    if !media_type.ends_with("json") {
        return;
    }
    let body = &described["content"][media_type]["schema"];
    assert!(body.is_object(), "{method} {path}: {} with {media_type} is not described", answer.status);
    let errors = faults(body, &answer.json());
    assert!(errors.is_empty(), "{method} {path}: {errors:#?}\n{:#}", answer.json());
}

fn faults(schema: &Value, body: &Value) -> Vec<String> {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": CONTRACT["components"],
        "allOf": [schema],
    });
    let validator = jsonschema::validator_for(&whole).unwrap();
    validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[tokio::test]
async fn what_a_button_asks_for_is_what_the_route_takes() {
    let world = world().await;
    let report = world.get("sian", &world.path("one")).await.json();
    let schema = |name: &str| {
        let actions = report["allowedActions"].as_array().unwrap();
        actions.iter().find(|action| action["name"] == name).unwrap()["inputSchema"].clone()
    };
    let valid = |schema: &Value, body: &Value| jsonschema::validator_for(schema).unwrap().is_valid(body);
    let edit = schema("edit");
    assert!(valid(&edit, &world.content()));
    let mut bad = world.content();
    bad["lines"][0]["amount"] = json!("12.50");
    assert!(!valid(&edit, &bad), "the schema says what money is");
    bad = world.content();
    bad["colour"] = json!("red");
    assert!(!valid(&edit, &bad), "and that nothing else is taken");
    assert!(valid(&schema("submit"), &json!({ "declaration": "True." })));
    assert!(!valid(&schema("submit"), &json!({ "comment": "Only this." })));
}
