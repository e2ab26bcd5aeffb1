//! Claims from the first line to the last decision.

use bytes::Bytes;
use portico_contract::documents::SourceVersion;
use portico_contract::expenses::*;
use portico_contract::systems::FindByMarker;
use portico_contract::{ByteStream, ErrorKind, Upload};
use portico_schemas::{ExpenseReportStatus, Outcome, ResourceType};
use serde_json::json;

use super::lab::*;

fn edit(report: &ExpenseReportRecord, draft: ExpenseReportDraft) -> EditExpenseReport {
    EditExpenseReport { report: report.id.clone(), version: report.version.clone(), draft }
}

fn upload(octets: &[u8], said: Option<u64>) -> Upload {
    let half = octets.len() / 2;
    let pieces = [Bytes::copy_from_slice(&octets[..half]), Bytes::copy_from_slice(&octets[half..])];
    let body = ByteStream::new(futures_util::stream::iter(pieces.into_iter().map(Ok)));
    Upload::new(body, said, Some("application/pdf".to_owned()))
}

in_both! {
    async fn a_claim_is_made_with_everything_in_it(lab: &Lab) {
        let employee = lab.somebody().employee;
        let (rail, mile) = lab.categories();
        let projects = lab.call(ListProjects { query: first(5) }).await.expect("projects");
        let centres = lab.call(ListCostCentres { query: first(5) }).await.expect("cost centres");
        let taxes = lab.call(ListTaxRates { query: first(5) }).await.expect("taxes");
        let mut line = lab.line("Train → Łódź", "120.00");
        line.project = Some(projects.items[0].item.id.clone());
        line.cost_centre = Some(centres.items[1].item.id.clone());
        line.tax_rates = Some(vec![taxes.items[0].item.id.clone()]);
        let mut untaxed = lab.line("Taxi", "7.50");
        untaxed.tax_rates = Some(vec![]);
        let miles = ExpenseLineDraft { category: mile, amount: None, quantity: Some("10".parse().expect("a number")), ..lab.line("Car", "0") };
        let draft = ExpenseReportDraft { title: "Trip".into(), lines: vec![line, untaxed, miles] };
        let report = lab.call(CreateExpenseReport { employee: native(employee), draft }).await.expect("a report");
        assert_eq!((report.status, report.native_status.as_str()), (ExpenseReportStatus::Draft, "draft"));
        assert_eq!(report.employee.id, native(employee));
        assert_eq!(report.total_amount, pounds("132.00"));
        assert!(report.url.as_deref().is_some_and(|url| url.ends_with(&format!("/odoo/hr.expense.sheet/{}", report.id.as_str()))));
        assert_eq!(report.facts.owner.as_ref().map(|owner| owner.native_id.clone()), Some(employee.to_string()));
        let lines = report.lines.clone().expect("lines");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].amount, pounds("120.00"));
        assert_eq!(lines[0].tax_amount, Some(pounds("20.00")));
        assert_eq!(lines[0].category.as_ref().map(|link| link.id.clone()), Some(rail));
        assert_eq!(lines[0].project.as_ref().map(|link| &link.id), Some(&projects.items[0].item.id));
        assert_eq!(lines[0].cost_centre.as_ref().map(|link| &link.id), Some(&centres.items[1].item.id));
        assert_eq!(lines[0].tax_rates[0].id, taxes.items[0].item.id);
        assert!(lines[1].tax_rates.is_empty() && lines[1].tax_amount == Some(pounds("0.00")));
        assert_eq!((lines[2].amount.clone(), lines[2].quantity.to_string()), (pounds("4.50"), "10".to_owned()));
        let again = lab.call(GetExpenseReport { report: report.id.clone() }).await.expect("it");
        assert_eq!(again, report);
    }

    async fn a_claim_is_edited_withdrawn_and_deleted(lab: &Lab) {
        let report = lab.new_report(lab.somebody().employee).await;
        let kept = report.lines.as_ref().expect("lines")[0].id.clone();
        let mut line = lab.line("Train, first class", "40.00");
        line.line = Some(kept.clone());
        let draft = ExpenseReportDraft { title: "Longer trip".into(), lines: vec![line, lab.line("Hotel", "80")] };
        let edited = lab.call(edit(&report, draft.clone())).await.expect("a draft can be edited");
        assert_eq!((edited.title.as_str(), edited.total_amount.clone()), ("Longer trip", pounds("120.00")));
        let lines = edited.lines.clone().expect("lines");
        assert_eq!((lines.len(), &lines[0].id), (2, &kept));
        assert_ne!(edited.version, report.version);
        assert_eq!(lab.refused(edit(&report, draft.clone())).await, Some(ErrorKind::PreconditionFailed));
        let submit = SubmitExpenseReport { report: edited.id.clone(), version: edited.version.clone() };
        let submitted = lab.call(submit.clone()).await.expect("it can be submitted");
        assert_eq!(submitted.status, ExpenseReportStatus::Submitted);
        assert_eq!(lab.call(submit).await.expect("once more is harmless").status, ExpenseReportStatus::Submitted);
        assert_eq!(lab.refused(edit(&submitted, draft)).await, Some(ErrorKind::Conflict));
        let delete = |report: &ExpenseReportRecord| DeleteExpenseReport { report: report.id.clone(), version: report.version.clone() };
        assert_eq!(lab.refused(delete(&submitted)).await, Some(ErrorKind::Conflict));
        let withdraw = WithdrawExpenseReport { report: edited.id.clone(), version: submitted.version.clone() };
        let draft = lab.call(withdraw.clone()).await.expect("it can be withdrawn");
        assert_eq!(draft.status, ExpenseReportStatus::Draft);
        assert_eq!(lab.call(withdraw).await.expect("once more is harmless").status, ExpenseReportStatus::Draft);
        lab.call(delete(&draft)).await.expect("a draft can be deleted");
        assert_eq!(lab.refused(GetExpenseReport { report: draft.id.clone() }).await, Some(ErrorKind::NotFound));
        assert_eq!(lab.sim.count("hr.expense", &json!([["id", "=", number(&kept)]])), Ok(0), "its lines are gone too");
        assert_eq!(lab.refused(delete(&draft)).await, Some(ErrorKind::NotFound));
    }

    async fn every_fault_of_a_draft_is_named_and_nothing_is_sent(lab: &Lab) {
        let mut line = lab.line(" ", "33.335");
        line.project = Some(portico_contract::NativeId::new("none").expect("short"));
        let mut other = lab.line("x", "1");
        other.amount = Some(portico_schemas::Money { currency: portico_schemas::Currency::new("XTS").expect("a code"), ..pounds("1") });
        let nothing = ExpenseLineDraft { amount: None, ..lab.line("y", "1") };
        let strange = ExpenseLineDraft { line: Some(native(1)), ..lab.line("z", "1") };
        let draft = ExpenseReportDraft { title: String::new(), lines: vec![line, other, nothing, strange] };
        let operation = CreateExpenseReport { employee: native(lab.somebody().employee), draft };
        let error = lab.call(operation).await.expect_err("many faults");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidInput, Outcome::NotAttempted));
        let pointers: Vec<_> = error.fields().iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, [
            "/title", "/lines/0/description", "/lines/0/projectId", "/lines/0/amount/amount",
            "/lines/1/amount/currency", "/lines/2/amount", "/lines/3/id",
        ]);
        assert_eq!(lab.sim.created("hr.expense.sheet"), 0);
    }

    async fn a_marker_is_found_and_never_makes_two(lab: &Lab) {
        let employee = native(lab.somebody().employee);
        let create = CreateExpenseReport { employee: employee.clone(), draft: lab.draft() };
        let find = FindByMarker { marker: marker('a'), resource: ResourceType::ExpenseReport };
        assert!(lab.call(find.clone()).await.expect("an answer").found.is_empty());
        let report = lab.marked(&marker('a'), create.clone()).await.expect("a report");
        assert_eq!(lab.call(find.clone()).await.expect("an answer").found, vec![report.id.clone()]);
        let again = lab.marked(&marker('a'), create).await.expect("the same");
        assert_eq!(again.id, report.id);
        assert_eq!(lab.sim.created("hr.expense.sheet"), 1);
        let absence = FindByMarker { resource: ResourceType::Absence, ..find };
        assert!(lab.call(absence).await.expect("an answer").found.is_empty());
    }

    async fn receipts_are_streamed_both_ways(lab: &Lab) {
        let report = lab.new_report(lab.somebody().employee).await;
        let line = report.lines.as_ref().expect("lines")[0].id.clone();
        let octets: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain((0..200_001_u32).map(|n| (n % 251) as u8)).collect();
        let attach = |name: &str, said: Option<u64>| AttachReceipt {
            report: report.id.clone(), line: line.clone(), name: name.to_owned(), upload: upload(&octets, said),
        };
        let receipt = lab.marked(&marker('b'), attach("beleg ä.pdf", Some(octets.len() as u64))).await.expect("a receipt");
        assert_eq!((receipt.name.as_str(), receipt.length), ("beleg ä.pdf", Some(octets.len() as u64)));
        let find = FindByMarker { marker: marker('b'), resource: ResourceType::ExpenseReport };
        assert_eq!(lab.call(find).await.expect("an answer").found, vec![receipt.id.clone()]);
        let second = lab.call(attach("../../etc/passwd", None)).await.expect("a receipt");
        assert_eq!(second.name, "passwd");
        let read = ReadReceipt { report: report.id.clone(), receipt: receipt.id.clone() };
        let streamed = lab.call(read.clone()).await.expect("content");
        assert_eq!(streamed.head.length, Some(octets.len() as u64));
        assert!(streamed.body.collect(1 << 20).await.expect("all of it") == octets);
        let whole = lab.call(GetExpenseReport { report: report.id.clone() }).await.expect("it");
        assert_eq!(whole.lines.expect("lines")[0].receipts.len(), 2);
        let elsewhere = lab.new_report(lab.somebody().employee).await;
        let wrong = ReadReceipt { report: elsewhere.id.clone(), ..read.clone() };
        assert_eq!(lab.refused(wrong).await, Some(ErrorKind::NotFound));
        let remove = RemoveReceipt { report: report.id.clone(), receipt: receipt.id.clone() };
        lab.call(remove.clone()).await.expect("a draft's receipt can go");
        assert_eq!(lab.refused(remove).await, Some(ErrorKind::NotFound));
        assert_eq!(lab.refused(read).await, Some(ErrorKind::NotFound));
    }

    async fn a_receipt_that_is_too_large_is_refused(lab: &Lab) {
        let report = lab.new_report(lab.somebody().employee).await;
        let line = report.lines.as_ref().expect("lines")[0].id.clone();
        let too_many = AttachReceipt::MAX + 1;
        let attach = AttachReceipt { report: report.id.clone(), line, name: "x".into(), upload: upload(b"x", Some(too_many)) };
        let error = lab.call(attach.clone()).await.expect_err("too large");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ContentTooLarge, Outcome::NotAttempted));
        assert!(!attach.upload.is_taken());
        let gone = AttachReceipt { line: native(1), upload: upload(b"x", Some(1)), ..attach };
        assert_eq!(lab.refused(gone).await, Some(ErrorKind::NotFound));
    }

    async fn an_empty_claim_and_a_missing_one_are_told(lab: &Lab) {
        let employee = native(lab.somebody().employee);
        let draft = ExpenseReportDraft { title: "Nothing".into(), lines: vec![] };
        let report = lab.call(CreateExpenseReport { employee, draft }).await.expect("an empty report");
        assert!(!report.actions.contains(&ReportAction::Submit));
        let submit = SubmitExpenseReport { report: report.id.clone(), version: None };
        assert_eq!(lab.refused(submit).await, Some(ErrorKind::Conflict));
        for missing in ["999999", "0", "-1", "x", "1e3", ""] {
            let id = portico_contract::NativeId::new(missing).expect("short");
            assert_eq!(lab.refused(GetExpenseReport { report: id.clone() }).await, Some(ErrorKind::NotFound), "{missing}");
            let submit = SubmitExpenseReport { report: id, version: Some(SourceVersion("x".into())) };
            assert_eq!(lab.refused(submit).await, Some(ErrorKind::NotFound), "{missing}");
        }
    }
}
