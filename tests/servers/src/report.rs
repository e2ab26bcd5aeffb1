//! What could not be run, kept for the closing table of `cargo xtask test`.

use std::fs::{self, OpenOptions};
use std::io::Write as _;

use crate::install::folder;
use crate::{NotRun, Product};

const FILE: &str = "not-run.txt";

/// Forgets earlier runs.
pub fn clear_report() -> anyhow::Result<()> {
    let file = folder()?.join(FILE);
    if file.exists() {
        fs::remove_file(file)?;
    }
    Ok(())
}

/// The products that a test had to do without since [`clear_report`]: name and reason, and how many tests.
pub fn not_run_report() -> Vec<(String, String, usize)> {
    let text = folder().map(|folder| fs::read_to_string(folder.join(FILE)).unwrap_or_default());
    let mut report: Vec<(String, String, usize)> = Vec::new();
    for (name, why) in text.unwrap_or_default().lines().filter_map(|line| line.split_once('\t')) {
        match report.iter_mut().find(|(known, ..)| known == name) {
            Some((.., tests)) => *tests += 1,
            None => report.push((name.to_owned(), why.to_owned(), 1)),
        }
    }
    report
}

pub(crate) fn note(not_run: &NotRun) {
    println!("{not_run}");
    let NotRun { product, why } = not_run;
    // Losing the note loses a line of a table, not a test.
    let _ = append(*product, why);
}

fn append(product: Product, why: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(folder()?.join(FILE))?;
    let line = format!("{product}\t{}\n", why.replace(['\n', '\t'], " "));
    file.write_all(line.as_bytes())?;
    Ok(())
}
