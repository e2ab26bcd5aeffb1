//! What Samba was recorded to answer as a domain controller, and what the simulator answers to the same.

use portico_ldap_sim::{Account, Dialect, Options};
use portico_simkit::council::Council;

use crate::client::{Said, Started, Target, entries, installed, recording, start};

async fn recorded_names() -> Option<Started> {
    let base = "DC=corp,DC=example,DC=org".to_owned();
    with(Options { base, ..Options::new(Dialect::ActiveDirectory) }).await
}

async fn with(options: Options) -> Option<Started> {
    if !installed() {
        return None;
    }
    Some(start(options).await)
}

fn recorded(name: &str) -> String {
    recording("samba-ad", name)
}

fn plain(started: &Started) -> Target {
    Target { url: started.sim.url(), ..started.gateway.clone() }
}

#[tokio::test]
async fn the_root_dse_is_the_recorded_one() {
    let Some(started) = recorded_names().await else { return };
    let said = plain(&started).with("", "").search(&["-LLL", "-b", "", "-s", "base"]).await;
    let own = |lines: &str| -> Vec<String> {
        let moves = ["currentTime", "highestCommittedUSN"];
        let all = entries(lines).into_values().next().unwrap().into_iter();
        all.filter(|line| !moves.iter().any(|name| line.starts_with(name))).collect()
    };
    assert_eq!(own(&said.out), own(&recorded("01-rootdse.ldif")));
    assert!(said.out.contains("currentTime: 20") && said.out.contains("highestCommittedUSN: "));
}

#[tokio::test]
async fn binds_are_refused_as_recorded() {
    let Some(started) = recorded_names().await else { return };
    let council = Council::demo();
    let state = |wanted: Account| {
        let person =
            council.people.iter().find(|person| started.sim.account(person.index) == wanted).unwrap();
        format!("{}@corp.example.org", person.username)
    };
    let whoami = async |target: &Target, user: &str, password: &str| {
        target.with(user, password).run("ldapwhoami", &[], "").await
    };
    let cleartext = whoami(&plain(&started), &state(Account::Enabled), "portico-person").await;
    assert!(recorded("02-simple-bind-cleartext-389.txt").contains(cleartext.err.trim()), "{}", cleartext.err);
    for (state, file) in [
        (state(Account::Enabled), "03-bind-bad-password.txt"),
        (state(Account::Disabled), "03b-bind-disabled-user.txt"),
    ] {
        let said = whoami(&started.gateway, &state, "wrong").await;
        assert!(recorded(file).contains(said.err.trim()) && said.code == Some(49), "{}", said.err);
    }
    // With the right password, the controller tells what else is in the way.
    for (account, error) in [(Account::Disabled, "533"), (Account::Locked, "775"), (Account::Expired, "701")]
    {
        let said = whoami(&started.gateway, &state(account), "portico-person").await;
        assert!(said.err.contains(&format!("data {error},")), "{account:?} {}", said.err);
    }
    let said = whoami(&started.gateway, "nobody@corp.example.org", "x").await;
    assert!(said.err.contains("data 525,"), "{}", said.err);
    for user in [state(Account::Enabled), format!("CORP\\{}", council.people[3].username)] {
        assert_eq!(whoami(&started.gateway, &user, "portico-person").await.code, Some(0));
    }
    // Five wrong ones lock the account, the right one after that included.
    let user = format!("{}@corp.example.org", council.people[4].username);
    for _ in 0..5 {
        assert!(whoami(&started.gateway, &user, "wrong").await.err.contains("data 52e,"));
    }
    assert!(whoami(&started.gateway, &user, "portico-person").await.err.contains("data 775,"));
    // StartTLS is as good as TLS.
    let said = plain(&started)
        .with(&state(Account::Enabled), "portico-person")
        .run("ldapwhoami", &["-ZZ"], "")
        .await;
    assert!(said.out.starts_with("u:CORP\\"), "{} {}", said.out, said.err);
}

#[tokio::test]
async fn a_person_has_what_a_recorded_person_has() {
    let Some(started) = recorded_names().await else { return };
    let said = started.gateway.search(&["-LLL", "(sAMAccountName=ameredith)"]).await;
    let (name, found) = entries(&said.out).into_iter().next().unwrap();
    let (_, wanted) = entries(&recorded("04-user.ldif")).into_iter().next().unwrap();
    assert!(name.starts_with("dn: CN=Meredith\\, Angharad,"), "{name}");
    for line in &wanted {
        let attribute = line.split_once(':').unwrap().0;
        // The one at the top has no manager.
        let start = format!("{attribute}:");
        assert!(
            found.iter().any(|line| line.starts_with(&start)) || attribute == "manager",
            "no {attribute}"
        );
        let fixed = [
            "objectClass",
            "instanceType",
            "objectCategory",
            "sAMAccountType",
            "primaryGroupID",
            "userAccountControl",
            "accountExpires",
            "codePage",
        ];
        assert!(!fixed.contains(&attribute) || found.contains(line), "{line}");
    }
    let referral = "# refldaps://corp.example.org/CN=Configuration,DC=corp,DC=example,DC=org";
    assert!(said.out.contains(referral) && recorded("04-user.ldif").contains(referral));
    let below =
        started.gateway.search(&["-LLL", "-b", &started.sim.people_base, "(sAMAccountName=ameredith)"]).await;
    assert!(below.names() == 1 && !below.out.contains("# ref"), "only from the root");
}

#[tokio::test]
async fn many_values_come_in_ranges() {
    let base = "DC=corp,DC=example,DC=org".to_owned();
    let options = Options { base, people: 1_600, ..Options::new(Dialect::ActiveDirectory) };
    let Some(started) = with(options).await else { return };
    let ask = async |attribute: &str| {
        let said = started.gateway.search(&["-LLL", "(sAMAccountName=All Staff)", attribute]).await;
        let count =
            |said: &Said, start: &str| said.out.lines().filter(|line| line.starts_with(start)).count();
        (count(&said, "member;range=0-4:"), count(&said, "member;range=995-*:"), said)
    };
    let (five, _, said) = ask("member;range=0-4").await;
    let wanted = recorded("05-group-range.ldif");
    let recorded_five = wanted.lines().filter(|line| line.starts_with("member;range=0-4:")).count();
    assert_eq!((five, recorded_five), (5, 5), "{}", said.out);
    let (_, to_end, said) = ask("member;range=995-*").await;
    assert_eq!(to_end, 605, "{}", said.out);
    assert!(wanted.contains("member;range=995-*:"));
    // More than the controller gives at once: the attribute is empty, and beside it are the first.
    let (_, _, said) = ask("member").await;
    let first = said.out.lines().filter(|line| line.starts_with("member;range=0-1499:")).count();
    assert_eq!(first, 1_500);
    let (_, _, said) = ask("member;range=1500-*").await;
    assert_eq!(said.out.lines().filter(|line| line.starts_with("member;range=1500-*:")).count(), 100);
}

#[tokio::test]
async fn pages_are_as_recorded_and_never_larger_than_the_limit() {
    let Some(started) = recorded_names().await else { return };
    let said = started.gateway.search(&["(objectClass=user)", "dn", "-E", "pr=300/noprompt"]).await;
    let pages = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once("pagedresults: ").map(|(_, page)| page));
        lines.map(str::to_owned).collect()
    };
    let wanted: Vec<String> = pages(&recorded("06-paged.ldif"))[..4].to_vec();
    let found: Vec<String> = pages(&said.out).iter().map(|page| page.replace("=1002 ", "=1004 ")).collect();
    assert_eq!(found, wanted, "two people fewer, who are in no council");
    let said = started.gateway.search(&["(objectClass=user)", "dn", "-E", "pr=5000/noprompt"]).await;
    assert_eq!((pages(&said.out).len(), said.names()), (2, 1_002));
    let said = started.gateway.search(&["(objectClass=user)", "dn"]).await;
    assert_eq!((said.names(), said.code), (1_000, Some(4)));
}

#[tokio::test]
async fn filters_of_the_controller_work() {
    let Some(started) = recorded_names().await else { return };
    let base = &started.gateway.base;
    let count = async |filter: &str| {
        started.gateway.search(&["-LLL", filter, "dn", "-E", "pr=500/noprompt"]).await.names()
    };
    let council = Council::demo();
    let disabled =
        council.people.iter().filter(|person| started.sim.account(person.index) == Account::Disabled);
    let bits = "(userAccountControl:1.2.840.113556.1.4.803:=2)";
    assert_eq!(count(bits).await, disabled.count());
    assert_eq!(count("(&(objectCategory=person)(objectClass=user))").await, 1_002);
    let departments = format!("CN=Departments,OU=Groups,{base}");
    assert_eq!(count(&format!("(memberOf={departments})")).await, 10);
    let nested = format!("(&(objectCategory=person)(memberOf:1.2.840.113556.1.4.1941:={departments}))");
    assert_eq!(count(&nested).await, 1_000);
    let chief = started.sim.dn("ameredith").unwrap().replace('\\', "\\5c");
    assert_eq!(count(&format!("(manager:1.2.840.113556.1.4.1941:={chief})")).await, 999);
    let guid = "\\e4\\3c\\7a\\b5\\f8\\cc\\0d\\47\\8f\\ad\\12\\19\\26\\24\\81\\a9";
    assert_eq!(count(&format!("(objectGUID={guid})")).await, 1);
    assert_eq!(count("(!(unheardOf=1))").await, 0);
}

/// With names in extended form, as the recorded client asked.
async fn dirsync(target: &Target, flags: u8, base: &str, filter: &str, cookie: &str) -> Said {
    let control =
        format!("!dirSync={flags}/0{}", if cookie.is_empty() { String::new() } else { format!("/{cookie}") });
    let ask = ["-b", base, "-E", &control, "-E", "extendedDn=1", filter, "sAMAccountName", "telephoneNumber"];
    target.search(&ask).await
}

/// A name as it is: one that begins with `<` comes in base64.
fn decoded(name: &str) -> String {
    use base64::Engine as _;
    let octets = base64::engine::general_purpose::STANDARD.decode(name.trim_start_matches("dn:: ")).unwrap();
    String::from_utf8(octets).unwrap()
}

/// The cookie out of the closing control.
fn cookie(said: &Said) -> String {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let control = said.out.split("control: 1.2.840.113556.1.4.841 ").nth(1).unwrap();
    let control = control.split_whitespace().nth(1).unwrap();
    let octets = engine.decode(control).unwrap();
    let at = octets.windows(4).position(|window| window == b"MSDS").unwrap();
    assert_eq!(octets.len() - at, 108, "as long as recorded");
    engine.encode(&octets[at..])
}

#[tokio::test]
async fn dirsync_tells_changes_as_recorded() {
    let Some(started) = recorded_names().await else { return };
    let (admin, gateway, sim) = (&started.admin, &started.gateway, &started.sim);
    let base = &gateway.base;
    let all = dirsync(admin, 0, base, "(objectClass=user)", "").await;
    assert_eq!(all.names(), 1_002);
    let (user, person) =
        (cookie(&all), cookie(&dirsync(admin, 0, base, "(objectCategory=person)", "").await));
    let wanted = recorded("08b-dirsync-deletes.txt");

    sim.edit("ameredith", "telephoneNumber", &["+44 1632 960999"]).unwrap();
    let gone = sim.dn("sjenkins2").unwrap();
    sim.delete("sjenkins2").unwrap();
    let seen = dirsync(admin, 0, base, "(objectClass=user)", &user).await;
    assert_eq!(seen.names(), 2, "{}", seen.out);
    let all: Vec<(String, Vec<String>)> =
        entries(&seen.out).into_iter().map(|(name, lines)| (decoded(&name), lines)).collect();
    let (deleted, lines) = all.iter().find(|(name, _)| name.contains("DEL:")).unwrap();
    let name = gone.split_once(",OU=").unwrap().0;
    for part in [
        "<GUID=",
        ">;<SID=S-1-5-21-2779467904-1270194198-3068740194-",
        "\\0ADEL:",
        ",CN=Deleted Objects,DC=corp,DC=example,DC=org",
    ] {
        assert!(deleted.contains(part) && wanted.contains(part), "{part} in {deleted}");
    }
    assert!(deleted.contains(name), "{deleted}");
    assert!(lines.contains(&"isDeleted: TRUE".to_owned()) && lines.contains(&"instanceType: 4".to_owned()));
    assert!(!lines.iter().any(|line| line.starts_with("sAMAccountName")), "it did not change: {lines:?}");
    let (_, lines) = all.iter().find(|(name, _)| !name.contains("DEL:")).unwrap();
    assert!(lines.contains(&"telephoneNumber: +44 1632 960999".to_owned()));
    assert!(!lines.iter().any(|line| line.starts_with("sAMAccountName")), "{lines:?}");
    // The category goes when an entry is deleted, and the deletion with it.
    let seen = dirsync(admin, 0, base, "(objectCategory=person)", &person).await;
    assert!(seen.names() == 1 && !seen.out.contains("isDeleted"), "{}", seen.out);
    let quiet = dirsync(admin, 0, base, "(objectClass=user)", &cookie(&seen)).await;
    assert_eq!(quiet.names(), 0);

    let texts = |said: &Said| said.after("text: ").join("");
    let below = dirsync(admin, 0, &sim.people_base, "(objectClass=user)", "").await;
    assert!(below.code == Some(50) && wanted.contains(&texts(&below)), "{}", texts(&below));
    let denied = dirsync(gateway, 0, base, "(objectClass=user)", "").await;
    assert!(
        denied.code == Some(50) && wanted.contains(texts(&denied).trim_end_matches(')')),
        "{}",
        texts(&denied)
    );
    let allowed = dirsync(gateway, 1, base, "(objectClass=user)", "").await;
    assert_eq!(allowed.code, Some(0), "with object security: one deleted, and his tombstone");
    assert_eq!(allowed.names(), 1_002);
    let garbage = dirsync(admin, 0, base, "(objectClass=user)", "Z2FyYmFnZQ==").await;
    assert_eq!(garbage.code, Some(12));
    assert!(wanted.contains(&texts(&garbage)[..90]), "{}", texts(&garbage));
}
