//! WsgiDAV: its words and shapes, as recorded from 4.4.0.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::answer::{Answer, Refusal, answer, etag_header, reason};
use crate::condition::Tag;
use crate::flavour::Flavour;
use crate::lock::Lock;
use crate::path::Path;
use crate::property::{Found, Listing, Value};
use crate::xml::{Ask, Change, DAV, Owner, PropName, escape};

const HTML: &str = "text/html; charset=utf-8";
const XML: &str = "application/xml; charset=utf-8";
const DECLARATION: &str = "<?xml version='1.0' encoding='UTF-8'?>\n";

/// The table of refusals.
pub(crate) fn refuse(refusal: &Refusal, now: Timestamp) -> Answer {
    let (status, words) = match refusal {
        Refusal::NotSignedIn => return not_signed_in(),
        Refusal::Forbidden => (403, "Access denied to the specified resource".to_owned()),
        Refusal::BadRequest(why) => (400, why.clone()),
        Refusal::BadXml(why) => (400, format!("Invalid XML format.\n    Source exception: {why}")),
        Refusal::NotFound(path) => (404, format!("/{}", path.names.join("/"))),
        Refusal::ThroughFile => (409, "PUT parent must be a collection".to_owned()),
        Refusal::NameTooLong | Refusal::Broken => (500, "An internal server error occurred".to_owned()),
        Refusal::Exists => (405, "MKCOL can only be executed on an unmapped URL.".to_owned()),
        Refusal::NoParent(words) => (409, (*words).to_owned()),
        Refusal::PutOnFolder => (405, "Cannot PUT to a collection".to_owned()),
        Refusal::Precondition(header) => (412, format!("{header} header condition failed")),
        Refusal::ParentPrecondition(_) => (412, "'If' header condition failed.".to_owned()),
        Refusal::NoOverwrite => (412, "Destination already exists and Overwrite is set to false".to_owned()),
        Refusal::OntoItself => (403, "Cannot copy/move source onto itself".to_owned()),
        Refusal::BelowItself => (403, "Cannot copy/move source below itself".to_owned()),
        Refusal::NoDestination => (400, "Missing required Destination header.".to_owned()),
        Refusal::OtherHost => (502, "Source and destination must have the same host name.".to_owned()),
        Refusal::InfiniteDepth(_) => (403, "Infinite depth is refused".to_owned()),
        Refusal::Locked(paths) => return conflicting_lock(paths),
        Refusal::MembersLocked(paths) => return members_locked(paths),
        Refusal::NotItsToken => {
            return error_body(409, "  <ns0:lock-token-matches-request-uri/>\n");
        }
        Refusal::UnknownMethod(_) => (405, String::new()),
        Refusal::UnexpectedBody => (415, "The server does not handle any body content.".to_owned()),
        Refusal::TooLarge => (413, "The body is too large".to_owned()),
        Refusal::Full => (507, "There is no room".to_owned()),
        Refusal::RangeOutside(length) => {
            let mut response = page(416, "Requested range starts behind file size", now);
            crate::answer::set(response.headers_mut(), "content-range", &format!("bytes */{length}"));
            return response;
        }
        Refusal::AddSlash(path) => {
            return answer(301, &[("location", Flavour::WsgiDav.href(path, true))], "");
        }
    };
    page(status, &words, now)
}

fn not_signed_in() -> Answer {
    let headers = [("content-type", HTML.to_owned()), ("www-authenticate", "Basic realm=\"/\"".to_owned())];
    let title = "401 Access not authorized";
    let body = format!(
        "<html>\n    <head><title>{title}</title></head>\n    <body>\n        <h1>{title}</h1>\n    </body>\n</html>\n"
    );
    answer(401, &headers, body)
}

fn conflicting_lock(paths: &[Path]) -> Answer {
    let mut inner = String::from("  <ns0:no-conflicting-lock>\n");
    for path in paths {
        let _ = writeln!(inner, "    <ns0:href>{}</ns0:href>", escape(&path.href(false, false)));
    }
    inner.push_str("  </ns0:no-conflicting-lock>\n");
    error_body(423, &inner)
}

fn members_locked(paths: &[Path]) -> Answer {
    let mut body = format!("{DECLARATION}<D:multistatus xmlns:D=\"DAV:\">");
    for path in paths {
        let href = escape(&path.href(false, false));
        let _ = write!(
            body,
            "<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response>"
        );
    }
    body.push_str("</D:multistatus>");
    answer(207, &[("content-type", XML.to_owned())], body)
}

fn error_body(status: u16, inner: &str) -> Answer {
    let body = format!("{DECLARATION}<ns0:error xmlns:ns0=\"DAV:\">\n{inner}</ns0:error>\n");
    answer(status, &[("content-type", XML.to_owned())], body)
}

fn page(status: u16, words: &str, now: Timestamp) -> Answer {
    let title = format!("{status} {}", reason(status));
    let words = if words.is_empty() { title.clone() } else { format!("{title}: {}", escape(words)) };
    let time = now.strftime("%Y-%m-%d %H:%M:%S%.6f");
    let body = format!(
        "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN' 'http://www.w3.org/TR/html4/strict.dtd'>\n<html><head>\n  <meta http-equiv='Content-Type' content='text/html; charset=utf-8'>\n  <title>{title}</title>\n</head><body>\n  <h1>{title}</h1>\n  <p>{words}</p>\n<hr/>\n<a href='https://github.com/mar10/wsgidav/'>WsgiDAV/4.4.0</a> - {time}\n</body></html>"
    );
    answer(status, &[("content-type", HTML.to_owned())], body)
}

pub(crate) fn created(tag: Option<&Tag>, now: Timestamp) -> Answer {
    let mut response = page(201, "", now);
    if let Some((name, value)) = etag_header(tag) {
        crate::answer::set(response.headers_mut(), name, &value);
    }
    response
}

pub(crate) fn changed(tag: Option<&Tag>) -> Answer {
    answer(204, &etag_header(tag).into_iter().collect::<Vec<_>>(), "")
}

/// Prefixes for namespaces other than the protocol's own, counted from 1 as WsgiDAV does.
#[derive(Default)]
struct Prefixes(Vec<String>);

impl Prefixes {
    fn qualify(&mut self, name: &PropName) -> String {
        if name.ns == DAV {
            return format!("D:{}", name.local);
        }
        let known = self.0.iter().position(|ns| *ns == name.ns);
        let number = known.unwrap_or_else(|| {
            self.0.push(name.ns.clone());
            self.0.len() - 1
        });
        format!("NS{}:{}", number + 1, name.local)
    }

    fn declare(&self) -> String {
        let numbered = self.0.iter().enumerate();
        numbered.map(|(number, ns)| format!(" xmlns:NS{}=\"{}\"", number + 1, escape(ns))).collect()
    }
}

pub(crate) fn multistatus(listing: &Listing<'_>) -> Answer {
    let mut body = format!("{DECLARATION}<D:multistatus xmlns:D=\"DAV:\">");
    for item in &listing.items {
        response(listing, item, &mut body);
    }
    body.push_str("</D:multistatus>");
    answer(207, &[("content-type", XML.to_owned())], body)
}

fn response(listing: &Listing<'_>, item: &Found<'_>, body: &mut String) {
    let mut prefixes = Prefixes::default();
    // Grouped by status, the status of the first property first.
    let mut groups: Vec<(bool, String)> = Vec::new();
    for (name, value) in listing.values(item) {
        let found = value.is_some();
        let written = property(listing, item, &name, value.as_ref(), &mut prefixes);
        match groups.iter_mut().find(|(status, _)| *status == found) {
            Some((_, props)) => props.push_str(&written),
            None => groups.push((found, written)),
        }
    }
    let folder = item.node.is_some_and(crate::tree::Node::is_folder);
    let href = escape(&Flavour::WsgiDav.href(&item.path, folder));
    let _ = write!(body, "<D:response{}><D:href>{href}</D:href>", prefixes.declare());
    for (found, props) in groups {
        let status = if found { "200 OK" } else { "404 Not Found" };
        let _ = write!(
            body,
            "<D:propstat><D:prop>{props}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat>"
        );
    }
    body.push_str("</D:response>");
}

fn property(
    listing: &Listing<'_>,
    item: &Found<'_>,
    name: &PropName,
    value: Option<&Value>,
    prefixes: &mut Prefixes,
) -> String {
    let tag = prefixes.qualify(name);
    let inner = match value {
        None => return format!("<{tag}/>"),
        Some(_) if *listing.ask == Ask::Names => return format!("<{tag}/>"),
        Some(Value::Collection(false)) => return format!("<{tag}></{tag}>"),
        Some(Value::Text(text)) => escape(text),
        Some(Value::Collection(true)) => "<D:collection/>".to_owned(),
        Some(Value::SupportedLock) => ["exclusive", "shared"]
            .map(|scope| {
                format!(
                    "<D:lockentry><D:lockscope><D:{scope}/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
                )
            })
            .concat(),
        Some(Value::LockDiscovery) => item.locks.iter().map(|lock| active(lock, listing.now)).collect(),
    };
    if inner.is_empty() { format!("<{tag}/>") } else { format!("<{tag}>{inner}</{tag}>") }
}

fn active(lock: &Lock, now: Timestamp) -> String {
    let scope = if lock.shared { "shared" } else { "exclusive" };
    let depth = if lock.deep { "infinity" } else { "0" };
    let owner = match &lock.owner {
        None => String::new(),
        Some(Owner::Text(text)) => format!("<D:owner>{}</D:owner>", escape(text)),
        Some(Owner::Href(href)) => format!("<D:owner><D:href>{}</D:href></D:owner>", escape(href)),
    };
    // Whole seconds that are left, cut: a lock of 60 seconds shows 59 at once.
    let left = lock.expires.map_or(0, |end| (end.duration_since(now).as_millis() - 1).max(0) / 1_000);
    format!(
        "<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:{scope}/></D:lockscope><D:depth>{depth}</D:depth>{owner}<D:timeout>Second-{left}</D:timeout><D:locktoken><D:href>{}</D:href></D:locktoken><D:lockroot><D:href>{}</D:href></D:lockroot></D:activelock>",
        escape(&lock.token),
        escape(&lock.path.href(lock.path.slash, false))
    )
}

pub(crate) fn locked(lock: &Lock, new: bool, made: bool, now: Timestamp) -> Answer {
    let body = format!(
        "{DECLARATION}<D:prop xmlns:D=\"DAV:\"><D:lockdiscovery>{}</D:lockdiscovery></D:prop>",
        active(lock, now)
    );
    let mut response = answer(if made { 201 } else { 200 }, &[("content-type", XML.to_owned())], body);
    if new {
        crate::answer::set(response.headers_mut(), "lock-token", &format!("<{}>", lock.token));
    }
    response
}

pub(crate) fn patched(href: &str, changes: &[Change], refused: &[&PropName]) -> Answer {
    let mut prefixes = Prefixes::default();
    let props: String = changes.iter().map(|(name, _)| format!("<{}/>", prefixes.qualify(name))).collect();
    let status = if refused.is_empty() { "200 OK" } else { "403 Forbidden" };
    let body = format!(
        "{DECLARATION}<D:multistatus xmlns:D=\"DAV:\"><D:response{}><D:href>{}</D:href><D:propstat><D:prop>{props}</D:prop><D:status>HTTP/1.1 {status}</D:status></D:propstat></D:response></D:multistatus>",
        prefixes.declare(),
        escape(href)
    );
    answer(207, &[("content-type", XML.to_owned())], body)
}

/// The page that a browser sees of a folder.
pub(crate) fn index(path: &Path, names: &[String]) -> Answer {
    let title = escape(&format!("/{}", path.names.join("/")));
    let mut body = format!(
        "<!DOCTYPE html>\n<html>\n<head><title>WsgiDAV - Index of {title}</title></head>\n<body>\n<h1>Index of {title}</h1>\n"
    );
    for name in names {
        let href = escape(&path.child(name).href(false, false));
        let _ = writeln!(body, "<p><a href=\"{href}\">{}</a></p>", escape(name));
    }
    body.push_str("</body>\n</html>\n");
    answer(200, &[("content-type", HTML.to_owned())], body)
}
