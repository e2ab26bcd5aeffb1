//! Making, editing, handing in, taking back, deleting.

use super::*;

#[tokio::test]
async fn a_report_is_made_for_the_person_who_asks_by_their_key_there() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let found = done(world.expenses.create(&sian, &world.new_report(), keyed(KEY, "a")).await);
    assert_eq!(found.record.employee.id.as_str(), "e-sian");
    assert_eq!(found.record.total_amount, money("12.50"));
    assert!(found.may_do.contains(&MayDo::Submit));
    assert_eq!(office.written(), 1);
}

#[tokio::test]
async fn a_repeated_key_gives_the_report_as_it_is_now_and_makes_no_second_one() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let made = done(world.expenses.create(&sian, &world.new_report(), keyed(KEY, "a")).await);
    office.reports.lock().get_mut(made.record.id.as_str()).unwrap().title = "Renamed since".to_owned();
    match world.expenses.create(&sian, &world.new_report(), keyed(KEY, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.title, "Renamed since"),
        other => panic!("{other:?}"),
    }
    let reused = world.expenses.create(&sian, &world.new_report(), keyed(KEY, "b")).await;
    assert_eq!(kind(reused), ErrorKind::IdempotencyKeyReused);
    assert_eq!(office.written(), 1);
    let owen = world.by("owen").await;
    done(world.expenses.create(&owen, &world.new_report(), keyed(KEY, "b")).await);
    assert_eq!(office.written(), 2, "the key of somebody else is another key");
}

#[tokio::test]
async fn somebody_without_a_link_is_told_what_to_do() {
    let (world, office) = small().await;
    let fin = world.with_role("fin", &["clerk"]).await;
    let refused = world.expenses.create(&fin, &world.new_report(), keyed(KEY, "a")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert!(refused.detail().contains("linked") && refused.detail().contains("portico people links"));
    assert_eq!(office.written(), 0);
}

#[tokio::test]
async fn only_whom_a_rule_lets_writes_for_another() {
    let (world, office) = small().await;
    let for_sian = |person: String| NewExpenseReport { employee_id: Some(person), ..world.new_report() };
    let new = for_sian(world.person("sian"));
    for (who, roles) in [("bo", &[][..]), ("owen", &[]), ("fin", &["finance"])] {
        let context = world.with_role(who, roles).await;
        assert_eq!(
            kind(world.expenses.create(&context, &new, keyed(KEY, "a")).await),
            ErrorKind::Forbidden,
            "{who}"
        );
        // That Fin is in no office is nothing for them either.
        let of_fin = for_sian(world.person("fin"));
        assert_eq!(
            kind(world.expenses.create(&context, &of_fin, keyed(KEY, "a")).await),
            ErrorKind::Forbidden
        );
    }
    assert_eq!(office.written(), 0);
    let clerk = world.with_role("fin", &["clerk"]).await;
    let found = done(world.expenses.create(&clerk, &new, keyed(KEY, "a")).await);
    assert_eq!(found.record.employee.id.as_str(), "e-sian");
    let unlinked = for_sian(world.person("fin"));
    let refused = world.expenses.create(&clerk, &unlinked, keyed(KEY, "b")).await.unwrap_err();
    assert_eq!(places(&refused), ["/employeeId"]);
}

#[tokio::test]
async fn where_several_systems_take_reports_one_is_named() {
    let (office, other, old) = (Office::new(), Office::new(), Office::new());
    let world = world(&[
        ("claims", &office, STAFF, true),
        ("travel", &other, STAFF, true),
        ("old", &old, STAFF, false),
    ])
    .await;
    let sian = world.by("sian").await;
    let to =
        |system: Option<&str>| NewExpenseReport { system: system.map(str::to_owned), ..world.new_report() };
    for bad in [None, Some("old"), Some("nowhere"), Some("Not A Key"), Some("directory")] {
        let refused = world.expenses.create(&sian, &to(bad), keyed(KEY, "a")).await.unwrap_err();
        assert_eq!((refused.kind(), places(&refused)), (ErrorKind::InvalidInput, vec!["/system"]), "{bad:?}");
    }
    let refused = world.expenses.create(&sian, &to(Some("travel")), keyed(KEY, "a")).await.unwrap_err();
    assert_eq!(places(&refused), ["/lines/0/categoryId"], "the category is of the other system");
    done(world.expenses.create(&sian, &to(Some("claims")), keyed(KEY, "a")).await);
    assert_eq!((office.written(), other.written()), (1, 0));
}

#[tokio::test]
async fn every_fault_is_found_at_once_and_named_by_its_place() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let good = world.line("1.00");
    let mut new = world.new_report();
    new.title = " ".to_owned();
    new.lines = vec![
        ExpenseLineContent { amount: Some(money("1.005")), description: String::new(), ..good.clone() },
        ExpenseLineContent { amount: Some(money("-1")), category_id: "travel".to_owned(), ..good.clone() },
        ExpenseLineContent {
            amount: None,
            tax_rate_ids: Some(vec![world.category("claims")]),
            ..good.clone()
        },
        ExpenseLineContent {
            id: Some(world.seals.seal(Kind::ExpenseLine, &key("claims"), &native("line-9"))),
            quantity: Some(0.into()),
            project_id: Some(world.seals.seal(ResourceType::Project, &key("travel"), &native("p"))),
            transaction_date: "0207-01-01".parse().unwrap(),
            ..good
        },
    ];
    let refused = world.expenses.create(&sian, &new, keyed(KEY, "a")).await.unwrap_err();
    let mut found = places(&refused);
    found.sort_unstable();
    let mut wanted = vec![
        "/title",
        "/lines/0/amount/amount",
        "/lines/0/description",
        "/lines/1/amount/amount",
        "/lines/1/categoryId",
        "/lines/2/amount",
        "/lines/2/taxRateIds/0",
        "/lines/3/id",
        "/lines/3/quantity",
        "/lines/3/projectId",
        "/lines/3/transactionDate",
    ];
    wanted.sort_unstable();
    assert_eq!(found, wanted);
    new = world.new_report();
    new.lines = vec![world.line("1.00"); 201];
    let refused = world.expenses.create(&sian, &new, keyed(KEY, "a")).await.unwrap_err();
    assert_eq!(places(&refused), ["/lines"]);
    assert_eq!(office.written(), 0);
}

#[tokio::test]
async fn a_dry_run_makes_every_check_and_writes_nothing() {
    let (world, office) = small().await;
    let (sian, owen) = (world.by("sian").await, world.by("owen").await);
    let (new, one) = (world.new_report(), world.id("one"));
    let content = ExpenseReportContent { title: "New".to_owned(), lines: vec![] };
    let stale = Expected::OneOf(vec![portico_contract::documents::SourceVersion("old".to_owned())]);
    assert!(matches!(world.expenses.create(&sian, &new, dry(keyed(KEY, "a"))).await, Ok(Change::Checked)));
    let edit = world.expenses.edit(&sian, &one, &content, &Expected::Any, dry(unkeyed())).await;
    assert!(matches!(edit, Ok(Change::Checked)));
    let submit = world.expenses.submit(&sian, &one, &declared(), &Expected::Any, dry(keyed(KEY, "a"))).await;
    assert!(matches!(submit, Ok(Change::Checked)));
    let delete = world.expenses.delete(&sian, &one, &Expected::Any, dry(unkeyed())).await;
    assert!(matches!(delete, Ok(Change::Checked)));
    let submit = world.expenses.submit(&sian, &one, &declared(), &stale, dry(keyed(KEY, "a"))).await;
    assert_eq!(kind(submit), ErrorKind::PreconditionFailed);
    let not_hers = world.expenses.delete(&owen, &one, &Expected::Any, dry(unkeyed())).await;
    assert_eq!(kind(not_hers), ErrorKind::Forbidden);
    let two = world.id("two");
    let submit = world.expenses.submit(&owen, &two, &declared(), &Expected::Any, dry(keyed(KEY, "a"))).await;
    assert_eq!(kind(submit), ErrorKind::Conflict);
    assert_eq!(office.written(), 0);
    let kept = world.writes.store().intents(&portico_store::IntentQuery::default()).await.unwrap();
    assert!(kept.items.is_empty(), "a dry run is not on record");
}

#[tokio::test]
async fn an_edit_replaces_what_was_read_and_nothing_newer() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let one = world.id("one");
    let read = world.expenses.get(&sian, &one).await.unwrap();
    let expected = Expected::OneOf(vec![read.record.version.clone().unwrap()]);
    let content = ExpenseReportContent {
        title: "Two trains".to_owned(),
        lines: vec![world.line("1.00"), world.line("2.00")],
    };
    let found = done(world.expenses.edit(&sian, &one, &content, &expected, unkeyed()).await);
    assert_eq!(
        (found.record.title.as_str(), found.record.total_amount.clone()),
        ("Two trains", money("3.00"))
    );
    let stale = world.expenses.edit(&sian, &one, &content, &expected, unkeyed()).await;
    assert_eq!(kind(stale), ErrorKind::PreconditionFailed);
    let stale = world.expenses.delete(&sian, &one, &expected, unkeyed()).await;
    assert_eq!(kind(stale), ErrorKind::PreconditionFailed);
    assert_eq!(office.written(), 1);
    let lines = found.record.lines.unwrap();
    let id = world.seals.seal(Kind::ExpenseLine, &key("claims"), &lines[1].id);
    let kept = ExpenseLineContent { id: Some(id.clone()), ..world.line("5.00") };
    let content = ExpenseReportContent { title: "One".to_owned(), lines: vec![kept.clone()] };
    let found = done(world.expenses.edit(&sian, &one, &content, &Expected::Any, unkeyed()).await);
    assert_eq!(found.record.lines.unwrap()[0].id, lines[1].id, "a named line stays the same line");
    let twice = ExpenseReportContent { title: "One".to_owned(), lines: vec![kept.clone(), kept] };
    let refused = world.expenses.edit(&sian, &one, &twice, &Expected::Any, unkeyed()).await.unwrap_err();
    assert_eq!(places(&refused), ["/lines/1/id"]);
}

#[tokio::test]
async fn what_is_declared_goes_on_record_with_the_version_that_was_seen() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let one = world.id("one");
    let version = office.get("one").unwrap().version.unwrap();
    let expected = Expected::OneOf(vec![version.clone()]);
    let found = done(world.expenses.submit(&sian, &one, &declared(), &expected, keyed(KEY, "a")).await);
    assert_eq!(found.record.status, Status::Submitted);
    assert_eq!(found.may_do, BTreeSet::from([MayDo::Withdraw]));
    // The report is in another version now, because of this very request: that refuses no repetition of it.
    let again = world.expenses.submit(&sian, &one, &declared(), &expected, keyed(KEY, "a")).await;
    assert!(matches!(again, Ok(Change::Repeated(found)) if found.record.status == Status::Submitted));
    assert_eq!(office.written(), 1);
    let other = "11111111-40d5-43e9-bc93-6a894a57f324";
    let newer = world.expenses.submit(&sian, &one, &declared(), &Expected::Any, keyed(other, "a")).await;
    assert_eq!(kind(newer), ErrorKind::Conflict);
    assert_eq!(office.written(), 1, "what its state does not allow is not sent");
    let words = Withdrawal { comment: Some("A line is missing.".to_owned()) };
    let third = "22222222-40d5-43e9-bc93-6a894a57f324";
    let found = done(world.expenses.withdraw(&sian, &one, &words, &Expected::Any, keyed(third, "w")).await);
    assert_eq!(found.record.status, Status::Draft);
    let records =
        world.writes.store().decision_records(&portico_store::DecisionQuery::default()).await.unwrap();
    let happened: Vec<_> = records
        .items
        .iter()
        .filter(|record| record.outcome == portico_store::IntentState::Confirmed)
        .map(|record| (&*record.decision.decision, record.decision.declaration.as_deref()))
        .collect();
    assert_eq!(happened, [("submit", Some("All of this is true.")), ("withdraw", None)]);
    assert_eq!(records.items[0].decision.version.as_deref(), Some(&*version.0));
    assert_eq!(records.items[0].actor.subject, "sian");
}

#[tokio::test]
async fn a_declaration_is_wanted_and_bounded() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    for bad in ["", " ", &"x".repeat(2_001)] {
        let words = Declaration { declaration: bad.to_owned(), comment: None };
        let refused =
            world.expenses.submit(&sian, &world.id("one"), &words, &Expected::Any, keyed(KEY, bad)).await;
        assert_eq!(places(&refused.unwrap_err()), ["/declaration"]);
    }
    assert_eq!(office.written(), 0);
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there_and_what_one_may_not_change_is_forbidden() {
    let (world, office) = small().await;
    let (bo, owen) = (world.by("bo").await, world.by("owen").await);
    let one = world.id("one");
    let content = ExpenseReportContent { title: "Mine".to_owned(), lines: vec![] };
    for (who, wanted) in [(&bo, ErrorKind::NotFound), (&owen, ErrorKind::Forbidden)] {
        let all = [
            kind(world.expenses.edit(who, &one, &content, &Expected::Any, unkeyed()).await),
            kind(world.expenses.delete(who, &one, &Expected::Any, unkeyed()).await),
            kind(world.expenses.submit(who, &one, &declared(), &Expected::Any, keyed(KEY, "a")).await),
            kind(
                world
                    .expenses
                    .withdraw(who, &one, &Withdrawal::default(), &Expected::Any, keyed(KEY, "b"))
                    .await,
            ),
        ];
        assert_eq!(all, [wanted; 4]);
    }
    assert_eq!(office.written(), 0);
    done(world.expenses.delete(&world.by("sian").await, &one, &Expected::Any, unkeyed()).await);
    assert!(office.get("one").is_none());
}
