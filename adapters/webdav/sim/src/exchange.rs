//! One request and the state it meets: reading headers, and the checks that every method shares.

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::answer::{Answer, Refusal};
use crate::condition::{IfHeader, List, Tag, TagList, What};
use crate::flavour::{Flavour, TagRule};
use crate::lock::Locks;
use crate::path::{Bad, MAX_NAME, Path};
use crate::tree::{Denied, Node, Tree};

/// What a method comes to.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// The part of a simulator that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub tree: Tree,
    pub locks: Locks,
}

/// One request on its way.
pub(crate) struct Exchange<'a> {
    pub flavour: Flavour,
    pub rule: TagRule,
    pub now: Timestamp,
    /// Whether `If-Match` and its kin are read at all.
    pub conditional: bool,
    pub method: &'a Method,
    pub path: Path,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
    /// `http://host`, as the client calls this server.
    pub origin: String,
    pub state: &'a mut State,
}

impl Exchange<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn is_apache(&self) -> bool {
        self.flavour == Flavour::Apache
    }

    pub fn node(&self) -> Option<&Node> {
        self.state.tree.get(&self.path)
    }

    pub fn exists(&self) -> bool {
        self.node().is_some()
    }

    pub fn tag_of(&self, path: &Path) -> Option<Tag> {
        self.state.tree.get(path).and_then(|node| self.rule.tag(node, self.now))
    }

    /// The `Depth` header. `None` when it is missing.
    pub fn depth(&self) -> Result<Option<Depth>, Refusal> {
        match self.header("depth") {
            None => Ok(None),
            Some("0") => Ok(Some(Depth::Zero)),
            Some("1") => Ok(Some(Depth::One)),
            Some(word) if word.eq_ignore_ascii_case("infinity") => Ok(Some(Depth::Infinity)),
            Some(other) => Err(Refusal::BadRequest(format!("Invalid Depth header: '{other}'."))),
        }
    }

    /// `If-Match`, `If-None-Match` and `If-Unmodified-Since` of a method that writes.
    pub fn preconditions(&self) -> Result<(), Refusal> {
        if !self.conditional {
            return Ok(());
        }
        let tag = self.tag_of(&self.path);
        // WsgiDAV looks at none of them where nothing is, and has no tags for folders.
        let asks_tags = self.is_apache() || tag.is_some();
        if let Some(value) = self.header("if-match").filter(|_| asks_tags) {
            let list = TagList::parse(value, !self.is_apache());
            if !self.exists() || !list.matches_strongly(tag.as_ref()) {
                return Err(Refusal::Precondition("If-Match"));
            }
        }
        if let Some(value) = self.header("if-none-match").filter(|_| asks_tags)
            && self.exists()
            && TagList::parse(value, !self.is_apache()).matches_weakly(tag.as_ref())
        {
            return Err(Refusal::Precondition("If-None-Match"));
        }
        let since =
            self.header("if-unmodified-since").and_then(|value| httpdate::parse_http_date(value).ok());
        let modified = self.node().map(|node| node.modified.as_second());
        if let (Some(since), Some(modified)) = (since, modified)
            && Timestamp::try_from(since).is_ok_and(|since| since.as_second() < modified)
        {
            return Err(Refusal::Precondition("If-Unmodified-Since"));
        }
        Ok(())
    }

    /// The `If` header and the locks, for a method that changes the items `touched` and, where `membership` says so,
    /// what is in the folders around them.
    pub fn allowed(&mut self, touched: &[&Path], membership: bool) -> Result<(), Refusal> {
        self.state.locks.expire(self.now);
        let header = match self.header("if") {
            None => IfHeader::default(),
            Some(value) => {
                let parsed = IfHeader::parse(value).filter(|header| self.tokens_are_readable(header));
                parsed.ok_or_else(|| Refusal::BadRequest("The If header cannot be read.".into()))?
            }
        };
        if !self.lists_hold(&header, &self.path) {
            return Err(Refusal::Precondition("'If'"));
        }
        // mod_dav also puts untagged lists to the folder around an item that goes away.
        let goes = *self.method == Method::DELETE || self.method.as_str() == "MOVE";
        if self.is_apache()
            && goes
            && header.is_untagged()
            && let Some(parent) = self.path.parent()
            && !self.lists_hold(&header, &parent)
        {
            return Err(Refusal::ParentPrecondition(parent));
        }
        let shown: Vec<&str> = header.tokens().collect();
        let locks = &self.state.locks;
        for path in touched {
            let parent = path.parent().filter(|_| membership);
            let own = locks.on(path).any(|lock| !shown.contains(&lock.token.as_str()));
            let around = parent
                .as_ref()
                .is_some_and(|parent| locks.on(parent).any(|lock| !shown.contains(&lock.token.as_str())));
            if own || around {
                return Err(Refusal::Locked(vec![(*path).clone()]));
            }
            let below: Vec<Path> = locks
                .below(path)
                .filter(|lock| !shown.contains(&lock.token.as_str()))
                .map(|lock| lock.path.clone())
                .collect();
            if goes && !below.is_empty() {
                let only_locked = !self.is_apache() && *self.method != Method::DELETE;
                return Err(if only_locked { Refusal::Locked(below) } else { Refusal::MembersLocked(below) });
            }
        }
        Ok(())
    }

    /// Apache refuses tokens that are not of its own form.
    fn tokens_are_readable(&self, header: &IfHeader) -> bool {
        !self.is_apache()
            || header.tokens().all(|token| {
                !token.starts_with("opaquelocktoken:") || token.len() == "opaquelocktoken:".len() + 36
            })
    }

    /// Whether one of the lists that are about an item holds, or none is about it.
    fn lists_hold(&self, header: &IfHeader, path: &Path) -> bool {
        let mut about = header.0.iter().filter(|list| self.is_about(list, path)).peekable();
        about.peek().is_none() || about.any(|list| list.conditions.iter().all(|one| self.holds(one, path)))
    }

    fn is_about(&self, list: &List, path: &Path) -> bool {
        match (&list.resource, self.flavour) {
            (None, _) => true,
            (Some(uri), Flavour::Apache) => local_path(uri, None)
                .and_then(|raw| Path::parse(raw).ok())
                .is_some_and(|other| other.same(path)),
            // WsgiDAV compares with the path alone: an absolute address is about nothing.
            (Some(uri), Flavour::WsgiDav) => *uri == path.href(path.slash, false),
        }
    }

    fn holds(&self, condition: &crate::condition::Condition, path: &Path) -> bool {
        let holds = match &condition.what {
            What::Token(token) => self.state.locks.on(path).any(|lock| lock.token == *token),
            What::Tag(_) if !self.conditional => return true,
            What::Tag(text) => {
                let tags = TagList::parse(text, !self.is_apache());
                tags.matches_weakly(self.tag_of(path).as_ref())
            }
        };
        holds != condition.negated
    }

    /// The path of the `Destination` header (RFC 4918 section 10.3), as sent and as read.
    pub fn destination(&self) -> Result<(String, Path), Refusal> {
        let value = self.header("destination").ok_or(Refusal::NoDestination)?;
        // mod_dav looks at the path only.
        let host = (!self.is_apache()).then_some(self.origin.as_str());
        let raw = local_path(value, host).ok_or(Refusal::OtherHost)?;
        let mut path = Path::parse(raw).map_err(|bad| bad_path(bad, self.flavour))?;
        if !self.is_apache() {
            path.cut_like_an_address();
        }
        if path.names.iter().any(|name| name.len() > MAX_NAME) {
            return Err(Refusal::NameTooLong);
        }
        Ok((raw.to_owned(), path))
    }
}

/// How a path that cannot be read is refused.
pub(crate) fn bad_path(bad: Bad, flavour: Flavour) -> Refusal {
    match (bad, flavour) {
        (Bad::Impossible, _) => Refusal::NotFound(Path::default()),
        (Bad::Malformed, _) => Refusal::BadRequest("The path cannot be read.".into()),
    }
}

/// The path of an address. `None` when it is on another host, where one is asked for, or is no address.
fn local_path<'u>(uri: &'u str, origin: Option<&str>) -> Option<&'u str> {
    if uri.starts_with('/') {
        return Some(uri);
    }
    let (_, after) = uri.split_once("://")?;
    let slash = after.find('/').unwrap_or(after.len());
    let (host, path) = after.split_at(slash);
    let same = origin.is_none_or(|origin| origin.strip_prefix("http://") == Some(host));
    same.then_some(if path.is_empty() { "/" } else { path })
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoParent => Self::NoParent("Parent must be an existing collection."),
            Denied::Full => Self::Full,
        }
    }
}

/// A `Depth` (RFC 4918 section 10.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    Zero,
    One,
    Infinity,
}
