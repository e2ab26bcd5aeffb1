//! The groups of a person. Rights depend on them: whatever cannot be followed to its end is an error, never a short list.

use std::collections::{BTreeSet, HashSet};

use portico_contract::people::{GroupRecord, Groups, GroupsOf};
use portico_contract::{CallContext, Error, ErrorKind, Handler};
use portico_wire::ldap::{AttributeName, Dn, Entry, Filter, Scope, Value};

use crate::dialect::{
    CN, MEMBER, MEMBER_OF, MEMBER_UID, OBJECT_CLASS, OBJECT_SID, PRIMARY_GROUP_ID, UNIQUE_MEMBER,
};
use crate::directory::{Directory, base_is_missing};
use crate::fault;
use crate::id::{Id, not_found};
use crate::map;
use crate::settings::{Dialect, MemberOf};
use crate::walk::Walk;

/// Groups in groups that are followed.
const DEEPEST: usize = 32;
/// Names that one question holds.
const NAMES_AT_A_TIME: usize = 50;
/// "Member, through however many groups" (MS-ADTS, section 3.1.1.3.4.4.3, LDAP_MATCHING_RULE_TRANSITIVE_EVAL).
const IN_CHAIN: AttributeName = AttributeName::known("1.2.840.113556.1.4.1941");

impl Handler<GroupsOf> for Directory {
    async fn handle(&self, context: &CallContext, op: &GroupsOf) -> Result<Groups, Error> {
        let Some((base, how)) = &self.settings.groups else { return Ok(Groups::default()) };
        let member = self.member(context, Id::of_native(&op.person)?).await?;
        let mut search = Following {
            directory: self,
            context,
            base,
            how: *how,
            found: BTreeSet::new(),
            seen: HashSet::new(),
        };
        search.follow(member).await?;
        Ok(Groups(search.found.into_iter().collect()))
    }
}

/// Somebody whose groups are wanted.
struct Member {
    dn: Dn,
    uid: Option<String>,
    member_of: Vec<Dn>,
    /// The group that Active Directory keeps apart from `memberOf`, by its security id.
    primary_group: Option<Vec<u8>>,
}

impl Directory {
    async fn member(&self, context: &CallContext, id: Id) -> Result<Member, Error> {
        let mut wanted = vec![MEMBER_OF, OBJECT_SID, PRIMARY_GROUP_ID];
        wanted.extend(self.settings.attributes.user_name.iter().cloned());
        let search = self.people(vec![id.filter(self.dialect())], wanted);
        let entry = self.one(context, search).await.map_err(base_is_missing)?.ok_or_else(not_found)?;
        let member_of = self.all_names(context, &entry, &MEMBER_OF).await?;
        Ok(Member {
            dn: entry.dn.clone(),
            uid: map::first(&entry, &self.settings.attributes.user_name),
            member_of,
            primary_group: primary_group(&entry),
        })
    }

    /// All names in an attribute, however many answers they take: Active Directory gives at most 1,500 at a time.
    async fn all_names(
        &self,
        context: &CallContext,
        entry: &Entry,
        attribute: &AttributeName,
    ) -> Result<Vec<Dn>, Error> {
        let mut names = names(entry, attribute);
        let mut next = entry.range(attribute.as_str()).and_then(|range| range.next());
        while let Some(from) = next {
            let any = Filter::Present(OBJECT_CLASS);
            let mut search = self.search("members", &entry.dn, Scope::Base, any);
            search.attributes = vec![attribute.from_position(from)];
            let more = self.one(context, search).await?.ok_or_else(not_found)?;
            names.extend(self::names(&more, attribute));
            next = more.range(attribute.as_str()).and_then(|range| range.next()).filter(|next| *next > from);
            if names.len() > Groups::MAX {
                return Err(too_many());
            }
        }
        Ok(names)
    }
}

fn names(entry: &Entry, attribute: &AttributeName) -> Vec<Dn> {
    entry.texts(attribute.as_str()).filter_map(|text| Dn::parse(text).ok()).collect()
}

/// The person's domain with the number of the group in place of the person's own (MS-DTYP, section 2.4.2.2).
pub(crate) fn primary_group(entry: &Entry) -> Option<Vec<u8>> {
    let group: u32 = entry.first_text(PRIMARY_GROUP_ID.as_str())?.trim().parse().ok()?;
    let mut sid = entry.first_octets(OBJECT_SID.as_str())?.to_vec();
    let own = sid.len().checked_sub(4).filter(|at| *at >= 8)?;
    sid.truncate(own);
    sid.extend(group.to_le_bytes());
    Some(sid)
}

/// Groups of groups, each once.
struct Following<'a> {
    directory: &'a Directory,
    context: &'a CallContext,
    base: &'a Dn,
    how: MemberOf,
    found: BTreeSet<GroupRecord>,
    /// Names of groups that were read, so that a circle ends.
    seen: HashSet<Dn>,
}

impl Following<'_> {
    async fn follow(&mut self, member: Member) -> Result<(), Error> {
        let mut next = vec![member.dn.clone()];
        if let Some(sid) = &member.primary_group {
            let group = Filter::equal(&OBJECT_SID, Value::octets(sid.clone()));
            next.extend(self.take(group).await?.into_iter().map(|(dn, _)| dn));
        }
        if self.directory.dialect() == Dialect::ActiveDirectory && self.how != MemberOf::Attribute {
            match self.in_chain(&next).await {
                Err(error) if error.kind() == ErrorKind::UnsupportedQuery => {}
                other => return other,
            }
        }
        let mut named = self.believed(member.member_of);
        let mut uid = member.uid.filter(|_| self.how != MemberOf::Attribute);
        for depth in 0..DEEPEST {
            let mut level = self.read(&named).await?;
            // Groups are looked for among the members in any case: few servers keep memberOf on them.
            if depth > 0 || self.how != MemberOf::Attribute {
                for some in next.chunks(NAMES_AT_A_TIME) {
                    level.extend(self.take(holds(some, uid.take().as_deref())).await?);
                }
            }
            if level.is_empty() {
                return Ok(());
            }
            named = self.believed(level.iter().flat_map(|(_, above)| above.iter().cloned()).collect());
            next = level.into_iter().map(|(dn, _)| dn).collect();
        }
        Err(Error::new(
            ErrorKind::InvalidResponse,
            format!("The directory has groups in groups more than {DEEPEST} deep."),
        ))
    }

    /// The names from `memberOf` that are to be followed.
    fn believed(&self, names: Vec<Dn>) -> Vec<Dn> {
        if self.how == MemberOf::Search { Vec::new() } else { names }
    }

    /// One question for everything, where the server follows groups itself.
    async fn in_chain(&mut self, members: &[Dn]) -> Result<(), Error> {
        let one = members.iter().map(|dn| Filter::Extensible {
            attribute: MEMBER,
            rule: IN_CHAIN,
            dn_attributes: false,
            value: dn.as_str().into(),
        });
        self.take(Filter::Or(one.collect())).await.map(drop)
    }

    /// Reads groups by name; those outside the configured place, and those that are gone, do not count.
    async fn read(&mut self, names: &[Dn]) -> Result<Vec<(Dn, Vec<Dn>)>, Error> {
        let mut read = Vec::new();
        for dn in names {
            if !dn.is_under(self.base) || self.seen.contains(dn) {
                continue;
            }
            let mut search = self.directory.search("groups", dn, Scope::Base, Filter::Present(OBJECT_CLASS));
            search.attributes = self.attributes();
            let found = match self.directory.one(self.context, search).await {
                Err(error) if fault::is(&error, fault::NO_SUCH_OBJECT) => continue,
                other => other?,
            };
            if let Some(entry) = found {
                read.extend(self.keep(&entry).await?);
            }
        }
        Ok(read)
    }

    /// Finds groups by a condition, and keeps those that are new.
    async fn take(&mut self, condition: Filter) -> Result<Vec<(Dn, Vec<Dn>)>, Error> {
        let mut search = self.directory.search("groups", self.base, Scope::Subtree, condition);
        search.attributes = self.attributes();
        let mut walk = Walk::start(self.directory, self.context, search).await?;
        let mut entries = Vec::new();
        while let Some(page) = walk.next().await.map_err(|error| fault::no_base(error, "groups.base"))? {
            entries.extend(page);
            if entries.len() > Groups::MAX {
                return Err(too_many());
            }
        }
        walk.whole()?;
        let mut new = Vec::new();
        for entry in &entries {
            new.extend(self.keep(entry).await?);
        }
        Ok(new)
    }

    fn attributes(&self) -> Vec<AttributeName> {
        let mut wanted = vec![self.directory.dialect().id(), CN];
        if self.how != MemberOf::Search {
            wanted.push(MEMBER_OF);
        }
        wanted
    }

    async fn keep(&mut self, entry: &Entry) -> Result<Option<(Dn, Vec<Dn>)>, Error> {
        if !self.seen.insert(entry.dn.clone()) {
            return Ok(None);
        }
        let name = map::first(entry, &[CN]).or_else(|| entry.dn.rdn_value());
        let id = map::id(entry, self.directory.dialect())?.native();
        self.found.insert(GroupRecord { name: name.unwrap_or_else(|| "No name".to_owned()), id });
        if self.found.len() > Groups::MAX {
            return Err(too_many());
        }
        let above = self.directory.all_names(self.context, entry, &MEMBER_OF).await?;
        Ok(Some((entry.dn.clone(), above)))
    }
}

/// The condition that a group holds one of these: members by name (RFC 4519), or accounts by their own (RFC 2307).
pub(crate) fn holds(members: &[Dn], uid: Option<&str>) -> Filter {
    let mut one = Vec::with_capacity(members.len() * 2 + 1);
    for dn in members {
        one.push(Filter::equal(&MEMBER, dn.as_str()));
        one.push(Filter::equal(&UNIQUE_MEMBER, dn.as_str()));
    }
    one.extend(uid.map(|uid| Filter::equal(&MEMBER_UID, uid)));
    Filter::Or(one)
}

fn too_many() -> Error {
    Error::new(
        ErrorKind::InvalidResponse,
        format!(
            "The directory puts one person into more than {} groups; narrow `groups.base` down.",
            Groups::MAX
        ),
    )
}
