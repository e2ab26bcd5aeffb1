//! Remote calls: signing in once, one function per way to call, no decisions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use http::StatusCode;
use http::header::CONTENT_TYPE;
use parking_lot::Mutex;
use portico_contract::{ByteStream, CallContext, Effect, Error, ErrorKind, SystemKey};
use portico_wire::http::{Response, Verb};
use portico_wire::rpc::{self, Answer, Encoded, Fault, Member, Value};
use portico_wire::{jsonrpc, xmlrpc};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use crate::cache::Caches;
use crate::domain::Domain;
use crate::fault;
use crate::settings::{Protocol, Settings};

/// Who we are to Odoo. Kept for the life of the adapter, or until Odoo refuses it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) uid: i64,
    /// The release: 17, 18.
    pub(crate) major: i64,
    /// The release as Odoo names it.
    pub(crate) version: String,
}

/// One Odoo: the adapter's state, shared by all its handlers.
pub(crate) struct Odoo {
    pub(crate) system: SystemKey,
    pub(crate) settings: Settings,
    pub(crate) caches: Caches,
    session: Mutex<Option<Arc<Session>>>,
    /// One sign-in at a time: each costs Odoo half a second of hashing.
    signing_in: tokio::sync::Mutex<()>,
    next_id: AtomicI64,
}

/// A call of a method of a model.
pub(crate) struct Call {
    model: &'static str,
    method: &'static str,
    effect: Effect,
    arguments: Vec<Value>,
    keywords: Vec<(&'static str, Value)>,
    with_archived: bool,
    import: bool,
}

impl Call {
    pub(crate) fn read(model: &'static str, method: &'static str) -> Self {
        Self {
            model,
            method,
            effect: Effect::Read,
            arguments: Vec::new(),
            keywords: Vec::new(),
            with_archived: false,
            import: false,
        }
    }

    pub(crate) fn write(model: &'static str, method: &'static str) -> Self {
        Self { effect: Effect::Write, ..Self::read(model, method) }
    }

    /// `search_read` of these fields.
    pub(crate) fn search(model: &'static str, fields: &'static [&'static str], domain: Domain) -> Self {
        Self::read(model, "search_read")
            .argument(domain.into_value())
            .keyword("fields", Value::list(fields.iter().copied()))
    }

    #[must_use]
    pub(crate) fn argument(mut self, value: impl Into<Value>) -> Self {
        self.arguments.push(value.into());
        self
    }

    #[must_use]
    pub(crate) fn keyword(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.keywords.push((name, value.into()));
        self
    }

    /// At most so many, in this order.
    #[must_use]
    pub(crate) fn page(self, limit: usize, order: impl Into<Value>) -> Self {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.keyword("limit", limit).keyword("order", order)
    }

    /// Archived records too.
    #[must_use]
    pub(crate) fn with_archived(mut self) -> Self {
        self.with_archived = true;
        self
    }

    /// An import that leaves alone what its external id names already.
    #[must_use]
    pub(crate) fn import(mut self) -> Self {
        self.import = true;
        self
    }

    fn into_arguments(self, database: &str, session: &Session, password: &str) -> Vec<Value> {
        // In English, so that messages can be told apart; times are UTC in any case.
        let mut context = vec![("lang".into(), "en_US".into())];
        if self.with_archived {
            context.push(("active_test".into(), false.into()));
        }
        if self.import {
            context.extend([("mode".into(), "update".into()), ("noupdate".into(), true.into())]);
        }
        let mut keywords: Vec<_> =
            self.keywords.into_iter().map(|(name, value)| (name.into(), value)).collect();
        keywords.push(("context".into(), Value::Struct(context)));
        vec![
            database.to_owned().into(),
            session.uid.into(),
            password.to_owned().into(),
            self.model.into(),
            self.method.into(),
            Value::Array(self.arguments),
            Value::Struct(keywords),
        ]
    }
}

impl Odoo {
    pub(crate) fn new(system: SystemKey, settings: Settings) -> Self {
        Self {
            system,
            settings,
            caches: Caches::default(),
            session: Mutex::default(),
            signing_in: tokio::sync::Mutex::default(),
            next_id: AtomicI64::new(1),
        }
    }

    /// Who we are. Signs in where that has not been done; a refused login is not tried again.
    pub(crate) async fn session(&self, context: &CallContext) -> Result<Arc<Session>, Error> {
        if let Some(session) = self.session.lock().clone() {
            return Ok(session);
        }
        let _turn = self.signing_in.lock().await;
        if let Some(session) = self.session.lock().clone() {
            return Ok(session);
        }
        let session = Arc::new(Box::pin(self.sign_in(context)).await?);
        *self.session.lock() = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn sign_in(&self, context: &CallContext) -> Result<Session, Error> {
        #[derive(Deserialize)]
        struct Version {
            server_version: String,
        }
        let version: Version = self.common(context, "version", Vec::new()).await?;
        let major = version.server_version.trim_start_matches(|c: char| !c.is_ascii_digit());
        let major = major.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
        let major = major.ok_or_else(|| {
            Error::new(ErrorKind::InvalidResponse, "Odoo does not say which release it is; check `base_url`.")
        })?;
        let arguments = vec![
            self.settings.database.clone().into(),
            self.settings.username.clone().into(),
            self.settings.password.expose_secret().to_owned().into(),
            Value::Struct(Vec::new()),
        ];
        let uid: crate::wire::Maybe<i64> = self.common(context, "authenticate", arguments).await?;
        let uid = uid.0.ok_or_else(|| {
            Error::new(
                ErrorKind::CredentialsRefused,
                "Odoo refuses the gateway's login and password; its operator has to renew them.",
            )
        })?;
        Ok(Session { uid, major, version: version.server_version })
    }

    async fn common<T>(
        &self,
        context: &CallContext,
        method: &'static str,
        arguments: Vec<Value>,
    ) -> Result<T, Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let encoded = self.encode(id, "common", method, arguments)?;
        let response = self.send(context, "common", Effect::Read, encoded, None).await?;
        match self.decode(response, id, Effect::Read).await? {
            Answer::Value(value) => Ok(value),
            Answer::Fault(fault) => Err(fault::of(&fault, Effect::Read)),
        }
    }

    /// Calls a method and gives what it returns, or the fault in Odoo's words.
    pub(crate) async fn call<T>(&self, context: &CallContext, call: Call) -> Result<Result<T, Fault>, Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        let effect = call.effect;
        let (id, response) = self.start(context, call, None).await?;
        match self.decode(response, id, effect).await? {
            Answer::Value(value) => Ok(Ok(value)),
            Answer::Fault(fault) => {
                if fault::of(&fault, effect).kind() == ErrorKind::CredentialsRefused {
                    // The key may have been renewed under the same name: sign in anew next time.
                    *self.session.lock() = None;
                }
                Ok(Err(fault))
            }
        }
    }

    /// Calls a method; a fault is an error.
    pub(crate) async fn ask<T>(&self, context: &CallContext, call: Call) -> Result<T, Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        let effect = call.effect;
        self.call(context, call).await?.map_err(|fault| fault::of(&fault, effect))
    }

    /// Calls a method with a body streamed into its arguments.
    pub(crate) async fn upload<T>(
        &self,
        context: &CallContext,
        call: Call,
        (content, length): (ByteStream, u64),
    ) -> Result<T, Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        let effect = call.effect;
        let (id, response) = self.start(context, call, Some((content, Some(length)))).await?;
        match self.decode(response, id, effect).await? {
            Answer::Value(value) => Ok(value),
            Answer::Fault(fault) => Err(fault::of(&fault, effect)),
        }
    }

    /// Calls a method whose answer holds content in this member, and gives it as a stream. `None` when it holds none.
    pub(crate) async fn download(
        &self,
        context: &CallContext,
        call: Call,
        name: &'static str,
    ) -> Result<Option<ByteStream>, Error> {
        let (id, response) = self.start(context, call, None).await?;
        let response = self.checked(response, Effect::Read).await?;
        let protocol = match self.settings.protocol {
            Protocol::Jsonrpc => rpc::Protocol::Json,
            Protocol::Xmlrpc => rpc::Protocol::Xml,
        };
        match rpc::member(protocol, response, name, &self.settings.limits).await? {
            Member::Content(stream) => Ok(Some(stream)),
            Member::Answer(octets) => {
                match self.decode_octets::<serde::de::IgnoredAny>(&octets, id, Some("utf-8"))? {
                    Answer::Value(_) => Ok(None),
                    Answer::Fault(fault) => Err(fault::of(&fault, Effect::Read)),
                }
            }
        }
    }

    async fn start(
        &self,
        context: &CallContext,
        call: Call,
        content: Option<(ByteStream, Option<u64>)>,
    ) -> Result<(i64, Response), Error> {
        let session = self.session(context).await?;
        let effect = call.effect;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let arguments =
            call.into_arguments(&self.settings.database, &session, self.settings.password.expose_secret());
        let encoded = self.encode(id, "object", "execute_kw", arguments)?;
        Ok((id, self.send(context, "object", effect, encoded, content).await?))
    }

    fn encode(
        &self,
        id: i64,
        service: &'static str,
        method: &'static str,
        arguments: Vec<Value>,
    ) -> Result<Encoded, Error> {
        match self.settings.protocol {
            Protocol::Xmlrpc => xmlrpc::call(method, &arguments),
            Protocol::Jsonrpc => {
                let params = [
                    ("service", service.into()),
                    ("method", method.into()),
                    ("args", Value::Array(arguments)),
                ];
                jsonrpc::call(id, "call", &Value::members(params))
            }
        }
    }

    async fn send(
        &self,
        context: &CallContext,
        service: &'static str,
        effect: Effect,
        encoded: Encoded,
        content: Option<(ByteStream, Option<u64>)>,
    ) -> Result<Response, Error> {
        let path = match (self.settings.protocol, service) {
            (Protocol::Jsonrpc, _) => "/jsonrpc",
            (Protocol::Xmlrpc, "common") => "/xmlrpc/2/common",
            (Protocol::Xmlrpc, _) => "/xmlrpc/2/object",
        };
        // Every call is a POST; what is lost with its answer depends on what was called.
        let verb = Verb { effect, ..Verb::POST };
        self.settings.client.send(context, encoded.into_request(verb, path, content)).await
    }

    async fn checked(&self, response: Response, effect: Effect) -> Result<Response, Error> {
        if response.status != StatusCode::OK {
            return Err(fault::of_status(response, effect).await);
        }
        let (expected, good): (_, &[&str]) = match self.settings.protocol {
            Protocol::Jsonrpc => ("application/json", &["application/json"]),
            Protocol::Xmlrpc => ("text/xml", &["text/xml", "application/xml"]),
        };
        match response.media_type() {
            Some(found) if good.contains(&found.as_str()) => Ok(response),
            _ => Err(fault::not_an_answer(response, expected, effect).await),
        }
    }

    async fn decode<T>(&self, response: Response, id: i64, effect: Effect) -> Result<Answer<T>, Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        let response = self.checked(response, effect).await?;
        let charset = response.header(&CONTENT_TYPE).and_then(charset).map(str::to_owned);
        let octets = response.collect(self.settings.limits.answer).await?;
        // What a write answered cannot be read: whether it was done is not known.
        self.decode_octets(&octets, id, charset.as_deref()).map_err(|error| match effect {
            Effect::Write => error.with_outcome(portico_schemas::Outcome::Unknown),
            Effect::Read => error,
        })
    }

    fn decode_octets<T>(&self, octets: &[u8], id: i64, charset: Option<&str>) -> Result<Answer<T>, Error>
    where
        T: for<'de> Deserialize<'de>,
    {
        match self.settings.protocol {
            Protocol::Jsonrpc => jsonrpc::decode(octets, id, &self.settings.limits),
            Protocol::Xmlrpc => xmlrpc::decode(octets, charset, &self.settings.limits),
        }
    }
}

fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    parameters
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"')))
}
