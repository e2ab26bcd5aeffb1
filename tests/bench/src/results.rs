//! The measurements against what was promised, and the page that says so.

use std::fmt::Write as _;

use crate::measure::{Documents, Requests, Service};
use crate::overload::Overload;
use crate::rounds::Series;
use crate::subjects::NAMES;

const NGINX: usize = 1;
const PORTICO: usize = 3;

/// A promise with its figure.
pub struct Verdict {
    pub what: &'static str,
    pub wanted: &'static str,
    pub measured: String,
    pub met: bool,
}

pub fn at_least(what: &'static str, wanted: &'static str, least: f64, measured: &Series) -> Verdict {
    let median = measured.median();
    let measured = format!("{median:.2} ({})", spread(measured, 2));
    Verdict { what, wanted, measured, met: median >= least }
}

pub fn at_most(what: &'static str, wanted: &'static str, most: f64, figure: f64, text: String) -> Verdict {
    Verdict { what, wanted, measured: text, met: figure <= most }
}

/// A subject's figures over the back office's own, round by round.
fn added(all: &[Series], subject: usize) -> Series {
    all[subject].with(&all[0], |with, without| with - without)
}

fn ratio(all: &[Series]) -> Series {
    all[PORTICO].with(&all[NGINX], |portico, nginx| portico / nginx)
}

impl Requests {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let (p50, p99) = (added(&self.p50, PORTICO), added(&self.p99, PORTICO));
        vec![
            at_least("(a) requests a second, nginx = 1", "≥ 0.5", 0.5, &ratio(&self.rates)),
            at_most(
                "(a) added latency at half load, p50",
                "≤ 0.3 ms",
                0.3,
                p50.median(),
                format!("{:.3} ms ({})", p50.median(), spread(&p50, 3)),
            ),
            at_most(
                "(a) added latency at half load, p99",
                "≤ 3 ms",
                3.0,
                p99.median(),
                format!("{:.3} ms ({})", p99.median(), spread(&p99, 3)),
            ),
        ]
    }

    pub fn page(&self) -> String {
        let mut page =
            "## (a) A kibibyte of JSON\n\nRequests a second, as much as goes on 32 connections:\n\n"
                .to_owned();
        page += &table(&self.rates, 0);
        page += "\nProcessor time of the subject while that was measured, as a part of its core:\n\n";
        page += &table(&self.busy, 2);
        let per_cpu: Vec<f64> = (0..NAMES.len())
            .map(|at| self.rates[at].with(&self.busy[at], |rate, busy| rate / busy.max(0.01)).median())
            .collect();
        let _ = writeln!(
            page,
            "\nRequests for a second of processor time (the fair figure where the load, and not the subject, was at its \
             limit): nginx {:.0}, HAProxy {:.0}, Portico {:.0} = {:.2} × nginx.",
            per_cpu[NGINX],
            per_cpu[2],
            per_cpu[PORTICO],
            per_cpu[PORTICO] / per_cpu[NGINX]
        );
        let _ = writeln!(
            page,
            "\nLatency at a constant {:.0} requests a second, half of what Portico can do. p50 in ms:\n",
            self.half
        );
        page += &table(&self.p50, 3);
        page += "\np99 in ms:\n\n";
        page += &table(&self.p99, 3);
        let nginx = (added(&self.p50, NGINX).median(), added(&self.p99, NGINX).median());
        let _ = writeln!(
            page,
            "\nnginx itself adds {:.3} ms (p50) and {:.3} ms (p99). Portico's resident memory after all that: {:.1} MiB.",
            nginx.0, nginx.1, self.resident
        );
        page
    }
}

impl Documents {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let added = self.peak - self.before;
        vec![
            at_least("(b) throughput of a 100 MB document, nginx = 1", "≥ 0.7", 0.7, &ratio(&self.rates)),
            Verdict {
                what: "(b) memory that it adds",
                wanted: "< 40 MiB",
                measured: format!("{added:.1} MiB (from {:.1} to {:.1})", self.before, self.peak),
                met: added < 40.0,
            },
        ]
    }

    pub fn page(&self) -> String {
        let mut page =
            "## (b) A document of 100 MB\n\nMB a second, one download after the other:\n\n".to_owned();
        page += &table(&self.rates, 0);
        page += "\nProcessor time of the subject, as a part of its core:\n\n";
        page += &table(&self.busy, 2);
        page
    }
}

impl Service {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let (ready, answered) = (self.ready.median(), self.answered.median());
        vec![
            at_most(
                "(c) `serve` to its ready file",
                "≤ 100 ms",
                100.0,
                ready,
                format!("{ready:.1} ms ({})", spread(&self.ready, 1)),
            ),
            at_most(
                "(c) `serve` to its first answer",
                "≤ 100 ms",
                100.0,
                answered,
                format!("{answered:.1} ms ({})", spread(&self.answered, 1)),
            ),
            at_most(
                "(c) resident memory, idle",
                "≤ 30 MiB",
                30.0,
                self.idle.max(self.at_start),
                format!("{:.1} MiB once ready, {:.1} MiB later", self.at_start, self.idle),
            ),
            at_most("(c) the binary", "≤ 40 MB", 40.0, self.binary, format!("{:.1} MB", self.binary)),
        ]
    }
}

impl Overload {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let kept = self.goodput.with(&self.peak, |good, peak| good / peak);
        let added = self.most - self.before;
        let ms = |series: &Series| format!("{:.2} ms ({})", series.median(), spread(series, 2));
        let (p99, health) = (self.refusal_p99.median(), self.health.median());
        vec![
            at_least("(d) good answers at three times the peak, peak = 1", "≥ 0.8", 0.8, &kept),
            at_most("(d) a refusal, p99", "< 10 ms", 10.0, p99, ms(&self.refusal_p99)),
            at_most("(d) `/livez` and `/readyz`, the longest", "≤ 1 s", 1_000.0, health, ms(&self.health)),
            at_most(
                "(d) memory that it adds",
                "≤ 128 MiB",
                128.0,
                added,
                format!("{added:.1} MiB (from {:.1} to {:.1})", self.before, self.most),
            ),
        ]
    }

    pub fn page(&self) -> String {
        let mut page = "## (d) Three times as much as the system behind can bear\n\n".to_owned();
        let rounds = self.peak.values().len();
        let _ = writeln!(page, "| A second, or ms | Median |{}", columns(rounds));
        let rows = [
            ("good answers, peak", &self.peak, 0),
            ("good answers, three times", &self.goodput, 0),
            ("refusals, three times", &self.refused, 0),
            ("refusal p99, ms", &self.refusal_p99, 2),
            ("refusal at most, ms", &self.refusal_longest, 2),
            ("health at most, ms", &self.health, 2),
        ];
        for (name, series, digits) in rows {
            let _ = writeln!(page, "{}", row(name, series, digits));
        }
        page
    }
}

/// The table of verdicts.
pub fn summary(verdicts: &[Verdict]) -> String {
    let mut text = "| Figure | Wanted | Measured | |\n|---|---|---|---|\n".to_owned();
    for verdict in verdicts {
        let met = if verdict.met { "met" } else { "**missed**" };
        let _ = writeln!(text, "| {} | {} | {} | {met} |", verdict.what, verdict.wanted, verdict.measured);
    }
    text
}

fn table(all: &[Series], digits: usize) -> String {
    table_of(&NAMES, all, digits)
}

/// A row for each of these subjects, a column for each round. Some may have fewer rounds than others.
pub fn table_of(names: &[&str], all: &[Series], digits: usize) -> String {
    let rounds = all.iter().map(|series| series.values().len()).max().unwrap_or_default();
    let mut text = format!("| Subject | Median |{}\n", columns(rounds));
    for (name, series) in names.iter().zip(all) {
        text += &row(name, series, digits);
        text += &" – |".repeat(rounds - series.values().len());
        text.push('\n');
    }
    text
}

/// The head of a table, from its third column on, and the line under it.
fn columns(rounds: usize) -> String {
    let names: String = (1..=rounds).map(|round| format!(" Round {round} |")).collect();
    format!("{names}\n|---|---|{}", "---|".repeat(rounds))
}

fn row(name: &str, series: &Series, digits: usize) -> String {
    let values: String = series.values().iter().map(|value| format!(" {value:.digits$} |")).collect();
    format!("| {name} | {:.digits$} |{values}", series.median())
}

pub fn spread(series: &Series, digits: usize) -> String {
    let least = series.values().iter().copied().fold(f64::INFINITY, f64::min);
    let most = series.values().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{least:.digits$} to {most:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(values: &[f64]) -> Series {
        values.iter().copied().collect()
    }

    #[test]
    fn a_figure_is_met_or_missed_by_its_median() {
        let all = |portico: &[f64]| {
            vec![rounds(&[9.0; 3]), rounds(&[100.0, 200.0, 100.0]), rounds(&[1.0; 3]), rounds(portico)]
        };
        let verdict = |portico: &[f64]| at_least("", "", 0.5, &ratio(&all(portico)));
        assert!(verdict(&[50.0, 90.0, 70.0]).met);
        assert!(!verdict(&[49.0, 90.0, 70.0]).met);
        assert_eq!(verdict(&[50.0, 90.0, 70.0]).measured, "0.50 (0.45 to 0.70)");
        assert_eq!(added(&all(&[10.0, 12.0, 9.5]), PORTICO).median(), 1.0);
    }

    #[test]
    fn the_page_has_a_row_for_every_subject_and_says_what_was_missed() {
        let all: Vec<Series> = (1..=4).map(|at| rounds(&[f64::from(at)])).collect();
        let lines: Vec<String> = table(&all, 1).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[5], "| Portico | 4.0 | 4.0 |");
        let verdict = at_most("size", "≤ 1", 1.0, 2.0, "2".to_owned());
        assert!(summary(&[verdict]).ends_with("| size | ≤ 1 | 2 | **missed** |\n"));
    }
}
