//! Answers that were lost: what became of a write is found by reading.

use portico_schemas::Operation as Open;
use portico_store::IntentState;

use super::*;
use crate::writes::Reconciler;

fn pending<T: std::fmt::Debug>(change: Result<Change<T>, Error>) -> Open {
    match change {
        Ok(Change::Pending(operation)) => *operation,
        other => panic!("not pending: {other:?}"),
    }
}

#[tokio::test]
async fn what_happened_is_found_by_reading_whatever_it_was() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    let expenses = &world.expenses;
    office.be(Mood::LosesAnswers);
    let confirmed = async |operation: Open| {
        let (state, result) = settled(&world, Expenses::read_backs(), &operation).await;
        assert_eq!(state, IntentState::Confirmed, "{}", operation.action);
        result
    };
    let made = pending(expenses.create(&sian, &world.new_report(), keyed(KEY, "a")).await);
    let made = confirmed(made).await.expect("the new report");
    let id = world.id(&made);
    match expenses.create(&sian, &world.new_report(), keyed(KEY, "a")).await {
        Ok(Change::Repeated(found)) => assert_eq!(found.record.id.as_str(), made),
        other => panic!("{other:?}"),
    }
    let mut content = ExpenseReportContent {
        title: "Edited".to_owned(),
        lines: vec![world.line("7.00"), world.line("8.10")],
    };
    content.lines[0].tax_rate_ids =
        Some(vec![world.seals.seal(ResourceType::TaxRate, &key("claims"), &native("vat"))]);
    content.lines[1].amount = None;
    content.lines[1].quantity = Some(3.into());
    confirmed(pending(expenses.edit(&sian, &id, &content, &Expected::Any, unkeyed()).await)).await;
    let line = office.get(&made).unwrap().lines.unwrap()[0].id.clone();
    let line = world.seals.seal(Kind::ExpenseLine, &key("claims"), &line);
    let receipt = receipts::upload("%PDF", "%PDF", "application/pdf");
    let second = "11111111-40d5-43e9-bc93-6a894a57f324";
    let attached = pending(expenses.attach(&sian, &id, &line, receipt, keyed(second, "p")).await);
    let receipt = confirmed(attached).await.expect("the new receipt");
    let receipt = world.seals.seal(Kind::Receipt, &key("claims"), &native(&receipt));
    confirmed(pending(expenses.remove_receipt(&sian, &id, &receipt, unkeyed()).await)).await;
    let third = "22222222-40d5-43e9-bc93-6a894a57f324";
    confirmed(pending(expenses.submit(&sian, &id, &declared(), &Expected::Any, keyed(third, "s")).await))
        .await;
    let fourth = "33333333-40d5-43e9-bc93-6a894a57f324";
    let withdrawal = Withdrawal::default();
    let withdrawn = expenses.withdraw(&sian, &id, &withdrawal, &Expected::Any, keyed(fourth, "w")).await;
    confirmed(pending(withdrawn)).await;
    confirmed(pending(expenses.delete(&sian, &id, &Expected::Any, unkeyed()).await)).await;
    assert!(office.get(&made).is_none());
    assert_eq!(office.written(), 7, "each was sent once");
}

#[tokio::test]
async fn an_edit_that_somebody_else_overtook_is_left_to_a_person() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    office.be(Mood::LosesAnswers);
    let content = ExpenseReportContent { title: "Mine".to_owned(), lines: vec![] };
    let edit = world.expenses.edit(&sian, &world.id("one"), &content, &Expected::Any, unkeyed()).await;
    let operation = pending(edit);
    office.reports.lock().get_mut("one").unwrap().title = "Theirs".to_owned();
    let reconciler = Reconciler::new(world.writes.clone(), Expenses::read_backs());
    for _ in 0..20 {
        reconciler.round(&look).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let intent = world.writes.store().intent(operation.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(intent.state, IntentState::Unknown);
    assert!(intent.looks > 2, "it was looked at");
}

#[tokio::test]
async fn what_is_on_record_says_nothing_of_money_or_words() {
    let (world, office) = small().await;
    let sian = world.by("sian").await;
    office.be(Mood::LosesAnswers);
    let content =
        ExpenseReportContent { title: "A secret trip".to_owned(), lines: vec![world.line("4711.17")] };
    pending(world.expenses.edit(&sian, &world.id("one"), &content, &Expected::Any, unkeyed()).await);
    let kept = world.writes.store().intents(&portico_store::IntentQuery::default()).await.unwrap();
    let text = format!("{:?}", kept.items);
    assert!(!text.contains("secret") && !text.contains("4711") && !text.contains("train"), "{text}");
}
