//! Two stores of the made-up council: what it has bought, and what it has written down for its staff.

mod paper;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use portico_simkit::council::{Council, DEPARTMENTS, Person};

use crate::content::Content;
use crate::flavour::mix;
use crate::server::Simulator;
use paper::Kind;
use words::{FORMS, POLICIES, SUBJECTS, SUPPLIERS};

/// Years that there are papers from.
const YEARS: std::ops::RangeInclusive<i16> = 2019..=2026;
/// Contracts that a department makes in a year.
const CONTRACTS: u64 = 14;

/// Fills a store with suppliers' contracts by year and department, and another one with policies, forms and minutes by
/// department: some thousand documents in all, dated from 2019 to October 2026. The same people and seed give the same
/// documents. Content is made when it is read. Documents beyond a store's limits are left out.
pub fn council(people: &Arc<Council>, seed: u64, contracts: &Simulator, policies: &Simulator) {
    let mut maker = Maker { people: Arc::clone(people), seed };
    for year in YEARS {
        for department in DEPARTMENTS {
            for number in 0..CONTRACTS {
                maker.contract(contracts, year, department, number);
            }
        }
    }
    for department in DEPARTMENTS {
        maker.policies(policies, department);
        maker.minutes(policies, department);
    }
}

struct Maker {
    people: Arc<Council>,
    seed: u64,
}

impl Maker {
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        mix(self.seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.random() % bound.max(1) as u64) as usize
    }

    /// Somebody of a department; the first person of all if it has nobody.
    fn member(&mut self, department: &str) -> usize {
        let members = self.people.people.iter().filter(|person| person.department == department);
        let indices: Vec<usize> = members.map(|person| person.index).collect();
        let at = self.below(indices.len());
        indices.get(at).copied().unwrap_or_default()
    }

    /// Some moment in office hours of a year; of 2026, before November.
    fn moment(&mut self, year: i16) -> Timestamp {
        let days = if year == 2026 { 300 } else { 364 };
        let day = i64::try_from(self.random() % days).unwrap_or_default();
        let minutes = i64::try_from(8 * 60 + self.random() % (9 * 60)).unwrap_or_default();
        let start = date(year, 1, 1).at(0, 0, 0, 0).checked_add(day.days().minutes(minutes));
        start
            .ok()
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map_or(Timestamp::UNIX_EPOCH, |z| z.timestamp())
    }

    fn paper(
        &mut self,
        store: &Simulator,
        path: &str,
        kind: Kind,
        title: &str,
        author: usize,
        time: Timestamp,
    ) {
        let (seed, title, people) = (self.random(), Box::<str>::from(title), Arc::clone(&self.people));
        let content = Content::made(move || {
            let author = people.people.get(author).map(by_line).unwrap_or_default();
            paper::make(kind, &title, &author, seed)
        });
        store.put(&format!("{path}.{}", kind.extension()), content, time);
    }

    /// A contract is a folder: the contract itself, its prices, and at times notes of a review.
    fn contract(&mut self, store: &Simulator, year: i16, department: &str, number: u64) {
        let supplier = SUPPLIERS[self.below(SUPPLIERS.len())];
        let subject = SUBJECTS[self.below(SUBJECTS.len())].replace(" / ", " - ");
        let supplier_name = supplier.replace(" / ", " - ");
        let department_name = department.replace('/', "-");
        let reference = format!("C{year}-{:03}", number * 10 + self.random() % 10);
        let folder = format!("{year}/{department_name}/{reference} {supplier_name}");
        let author = self.member(department);
        let signed = self.moment(year);
        let title = format!("{subject} ({supplier})");
        self.paper(store, &format!("{folder}/{subject}"), Kind::Pdf, &title, author, signed);
        self.paper(store, &format!("{folder}/Prices {year}"), Kind::Csv, &subject, author, signed);
        if self.random().is_multiple_of(3) {
            let reviewed = signed.checked_add(2_160.hours()).unwrap_or(signed).min(LAST);
            self.paper(store, &format!("{folder}/Review notes"), Kind::Markdown, &title, author, reviewed);
        }
    }

    fn policies(&mut self, store: &Simulator, department: &str) {
        let folder = department.replace('/', "-");
        for name in POLICIES {
            let (author, year) = (self.member(department), 2019 + self.below(8) as i16);
            let (time, title) = (self.moment(year), format!("{name} policy"));
            let version = 1 + self.below(7);
            let path = format!("{folder}/Policies/{title} v{version}");
            self.paper(store, &path, Kind::Pdf, &title, author, time);
            if self.random().is_multiple_of(2) {
                self.paper(
                    store,
                    &format!("{folder}/Policies/{title} - summary"),
                    Kind::Markdown,
                    &title,
                    author,
                    time,
                );
            }
        }
        for name in FORMS {
            let (author, year) = (self.member(department), 2021 + self.below(6) as i16);
            let time = self.moment(year);
            let path = format!("{folder}/Forms/{} form", name.replace('/', " per "));
            self.paper(store, &path, Kind::Text, name, author, time);
        }
    }

    fn minutes(&mut self, store: &Simulator, department: &str) {
        let folder = department.replace('/', "-");
        for year in YEARS {
            for month in (1..=12).step_by(2) {
                let Ok(day) = jiff::civil::Date::new(year, month, 14) else { continue };
                let Ok(time) = day.at(14, 30, 0, 0).to_zoned(jiff::tz::TimeZone::UTC) else { continue };
                if time.timestamp() > LAST {
                    continue;
                }
                let author = self.member(department);
                let (title, time) = (format!("{department}: minutes of {day}"), time.timestamp());
                let path = format!("{folder}/Minutes/{year}/{day} Cofnodion - Minutes");
                self.paper(store, &path, Kind::Markdown, &title, author, time);
            }
        }
    }
}

/// Nothing is dated later: 31 October 2026, 17:00 UTC.
const LAST: Timestamp = Timestamp::constant(1_793_466_000, 0);

fn by_line(person: &Person) -> String {
    format!("{}, {}, {}", person.display_name, person.title, person.team)
}
