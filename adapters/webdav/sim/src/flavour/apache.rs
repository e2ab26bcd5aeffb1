//! Apache mod_dav: its words and shapes, as recorded from 2.4.71.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::answer::{Answer, Made, Member, Refusal, answer, reason};
use crate::flavour::Flavour;
use crate::lock::{Lock, Timeout};
use crate::property::{Found, Listing, Value};
use crate::xml::{Ask, Change, DAV, Owner, PropName, escape};

const DOCTYPE: &str =
    "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n";
const XML: &str = "text/xml; charset=\"utf-8\"";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The table of refusals. Statuses with a text of mod_dav's own, and others with the text of the server core.
pub(crate) fn refuse(refusal: &Refusal, origin: &str) -> Answer {
    match refusal {
        Refusal::NotSignedIn => {
            let mut response = core(401);
            crate::answer::set(response.headers_mut(), "www-authenticate", "Basic realm=\"docs\"");
            response
        }
        Refusal::Forbidden | Refusal::NameTooLong => core(403),
        Refusal::BadRequest(_) | Refusal::BadXml(_) | Refusal::ThroughFile | Refusal::NotItsToken => {
            core(400)
        }
        Refusal::NoDestination => core(400),
        Refusal::NotFound(_) => core(404),
        Refusal::Exists => refused_method("MKCOL", 405),
        // The server core knows it, but nothing here takes it.
        Refusal::UnknownMethod(method) if method == "PATCH" => refused_method(method, 405),
        Refusal::UnknownMethod(method) => refused_method(method, 501),
        Refusal::NoParent(_) => core(409),
        Refusal::Precondition(_) => core(412),
        Refusal::TooLarge => core(413),
        Refusal::UnexpectedBody => core(415),
        Refusal::RangeOutside(_) => core(416),
        Refusal::Locked(_) => core(423),
        Refusal::Full => core(507),
        Refusal::Broken => core(500),
        Refusal::OtherHost => core(502),
        Refusal::PutOnFolder => own(409, "Cannot PUT to a collection."),
        Refusal::NoOverwrite => own(412, "Destination is not empty and Overwrite is not \"T\""),
        Refusal::OntoItself => own(403, "Source and Destination URIs are the same."),
        Refusal::BelowItself => own(403, "Source collection contains the Destination."),
        Refusal::InfiniteDepth(path) => own(
            403,
            &format!(
                "PROPFIND requests with a Depth of \"infinity\" are not allowed for {}.",
                escape(&path.href(true, true))
            ),
        ),
        Refusal::MembersLocked(paths) => {
            let status = "423 Locked";
            let hrefs = paths.iter().map(|path| path.href(false, true));
            members(424, hrefs.map(|href| Member { href, status, description: None }))
        }
        Refusal::ParentPrecondition(path) => {
            let description = "A validation error has occurred on the parent resource, preventing the operation on \
                               the resource specified by the Request-URI.";
            let href = path.href(false, true);
            let status = "412 Precondition Failed";
            members(424, [Member { href, status, description: Some(description) }])
        }
        Refusal::AddSlash(path) => {
            let target = format!("{origin}{}", path.href(true, true));
            let text = format!("The document has moved <a href=\"{}\">here</a>.", escape(&target));
            let mut response = page(301, &text, false);
            crate::answer::set(response.headers_mut(), "location", &target);
            response
        }
    }
}

/// A page of the server core.
fn core(status: u16) -> Answer {
    let text = match status {
        400 => "Your browser sent a request that this server could not understand.<br />\n",
        401 => {
            "This server could not verify that you\nare authorized to access the document\nrequested.  Either you \
             supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't understand how to \
             supply\nthe credentials required."
        }
        403 => "You don't have permission to access this resource.",
        404 => "The requested URL was not found on this server.",
        412 => "The precondition on the request for this URL evaluated to false.",
        413 => {
            "The requested resource does not allow request data with the amount of data provided in the request."
        }
        415 => "The supplied request data is not in a format\nacceptable for processing by this resource.\n",
        416 => {
            "None of the range-specifier values in the Range\nrequest-header field overlap the current extent\nof \
             the selected resource."
        }
        423 => {
            "The requested resource is currently locked.\nThe lock must be released or proper \
             identification\ngiven before the method can be applied."
        }
        _ => {
            "The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour \
             request.</p>\n<p>More information about this error may be available\nin the server error log."
        }
    };
    page(status, text, false)
}

/// A page of mod_dav's own.
fn own(status: u16, text: &str) -> Answer {
    page(status, text, true)
}

fn refused_method(method: &str, status: u16) -> Answer {
    let text = if status == 405 {
        format!("The requested method {} is not allowed for this URL.", escape(method))
    } else {
        format!("{} not supported for current URL.<br />\n", escape(method))
    };
    let mut response = page(status, &text, false);
    crate::answer::set(response.headers_mut(), "allow", "TRACE");
    response
}

fn page(status: u16, text: &str, own: bool) -> Answer {
    let reason = if status == 416 { "Requested Range Not Satisfiable" } else { reason(status) };
    let (charset, open) = if own { ("ISO-8859-1", "<html>\n<head>") } else { ("iso-8859-1", "<html><head>") };
    let body = format!(
        "{DOCTYPE}{open}\n<title>{status} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n<p>{text}</p>\n</body></html>\n"
    );
    answer(status, &[("content-type", format!("text/html; charset={charset}"))], body)
}

pub(crate) fn created(made: Made, shown: &str, origin: &str) -> Answer {
    let what = match made {
        Made::Collection => "Collection",
        Made::Resource => "Resource",
        Made::Destination => "Destination",
    };
    let mut response = own(201, &format!("{what} {} has been created.", escape(shown)));
    crate::answer::set(response.headers_mut(), "location", &format!("{origin}{shown}"));
    response
}

fn members(status: u16, members: impl IntoIterator<Item = Member>) -> Answer {
    let mut body = format!("{DECLARATION}<D:multistatus xmlns:D=\"DAV:\">\n");
    for member in members {
        let (href, status) = (escape(&member.href), member.status);
        let _ =
            write!(body, "<D:response>\n<D:href>{href}</D:href>\n<D:status>HTTP/1.1 {status}</D:status>\n");
        if let Some(description) = member.description {
            let _ = writeln!(body, "<D:responsedescription>{description}</D:responsedescription>");
        }
        body.push_str("</D:response>\n");
    }
    body.push_str("</D:multistatus>\n");
    answer(status, &[("content-type", XML.to_owned())], body)
}

/// Numbers the namespaces of an answer: `prefix0` for the first that was met, and so on.
#[derive(Default)]
struct Prefixes(Vec<String>);

impl Prefixes {
    fn number(&mut self, ns: &str) -> usize {
        self.0.iter().position(|known| known == ns).unwrap_or_else(|| {
            self.0.push(ns.to_owned());
            self.0.len() - 1
        })
    }

    fn declare(&self, prefix: &str) -> String {
        let numbered = self.0.iter().enumerate().rev();
        numbered.map(|(number, ns)| format!(" xmlns:{prefix}{number}=\"{}\"", escape(ns))).collect()
    }
}

pub(crate) fn multistatus(listing: &Listing<'_>) -> Answer {
    // The namespaces of the request's own body are declared once, at the top.
    let mut asked = Prefixes::default();
    if let Ask::Props(names) = listing.ask {
        asked.number(DAV);
        names.iter().for_each(|name| _ = asked.number(&name.ns));
    }
    let mut body = format!("{DECLARATION}<D:multistatus xmlns:D=\"DAV:\"{}>\n", asked.declare("ns"));
    for item in &listing.items {
        response(listing, item, &mut body);
    }
    body.push_str("</D:multistatus>\n");
    answer(207, &[("content-type", XML.to_owned())], body)
}

fn response(listing: &Listing<'_>, item: &Found<'_>, body: &mut String) {
    let names_only = *listing.ask == Ask::Names;
    let (mut good, mut missing) = (String::new(), String::new());
    let (mut dead, mut absent) = (Prefixes::default(), Prefixes::default());
    for (name, value) in listing.values(item) {
        match value {
            Some(value) => property(listing, item, &name, &value, names_only, &mut dead, &mut good),
            None => {
                let number = absent.number(&name.ns);
                let _ = writeln!(missing, "<g{number}:{}/>", name.local);
            }
        }
    }
    if !matches!(listing.ask, Ask::Props(_)) && item.node.is_some_and(|node| !node.is_folder()) {
        good.push_str(if names_only {
            "<lp2:executable/>\n"
        } else {
            "<lp2:executable>F</lp2:executable>\n"
        });
    }
    let folder = item.node.is_some_and(crate::tree::Node::is_folder);
    let href = escape(&Flavour::Apache.href(&item.path, folder));
    let _ = write!(
        body,
        "<D:response xmlns:lp1=\"DAV:\" xmlns:lp2=\"http://apache.org/dav/props/\"{}{}>\n<D:href>{href}</D:href>\n",
        dead.declare("p"),
        absent.declare("g"),
    );
    for (props, status) in [(good, "200 OK"), (missing, "404 Not Found")] {
        // Asking for nothing that is there still gets the good part, as mod_dav writes it.
        if !props.is_empty() || status == "200 OK" {
            let _ = write!(
                body,
                "<D:propstat>\n<D:prop>\n{props}</D:prop>\n<D:status>HTTP/1.1 {status}</D:status>\n</D:propstat>\n"
            );
        }
    }
    body.push_str("</D:response>\n");
}

fn property(
    listing: &Listing<'_>,
    item: &Found<'_>,
    name: &PropName,
    value: &Value,
    names_only: bool,
    dead: &mut Prefixes,
    out: &mut String,
) {
    let core = matches!(name.local.as_str(), "supportedlock" | "lockdiscovery" | "getcontenttype");
    let live = name.is_dav() && crate::property::APACHE.contains(&name.local.as_str());
    let prefix = match (live, core) {
        (true, true) => "D".to_owned(),
        (true, false) => "lp1".to_owned(),
        _ => format!("p{}", dead.number(&name.ns)),
    };
    let local = &name.local;
    let inner = match value {
        _ if names_only => String::new(),
        Value::Text(text) => escape(text),
        Value::Collection(true) => "<D:collection/>".to_owned(),
        Value::Collection(false) => String::new(),
        Value::SupportedLock => ["exclusive", "shared"]
            .map(|scope| {
                format!(
                    "\n<D:lockentry>\n<D:lockscope><D:{scope}/></D:lockscope>\n<D:locktype><D:write/></D:locktype>\n</D:lockentry>"
                )
            })
            .concat(),
        Value::LockDiscovery => item.locks.iter().map(|lock| active(lock, listing.now)).collect(),
    };
    let _ = if inner.is_empty() {
        writeln!(out, "<{prefix}:{local}/>")
    } else {
        writeln!(out, "<{prefix}:{local}>{inner}</{prefix}:{local}>")
    };
}

fn active(lock: &Lock, now: Timestamp) -> String {
    let scope = if lock.shared { "shared" } else { "exclusive" };
    let depth = if lock.deep { "infinity" } else { "0" };
    let owner = match &lock.owner {
        None => String::new(),
        Some(Owner::Text(text)) => format!("<ns0:owner xmlns:ns0=\"DAV:\">{}</ns0:owner>", escape(text)),
        Some(Owner::Href(href)) => {
            format!("<ns0:owner xmlns:ns0=\"DAV:\"><ns0:href>{}</ns0:href></ns0:owner>", escape(href))
        }
    };
    let timeout = match (lock.timeout, lock.expires) {
        (Timeout::Seconds(_), Some(end)) => format!("Second-{}", end.duration_since(now).as_secs().max(0)),
        _ => "Infinite".to_owned(),
    };
    format!(
        "<D:activelock>\n<D:locktype><D:write/></D:locktype>\n<D:lockscope><D:{scope}/></D:lockscope>\n<D:depth>{depth}</D:depth>\n{owner}<D:timeout>{timeout}</D:timeout>\n<D:locktoken>\n<D:href>{}</D:href>\n</D:locktoken>\n</D:activelock>\n",
        escape(&lock.token)
    )
}

pub(crate) fn locked(lock: &Lock, new: bool, now: Timestamp) -> Answer {
    let body = format!(
        "{DECLARATION}<D:prop xmlns:D=\"DAV:\">\n<D:lockdiscovery>\n{}\n</D:lockdiscovery>\n</D:prop>\n",
        active(lock, now)
    );
    let mut response = answer(200, &[("content-type", XML.to_owned())], body);
    if new {
        crate::answer::set(response.headers_mut(), "lock-token", &format!("<{}>", lock.token));
    }
    response
}

pub(crate) fn patched(href: &str, changes: &[Change], refused: &[&PropName]) -> Answer {
    let mut prefixes = Prefixes::default();
    prefixes.number(DAV);
    let mut by_status: BTreeMap<u16, String> = BTreeMap::new();
    for (name, _) in changes {
        let status = match (refused.contains(&name), refused.is_empty()) {
            (true, _) => 409,
            (false, false) => 424,
            (false, true) => 200,
        };
        let number = prefixes.number(&name.ns);
        let _ = writeln!(by_status.entry(status).or_default(), "<ns{number}:{}/>", name.local);
    }
    let mut body = format!(
        "{DECLARATION}<D:multistatus xmlns:D=\"DAV:\"{}>\n<D:response>\n<D:href>{}</D:href>\n",
        prefixes.declare("ns"),
        escape(href)
    );
    for (status, props) in by_status {
        // mod_dav has no words for the statuses of a PROPPATCH that failed.
        let reason = if status == 200 { "OK" } else { "(status)" };
        let _ = write!(
            body,
            "<D:propstat>\n<D:prop>\n{props}</D:prop>\n<D:status>HTTP/1.1 {status} {reason}</D:status>\n</D:propstat>\n"
        );
    }
    body.push_str("</D:response>\n</D:multistatus>\n");
    answer(207, &[("content-type", XML.to_owned())], body)
}
