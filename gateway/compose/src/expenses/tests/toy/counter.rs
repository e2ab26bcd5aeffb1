//! What an office does.

use super::*;

/// An office, and the people it knows.
pub(super) struct Counter(pub(super) Arc<Office>, pub(super) &'static [&'static str]);

impl Handler<CheckSystem> for Counter {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport::default())
    }
}

impl Handler<PeopleChanges> for Counter {
    async fn handle(&self, _: &CallContext, op: &PeopleChanges) -> Result<ChangesTold, Error> {
        tell("e", self.1, op).await
    }
}

fn value(report: &ExpenseReportRecord, field: &str) -> Scalar {
    match field {
        "status" => Scalar::Text(format!("{:?}", report.status).to_lowercase()),
        "employeeId" => Scalar::Text(report.employee.id.as_str().to_owned()),
        "title" => Scalar::Text(report.title.clone()),
        _ => Scalar::Missing,
    }
}

impl Handler<ListExpenseReports> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        op: &ListExpenseReports,
    ) -> Result<SourcePage<ExpenseReportRecord>, Error> {
        self.0.up()?;
        let reports = self.0.reports.lock();
        let shows = |query: &ListQuery, report: &ExpenseReportRecord| {
            let owner = portico_schemas::PersonRef {
                id: None,
                system: String::new(),
                native_id: report.employee.id.as_str().to_owned(),
                display: String::new(),
            };
            query.scope.shows(&Facts { owner: Some(owner), ..report.facts.clone() })
                && query.filters.iter().all(|filter| filter.matches(&value(report, &filter.field)))
        };
        let after = op.query.after.as_ref().map_or("", Position::as_str);
        let rest: Vec<_> =
            reports.values().filter(|r| r.id.as_str() > after && shows(&op.query, r)).collect();
        let items: Vec<_> = rest
            .iter()
            .take(op.query.limit)
            .map(|report| Listed {
                item: ExpenseReportRecord { lines: None, ..(*report).clone() },
                key: vec![Scalar::Text(report.id.as_str().to_owned())],
                position: Position::new(report.id.as_str()).unwrap(),
            })
            .collect();
        let next = (rest.len() > items.len()).then(|| items.last().unwrap().position.clone());
        Ok(SourcePage::new(items, next))
    }
}

impl Handler<GetExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &GetExpenseReport) -> Result<ExpenseReportRecord, Error> {
        self.0.read(&op.report)
    }
}

impl Handler<CreateExpenseReport> for Counter {
    async fn handle(
        &self,
        context: &CallContext,
        op: &CreateExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        self.0.up()?;
        self.0.writes.fetch_add(1, SeqCst);
        let id = format!("new-{}", self.0.number());
        let mut made = report(&id, "", Status::Draft);
        made.employee = PersonLink { id: op.employee.clone(), display: "somebody".to_owned() };
        made.title = op.draft.title.clone();
        made.lines = Some(self.0.lines(&op.draft, &[]));
        settle(&mut made);
        let marker = context.marker.as_ref().expect("a write is marked").as_str().to_owned();
        self.0.markers.lock().insert(marker, id.clone());
        self.0.reports.lock().insert(id, made.clone());
        self.0.answered(made)
    }
}

impl Handler<EditExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &EditExpenseReport) -> Result<ExpenseReportRecord, Error> {
        let lines = self.0.lines(&op.draft, self.0.read(&op.report)?.lines.as_deref().unwrap_or_default());
        self.0.change(&op.report, op.version.as_ref(), |report| {
            report.title = op.draft.title.clone();
            report.lines = Some(lines);
        })?;
        self.0.read(&op.report)
    }
}

impl Handler<DeleteExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &DeleteExpenseReport) -> Result<(), Error> {
        let done = self.0.change(&op.report, op.version.as_ref(), |_| ());
        if done.as_ref().map_or_else(|error| error.outcome() == Outcome::Unknown, |()| true) {
            self.0.reports.lock().remove(op.report.as_str());
        }
        done
    }
}

impl Handler<SubmitExpenseReport> for Counter {
    async fn handle(&self, _: &CallContext, op: &SubmitExpenseReport) -> Result<ExpenseReportRecord, Error> {
        self.0.change(&op.report, op.version.as_ref(), |report| report.status = Status::Submitted)?;
        self.0.read(&op.report)
    }
}

impl Handler<WithdrawExpenseReport> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        op: &WithdrawExpenseReport,
    ) -> Result<ExpenseReportRecord, Error> {
        self.0.change(&op.report, op.version.as_ref(), |report| report.status = Status::Draft)?;
        self.0.read(&op.report)
    }
}

impl Handler<AttachReceipt> for Counter {
    async fn handle(&self, _: &CallContext, op: &AttachReceipt) -> Result<ReceiptRecord, Error> {
        let octets = op.upload.take().unwrap().collect(1 << 20).await?;
        let receipt = ReceiptRecord {
            id: native(&format!("receipt-{}", self.0.number())),
            name: op.name.clone(),
            media_type: op.upload.media_type.clone(),
            length: Some(octets.len() as u64),
        };
        self.0.octets.lock().insert(receipt.id.as_str().to_owned(), octets);
        self.0.change(&op.report, None, |report| {
            let lines = report.lines.iter_mut().flatten();
            lines.filter(|line| line.id == op.line).for_each(|line| line.receipts.push(receipt.clone()));
        })?;
        Ok(receipt)
    }
}

impl Handler<ReadReceipt> for Counter {
    async fn handle(&self, _: &CallContext, op: &ReadReceipt) -> Result<Streamed<ContentHead>, Error> {
        let octets = self.0.octets.lock().get(op.receipt.as_str()).cloned();
        let octets = octets.ok_or_else(|| Error::new(ErrorKind::NotFound, "Not here."))?;
        let head = ContentHead {
            name: None,
            media_type: None,
            length: Some(octets.len() as u64),
            range: None,
            version: Some(SourceVersion("r1".to_owned())),
            updated_at: None,
            not_modified: false,
            facts: Facts::default(),
        };
        Ok(Streamed { head, body: ByteStream::once(octets) })
    }
}

impl Handler<RemoveReceipt> for Counter {
    async fn handle(&self, _: &CallContext, op: &RemoveReceipt) -> Result<(), Error> {
        self.0.change(&op.report, None, |report| {
            let lines = report.lines.iter_mut().flatten();
            lines.for_each(|line| line.receipts.retain(|receipt| receipt.id != op.receipt));
        })
    }
}

impl Handler<ListExpenseCategories> for Counter {
    async fn handle(
        &self,
        _: &CallContext,
        _: &ListExpenseCategories,
    ) -> Result<SourcePage<ExpenseCategoryRecord>, Error> {
        self.0.up()?;
        let item = ExpenseCategoryRecord {
            id: native("travel"),
            name: "Travel".to_owned(),
            code: None,
            unit: Some("mile".to_owned()),
            unit_price: Some(money("0.45")),
            tax_rates: vec![ItemLink { id: native("vat"), display: "VAT".to_owned() }],
            updated_at: None,
            facts: Facts::default(),
        };
        Ok(SourcePage::new(vec![Listed { item, key: vec![], position: Position::new("1").unwrap() }], None))
    }
}

impl Handler<ListProjects> for Counter {
    async fn handle(&self, _: &CallContext, _: &ListProjects) -> Result<SourcePage<CostObjectRecord>, Error> {
        self.0.up()?;
        Ok(SourcePage::new(Vec::new(), None))
    }
}

impl Handler<FindByMarker> for Counter {
    async fn handle(&self, _: &CallContext, op: &FindByMarker) -> Result<MarkedWrites, Error> {
        self.0.up()?;
        let found = self.0.markers.lock().get(op.marker.as_str()).map(|id| native(id));
        Ok(MarkedWrites { found: found.into_iter().collect() })
    }
}
