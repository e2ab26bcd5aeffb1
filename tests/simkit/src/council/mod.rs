//! A made-up council, the same for the same seed: its people, departments, teams and who manages whom.
//!
//! Given and family names are drawn from lists of common names of several origins and combined by chance; nobody
//! in it exists. Simulators seed their data from it, so that a person is the same person in every system.

pub mod ldif;
mod names;
mod structure;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use structure::DEPARTMENTS;
use structure::Department;

/// The seed that the demo uses.
pub const DEMO_SEED: u64 = 20_261_101;
/// How many people the demo council has.
pub const DEMO_SIZE: usize = 1_000;
/// No larger council is made, however many people are asked for.
pub const MAX_SIZE: usize = 200_000;
/// The mail domain, reserved for examples by RFC 2606.
pub const MAIL_DOMAIN: &str = "council.example";

/// People for one team manager, at most, and teams for one head of service.
const SPAN: usize = 12;

/// One member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Position in [`Council::people`].
    pub index: usize,
    /// A version 4 UUID in lower case, as a directory would make one.
    pub id: String,
    /// Lower-case ASCII, unique: first letter and family name, with a number from the second on.
    pub username: String,
    /// May carry accents, hyphens and spaces.
    pub given_name: String,
    /// May carry accents, hyphens, apostrophes and spaces.
    pub family_name: String,
    /// Given and family name.
    pub display_name: String,
    /// The job title.
    pub title: String,
    /// One of [`DEPARTMENTS`]; the chief executive belongs to the first.
    pub department: &'static str,
    /// A team inside the department.
    pub team: &'static str,
    /// Index of the manager, always smaller than the person's own; `None` for the chief executive alone.
    pub manager: Option<usize>,
    /// Lower-case ASCII, unique, under [`MAIL_DOMAIN`].
    pub mail: String,
    /// Telephone extension, unique, digits only. The full number is `+44 1632 960000` with this extension; the
    /// range is reserved for fiction.
    pub extension: String,
    /// Unique, `E` and six digits.
    pub employee_number: String,
    /// BCP 47: `en` or `cy`.
    pub language: &'static str,
}

/// The people of one council.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Council {
    /// The chief executive first; every manager comes before the people managed.
    pub people: Vec<Person>,
}

impl Council {
    /// Makes `size` people (at most [`MAX_SIZE`]). The same seed and size give the same council in every build;
    /// size 0 gives nobody.
    pub fn generate(seed: u64, size: usize) -> Self {
        let mut maker = Maker { random: Random(seed), usernames: HashMap::new(), mails: HashMap::new() };
        let people = posts(size.min(MAX_SIZE));
        let people = people.into_iter().enumerate().map(|(index, post)| maker.person(index, post)).collect();
        Self { people }
    }

    /// The council of the demo.
    pub fn demo() -> Self {
        Self::generate(DEMO_SEED, DEMO_SIZE)
    }

    /// The person with this user name.
    pub fn by_username(&self, username: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.username == username)
    }

    /// Everybody whose direct manager is `index`.
    pub fn reports(&self, index: usize) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(move |person| person.manager == Some(index))
    }
}

/// A place in the hierarchy, before there is a person on it.
struct Post {
    title: String,
    department: &'static str,
    team: &'static str,
    manager: Option<usize>,
}

/// The hierarchy: chief executive, directors, heads of service, team managers, members; level by level as far as
/// `size` reaches, so that a manager always comes first.
fn posts(size: usize) -> Vec<Post> {
    let mut posts = Vec::with_capacity(size);
    let first = &structure::TREE[0];
    posts.push(Post {
        title: "Chief Executive".to_owned(),
        department: first.name,
        team: first.teams[0].name,
        manager: None,
    });
    let directors = structure::TREE.iter().map(|department| Post {
        title: format!("Director of {}", department.name),
        department: department.name,
        team: department.teams[0].name,
        manager: Some(0),
    });
    posts.extend(directors);
    posts.truncate(size);
    if posts.len() < size {
        staff(&mut posts, size);
    }
    posts
}

/// Fills the departments up to `size` by their weight, directors standing at 1 and after.
fn staff(posts: &mut Vec<Post>, size: usize) {
    let left = size - posts.len();
    let weights: usize = structure::TREE.iter().map(|department| department.weight).sum();
    let mut given = 0;
    let mut below = Vec::new();
    for (at, department) in structure::TREE.iter().enumerate() {
        let last = at + 1 == structure::TREE.len();
        let share = if last { left - given } else { left * department.weight / weights };
        given += share;
        below.push((at + 1, department, share));
    }
    let mut managers = Vec::new();
    for &(director, department, share) in &below {
        let teams = share.div_ceil(SPAN + 1);
        let heads = if teams > SPAN { teams.div_ceil(SPAN) } else { 0 };
        let first_head = posts.len();
        posts.extend((0..heads).map(|head| post(department, head, "Head of Service, ", Some(director))));
        managers.push((department, share - heads, teams, director, first_head, heads));
    }
    let mut members = Vec::new();
    for (department, share, teams, director, first_head, heads) in managers {
        let teams = teams.min(share);
        let first_manager = posts.len();
        posts.extend((0..teams).map(|team| {
            let above = if heads == 0 { director } else { first_head + team % heads };
            post(department, team, "Team Manager, ", Some(above))
        }));
        members.push((department, share - teams, first_manager, teams));
    }
    for (department, share, first_manager, teams) in members {
        posts.extend((0..share).map(|member| {
            let team = &department.teams[(member % teams) % department.teams.len()];
            Post {
                title: team.titles[(member / teams) % team.titles.len()].to_owned(),
                department: department.name,
                team: team.name,
                manager: Some(first_manager + member % teams),
            }
        }));
    }
}

fn post(department: &'static Department, number: usize, prefix: &str, manager: Option<usize>) -> Post {
    let team = &department.teams[number % department.teams.len()];
    Post { title: format!("{prefix}{}", team.name), department: department.name, team: team.name, manager }
}

struct Maker {
    random: Random,
    usernames: HashMap<String, u32>,
    mails: HashMap<String, u32>,
}

impl Maker {
    fn person(&mut self, index: usize, post: Post) -> Person {
        let origin = self.random.weighted(names::ORIGINS, |origin| origin.weight);
        // Families mix: every tenth person's family name has another origin than the given name.
        let family_origin = match self.random.below(10) {
            0 => self.random.weighted(names::ORIGINS, |origin| origin.weight),
            _ => origin,
        };
        let given_name = *self.random.pick(origin.given);
        let mut family_name = (*self.random.pick(family_origin.family)).to_owned();
        if self.random.below(40) == 0 {
            family_name = format!("{family_name}-{}", self.random.pick(origin.family));
        }
        let (plain_given, plain_family) = (names::fold(given_name), names::fold(&family_name));
        let initial = plain_given.chars().take(1);
        let username = unique(&mut self.usernames, &initial.chain(plain_family.chars()).collect::<String>());
        let mail = unique(&mut self.mails, &format!("{plain_given}.{plain_family}"));
        let language = if origin.welsh && self.random.below(2) == 0 { "cy" } else { "en" };
        Person {
            index,
            id: self.random.uuid(),
            username,
            display_name: format!("{given_name} {family_name}"),
            given_name: given_name.to_owned(),
            family_name,
            title: post.title,
            department: post.department,
            team: post.team,
            manager: post.manager,
            mail: format!("{mail}@{MAIL_DOMAIN}"),
            extension: format!("{}", 1_000 + index),
            // Numbers follow the order of joining, which has nothing to do with rank: 7919 is coprime to 900,000.
            employee_number: format!("E{:06}", 100_000 + (index * 7_919 + 4_211) % 900_000),
            language,
        }
    }
}

/// `wanted`, or `wanted2`, `wanted3` and so on. Names have no digits, so that a count for each is enough: trying one
/// number after the other took half a minute for 100,000 people.
fn unique(taken: &mut HashMap<String, u32>, wanted: &str) -> String {
    let times = taken.entry(wanted.to_owned()).or_insert(0);
    *times += 1;
    if *times == 1 { wanted.to_owned() } else { format!("{wanted}{times}") }
}

/// SplitMix64: small, and ours, so that no upgrade of a library ever changes the demo's people.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> usize) -> &'a T {
        let mut at = self.below(list.iter().map(&weight).sum());
        for item in list {
            match at.checked_sub(weight(item)) {
                Some(rest) => at = rest,
                None => return item,
            }
        }
        &list[list.len() - 1]
    }

    fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        let bits = (bits & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}
