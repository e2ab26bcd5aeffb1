//! How quick and how large the index is over 100,000 made-up people.
//!
//! `cargo run --release -p portico-directory --example measure [people]`

#[path = "../../tests/directory/council.rs"]
mod council;
mod queries;

use std::time::{Duration, Instant};

use portico_contract::people::{PersonChange, PersonRecord};
use portico_directory::{Builder, PeopleIndex, Query};
use portico_simkit::council::Council;
use rustix::time::{ClockId, clock_gettime};

const LIMIT: usize = 20;

fn main() {
    let size = std::env::args().nth(1).and_then(|size| size.parse().ok()).unwrap_or(100_000);
    let people = council::records(&Council::generate(7, size));
    measure("council names", &people);
    measure("a family name of their own each", &queries::different_names(people));
}

fn measure(what: &str, people: &[PersonRecord]) {
    println!("\n## {what}: {} people", people.len());
    let (start, before) = (Instant::now(), processor());
    let index = council::index(people);
    let worked = ms(processor() - before);
    println!(
        "build            {:8.1} ms, {worked:.1} ms of it processor time, {index:?}",
        ms(start.elapsed())
    );
    let bytes = index.bytes();
    println!(
        "heap             {:8.1} MB, {} octets a person",
        bytes as f64 / 1e6,
        bytes / people.len().max(1)
    );
    changes(&index, people);
    retell(&index, people);
    for (name, typed) in queries::mixes(people) {
        search(&index, name, &typed, true);
    }
    let (name, typed) = &queries::mixes(people)[0];
    search(&index, &format!("{name}, sees nobody"), typed, false);
    reads(&index, people);
}

/// A feed that brings 100 changes two hundred times.
fn changes(index: &PeopleIndex, people: &[PersonRecord]) {
    let (mut index, mut took, mut worked) = (index.clone(), Vec::new(), Vec::new());
    for round in 0..200_usize {
        let changed: Vec<_> = (0..100)
            .map(|at| {
                let mut person = people[(round * 7_919 + at * 104_729) % people.len()].clone();
                person.profile.title = Some(format!("Officer {round}"));
                PersonChange::Put(Box::new(person))
            })
            .collect();
        let (start, before) = (Instant::now(), processor());
        let mut builder = Builder::from(&index);
        changed.into_iter().for_each(|change| builder.apply(change));
        index = builder.build();
        worked.push(processor() - before);
        took.push(start.elapsed());
    }
    print("100 changes, processor time", worked);
    print(&format!("100 changes ({index:?}, {:.1} MB after 200 times)", index.bytes() as f64 / 1e6), took);
}

/// A directory without change detection tells everybody again, of whom nobody changed.
fn retell(index: &PeopleIndex, people: &[PersonRecord]) {
    let start = Instant::now();
    let mut builder = Builder::from(index);
    builder.apply(PersonChange::Begin { whole: true });
    people.iter().for_each(|person| builder.apply(PersonChange::Put(Box::new(person.clone()))));
    let again = builder.build();
    println!("told again       {:8.1} ms, {again:?}", ms(start.elapsed()));
}

fn search(index: &PeopleIndex, name: &str, typed: &[String], sees: bool) {
    let (mut took, mut worked, mut found) = (Vec::with_capacity(typed.len()), Vec::new(), 0);
    for typed in typed {
        let (start, before) = (Instant::now(), processor());
        let hits = index.search(&Query::parse(typed), LIMIT, |person| sees && person.unit().is_some()).len();
        worked.push(processor() - before);
        took.push(start.elapsed());
        found += usize::from(hits > 0);
    }
    print(&format!("{name} ({} queries, {found} find somebody)", typed.len()), took);
    print("  of it processor time of the thread", worked);
}

/// What the thread has worked: on a busy machine most of a long wait is somebody else's work.
fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn reads(index: &PeopleIndex, people: &[PersonRecord]) {
    let times = |read: &dyn Fn(&PersonRecord) -> usize| -> Vec<Duration> {
        let one = |person| {
            let start = Instant::now();
            std::hint::black_box(read(person));
            start.elapsed()
        };
        people.iter().step_by(97).map(one).collect()
    };
    print(
        "get with record",
        times(&|person| index.get(&person.id).map_or(0, |found| found.record().profile.emails.len())),
    );
    print("reports", times(&|person| index.reports(&person.id).len()));
    print("chain", times(&|person| index.chain(&person.id).len()));
}

fn print(name: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| ms(took[((took.len() - 1) as f64 * share) as usize]);
    println!("p50 {:7.3}  p99 {:7.3}  max {:7.3} ms  {name}", at(0.5), at(0.99), at(1.0));
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
