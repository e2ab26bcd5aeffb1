//! (2) XML a second: the pull reader with its checks, and libxml2 through lxml.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use portico_servers::checkout;
use portico_wire::rpc;
use portico_wire::xml::{Content, Document, Encoding, Limits};
use portico_wire::xmlrpc;

use super::odoo::sized;
use crate::rounds::Series;

/// Octets of the documents: lists of claims.
pub const SIZES: [usize; 2] = [4 << 10, 1 << 20];

/// For each of [`SIZES`], millions of octets a second.
pub struct Reading {
    pub octets: [usize; 2],
    pub reader: [Series; 2],
    /// The reader, and values made of it.
    pub values: [Series; 2],
    /// None where lxml could not be had.
    pub libxml2: Option<[Series; 2]>,
}

/// `answer` is a list of claims; the documents are made of its records.
pub fn reading(answer: &str, rounds: usize, time: Duration, python: Option<&PathBuf>) -> Result<Reading> {
    let folder = tempfile::Builder::new().prefix("portico-bench-xml-").tempdir()?;
    let documents = [sized(answer, SIZES[0])?, sized(answer, SIZES[1])?];
    let files = [folder.path().join("small.xml"), folder.path().join("large.xml")];
    for (file, document) in files.iter().zip(&documents) {
        std::fs::write(file, document)?;
    }
    let (mut reader, mut values, mut libxml2) = (empty(), empty(), empty());
    for _ in 0..rounds {
        for (at, document) in documents.iter().enumerate() {
            reader[at].push(rate(document, time, walk)?);
            values[at].push(rate(document, time, decode)?);
        }
        if let Some(python) = python {
            let rates = lxml(python, time, &files)?;
            libxml2[0].push(rates[0]);
            libxml2[1].push(rates[1]);
        }
    }
    Ok(Reading {
        octets: [documents[0].len(), documents[1].len()],
        reader: series(reader),
        values: series(values),
        libxml2: python.is_some().then(|| series(libxml2)),
    })
}

fn empty() -> [Vec<f64>; 2] {
    [Vec::new(), Vec::new()]
}

fn series(all: [Vec<f64>; 2]) -> [Series; 2] {
    all.map(|rates| rates.into_iter().collect())
}

fn rate(document: &str, time: Duration, read: fn(&[u8]) -> Result<usize>) -> Result<f64> {
    let (mut octets, from) = (0, Instant::now());
    while from.elapsed() < time {
        ensure!(read(document.as_bytes())? > 0, "nothing was read");
        octets += document.len();
    }
    Ok(octets as f64 / from.elapsed().as_secs_f64() / 1e6)
}

fn wrong(error: impl std::fmt::Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

/// Every element and every text, checked and decoded. Gives the elements.
fn walk(document: &[u8]) -> Result<usize> {
    let document = Document::decode(document, Encoding::Utf8, Some("utf-8")).map_err(wrong)?;
    let mut reader = document.reader(Limits::default(), &[]);
    reader.root("", "methodResponse").map_err(wrong)?;
    let (mut depth, mut elements) = (1_usize, 1);
    while depth > 0 {
        match reader.content().map_err(wrong)? {
            Content::Text(_) => depth -= 1,
            Content::Child(_) => (depth, elements) = (depth + 1, elements + 1),
        }
    }
    reader.finish().map_err(wrong)?;
    Ok(elements)
}

/// The same, into values.
fn decode(document: &[u8]) -> Result<usize> {
    match xmlrpc::value(document, Some("utf-8"), &rpc::Limits::default()) {
        Ok(rpc::Answer::Value(rpc::Value::Array(records))) => Ok(records.len()),
        other => Err(anyhow!("no list of records: {}", other.is_ok())),
    }
}

fn lxml(python: &Path, time: Duration, files: &[PathBuf]) -> Result<[f64; 2]> {
    let mut command = Command::new(python);
    command.arg(checkout().join("tests/bench/peers/read_xml.py")).arg(time.as_secs_f64().to_string());
    let output = command.args(files).stdin(Stdio::null()).output().context("python")?;
    ensure!(output.status.success(), "lxml: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout)?;
    let mut rates = said.lines().map(|line| line.parse::<f64>().map(|rate| rate / 1e6));
    let mut next = || rates.next().context("lxml says too little")?.context("lxml says no number");
    Ok([next()?, next()?])
}
