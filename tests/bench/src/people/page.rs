//! What was wanted of people, and the page that says what came of it.

use std::fmt::Write as _;

use super::contest::Loaded;
use super::measure::{Few, Many};
use crate::results::{Verdict, at_least, at_most, spread, table_of};
use crate::rounds::Series;

/// The place of the gateway in parts (1) and (2).
const PORTICO: usize = 1;

/// A subject's figures over another's, round by round.
pub fn over(all: &[Series], one: usize, other: usize) -> Series {
    all[one].with(&all[other], |one, other| one / other)
}

/// How many times as much as each peer that does the same: they come after Portico, and their names are those of their
/// languages.
fn over_peers(verdicts: &mut Vec<Verdict>, what: [&'static str; 2], all: &Loaded, portico: usize) {
    for (what, peer) in what.into_iter().zip(["Python", "Node"]) {
        verdicts.push(match all.names.iter().position(|name| *name == peer) {
            Some(at) => at_least(what, "≥ 3", 3.0, &over(&all.rates, portico, at)),
            None => Verdict { what, wanted: "≥ 3", measured: "not run, see above".to_owned(), met: false },
        });
    }
}

/// The same of the peers that do less, for which nothing is wanted.
fn beside(all: &Loaded, portico: usize) -> String {
    let bare = all.names.iter().enumerate().filter(|(_, name)| name.ends_with("bare"));
    let ratios: Vec<String> = bare
        .map(|(at, name)| {
            let ratio = over(&all.rates, portico, at);
            format!("{name} = 1: {:.2} ({})", ratio.median(), spread(&ratio, 2))
        })
        .collect();
    format!(
        "\nAgainst peers that only find people (see below), Portico's requests a second are: {}.\n",
        ratios.join("; ")
    )
}

impl Few {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let ratio = over(&self.listing, PORTICO, 0);
        let mut all =
            vec![at_least("(1) people a second in a list of 1,000, `ldapsearch` = 1", "≥ 0.8", 0.8, &ratio)];
        let by_id = [
            "(2) a person by id, requests a second, Python doing the same = 1",
            "(2) the same, Node doing the same = 1",
        ];
        over_peers(&mut all, by_id, &self.by_id, PORTICO);
        all
    }

    pub fn page(&self) -> String {
        let mut page =
            "## (1) A list of 1,000 people\n\nPeople a second, one list after the other:\n\n".to_owned();
        page += &table_of(&self.listers, &self.listing, 0);
        let bare = self.listing[PORTICO].with(&self.bare, |portico, bare| portico / bare);
        let _ = writeln!(
            page,
            "\n`ldapsearch` without its start, its bind and its end: {:.0} people a second ({}); Portico, which has its \
             connections open, gives {:.2} times that ({}).\n",
            self.bare.median(),
            spread(&self.bare, 0),
            bare.median(),
            spread(&bare, 2)
        );
        page += "## (2) One person by id\n\n";
        page += &self.by_id.page(32, "slapd");
        let ratio = over(&self.by_id.rates, PORTICO, 0);
        let _ = writeln!(
            page,
            "\nPortico's requests a second, slapd = 1: {:.2} ({}).",
            ratio.median(),
            spread(&ratio, 2)
        );
        page += &beside(&self.by_id, PORTICO);
        for (at, name) in self.by_id.names.iter().enumerate().filter(|(_, name)| name.ends_with("bare")) {
            let bound = over(&self.by_id.rates, 0, at);
            let _ = writeln!(
                page,
                "slapd itself gives {:.2} times as much as {name}: nobody in front of it can give more than that.",
                bound.median()
            );
        }
        page
    }
}

impl Many {
    pub fn verdicts(&self) -> Vec<Verdict> {
        let p99 = &self.typing.p99[0];
        let text = format!("{:.3} ms ({})", p99.median(), spread(p99, 3));
        let what = "(3) a search while somebody types, p99 of every round";
        let mut all = vec![at_most(what, "≤ 10 ms", 10.0, p99.most(), text)];
        let rates =
            ["(3) searches a second, Python doing the same = 1", "(3) the same, Node doing the same = 1"];
        over_peers(&mut all, rates, &self.typing, 0);
        all
    }

    pub fn page(&self) -> String {
        let mut page = format!(
            "## (3) A search among {} people while somebody types\n\n{} prefixes of 250 names. The index takes {:.1} MiB, {:.0} \
             octets a person; Portico's resident memory after all that is {:.1} MiB. From its start to the first search: \
             {:.1} s, reading everybody from slapd.\n\n",
            self.people,
            self.prefixes,
            self.index,
            self.index * 1024.0 * 1024.0 / self.people as f64,
            self.resident,
            self.read_in
        );
        page += &self.typing.page(32, "slapd");
        page += &beside(&self.typing, 0);
        page
    }
}

impl Loaded {
    /// `behind`: what shares a core with the load.
    pub fn page(&self, connections: usize, behind: &str) -> String {
        let mut page = format!("Requests a second, as much as goes on {connections} connections:\n\n");
        page += &table_of(&self.names, &self.rates, 0);
        page += "\nProcessor time of the subject while that was measured, as a part of its core:\n\n";
        page += &table_of(&self.names, &self.busy, 2);
        let alone = (0..self.names.len()).map(|at| {
            let for_one = self.rates[at].with(&self.busy[at], |rate, busy| rate / busy.max(0.01));
            format!("{} {:.0}", self.names[at], for_one.median())
        });
        let _ = writeln!(
            page,
            "\nRequests for a second of processor time (where the load or {behind} was at its limit, and not the subject): {}.",
            alone.collect::<Vec<_>>().join(", ")
        );
        let rates = self.names.iter().zip(&self.halves).map(|(name, rate)| format!("{name} {rate:.0}"));
        let _ = write!(
            page,
            "\nLatency at a constant rate ({} requests a second). p50 in ms:\n\n",
            rates.collect::<Vec<_>>().join(", ")
        );
        page += &table_of(&self.names, &self.p50, 3);
        page += "\np99 in ms:\n\n";
        page += &table_of(&self.names, &self.p99, 3);
        page
    }
}
