//! Reading recorded exchanges.

use std::path::PathBuf;

/// One recorded exchange.
#[derive(Debug, Clone)]
pub struct Recording {
    pub name: String,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub answer: Recorded,
}

/// A recorded answer. Names of headers are in lower case.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Recorded {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// All recordings, in order.
pub fn load() -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "http"));
    files.sort();
    files.iter().map(read).collect()
}

fn read(file: &PathBuf) -> Recording {
    let text = std::fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let (request, rest) = text.split_once("\n--- response").unwrap();
    let (_, response) = rest.split_once('\n').unwrap();
    let (first, headers, body) = message(request);
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    Recording { name, method, target, headers, body: body.trim_end().to_owned(), answer: answer(response) }
}

fn answer(text: &str) -> Recorded {
    let (first, headers, body) = message(text);
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    // The last line end is the file's.
    let body = body.strip_suffix('\n').unwrap_or(&body).to_owned();
    Recorded { status, headers, body }
}

fn message(text: &str) -> (&str, Vec<(String, String)>, String) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let (first, headers) = head.split_once('\n').unwrap();
    let headers = headers.lines().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    });
    (first, headers.collect(), body.to_owned())
}
