//! Tries the store without changing anything.

use http::header::SERVER;
use http::{HeaderName, StatusCode};
use portico_contract::systems::{CheckReport, CheckSystem};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::http::{Request, Verb};

use crate::client::Dav;
use crate::fault;
use crate::location::Location;
use crate::walk::no_base;

const DAV: HeaderName = HeaderName::from_static("dav");

impl Handler<CheckSystem> for Dav {
    async fn handle(&self, context: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        let mut report = CheckReport::default();
        let classes = self.options(context, &mut report).await?;
        if self.client.base().is_encrypted() {
            report.passed.push("the certificate of the server is trusted".into());
        }
        let inside = match self.inside(context, &Location::root()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(no_base()),
            other => other?,
        };
        report.passed.push(match self.authenticates {
            true => "the base folder can be read with these credentials".into(),
            false => "the base folder can be read without credentials".into(),
        });
        if self.in_clear {
            report.warnings.push(
                "The credentials travel over plain `http` (`credentials.plain_http`): everybody on the way can read them."
                    .into(),
            );
        }
        if !classes.contains(&2) {
            report.warnings.push(
                "The server has no locks (WebDAV class 2): nobody can reserve a document while editing it."
                    .into(),
            );
        }
        match inside.iter().find(|entry| !entry.properties.folder) {
            None => report.warnings.push(
                "Whether the server honours preconditions could not be tried: the base folder holds no document. \
                 It is tried before the first write that needs it."
                    .into(),
            ),
            Some(entry) if self.honours_preconditions(context, &entry.location).await? => {
                report.passed.push("preconditions are honoured".into());
            }
            Some(_) => report.warnings.push(
                "The server ignores preconditions (`If-Match`): the gateway compares before it writes, but two \
                 writers within the same moment can overwrite each other. Turn them on, or use another server."
                    .into(),
            ),
        }
        Ok(report)
    }
}

impl Dav {
    /// The compliance classes of the `DAV` header (RFC 4918, section 10.1), which may come in several lines.
    async fn options(&self, context: &CallContext, report: &mut CheckReport) -> Result<Vec<u8>, Error> {
        let root = Location::root().encoded(true);
        let response = self.client.send(context, Request::new(Verb::OPTIONS, &root)).await?;
        if response.status == StatusCode::NOT_FOUND {
            return Err(no_base());
        }
        if !response.status.is_success() {
            return Err(fault::of(response, Verb::OPTIONS).await);
        }
        report.version = response.header(&SERVER).and_then(version);
        let lines = response.headers.get_all(DAV).iter().filter_map(|line| line.to_str().ok());
        let classes: Vec<u8> =
            lines.flat_map(|line| line.split(',')).filter_map(|c| c.trim().parse().ok()).collect();
        response.finish().await;
        if !classes.contains(&1) {
            return Err(Error::new(
                ErrorKind::InvalidResponse,
                "The server does not say that it speaks WebDAV (no `DAV: 1`); check `base_url`.",
            ));
        }
        report.passed.push("the server speaks WebDAV".into());
        Ok(classes)
    }
}

/// The `Server` field, as far as it is short and printable.
fn version(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(80).collect();
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}
