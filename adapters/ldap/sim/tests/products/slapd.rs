//! The same people in the simulator and in a running slapd, asked the same questions.

use std::collections::BTreeMap;

use portico_ldap_sim::{Dialect, Options};
use portico_servers::{Directory, MemberOf, PASSWORD, Product, Setup, for_test_with};

use crate::client::{Said, Started, Target, entries, start};

type Entries = BTreeMap<String, Vec<String>>;

struct Pair {
    started: Started,
    ours: Target,
    our_admin: Target,
    theirs: Target,
    their_admin: Target,
    _slapd: portico_servers::Running,
}

/// `None` where there is no slapd.
async fn pair() -> Option<Pair> {
    let started = start(Options { people: 600, ..Options::new(Dialect::OpenLdap) }).await;
    let people = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(people.path(), started.sim.ldif()).unwrap();
    let directory = Directory { ldif: Some(people.path().to_owned()), member_of: MemberOf::Kept };
    let setup = Setup { directory, ..Setup::default() };
    let slapd = tokio::task::spawn_blocking(move || for_test_with(Product::Slapd, &setup)).await.unwrap()?;
    let server = slapd.directory().clone();
    let theirs = Target {
        url: slapd.base_url.clone(),
        dn: server.account.to_owned(),
        password: PASSWORD.to_owned(),
        base: server.base.to_owned(),
        ca: server.ca,
    };
    let their_admin = theirs.with(server.admin, PASSWORD);
    let (ours, our_admin) = (started.gateway.clone(), started.admin.clone());
    Some(Pair { started, ours, our_admin, theirs, their_admin, _slapd: slapd })
}

fn result(said: &Said) -> (Vec<String>, Option<i32>) {
    let lines = said.out.lines().filter(|line| line.starts_with("result:") || line.starts_with("text:"));
    (lines.map(str::to_owned).collect(), said.code)
}

#[tokio::test]
async fn filters_find_what_slapd_finds() {
    let Some(pair) = pair().await else { return };
    let id =
        pair.started.sim.ldif().lines().find_map(|line| line.strip_prefix("entryUUID: ").map(str::to_owned));
    let by_id = format!("(entryUUID={})", id.unwrap());
    let queries: &[&[&str]] = &[
        &["(uid=ameredith)", "*", "+"],
        &["(uid=AMEREDITH)"],
        &[&by_id, "dn"],
        &["(&(objectClass=person)(cn=*, *))", "cn", "manager"],
        &["(objectClass=inetOrgPerson)", "1.1", "-E", "pr=500/noprompt"],
        &["(objectClass=organizationalPerson)", "sn", "-z", "3"],
        &["(|(sn=jones)(sn=Siân)(givenName=SIÂN))", "sn", "givenName"],
        &["(&(title=*manager*)(!(ou=Finance)))", "title"],
        &["-b", "ou=people,dc=council,dc=example", "(!(manager=*))", "dn"],
        &["-b", "ou=people,dc=council,dc=example", "(&(uid=a*)(!(description=none)))", "dn"],
        &["(manager=uid=ameredith,ou=people,dc=council,dc=example)", "dn"],
        &["(manager=UID=ameredith, OU=People,DC=council,DC=example)", "dn"],
        &["(manager=uid=*)", "dn"],
        &["(manager=nonsense)", "dn"],
        &["(unknownAttribute=x)", "dn"],
        &["(!(unknownAttribute=x))", "dn"],
        &["(|(unknownAttribute=x)(uid=ameredith))", "dn"],
        &["(telephoneNumber=+441632960000ext.1000)", "telephoneNumber"],
        &["(telephoneNumber=*1000)", "telephoneNumber"],
        &["(employeeNumber=E10*)", "employeeNumber"],
        &["-b", "ou=people,dc=council,dc=example", "(&(uid=a*)(createTimestamp>=20261101080000Z))", "dn"],
        &["(modifyTimestamp<=20261031000000Z)", "dn"],
        &["(displayName=  angharad   meredith )", "dn"],
        &["(cn:caseExactMatch:=angharad meredith)", "dn"],
        &["(cn:caseIgnoreMatch:=angharad meredith)", "dn"],
        &["(userAccountControl:1.2.840.113556.1.4.803:=2)", "dn"],
        &["(sn=*)", "sn", "-A", "-z", "2"],
        &["(uid=ameredith)", "nonsense"],
        &["(uid=ameredith)", "+", "jpegPhoto"],
        &["(member=uid=ameredith,ou=people,dc=council,dc=example)", "cn"],
        &["(memberOf=cn=managers,ou=groups,dc=council,dc=example)", "dn"],
        &["-b", "ou=departments,dc=council,dc=example", "-s", "one", "(objectClass=*)"],
        &[
            "-b",
            "ou=departments,dc=council,dc=example",
            "-s",
            "base",
            "(objectClass=*)",
            "*",
            "hasSubordinates",
        ],
        &["-b", "ou=departments,dc=council,dc=example", "-s", "children", "(ou=p*)", "ou"],
        &["-b", "ou=people,dc=council,dc=example", "-s", "one", "(uid=a*)", "dn"],
    ];
    let mut differences = Vec::new();
    for query in queries {
        let (ours, theirs) = (pair.ours.search(query).await, pair.theirs.search(query).await);
        let (found, wanted) = (entries(&ours.out), entries(&theirs.out));
        if found != wanted {
            let only = |one: &Entries, other: &Entries| -> Vec<(String, Vec<String>)> {
                let different = one.iter().filter(|(name, lines)| other.get(*name) != Some(lines));
                different.map(|(name, lines)| (name.clone(), lines.clone())).take(3).collect()
            };
            differences.push(format!(
                "{query:?}\n  only here {:#?}\n  only slapd {:#?}",
                only(&found, &wanted),
                only(&wanted, &found)
            ));
        }
        if result(&ours) != result(&theirs) {
            differences.push(format!("{query:?}: {:?}, slapd {:?}", result(&ours), result(&theirs)));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn refusals_are_those_of_slapd() {
    let Some(pair) = pair().await else { return };
    let queries: &[&[&str]] = &[
        &["-b", "uid=nobody,ou=people,dc=council,dc=example", "(uid=*)"],
        &["-b", "dc=elsewhere", "(uid=*)"],
        &["-b", "no name", "(uid=*)"],
        &["(uid=*)", "dn"],
        &["(uid=*)", "dn", "-z", "600"],
        &["(uid=*)", "dn", "-E", "pr=501/noprompt"],
        &["(uid=*)", "dn", "-E", "sss=uid"],
        &["(uid=*)", "dn", "-E", "!sss=uid"],
        &["(uid=*)", "dn", "-E", "sss=nonsense"],
        &["(uid=*)", "dn", "-E", "!dirSync=0/0"],
        &["(uid=*)", "dn", "-e", "!1.2.3.4"],
        &["(uid=*)", "dn", "-E", "!sync=ro"],
        &["-s", "base", "-b", "", "(objectClass=*)", "namingContexts"],
    ];
    let mut differences = Vec::new();
    for query in queries {
        let (ours, theirs) = (pair.ours.search(query).await, pair.theirs.search(query).await);
        let all = |said: &Said| (result(said), said.names(), said.after("matchedDN:").join(" "));
        if all(&ours) != all(&theirs) {
            differences.push(format!("{query:?}: {:?}, slapd {:?}", all(&ours), all(&theirs)));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    for (dn, password) in [
        ("uid=nobody,dc=council,dc=example", "x"),
        ("cn=admin,dc=council,dc=example", "wrong"),
        ("no name", "x"),
    ] {
        let (ours, theirs) = (pair.ours.with(dn, password), pair.theirs.with(dn, password));
        let (ours, theirs) = (ours.run("ldapwhoami", &[], "").await, theirs.run("ldapwhoami", &[], "").await);
        assert_eq!((ours.err, ours.code), (theirs.err, theirs.code), "{dn}");
    }
    let anonymous = |target: &Target| target.with("", "");
    let query = ["(uid=*)", "dn"];
    let (ours, theirs) =
        (anonymous(&pair.ours).search(&query).await, anonymous(&pair.theirs).search(&query).await);
    assert_eq!(result(&ours), result(&theirs), "nobody");
}

#[tokio::test]
async fn sorted_and_paged_answers_come_in_the_order_of_slapd() {
    let Some(pair) = pair().await else { return };
    let order = |said: &Said| -> Vec<String> { said.after("dn:").into_iter().map(str::to_owned).collect() };
    let queries: &[&[&str]] = &[
        &["(&(uid=a*)(sn=*))", "dn", "-E", "sss=uid:caseIgnoreOrderingMatch"],
        &["(&(uid=a*)(sn=*))", "dn", "-E", "sss=-uid:caseIgnoreOrderingMatch"],
        &["(&(uid=a*)(sn=*))", "dn", "-E", "sss=ou:caseIgnoreOrderingMatch/-uid:caseIgnoreOrderingMatch"],
        &["(uid=*)", "dn", "-E", "pr=70/noprompt"],
        &["(uid=b*)", "dn", "-E", "pr=7/noprompt"],
        &["(&(uid=a*)(sn=*))", "dn", "-E", "sss=entryUUID"],
    ];
    for query in queries {
        let (ours, theirs) = (pair.ours.search(query).await, pair.theirs.search(query).await);
        assert!(!order(&theirs).is_empty(), "{query:?}");
        assert_eq!(order(&ours), order(&theirs), "{query:?}");
        assert_eq!(result(&ours), result(&theirs), "{query:?}");
    }
}

/// What content sync said, without what every server makes up.
fn told(said: &Said) -> Vec<String> {
    let keep = |line: &&str| {
        [
            "dn:",
            "# SyncState",
            "# SyncDone",
            "# SyncInfo",
            "#\t",
            "uid:",
            "telephoneNumber:",
            "result:",
            "# num",
        ]
        .iter()
        .any(|start| line.starts_with(start))
    };
    let mut lines: Vec<String> = said.out.lines().filter(keep).map(str::to_owned).collect();
    // The order of the attributes of an entry says nothing.
    let attribute = |line: &String| line.starts_with("uid:") || line.starts_with("telephoneNumber:");
    for run in lines.chunk_by_mut(|one, other| attribute(one) && attribute(other)) {
        run.sort();
    }
    lines
}

fn cookie(said: &Said) -> String {
    said.out.lines().rev().find_map(|line| line.strip_prefix("# cookie: ")).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn content_sync_tells_what_slapd_tells() {
    let Some(pair) = pair().await else { return };
    let ask = ["(uid=*)", "uid", "telephoneNumber"];
    let sync =
        |cookie: &str| if cookie.is_empty() { "!sync=ro".to_owned() } else { format!("!sync=ro/{cookie}") };
    let both = async |our: &str, their: &str| {
        let (our, their) = (sync(our), sync(their));
        let ours = [&ask[..], &["-E", &our]].concat();
        let theirs = [&ask[..], &["-E", &their]].concat();
        (pair.our_admin.search(&ours).await, pair.their_admin.search(&theirs).await)
    };
    let (ours, theirs) = both("", "").await;
    assert_eq!(told(&ours), told(&theirs), "all");
    let (first_ours, first_theirs) = (cookie(&ours), cookie(&theirs));
    let (ours, theirs) = both(&first_ours, &first_theirs).await;
    assert_eq!(told(&ours), told(&theirs), "nothing new");

    let people = "ou=people,dc=council,dc=example";
    let name = |uid: &str| pair.started.sim.dn(uid).unwrap();
    let gone = name("sjenkins2");
    let changes = format!(
        "dn: uid=ameredith,{people}\nchangetype: modify\nreplace: telephoneNumber\ntelephoneNumber: +44 1\n\n\
         dn: {gone}\nchangetype: delete\n\n\
         dn: uid=mjohnson,{people}\nchangetype: modrdn\nnewrdn: uid=mjohnson-married\ndeleteoldrdn: 1\n\n\
         dn: uid=new,{people}\nchangetype: add\nobjectClass: inetOrgPerson\ncn: New\nsn: New\nuid: new\n\
         entryUUID: 11111111-2222-4333-8444-555555555555\n"
    );
    // The server makes the identity; a given one is taken from the comparison below.
    let changes = changes.replace("entryUUID: 11111111-2222-4333-8444-555555555555\n", "");
    pair.our_admin.modify(&changes).await;
    pair.their_admin.modify(&changes).await;
    let (ours, theirs) = both(&first_ours, &first_theirs).await;
    let without_new = |said: &Said| -> Vec<String> {
        let lines = told(said);
        let new = lines.iter().position(|line| line.starts_with("dn: uid=new,")).unwrap();
        lines.into_iter().enumerate().filter(|(at, _)| *at != new + 1).map(|(_, line)| line).collect()
    };
    assert_eq!(without_new(&ours), without_new(&theirs), "the changes");

    let (ours, theirs) = both("garbage", "garbage").await;
    assert_eq!(told(&ours).len(), told(&theirs).len(), "garbage");
    assert_eq!(cookie(&ours), cookie(&theirs), "garbage");
    let stale = "rid=000,csn=20200101000000.000000Z#000000#000#000000";
    let (ours, theirs) = both(stale, stale).await;
    assert_eq!(ours.after("# SyncDone"), theirs.after("# SyncDone"), "stale");
    assert_eq!(ours.after("# num"), theirs.after("# num"), "stale");
}
