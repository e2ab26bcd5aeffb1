//! What a log may show of an exchange with a back office: numbers and fixed words, never values.
//!
//! File names, paths, queries, bodies and most header fields can name a person. What is left for an operator is the
//! status, the media type, the length, and the title of an error page up to the first word that could be data.

use std::fmt::Write as _;

/// Words of a title that are kept.
const MAX_WORDS: usize = 12;

/// Describes a failure in a back office's own words, as far as they are harmless: `status 500, text/html, 612 octets,
/// "500 Internal Server Error"`. Only the title of a page is looked at, and of
/// that only status numbers and the words of a fixed vocabulary, up to the first other one.
pub fn native(status: u16, media_type: &str, body: &[u8]) -> String {
    let mut text = format!("status {status}, {}, {} octets", safe_media_type(media_type), body.len());
    let body = String::from_utf8_lossy(body);
    if let Some(title) = between(&body, "<title>", "</title>") {
        let words = safe_words(title);
        if !words.is_empty() {
            let _ = write!(text, ", \"{words}\"");
        }
    }
    text
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// The words of status lines and common error pages: what is not among them could be anything, a name included.
const VOCABULARY: &str = " 1 a access accept acceptable account already an and authentication authorization authorized bad \
    busy client collection conflict connection content continue credentials denied dependency down entity error exceeded \
    expectation expired failed failure for forbidden found gateway gone http implemented insufficient internal is large \
    length limit locked maintenance many media method misdirected modified moved not of or page parent payload permission \
    permitted precondition proxy quota range read refused required requested request requests resource satisfiable server \
    service space status storage support supported temporarily temporary the time timed timeout to too type unavailable \
    unauthorized unknown unprocessable unsupported uri version webdav xml ";

/// Keeps status numbers and words of the vocabulary. The first other word ends the text.
fn safe_words(title: &str) -> String {
    let mut kept = String::new();
    for word in title.split_whitespace().take(MAX_WORDS) {
        let known = VOCABULARY.contains(&format!(" {} ", word.to_ascii_lowercase()));
        let status = word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit());
        if !known && !status {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    kept
}

/// A media type as an error message may show it: only well-known top-level types and tokens, `unknown` otherwise.
pub fn safe_media_type(media_type: &str) -> &str {
    let token = |part: &str| {
        !part.is_empty()
            && part.len() <= 64
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
    };
    let top = ["text", "application", "image", "audio", "video", "multipart", "message", "font", "model"];
    match media_type.split_once('/') {
        Some((first, second)) if top.contains(&first) && token(second) => media_type,
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_status_title() {
        let page = b"<title>500 Internal Server Error</title><body>/srv/Jane Doe</body>";
        let said = native(500, "text/html", page);
        assert_eq!(said, "status 500, text/html, 66 octets, \"500 Internal Server Error\"");
    }

    #[test]
    fn cuts_what_could_be_data() {
        for title in [
            "QQ123456C",
            "jane.doe@example.org",
            "/srv/files/Doe",
            "404: /Verträge/x",
            "Jane Doe",
            "GB29NWBK60161331926819",
        ] {
            let page = format!("<title>{title}</title>");
            let said = native(404, "text/html", page.as_bytes());
            assert!(!said.contains('"'), "{said}");
        }
    }

    #[test]
    fn shows_only_media_types_that_are_tokens() {
        assert_eq!(safe_media_type("text/html"), "text/html");
        assert_eq!(safe_media_type("text/html jane"), "unknown");
        assert_eq!(safe_media_type("jane/doe"), "unknown");
        assert_eq!(safe_media_type(""), "unknown");
    }
}
