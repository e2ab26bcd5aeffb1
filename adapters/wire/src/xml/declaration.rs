//! The XML declaration ([23] XMLDecl), which may only stand at the very start.

use super::chars::{Fault, is_space};

const EXPECTED: &str = "an XML declaration";

/// Reads `<?xml version="1.0" encoding="…" standalone="…"?>` and gives the encoding that it names, if any.
pub(super) fn parse(markup: &str) -> Result<Option<&str>, Fault> {
    let inner = markup.strip_prefix("<?xml").and_then(|rest| rest.strip_suffix("?>"));
    let mut rest = inner.ok_or((EXPECTED, "one that does not end"))?;
    let version = pseudo_attribute(&mut rest, "version")?.ok_or((EXPECTED, "one without a version"))?;
    if version != "1.0" {
        return Err(("XML 1.0", "another version"));
    }
    let encoding = pseudo_attribute(&mut rest, "encoding")?;
    let standalone = pseudo_attribute(&mut rest, "standalone")?;
    if standalone.is_some_and(|word| word != "yes" && word != "no") {
        return Err((EXPECTED, "a malformed one"));
    }
    if !rest.chars().all(is_space) {
        return Err((EXPECTED, "a malformed one"));
    }
    Ok(encoding)
}

/// Takes ` name = "value"` off the front of `rest` if it is there.
fn pseudo_attribute<'x>(rest: &mut &'x str, name: &str) -> Result<Option<&'x str>, Fault> {
    let trimmed = rest.trim_start_matches(is_space);
    let Some(behind) = trimmed.strip_prefix(name) else { return Ok(None) };
    if trimmed.len() == rest.len() {
        return Err((EXPECTED, "one without a space"));
    }
    let value = behind.trim_start_matches(is_space).strip_prefix('=').ok_or((EXPECTED, "a malformed one"))?;
    let value = value.trim_start_matches(is_space);
    let quote =
        value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or((EXPECTED, "a malformed one"))?;
    let (value, behind) = value[1..].split_once(quote).ok_or((EXPECTED, "a malformed one"))?;
    *rest = behind;
    Ok(Some(value))
}
