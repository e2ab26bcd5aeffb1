//! Content, made when it is read: text, Markdown, CSV and small but valid PDF files.

use std::fmt::Write as _;

use super::words::SENTENCES;
use crate::flavour::mix;

/// What kind of paper to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Pdf,
    Markdown,
    Csv,
    Text,
}

impl Kind {
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Text => "txt",
        }
    }
}

/// Makes a paper. The same arguments give the same octets.
pub(super) fn make(kind: Kind, title: &str, author: &str, seed: u64) -> Vec<u8> {
    match kind {
        Kind::Pdf => pdf(title, author, seed),
        Kind::Csv => csv(title, seed).into_bytes(),
        Kind::Markdown => format!("# {title}\n\n*{author}*\n\n{}", paragraphs(seed)).into_bytes(),
        Kind::Text => format!("{title}\n{author}\n\n{}", paragraphs(seed)).into_bytes(),
    }
}

fn sentence(seed: u64) -> &'static str {
    SENTENCES[(mix(seed) % SENTENCES.len() as u64) as usize]
}

fn paragraphs(seed: u64) -> String {
    let mut text = String::new();
    for paragraph in 0..2 + mix(seed) % 6 {
        for number in 0..3 {
            let _ = write!(text, "{} ", sentence(seed ^ (paragraph * 3 + number)));
        }
        text.push_str("\n\n");
    }
    text
}

fn csv(title: &str, seed: u64) -> String {
    let mut text = String::from("item,description,net,vat,gross\n");
    for line in 1..=5 + mix(seed) % 40 {
        let pence = 500 + mix(seed ^ line) % 2_000_000;
        let vat = pence / 5;
        let money = |pence: u64| format!("{}.{:02}", pence / 100, pence % 100);
        let description = title.replace('"', "'");
        let _ = writeln!(
            text,
            "{line},\"{description}, part {line}\",{},{},{}",
            money(pence),
            money(vat),
            money(pence + vat)
        );
    }
    text
}

/// One page in Helvetica (ISO 32000-1, section 7.5).
fn pdf(title: &str, author: &str, seed: u64) -> Vec<u8> {
    let mut page = String::from("BT /F1 16 Tf 56 780 Td 18 TL\n");
    let lines = [title, author, ""].into_iter().chain((0..24).map(|line| sentence(seed ^ line)));
    for (number, line) in lines.enumerate() {
        if number == 1 {
            page.push_str("/F1 10 Tf\n");
        }
        let _ = writeln!(page, "({}) Tj T*", pdf_text(line));
    }
    page.push_str("ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let start = file.len();
    let _ = write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(file, "{offset:010} 00000 n ");
    }
    let size = objects.len() + 1;
    let _ = write!(file, "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

/// A string of a PDF: what Latin-1 has as an escape, and a question mark for the rest.
fn pdf_text(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '(' | ')' | '\\' => escaped.extend(['\\', character]),
            ' '..='~' => escaped.push(character),
            '\u{a0}'..='\u{ff}' => _ = write!(escaped, "\\{:03o}", u32::from(character)),
            _ => escaped.push('?'),
        }
    }
    escaped
}
