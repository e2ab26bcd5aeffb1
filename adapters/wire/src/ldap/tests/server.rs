//! A small LDAP server on another codec (`ldap3_proto`), with a script for its answers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{SinkExt, StreamExt};
use ldap3_proto::LdapCodec;
use ldap3_proto::control::LdapControl;
use ldap3_proto::proto::{
    LdapBindCred, LdapBindResponse, LdapMsg, LdapOp, LdapPartialAttribute, LdapResult, LdapResultCode,
    LdapSearchRequest, LdapSearchResultEntry,
};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::codec::Framed;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a script says to one request.
pub enum Reply {
    /// These messages.
    Say(Vec<LdapMsg>),
    /// These messages, once this has been notified.
    Held(Arc<Notify>, Vec<LdapMsg>),
    /// These octets, whatever they are.
    Raw(Vec<u8>),
    /// Nothing; the connection stays open.
    Nothing,
    /// The end of the connection.
    Close,
}

/// What has been asked so far.
#[derive(Default)]
pub struct Seen {
    pub connections: AtomicUsize,
    pub open: AtomicUsize,
    pub binds: Mutex<Vec<(String, String)>>,
    pub searches: Mutex<Vec<(LdapSearchRequest, Vec<LdapControl>)>>,
    pub farewells: AtomicUsize,
}

pub struct Server {
    pub addr: SocketAddr,
    pub seen: Arc<Seen>,
    _stop: DropGuard,
}

type Script = Arc<dyn Fn(&LdapMsg) -> Reply + Send + Sync>;

impl Server {
    /// Serves until it is dropped.
    pub async fn start(script: impl Fn(&LdapMsg) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(script, |socket| async move { Ok(socket) }).await
    }

    /// Serves over what `secure` makes of each connection.
    pub async fn with<F, S>(
        script: impl Fn(&LdapMsg) -> Reply + Send + Sync + 'static,
        secure: impl Fn(tokio::net::TcpStream) -> F + Clone + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = io::Result<S>> + Send,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let (seen, script): (_, Script) = (Arc::new(Seen::default()), Arc::new(script));
        let stop = CancellationToken::new();
        let (shared, stopped) = (Arc::clone(&seen), stop.clone());
        tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Some(Ok((socket, _))) = stopped.run_until_cancelled(listener.accept()).await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (script, seen, secure) = (Arc::clone(&script), Arc::clone(&shared), secure.clone());
                connections.spawn(async move {
                    seen.open.fetch_add(1, Ordering::SeqCst);
                    if let Ok(stream) = secure(socket).await {
                        serve(stream, &script, &seen).await;
                    }
                    seen.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { addr, seen, _stop: stop.drop_guard() }
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    pub fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }

    pub fn binds(&self) -> usize {
        self.seen.binds.lock().len()
    }

    /// How many searches came that were not about the root.
    pub fn searches(&self) -> usize {
        self.seen.searches.lock().iter().filter(|(search, _)| !search.base.is_empty()).count()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, script: &Script, seen: &Seen) {
    let mut framed = Framed::new(stream, LdapCodec::default());
    while let Some(Ok(message)) = framed.next().await {
        match &message.op {
            LdapOp::BindRequest(bind) => {
                let password = if let LdapBindCred::Simple(password) = &bind.cred { password } else { "" };
                seen.binds.lock().push((bind.dn.clone(), password.to_owned()));
            }
            LdapOp::SearchRequest(search) => {
                seen.searches.lock().push((search.clone(), message.ctrl.clone()));
            }
            LdapOp::UnbindRequest => {
                seen.farewells.fetch_add(1, Ordering::SeqCst);
                return;
            }
            _ => {}
        }
        let sent = match script(&message) {
            Reply::Say(messages) => send_all(&mut framed, messages).await,
            Reply::Held(until, messages) => {
                until.notified().await;
                send_all(&mut framed, messages).await
            }
            Reply::Raw(octets) => framed.get_mut().write_all(&octets).await,
            Reply::Nothing => Ok(()),
            Reply::Close => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn send_all<S: AsyncRead + AsyncWrite + Unpin>(
    framed: &mut Framed<S, LdapCodec>,
    messages: Vec<LdapMsg>,
) -> io::Result<()> {
    for message in messages {
        framed.feed(message).await?;
    }
    SinkExt::<LdapMsg>::flush(framed).await
}

pub fn result(code: LdapResultCode, message: &str) -> LdapResult {
    LdapResult { code, matcheddn: String::new(), message: message.to_owned(), referral: Vec::new() }
}

pub fn bound(request: &LdapMsg, code: LdapResultCode, message: &str) -> Reply {
    let op = LdapOp::BindResponse(LdapBindResponse { res: result(code, message), saslcreds: None });
    Reply::Say(vec![LdapMsg { msgid: request.msgid, op, ctrl: Vec::new() }])
}

pub fn entry(request: &LdapMsg, dn: &str, attributes: &[(&str, &[&[u8]])]) -> LdapMsg {
    let attributes = attributes.iter().map(|(name, values)| LdapPartialAttribute {
        atype: (*name).to_owned(),
        vals: values.iter().map(|value| value.to_vec()).collect(),
    });
    let op = LdapOp::SearchResultEntry(LdapSearchResultEntry {
        dn: dn.to_owned(),
        attributes: attributes.collect(),
    });
    LdapMsg { msgid: request.msgid, op, ctrl: Vec::new() }
}

pub fn done(request: &LdapMsg, code: LdapResultCode, message: &str) -> LdapMsg {
    LdapMsg { msgid: request.msgid, op: LdapOp::SearchResultDone(result(code, message)), ctrl: Vec::new() }
}

/// Lets everybody in, and finds Jane.
pub fn friendly(request: &LdapMsg) -> Reply {
    match &request.op {
        LdapOp::BindRequest(_) => bound(request, LdapResultCode::Success, ""),
        LdapOp::SearchRequest(_) => Reply::Say(vec![
            entry(request, "uid=jane,ou=people,dc=example", &[("uid", &[b"jane"])]),
            done(request, LdapResultCode::Success, ""),
        ]),
        _ => Reply::Close,
    }
}

/// Lets everybody in, and answers searches as `script` says.
pub fn searching(script: impl Fn(&LdapMsg, &LdapSearchRequest) -> Reply) -> impl Fn(&LdapMsg) -> Reply {
    move |request| match &request.op {
        LdapOp::SearchRequest(search) => script(request, search),
        _ => friendly(request),
    }
}
