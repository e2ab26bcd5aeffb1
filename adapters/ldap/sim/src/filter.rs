//! Search filters (RFC 4511, section 4.5.1.7): read, planned and evaluated.
//!
//! They are read from the BER structure: ldap3_proto only takes values that are UTF-8, and a GUID is not.

use std::collections::HashSet;

use ldap3_lber::common::TagClass;
use ldap3_lber::structure::{PL, StructureTag};

use crate::Dialect;
use crate::directory::Directory;
use crate::schema::{Attr, Syntax};

/// Filters in filters, at most.
const MAX_DEPTH: usize = 64;
/// Parts of one filter, at most.
const MAX_PARTS: usize = 4_096;

/// A filter, its values in normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    Equal(Attr, Vec<u8>),
    Substring(Attr, Substring),
    AtLeast(Attr, Vec<u8>),
    AtMost(Attr, Vec<u8>),
    Present(Attr),
    /// All of the bits (1.2.840.113556.1.4.803), or any (…804).
    Bits(Attr, i64, bool),
    /// 1.2.840.113556.1.4.1941: these entries.
    Chain(HashSet<u32>),
    /// Unknown attribute or rule, or a value that the attribute cannot have: neither true nor false.
    Undefined,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Substring {
    initial: Vec<u8>,
    any: Vec<Vec<u8>>,
    last: Vec<u8>,
}

/// Not a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the filter cannot be read")]
pub(crate) struct BadFilter;

impl Filter {
    pub(crate) fn read(tag: StructureTag, directory: &Directory) -> Result<Self, BadFilter> {
        Reader { directory, parts: 0 }.filter(tag, MAX_DEPTH)
    }

    /// `true`, `false`, or `None` for undefined.
    pub(crate) fn matches(&self, directory: &Directory, id: u32) -> Option<bool> {
        let values = |attr: &Attr| directory.tested(id, *attr);
        match self {
            Self::And(parts) => all(parts.iter().map(|part| part.matches(directory, id)), false),
            Self::Or(parts) => all(parts.iter().map(|part| part.matches(directory, id)), true),
            Self::Not(part) => part.matches(directory, id).map(|it| !it),
            Self::Equal(attr, normal) => {
                Some(values(attr).iter().any(|value| attr.normal(value).as_ref() == normal.as_slice()))
            }
            Self::Substring(attr, wanted) => {
                Some(values(attr).iter().any(|value| wanted.found_in(&attr.normal(value))))
            }
            Self::AtLeast(attr, bound) => {
                Some(values(attr).iter().any(|value| order(*attr, value, bound).is_ge()))
            }
            Self::AtMost(attr, bound) => {
                Some(values(attr).iter().any(|value| order(*attr, value, bound).is_le()))
            }
            Self::Present(attr) => Some(!values(attr).is_empty()),
            Self::Bits(attr, mask, every) => Some(values(attr).iter().any(|value| {
                let bits = integer(value).unwrap_or(0) & mask;
                if *every { bits == *mask } else { bits != 0 }
            })),
            Self::Chain(ids) => Some(ids.contains(&id)),
            Self::Undefined => None,
        }
    }

    /// The entries that can match, ascending, where the index tells; `None`: look at all.
    pub(crate) fn plan(&self, directory: &Directory) -> Option<Vec<u32>> {
        match self {
            Self::Equal(attr, normal) if attr.kind().indexed => {
                let attr = if *attr == Attr::DISTINGUISHED_NAME { Attr::ENTRY_DN } else { *attr };
                Some(directory.candidates(attr, normal).to_vec())
            }
            Self::Chain(ids) => {
                let mut ids: Vec<u32> = ids.iter().copied().collect();
                ids.sort_unstable();
                Some(ids)
            }
            Self::Undefined => Some(Vec::new()),
            Self::And(parts) => parts.iter().filter_map(|part| part.plan(directory)).min_by_key(Vec::len),
            Self::Or(parts) => {
                let mut ids = Vec::new();
                for part in parts {
                    ids.extend(part.plan(directory)?);
                }
                ids.sort_unstable();
                ids.dedup();
                Some(ids)
            }
            _ => None,
        }
    }
}

/// Three-valued "or" when looking for `wanted` true, "and" when looking for false.
fn all(parts: impl Iterator<Item = Option<bool>>, wanted: bool) -> Option<bool> {
    let mut result = Some(!wanted);
    for part in parts {
        match part {
            Some(it) if it == wanted => return Some(wanted),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

fn order(attr: Attr, value: &[u8], bound: &[u8]) -> std::cmp::Ordering {
    compare(attr, &attr.normal(value), bound)
}

/// The order of two normal values.
pub(crate) fn compare(attr: Attr, one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    if attr.kind().syntax == Syntax::Number
        && let (Some(one), Some(other)) = (integer(one), integer(other))
    {
        return one.cmp(&other);
    }
    one.cmp(other)
}

fn integer(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

impl Substring {
    fn found_in(&self, value: &[u8]) -> bool {
        let Some(mut rest) = value.strip_prefix(self.initial.as_slice()) else { return false };
        for part in &self.any {
            let Some(at) = rest.windows(part.len().max(1)).position(|window| window == part.as_slice())
            else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(&self.last)
    }
}

struct Reader<'a> {
    directory: &'a Directory,
    parts: usize,
}

impl Reader<'_> {
    fn filter(&mut self, tag: StructureTag, depth: usize) -> Result<Filter, BadFilter> {
        self.parts += 1;
        if tag.class != TagClass::Context || depth == 0 || self.parts > MAX_PARTS {
            return Err(BadFilter);
        }
        match (tag.id, tag.payload) {
            (0, PL::C(parts)) => Ok(Filter::And(self.filters(parts, depth)?)),
            (1, PL::C(parts)) => Ok(Filter::Or(self.filters(parts, depth)?)),
            (2, PL::C(mut parts)) if parts.len() == 1 => {
                let part = parts.pop().ok_or(BadFilter)?;
                Ok(Filter::Not(Box::new(self.filter(part, depth - 1)?)))
            }
            // Approximate matching is the server's own affair; both products compare for equality.
            (3 | 8, PL::C(parts)) => self.assertion(parts, Filter::Equal),
            (4, PL::C(parts)) => self.substring(parts),
            (5, PL::C(parts)) => self.assertion(parts, Filter::AtLeast),
            (6, PL::C(parts)) => self.assertion(parts, Filter::AtMost),
            (7, PL::P(name)) => Ok(self.attr(&name).map_or(Filter::Undefined, Filter::Present)),
            (9, PL::C(parts)) => self.extensible(parts),
            _ => Err(BadFilter),
        }
    }

    fn filters(&mut self, parts: Vec<StructureTag>, depth: usize) -> Result<Vec<Filter>, BadFilter> {
        parts.into_iter().map(|part| self.filter(part, depth - 1)).collect()
    }

    fn attr(&self, name: &[u8]) -> Option<Attr> {
        let name = std::str::from_utf8(name).ok()?;
        let name = name.split(';').next().unwrap_or(name);
        Attr::named(name).filter(|attr| crate::known(self.directory.dialect, *attr))
    }

    fn assertion(
        &self,
        parts: Vec<StructureTag>,
        make: fn(Attr, Vec<u8>) -> Filter,
    ) -> Result<Filter, BadFilter> {
        let [name, value] = <[StructureTag; 2]>::try_from(parts).map_err(|_| BadFilter)?;
        let (name, value) = (octets(name)?, octets(value)?);
        Ok(self.attr(&name).map_or(Filter::Undefined, |attr| self.valued(attr, &value, make)))
    }

    fn valued(&self, attr: Attr, value: &[u8], make: fn(Attr, Vec<u8>) -> Filter) -> Filter {
        if attr == Attr::OBJECT_CATEGORY && !value.contains(&b'=') {
            // Active Directory takes the short name of a class.
            let class = String::from_utf8_lossy(value);
            let name = format!("CN={class},CN=Schema,CN=Configuration,{}", self.directory.base);
            return make(attr, attr.normal(name.as_bytes()).into_owned());
        }
        // OpenLDAP cannot compare with what is no name.
        let name = attr.kind().syntax == Syntax::Name && self.directory.dialect == Dialect::OpenLdap;
        if name && std::str::from_utf8(value).ok().and_then(crate::dn::parse).is_none() {
            return Filter::Undefined;
        }
        make(attr, attr.normal(value).into_owned())
    }

    fn substring(&self, parts: Vec<StructureTag>) -> Result<Filter, BadFilter> {
        let [name, list] = <[StructureTag; 2]>::try_from(parts).map_err(|_| BadFilter)?;
        let (name, list) = (octets(name)?, list.expect_constructed().ok_or(BadFilter)?);
        if list.is_empty() {
            return Err(BadFilter);
        }
        let attr = self.attr(&name);
        let mut wanted = Substring::default();
        let last = list.len() - 1;
        for (at, part) in list.into_iter().enumerate() {
            let id = part.id;
            let part = part.expect_primitive().ok_or(BadFilter)?;
            let part = attr.map_or_else(Vec::new, |attr| partial(attr, &part));
            match id {
                0 if at == 0 => wanted.initial = part,
                1 => wanted.any.push(part),
                2 if at == last => wanted.last = part,
                _ => return Err(BadFilter),
            }
        }
        // No part of a name is a name, so OpenLDAP has no such rule for them.
        let attr = attr.filter(|attr| {
            !matches!(attr.kind().syntax, Syntax::Name | Syntax::Octets)
                || self.directory.dialect == Dialect::ActiveDirectory && attr.kind().syntax == Syntax::Octets
        });
        Ok(attr.map_or(Filter::Undefined, |attr| Filter::Substring(attr, wanted)))
    }

    fn extensible(&self, parts: Vec<StructureTag>) -> Result<Filter, BadFilter> {
        let (mut rule, mut name, mut value) = (None, None, None);
        for part in parts {
            let id = part.id;
            let part = part.expect_primitive().ok_or(BadFilter)?;
            match id {
                1 => rule = Some(String::from_utf8(part).map_err(|_| BadFilter)?),
                2 => name = Some(part),
                3 => value = Some(part),
                4 => {}
                _ => return Err(BadFilter),
            }
        }
        let value = value.ok_or(BadFilter)?;
        let Some(attr) = name.as_deref().and_then(|name| self.attr(name)) else {
            return Ok(Filter::Undefined);
        };
        let microsoft = self.directory.dialect == Dialect::ActiveDirectory;
        Ok(match rule.as_deref() {
            None | Some("caseIgnoreMatch" | "2.5.13.2" | "distinguishedNameMatch" | "2.5.13.1") => {
                self.valued(attr, &value, Filter::Equal)
            }
            Some(rule @ ("1.2.840.113556.1.4.803" | "1.2.840.113556.1.4.804")) if microsoft => {
                let every = rule.ends_with('3');
                integer(&value).map_or(Filter::Undefined, |mask| Filter::Bits(attr, mask, every))
            }
            Some("1.2.840.113556.1.4.1941") if microsoft && attr.kind().syntax == Syntax::Name => {
                Filter::Chain(self.directory.chain(attr, &value).into_iter().collect())
            }
            Some(_) => Filter::Undefined,
        })
    }
}

/// A part of a value in normal form; the spaces at its ends count.
fn partial(attr: Attr, part: &[u8]) -> Vec<u8> {
    let normal = attr.normal(part).into_owned();
    if attr.kind().syntax != Syntax::Text {
        return normal;
    }
    let mut spaced = Vec::with_capacity(normal.len() + 2);
    if part.starts_with(b" ") {
        spaced.push(b' ');
    }
    spaced.extend_from_slice(&normal);
    if part.ends_with(b" ") && spaced != b" " {
        spaced.push(b' ');
    }
    spaced
}

fn octets(tag: StructureTag) -> Result<Vec<u8>, BadFilter> {
    tag.expect_primitive().ok_or(BadFilter)
}
