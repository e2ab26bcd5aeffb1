//! What was wanted of claims and of writes, and the page that says what came of it.

use std::fmt::Write as _;

use super::intents::{Intents, Rate};
use super::measure::{Answers, LARGE, Large, PEOPLE, SMALL};
use super::reading::Reading;
use crate::people::contest::Loaded;
use crate::people::page::over;
use crate::results::{Verdict, at_least, spread, table_of};
use crate::rounds::Series;

/// MiB that an answer may add for each MiB of it, and what any answer may add.
pub const TIMES: f64 = 8.0;
pub const BESIDE: f64 = 8.0;

/// The gateway's rate over that of the fastest of the others, round by round.
fn over_fastest(loaded: &Loaded) -> Option<Series> {
    let ratios: Vec<Series> = (1..loaded.names.len()).map(|at| over(&loaded.rates, 0, at)).collect();
    ratios.into_iter().min_by(|one, other| one.median().total_cmp(&other.median()))
}

impl Answers {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let what = [
            "(1) pages of 25 claims a second, the faster of Node and Python = 1",
            "(1) pages of 200 claims a second, the same",
            "(1) one claim with its lines, the same",
        ];
        let verdict = |(what, loaded): (&'static str, &Loaded)| match over_fastest(loaded) {
            Some(ratio) if loaded.names.len() == 3 => at_least(what, "≥ 2", 2.0, &ratio),
            _ => Verdict { what, wanted: "≥ 2", measured: "not run, see above".to_owned(), met: false },
        };
        what.into_iter().zip(&self.loads).map(verdict).collect()
    }

    pub fn page(&self) -> String {
        let [small, large] = self.octets.map(|octets| octets / 1024);
        let [[sim_small, kept_small], [sim_large, kept_large]] = self.behind;
        let (asked, passed_on) = self.asked;
        let mut page = format!(
            "## (1) Claims from XML-RPC to JSON\n\n{PEOPLE} people with {} claims. For a page of {SMALL} Odoo answers {small} KiB \
             of claims, for one of {LARGE} {large} KiB, and beside them the days of their lines.\n\nThe simulator alone, asked for the \
             claims of a page again and again on one connection, answers {sim_small:.0} ({SMALL} a page) and {sim_large:.0} ({LARGE} a page) calls \
             a second: it would be what is measured. So its answers are kept and given again at once: {kept_small:.0} and \
             {kept_large:.0} calls a second. Of {asked} calls while this was measured, {passed_on} went to the simulator.\n",
            self.claims
        );
        let titles = [
            format!("{SMALL} claims a page"),
            format!("{LARGE} claims a page"),
            "One claim with its lines".into(),
        ];
        for ((title, loaded), connections) in titles.iter().zip(&self.loads).zip(&self.connections) {
            let _ = write!(page, "\n### {title}\n\n{}", loaded.page(*connections, "what stands for Odoo"));
            for (at, name) in loaded.names.iter().enumerate().skip(1) {
                let ratio = over(&loaded.rates, 0, at);
                let _ =
                    writeln!(page, "\nPortico, {name} = 1: {:.2} ({}).", ratio.median(), spread(&ratio, 2));
            }
        }
        page
    }
}

impl Reading {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let what = ["(2) XML reader, MB a second, libxml2 through lxml = 1: 4 KB", "(2) the same: 1 MB"];
        let verdict = |(at, what): (usize, &'static str)| match &self.libxml2 {
            Some(libxml2) => {
                let ratio = self.reader[at].with(&libxml2[at], |one, other| one / other);
                Verdict { met: ratio.median() > 1.0, ..at_least(what, "> 1", 1.0, &ratio) }
            }
            None => Verdict { what, wanted: "> 1", measured: "not run, see above".to_owned(), met: false },
        };
        what.into_iter().enumerate().map(verdict).collect()
    }

    pub fn page(&self) -> String {
        let mut page = "## (2) Reading XML\n\nMillions of octets a second:\n".to_owned();
        for (at, octets) in self.octets.iter().enumerate() {
            let mut names = vec!["wire, every element and text", "wire, into values"];
            let mut all = vec![self.reader[at].clone(), self.values[at].clone()];
            if let Some(libxml2) = &self.libxml2 {
                names.push("libxml2 through lxml");
                all.push(libxml2[at].clone());
            }
            let _ = write!(page, "\nA list of {octets} octets:\n\n{}", table_of(&names, &all, 0));
        }
        page
    }
}

/// MiB that an answer of this many octets may add.
fn bound(octets: usize) -> f64 {
    BESIDE + TIMES * octets as f64 / 1024.0 / 1024.0
}

pub fn large_verdicts(all: &[Large]) -> Vec<Verdict> {
    let what = [
        ("(3) memory that an answer of 100 KB adds, no error", "≤ 8.8 MiB"),
        ("(3) memory that an answer of 16 MB adds, no error", "≤ 136 MiB"),
    ];
    let verdict = |((what, wanted), large): ((&'static str, &'static str), &Large)| {
        let added = large.peak - large.before;
        let measured = format!("{added:.1} MiB (from {:.1} to {:.1})", large.before, large.peak);
        Verdict { what, wanted, measured, met: added <= bound(large.octets) }
    };
    what.into_iter().zip(all).map(verdict).collect()
}

pub fn large_page(all: &[Large]) -> String {
    let mut page = "## (3) Large answers\n\n| Answer of Odoo, octets | JSON, octets | Before, MiB | At most, MiB | Each, ms |\n|---|---|---|---|---|\n"
        .to_owned();
    for one in all {
        let took: Vec<String> =
            one.took.iter().map(|took| format!("{:.0}", took.as_secs_f64() * 1e3)).collect();
        let _ = writeln!(
            page,
            "| {} | {} | {:.1} | {:.1} | {} |",
            one.octets,
            one.given,
            one.before,
            one.peak,
            took.join(", ")
        );
    }
    page
}

impl Intents {
    pub fn page(&self) -> String {
        let mut page = "## (4) Intents\n\n| Store | Callers | Intents a second | p50, ms | p99, ms | Writes committed together |\n|---|---|---|---|---|---|\n"
            .to_owned();
        let mut rows = |name: &str, rates: &[Rate]| {
            for one in rates {
                let _ = writeln!(
                    page,
                    "| {name} | {} | {:.0} | {:.2} | {:.2} | {:.1} |",
                    one.callers, one.rate, one.p50, one.p99, one.together
                );
            }
        };
        rows("SQLite", &self.sqlite);
        match &self.postgres {
            Ok(rates) => rows("PostgreSQL", rates),
            Err(why) => page += &format!("\n{why}\n"),
        }
        page
    }

    /// Nothing is wanted but the figures; with many callers they have to be committed together.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let said = |rates: &[Rate]| {
            let each = rates.iter().map(|one| format!("{:.0} / {:.1} ms", one.rate, one.p99));
            each.collect::<Vec<_>>().join(", ")
        };
        let grouped = |rates: &[Rate]| rates.last().is_some_and(|one| one.together > 1.5);
        let (sqlite, postgres) =
            ("(4) intents a second / p99 on SQLite with 1, 32, 256 callers", "(4) the same on PostgreSQL");
        let verdict = |what, rates: &[Rate]| Verdict {
            what,
            wanted: "stated; in groups",
            measured: said(rates),
            met: grouped(rates),
        };
        vec![
            verdict(sqlite, &self.sqlite),
            match &self.postgres {
                Ok(rates) => verdict(postgres, rates),
                Err(why) => Verdict {
                    what: postgres,
                    wanted: "stated; in groups",
                    measured: format!("not run: {why}"),
                    met: false,
                },
            },
        ]
    }
}
