//! What OpenLDAP was recorded to answer, and what the simulator answers to the same.

use portico_ldap_sim::{Dialect, Options};

use crate::client::{Started, entries, form, installed, recording, start};

/// The names of the recorded directory.
async fn recorded_names() -> Option<Started> {
    if !installed() {
        return None;
    }
    Some(start(Options { base: "dc=example,dc=org".to_owned(), ..Options::new(Dialect::OpenLdap) }).await)
}

fn recorded(name: &str) -> String {
    recording("openldap", name)
}

/// Lines that end an answer: of the result, the control that closes a sync, the counts.
fn end(text: &str) -> Vec<String> {
    let starts =
        ["search:", "result:", "text:", "# SyncDone", "# numResponses", "# numEntries", "# numPartial"];
    let kept = text.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
    kept.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_root_dse_is_the_recorded_one() {
    let Some(started) = recorded_names().await else { return };
    let said = started.gateway.with("", "").search(&["-LLL", "-b", "", "-s", "base", "+"]).await;
    assert_eq!(entries(&said.out), entries(&recorded("01-rootdse.ldif")));
}

#[tokio::test]
async fn a_person_has_what_a_recorded_person_has() {
    let Some(started) = recorded_names().await else { return };
    let said = started.gateway.search(&["-LLL", "(cn=Ó Briain, *)", "*", "+"]).await;
    let said = if said.names() == 0 {
        started.gateway.search(&["-LLL", "(&(cn=*, *)(sn=*á*))", "*", "+"]).await
    } else {
        said
    };
    let found = entries(&said.out).into_iter().next().unwrap();
    let wanted = entries(&recorded("02-person.ldif")).into_iter().next().unwrap();
    // Both names have a comma and an accent, so both come in base64.
    assert!(found.0.starts_with("dn:: ") && wanted.0.starts_with("dn:: "), "{}", found.0);
    for line in &wanted.1 {
        let (name, value) = line.split_once(':').unwrap();
        let same: Vec<&String> =
            found.1.iter().filter(|line| line.split_once(':').unwrap().0 == name).collect();
        assert!(!same.is_empty(), "no {name} in {:?}", found.1);
        // Names and values are other people's, but what the server writes has one form.
        let made = ["entryUUID", "entryCSN", "createTimestamp", "modifyTimestamp", "hasSubordinates"];
        if made.contains(&name) {
            let digits = |text: &str| text.replace(|c: char| c.is_ascii_hexdigit(), "9").len();
            assert_eq!(digits(same[0]), digits(line), "{name}");
            assert_eq!(form(same[0]).contains('#'), value.contains('#'), "{name}");
        }
    }
    for same in [
        "objectClass: inetOrgPerson",
        "structuralObjectClass: inetOrgPerson",
        "subschemaSubentry: cn=Subschema",
    ] {
        assert!(wanted.1.contains(&same.to_owned()) && found.1.contains(&same.to_owned()), "{same}");
    }
}

#[tokio::test]
async fn limits_and_pages_are_the_recorded_ones() {
    let Some(started) = recorded_names().await else { return };
    let gateway = &started.gateway;
    let said = gateway.search(&["-LLL", "(uid=*)", "dn"]).await;
    assert_eq!(said.names(), 500);
    assert!(recorded("03-sizelimit.ldif").contains(said.err.trim()), "{}", said.err);

    let cookies = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once("pagedresults: cookie="));
        lines.map(|(_, cookie)| cookie.to_owned()).collect()
    };
    let said = gateway.search(&["(uid=*)", "dn", "-E", "pr=100/noprompt"]).await;
    assert_eq!(said.names(), 1_000);
    // The very same octets: entries are numbered alike.
    assert_eq!(cookies(&said.out), cookies(&recorded("04-paged.ldif")));

    let said = gateway.search(&["(uid=*)", "uid", "-E", "pr=600/noprompt"]).await;
    assert_eq!(end(&said.out), end(&recorded("04b-paged-size-over-server-max.ldif")));
    let said = gateway.search(&["(uid=*)", "uid", "-E", "sss=uid", "-E", "vlv=0/3/1/0"]).await;
    assert_eq!(end(&said.out), end(&recorded("05-vlv.ldif")));
}

#[tokio::test]
async fn the_one_at_the_top_has_groups_and_no_manager() {
    let Some(started) = recorded_names().await else { return };
    let said = started.gateway.search(&["-LLL", "(manager=uid=*)", "dn"]).await;
    assert_eq!((said.names(), said.code), (0, Some(0)));
    let ask = ["-LLL", "(title=Chief Executive)", "dn", "manager", "memberOf"];
    let said = started.gateway.search(&ask).await;
    let wanted = recorded("06-manager-reports.ldif");
    assert!(said.out.contains("memberOf: cn=") && wanted.contains("memberOf: cn="));
    assert!(!said.out.contains("manager:") && !wanted.contains("manager:"));
}

/// The answer to a sync: everything but names and made-up values.
fn shape(text: &str) -> Vec<String> {
    let starts = [
        "# SyncInfo",
        "# SyncState",
        "# SyncDone",
        "# cookie",
        "# following",
        "# syncUUIDs",
        "#\t",
        "result:",
    ];
    let kept = text.lines().filter(|line| starts.iter().any(|start| line.starts_with(start)));
    let bare = kept.map(|line| {
        let word = line.split(' ').next_back().unwrap_or_default();
        let start: Vec<&str> = line.split(' ').take(3).collect();
        match line {
            _ if line.starts_with("#\t") => "uuid".to_owned(),
            _ if line.starts_with("# SyncState") => format!("{} {word}", start.join(" ")),
            _ if line.starts_with("# cookie") => line.replace(|c: char| c.is_ascii_digit(), "9"),
            _ => line.to_owned(),
        }
    });
    bare.collect()
}

#[tokio::test]
async fn a_first_sync_is_as_recorded_and_stops_at_the_size_limit() {
    let Some(started) = recorded_names().await else { return };
    let ids: Vec<String> = (0..10).map(|number| format!("(telephoneNumber=*100{number})")).collect();
    let filter = format!("(|{})", ids.concat());
    let said = started.gateway.search(&[&filter, "uid", "-E", "!sync=ro"]).await;
    let wanted = recorded("07-sync-refreshOnly.ldif");
    assert_eq!(shape(&said.out), shape(&wanted));
    assert_eq!(end(&said.out), end(&wanted));
    // Five hundred entries, and nothing to go on from.
    let said = started.gateway.search(&["(uid=*)", "uid", "-E", "!sync=ro"]).await;
    assert!(said.names() == 500 && said.out.contains("result: 4 Size limit exceeded"), "{}", said.out);
    assert!(!said.out.contains("# cookie") && !said.out.contains("# SyncDone"));
}

#[tokio::test]
async fn changes_come_as_recorded_before_and_after_a_restart() {
    let Some(started) = recorded_names().await else { return };
    let (sim, admin) = (&started.sim, &started.admin);
    let sync = async |attributes: &str, cookie: &str| {
        let ask = if cookie.is_empty() { "!sync=ro".to_owned() } else { format!("!sync=ro/{cookie}") };
        admin.search(&["(uid=*)", attributes, "-E", &ask]).await
    };
    let cookie =
        |text: &str| text.lines().rev().find_map(|line| line.strip_prefix("# cookie: ").map(str::to_owned));
    let first = cookie(&sync("uid", "").await.out).unwrap();
    let people = sim.people_base.clone();
    admin
        .modify(&format!(
            "dn: {}\nchangetype: modify\nreplace: telephoneNumber\ntelephoneNumber: +44 20 0000 0001\n",
            sim.dn("ameredith").unwrap()
        ))
        .await;
    sim.delete("sjenkins2").unwrap();
    let uid = "mjohnson";
    sim.rename(uid, "uid", "mjohnson-married").unwrap();
    admin.modify(&format!("dn: uid=new2,{people}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: new2\ncn: new2\nsn: new2\n")).await;
    let said = sync("uid", &first).await;
    let wanted = recorded("08-sync-delta.ldif");
    assert_eq!(shape(&said.out), shape(&wanted));
    assert_eq!(end(&said.out), end(&wanted));
    assert!(said.out.contains(&format!("dn: uid=mjohnson-married,{people}")));

    let said = sync("1.1", "rid=000,csn=20200101000000.000000Z#000000#000#000000").await;
    let wanted = recorded("09-sync-stale-cookie-tail.ldif");
    assert_eq!(shape(&said.out).last(), shape(&wanted).last());
    assert_eq!(end(&said.out), end(&wanted), "all thousand: one came and one went");
    let said = sync("1.1", "garbage").await;
    let wanted = recorded("09b-sync-garbage-cookie.ldif");
    assert_eq!(end(&said.out), end(&wanted));
    assert!(
        said.out.contains("# cookie:: \n") && said.out.contains("false MAUEAAEB/w==\n"),
        "an empty cookie"
    );

    // The session log is gone with the restart: the client is told who is still there.
    let before = cookie(&sync("1.1", "").await.out).unwrap();
    sim.delete("new2").unwrap();
    sim.restart();
    let said = sync("1.1", &before).await;
    let wanted = recorded("09c-sync-after-restart-delete.ldif");
    let sets = said.out.lines().filter(|line| line.starts_with("#\t")).count();
    assert_eq!(sets, 999);
    assert_eq!(end(&said.out).last(), end(&wanted).last());
    assert!(said.out.contains("# SyncDone control refreshDeletes=0") && wanted.contains("refreshDeletes=0"));
    assert!(said.out.contains("# numPartial: 4") && wanted.contains("# numPartial: 4"));
    assert_eq!(said.names(), 0);
}

#[tokio::test]
async fn errors_are_the_recorded_ones() {
    let Some(started) = recorded_names().await else { return };
    let wanted = recorded("10-errors.txt");
    let has = |said: &str| {
        for line in said.lines().filter(|line| !line.trim().is_empty()) {
            assert!(wanted.contains(line), "{line} in {wanted}");
        }
    };
    let gateway = &started.gateway;
    has(&gateway.with(&gateway.dn, "wrong").run("ldapwhoami", &[], "").await.err);
    let nobody = format!("uid=nobody,{}", started.sim.people_base);
    has(&gateway.search(&["-LLL", "-b", &nobody, "(uid=*)"]).await.err);
    let change =
        format!("dn: {}\nchangetype: modify\nreplace: sn\nsn: x\n", started.sim.dn("ameredith").unwrap());
    let said = gateway.run("ldapmodify", &[], &change).await;
    assert!(
        said.err.contains("ldap_modify: Insufficient access (50)")
            && wanted.contains(said.err.lines().next().unwrap())
    );
}
