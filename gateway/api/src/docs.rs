//! The documentation page: made from the published contract, without scripts and without outside addresses, so that it
//! works on a closed network and on a phone.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use portico_contract::{Error, ErrorKind};
use portico_edge::ApiResult;
use portico_edge::problem::problem_page;
use portico_schemas::ProblemCode;
use pulldown_cmark::{Options, Parser, html};
use serde_json::Value;

use crate::openapi;

const STYLE: &str = include_str!("docs/style.css");
/// Nothing but our own style may load.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static INDEX: LazyLock<String> = LazyLock::new(render_index);
static PROBLEMS: LazyLock<String> = LazyLock::new(render_problems);

/// `/docs`: every route.
pub async fn index() -> Response {
    page(&INDEX)
}

/// `/docs/problems`: every problem.
pub async fn problems() -> Response {
    page(&PROBLEMS)
}

/// `/docs/problems/{code}`: one problem, what it means and what to do.
pub async fn problem(Path(code): Path<String>) -> ApiResult<Response> {
    let text = problem_page(&code)
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "No problem has this code; see /docs/problems."))?;
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(text, Options::ENABLE_TABLES));
    let back = "<p><a href=\"/docs/problems\">All problems</a></p>";
    Ok(page(&frame(&code, &format!("{back}<article>{body}</article>"))))
}

fn page(html: &str) -> Response {
    let mut response = html.to_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{} · Portico</title><style>{STYLE}</style></head>\
         <body><header><a href=\"/docs\">Portico</a></header><main>{body}</main></body></html>\n",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn entries<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

// Writing to a string cannot fail, so the results of `write!` are not looked at below.

/// Text of the contract, with what stands between backticks as code.
fn prose(text: &str) -> String {
    let mut parts = text.split('`');
    let mut all = escape(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        match parts.next() {
            Some(after) => {
                let _ = write!(all, "<code>{}</code>{}", escape(code), escape(after));
            }
            // One without a partner is what it looks like.
            None => {
                let _ = write!(all, "`{}", escape(code));
            }
        }
    }
    all
}

fn render_index() -> String {
    let contract: Value = serde_json::from_str(openapi::document()).unwrap_or_default();
    let mut body = format!(
        "<h1>{}</h1><p>{} Version {}. The contract itself: <a href=\"/v1/openapi.json\">/v1/openapi.json</a>. \
         Failures: <a href=\"/docs/problems\">all problems</a>.</p>",
        escape(text(&contract, "/info/title")),
        prose(text(&contract, "/info/description")),
        escape(text(&contract, "/info/version")),
    );
    for tag in contract.pointer("/tags").and_then(Value::as_array).into_iter().flatten() {
        let name = text(tag, "/name");
        let _ = write!(body, "<h2>{}</h2><p>{}</p>", escape(name), prose(text(tag, "/description")));
        for (path, methods) in entries(&contract, "/paths") {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if text(operation, "/tags/0") == name {
                    render_operation(&mut body, path, method, operation);
                }
            }
        }
    }
    body.push_str("<h2>Schemas</h2>");
    for (name, schema) in entries(&contract, "/components/schemas") {
        render_schema(&mut body, name, schema);
    }
    frame("API", &body)
}

fn render_operation(body: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        body,
        "<details><summary><code class=\"method\">{}</code> <code>{}</code> <span>{}</span></summary><p>{}</p>",
        escape(&method.to_uppercase()),
        escape(path),
        prose(text(operation, "/summary")),
        prose(text(operation, "/description")),
    );
    let parameters = operation.pointer("/parameters").and_then(Value::as_array);
    if let Some(parameters) = parameters.filter(|parameters| !parameters.is_empty()) {
        body.push_str("<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>");
        for parameter in parameters {
            let _ = write!(
                body,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                escape(text(parameter, "/name")),
                escape(text(parameter, "/in")),
                prose(text(parameter, "/description")),
            );
        }
        body.push_str("</table>");
    }
    if let Some(reference) = find_reference(operation.pointer("/requestBody")) {
        let _ = write!(body, "<p>Body: {}</p>", link(reference));
    }
    body.push_str("<table><tr><th>Answer</th><th>Meaning</th><th>Body</th></tr>");
    for (status, response) in entries(operation, "/responses") {
        let schema = find_reference(response.pointer("/content")).map(link).unwrap_or_default();
        let meaning = prose(text(response, "/description"));
        let _ = write!(body, "<tr><td>{}</td><td>{meaning}</td><td>{schema}</td></tr>", escape(status));
    }
    body.push_str("</table></details>");
}

fn render_schema(body: &mut String, name: &str, schema: &Value) {
    let _ = write!(
        body,
        "<details id=\"{0}\"><summary><code>{0}</code></summary><p>{1}</p>",
        escape(name),
        prose(text(schema, "/description"))
    );
    let parts =
        schema.pointer("/allOf").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![schema.clone()]);
    let words = schema.pointer("/enum").and_then(Value::as_array);
    if let Some(words) = words {
        let words: Vec<String> = words
            .iter()
            .filter_map(Value::as_str)
            .map(|word| format!("<code>{}</code>", escape(word)))
            .collect();
        let _ = write!(body, "<p>One of {}.</p>", words.join(", "));
    }
    body.push_str("<table><tr><th>Member</th><th>Type</th><th>Meaning</th></tr>");
    for part in &parts {
        if let Some(reference) = part.get("$ref").and_then(Value::as_str) {
            let _ = write!(body, "<tr><td colspan=\"3\">All members of {}</td></tr>", link(reference));
        }
        for (member, property) in entries(part, "/properties") {
            let kind = find_reference(Some(property)).map_or_else(|| kind(property), link);
            let meaning = prose(text(property, "/description"));
            let _ = write!(
                body,
                "<tr><td><code>{}</code></td><td>{kind}</td><td>{meaning}</td></tr>",
                escape(member)
            );
        }
    }
    body.push_str("</table></details>");
}

fn kind(property: &Value) -> String {
    match property.get("type") {
        Some(Value::String(name)) => escape(name),
        Some(Value::Array(names)) => {
            let names: Vec<&str> =
                names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect();
            escape(&names.join(" or "))
        }
        _ => String::new(),
    }
}

fn find_reference(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::Object(members) => match members.get("$ref") {
            Some(Value::String(reference)) => Some(reference),
            _ => members.values().find_map(|member| find_reference(Some(member))),
        },
        Value::Array(items) => items.iter().find_map(|item| find_reference(Some(item))),
        _ => None,
    }
}

fn link(reference: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or_default();
    format!("<a href=\"#{0}\"><code>{0}</code></a>", escape(name))
}

fn render_problems() -> String {
    let mut body =
        "<h1>Problems</h1><p>Every failure is one of these, as <code>application/problem+json</code> \
         (RFC 9457). The catalogue is closed: programs can rely on <code>code</code>.</p>\
         <table><tr><th>Code</th><th>Status</th><th>What happened</th></tr>"
            .to_owned();
    for code in ProblemCode::ALL {
        let _ = write!(
            body,
            "<tr><td><a href=\"/docs/problems/{0}\"><code>{0}</code></a></td><td>{1}</td><td>{2}</td></tr>",
            code.as_str(),
            code.status(),
            escape(code.title())
        );
    }
    body.push_str("</table>");
    frame("Problems", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_becomes_markup() {
        assert_eq!(prose("no code"), "no code");
        assert_eq!(prose("with `q`, and `<b>`"), "with <code>q</code>, and <code>&lt;b&gt;</code>");
        assert_eq!(prose("one ` alone & <i>"), "one ` alone &amp; &lt;i&gt;");
    }
}
