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

/// All recordings of a product that hold a request, in order.
pub fn load(product: &str) -> Vec<Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(product);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "http"));
    files.sort();
    files.iter().map(read).collect()
}

fn read(file: &PathBuf) -> Recording {
    let text = std::fs::read_to_string(file).unwrap();
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let Some((request, rest)) = text.split_once("\n--- response") else {
        // Only an answer was kept: it is one to a HEAD of a file that had been left alone.
        let target = "/Vertr%C3%A4ge%202026/doc%205.txt".to_owned();
        let headers = vec![("Authorization".into(), "Basic ***".into())];
        return Recording {
            name,
            method: "HEAD".into(),
            target,
            headers,
            body: String::new(),
            answer: answer(&text),
        };
    };
    let (_, response) = rest.split_once('\n').unwrap();
    let (first, headers, body) = message(request);
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    Recording { name, method, target, headers, body, answer: answer(response) }
}

fn answer(text: &str) -> Recorded {
    let (first, headers, body) = message(text);
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    Recorded { status, headers, body }
}

fn message(text: &str) -> (&str, Vec<(String, String)>, String) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let (first, headers) = head.split_once('\n').unwrap();
    let headers = headers.lines().map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    });
    (first, headers.collect(), body.trim_end_matches('\n').to_owned())
}
