//! A fault in a system's own words.

use std::fmt;

/// Octets of a fault's message that are kept: enough for a long traceback.
const MOST: usize = 64 * 1024;
/// Characters of a line that a log may show.
const SHOWN: usize = 160;

/// What a system says about a call that failed. `Debug` hides its words: they may hold anything.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    code: i64,
    class: Option<String>,
    message: String,
}

impl Fault {
    /// A fault with this code and message, and the name of the exception where the system gives one.
    pub fn new(code: i64, class: Option<String>, mut message: String) -> Self {
        if message.len() > MOST {
            let end = (0..=MOST).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
            message.truncate(end);
        }
        Self { code, class, message }
    }

    /// The system's number for it.
    pub fn code(&self) -> i64 {
        self.code
    }

    /// The name of the exception, where the system says it: `odoo.exceptions.UserError`.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// All that the system says, cut at 64 KiB. To be compared with known texts; never to be passed on.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The first line of the message.
    pub fn first_line(&self) -> &str {
        self.message.trim_start().lines().next().unwrap_or_default()
    }

    /// The last line of the message: of a Python traceback, the exception itself.
    pub fn last_line(&self) -> &str {
        self.message.trim_end().lines().next_back().unwrap_or_default()
    }

    /// For [`portico_contract::Error::with_native`]: the code, the exception, and of the first line the words that can
    /// name nobody. What is quoted, holds a digit, an `@` or another script, or is written with a capital further in, is
    /// left out.
    pub fn native(&self) -> String {
        let mut text = format!("fault {}", self.code);
        let class = self.class.as_deref().map(|class| class.rsplit('.').next().unwrap_or(class));
        let raised = self.last_line().split(':').next().filter(|name| is_exception(name));
        if let Some(name) = class.filter(|name| is_exception(name)).or(raised) {
            text.push_str(", ");
            text.push_str(name);
        }
        let line = self.first_line();
        if !line.starts_with("Traceback") && !line.is_empty() {
            text.push_str(", \"");
            text.push_str(&safe_words(line));
            text.push('"');
        }
        text
    }
}

fn is_exception(name: &str) -> bool {
    let known = ["Error", "Exception", "Warning", "Denied"].iter().any(|end| name.ends_with(end));
    known && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'.')
}

/// The words of a line that are plain lower-case ones, and the first; `…` for all others.
fn safe_words(line: &str) -> String {
    let mut shown = String::new();
    let mut quoted = false;
    for (at, word) in line.split_whitespace().enumerate() {
        let quotes = word.matches(['"', '\'', '“', '”', '«', '»', '`']).count();
        let inside = quoted || quotes > 0;
        quoted ^= quotes % 2 == 1;
        let letters = word.trim_matches(['.', ',', ';', ':', '(', ')', '!', '?']);
        let plain = letters.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '(' | ')' | '/'));
        // A sentence begins with a capital; a name that begins one is followed by another capital.
        let begins = at == 0
            && letters.len() > 1
            && letters.bytes().all(|b| b.is_ascii_alphabetic() || b == b'(' || b == b')');
        if at > 0 {
            shown.push(' ');
        }
        shown.push_str(if !inside && (plain || (begins && is_common(letters))) { word } else { "…" });
        if shown.chars().count() > SHOWN {
            break;
        }
        if word.ends_with(':') {
            // What follows a colon is the particular case.
            break;
        }
    }
    shown
}

/// Words that sentences of faults begin with.
fn is_common(word: &str) -> bool {
    const WORDS: &str = " A Access Accounting An Cannot Circular Create Document Due Employee Employee(s) Expense Expenses \
        Expired Failed Field If In Incorrect Invalid It Loss Missing No Not Object Only Operation Please Private Record \
        Required Sorry Specify The There This Time To Unable Unknown Update Uh-oh User You Your ";
    WORDS.contains(&format!(" {word} "))
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("code", &self.code).finish_non_exhaustive()
    }
}
