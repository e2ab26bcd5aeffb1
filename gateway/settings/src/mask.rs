//! What of a file may be shown.

use std::collections::BTreeSet;
use std::ops::Range;

/// The names of all settings.
pub(crate) struct Names<'a> {
    /// Those that stand for a plain value everywhere.
    pub open: BTreeSet<&'a str>,
    /// All of them.
    pub known: BTreeSet<&'a str>,
}

impl Names<'_> {
    /// How many octets of a line that is not TOML may be shown. It could hold anything, a piece of a secret too, so it is
    /// shown as far as it begins like a setting, and as a whole only if that setting is never a secret.
    pub(crate) fn harmless(&self, line: &str) -> usize {
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_-. \"".contains(c);
        let key = &line[..line.find(|c| !is_key(c)).unwrap_or(line.len())];
        let last = key.rsplit('.').next().unwrap_or_default().trim();
        let last = last.trim_matches('"');
        let is_header = line.trim_start().starts_with('[') && !line.contains('=') && {
            let inner = line.trim().trim_matches(['[', ']']);
            inner.split('.').all(|part| self.known.contains(part.trim()))
        };
        let assigns = line[key.len()..].starts_with('=');
        if is_header || (assigns && self.open.contains(last) && line.matches('=').count() == 1) {
            line.len()
        } else if self.known.contains(last) {
            key.trim_end().len()
        } else {
            0
        }
    }
}

/// The line with `***` in place of the hidden ranges, and where the marked range went.
pub(crate) fn mask(
    text: &str,
    line: Range<usize>,
    marked: Range<usize>,
    mut hidden: Vec<Range<usize>>,
) -> (String, Range<usize>) {
    hidden.sort_by_key(|range| range.start);
    let mut shown = String::new();
    let mut at = line.start;
    let (mut start, mut end) = (None, None);
    for range in hidden {
        let from = floor(text, range.start.clamp(at, line.end));
        let to = floor(text, range.end.clamp(from, line.end));
        let before = shown.len();
        shown.push_str(&text[at..from]);
        // A mark that begins or ends inside what is hidden marks the stars.
        if marked.start < from {
            start.get_or_insert(before + marked.start.saturating_sub(at));
        } else if marked.start < to {
            start.get_or_insert(shown.len());
        }
        if marked.end <= from {
            end.get_or_insert(before + marked.end.saturating_sub(at));
        }
        shown.push_str("***");
        if marked.end <= to {
            end.get_or_insert(shown.len());
        }
        at = to;
    }
    let before = shown.len();
    shown.push_str(&text[at..line.end]);
    let start = start.unwrap_or(before + marked.start.saturating_sub(at));
    let end = end.unwrap_or(before + marked.end.saturating_sub(at)).max(start);
    let shown = shown.trim_end_matches('\r').to_owned();
    let limit = shown.len();
    (shown, start.min(limit)..end.min(limit))
}

/// The nearest character boundary at or before an offset.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}
