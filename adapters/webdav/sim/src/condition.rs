//! Preconditions: `If-Match` and its kin (RFC 9110 section 13) and the `If` header (RFC 4918 section 10.4).

/// An entity tag: its octets without quotes, and whether it is weak (RFC 9110 section 8.8.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub weak: bool,
    pub octets: String,
}

impl Tag {
    /// Both must be strong, and equal.
    fn strong_eq(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.octets == other.octets
    }

    /// As it stands in a header.
    pub fn header(&self) -> String {
        format!("{}\"{}\"", if self.weak { "W/" } else { "" }, self.octets)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (weak, quoted) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let octets = quoted.strip_prefix('"')?.strip_suffix('"')?;
        Some(Self { weak, octets: octets.to_owned() })
    }
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagList {
    Any,
    These(Vec<Tag>),
}

impl TagList {
    /// Reads a header value; what is not a tag matches nothing. `lax` also takes tags without quotes, as WsgiDAV does.
    pub fn parse(value: &str, lax: bool) -> Self {
        if value.trim() == "*" {
            return Self::Any;
        }
        let lax_tag = |text: &str| lax.then(|| Tag { weak: false, octets: text.trim().to_owned() });
        Self::These(value.split(',').filter_map(|text| Tag::parse(text).or_else(|| lax_tag(text))).collect())
    }

    /// `If-Match`: strong comparison.
    pub fn matches_strongly(&self, current: Option<&Tag>) -> bool {
        match (self, current) {
            (Self::Any, _) => true,
            (Self::These(tags), Some(current)) => tags.iter().any(|tag| tag.strong_eq(current)),
            (Self::These(_), None) => false,
        }
    }

    /// `If-None-Match`: weak comparison.
    pub fn matches_weakly(&self, current: Option<&Tag>) -> bool {
        match (self, current) {
            (Self::Any, _) => true,
            (Self::These(tags), Some(current)) => tags.iter().any(|tag| tag.octets == current.octets),
            (Self::These(_), None) => false,
        }
    }
}

/// One condition of an `If` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub negated: bool,
    pub what: What,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Token(String),
    Tag(String),
}

/// One list of an `If` header: all its conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct List {
    /// The resource it is about; `None` for an untagged list.
    pub resource: Option<String>,
    pub conditions: Vec<Condition>,
}

/// A parsed `If` header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct IfHeader(pub Vec<List>);

/// Conditions of one `If` header, at most.
const MAX_CONDITIONS: usize = 200;

impl IfHeader {
    /// Reads a header value. `None` when it does not follow the grammar.
    pub fn parse(value: &str) -> Option<Self> {
        let mut rest = value.trim();
        let (mut lists, mut resource, mut count) = (Vec::new(), None, 0);
        while !rest.is_empty() {
            if let Some(tagged) = rest.strip_prefix('<') {
                let (uri, after) = tagged.split_once('>')?;
                resource = Some(uri.to_owned());
                rest = after.trim_start();
                rest.starts_with('(').then_some(())?;
                continue;
            }
            let mut inside = rest.strip_prefix('(')?.trim_start();
            let mut conditions = Vec::new();
            loop {
                if let Some(after) = inside.strip_prefix(')') {
                    rest = after.trim_start();
                    break;
                }
                let (condition, after) = condition(inside)?;
                conditions.push(condition);
                count += 1;
                (count <= MAX_CONDITIONS).then_some(())?;
                inside = after.trim_start();
            }
            (!conditions.is_empty()).then_some(())?;
            lists.push(List { resource: resource.clone(), conditions });
        }
        (!lists.is_empty()).then_some(Self(lists))
    }

    /// All lock tokens that the client shows.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|list| &list.conditions).filter_map(|condition| match &condition.what {
            What::Token(token) => Some(token.as_str()),
            What::Tag(_) => None,
        })
    }

    /// Whether any list is about the request's own resource, without naming one.
    pub fn is_untagged(&self) -> bool {
        self.0.first().is_some_and(|list| list.resource.is_none())
    }
}

fn condition(text: &str) -> Option<(Condition, &str)> {
    let (negated, text) = match text.get(..3).filter(|word| word.eq_ignore_ascii_case("not")) {
        Some(_) => (true, text[3..].trim_start()),
        None => (false, text),
    };
    if let Some(inside) = text.strip_prefix('<') {
        let (token, after) = inside.split_once('>')?;
        return Some((Condition { negated, what: What::Token(token.to_owned()) }, after));
    }
    let (tag, after) = text.strip_prefix('[')?.split_once(']')?;
    Some((Condition { negated, what: What::Tag(tag.trim().to_owned()) }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(weak: bool, octets: &str) -> Tag {
        Tag { weak, octets: octets.into() }
    }

    #[test]
    fn if_match_compares_strongly_and_if_none_match_weakly() {
        let (weak, strong) = (tag(true, "a"), tag(false, "a"));
        let list = TagList::parse("\"x\", W/\"a\", \"a\"", false);
        assert!(list.matches_strongly(Some(&strong)));
        assert!(!list.matches_strongly(Some(&weak)));
        assert!(list.matches_weakly(Some(&weak)));
        assert!(!TagList::parse("W/\"a\"", false).matches_strongly(Some(&strong)));
        assert!(!TagList::parse("a", false).matches_strongly(Some(&strong)));
        assert!(TagList::parse("a", true).matches_strongly(Some(&strong)));
        assert!(!TagList::parse("\"a\"", false).matches_weakly(None));
    }

    #[test]
    fn the_if_header_is_read_by_its_grammar() {
        let header = IfHeader::parse("<http://h/a> (<t:1> [W/\"x\"]) (Not <t:2>)").unwrap();
        assert_eq!(header.0.len(), 2);
        assert_eq!(header.0[1].resource.as_deref(), Some("http://h/a"));
        assert!(header.0[1].conditions[0].negated);
        assert_eq!(header.tokens().collect::<Vec<_>>(), ["t:1", "t:2"]);
        assert!(!header.is_untagged());
        for wrong in ["", "()", "(<a>", "<a>", "x", "(x)", "([a)"] {
            assert_eq!(IfHeader::parse(wrong), None, "{wrong}");
        }
    }
}
