use std::time::Duration;

use parking_lot::Mutex;
use portico_contract::documents::{CreateFolder, DocumentRecord, DocumentRef, GetDocument, ListDocuments};
use portico_contract::paging::{ListQuery, Listed, Position, Scalar, SourcePage};
use portico_contract::systems::{CheckReport, CheckSystem, FindByMarker, MarkedWrites};
use portico_contract::{
    Adapter, AdapterBuilder, CallContext, CallService, Capability, Error, ErrorKind, Handler, ListOrder,
    Marker, NativeId, Reconciliation, SystemKey, Upstream,
};
use portico_schemas::{ChangeDetection, ObjectType, ResourceType};

/// The system itself: cards in the order in which they were filed, each with the marker of the write that filed it.
#[derive(Default)]
struct CardIndex {
    cards: Mutex<Vec<(String, Option<Marker>)>>,
}

// Mapping: their shape to ours, a pure function.
fn record(name: &str) -> Result<DocumentRecord, Error> {
    let id = NativeId::new(name)
        .ok_or_else(|| Error::new(ErrorKind::InvalidResponse, "A card has a name that is too long."))?;
    Ok(DocumentRecord {
        id,
        parent: None,
        name: name.to_owned(),
        path: name.to_owned(),
        object_type: ObjectType::Folder,
        version: None,
        content_length: None,
        media_type: None,
        created_at: None,
        updated_at: None,
        locked: None,
        facts: Default::default(),
    })
}

// Every adapter can be checked without changing anything: `portico check` asks this.
impl Handler<CheckSystem> for CardIndex {
    async fn handle(&self, _: &CallContext, _: &CheckSystem) -> Result<CheckReport, Error> {
        Ok(CheckReport { version: Some("a box of cards".into()), ..CheckReport::default() })
    }
}

// A list in keyset order: the position is the key of the last item, so nothing is skipped when cards come or go.
impl Handler<ListDocuments> for CardIndex {
    async fn handle(&self, _: &CallContext, op: &ListDocuments) -> Result<SourcePage<DocumentRecord>, Error> {
        let cards = self.cards.lock();
        let mut names: Vec<_> = cards.iter().map(|(name, _)| name.clone()).collect();
        names.sort();
        let after = op.query.after.as_ref().map(Position::as_str).unwrap_or_default();
        let rest: Vec<_> = names.into_iter().filter(|name| name.as_str() > after).collect();
        let more = rest.len() > op.query.limit;
        let mut items = Vec::new();
        for name in rest.into_iter().take(op.query.limit) {
            let position = Position::new(name.as_str()).ok_or_else(|| {
                Error::new(ErrorKind::InvalidResponse, "A card has a name that is too long.")
            })?;
            items.push(Listed { item: record(&name)?, key: vec![Scalar::Text(name)], position });
        }
        let next = items.last().filter(|_| more).map(|last| last.position.clone());
        Ok(SourcePage::new(items, next))
    }
}

// A write. What the caller cannot have is a kind of error, not an empty answer; the marker goes where it can be found.
impl Handler<CreateFolder> for CardIndex {
    async fn handle(&self, context: &CallContext, op: &CreateFolder) -> Result<DocumentRecord, Error> {
        let name = op.folder.as_str();
        let mut cards = self.cards.lock();
        if cards.iter().any(|(there, _)| there == name) {
            return Err(Error::new(ErrorKind::PreconditionFailed, "There is a card of this name already."));
        }
        cards.push((name.to_owned(), context.marker.clone()));
        record(name)
    }
}

// The look-up that settles a write whose answer was lost. A system without one says `Reconciliation::Cannot`.
impl Handler<FindByMarker> for CardIndex {
    async fn handle(&self, _: &CallContext, op: &FindByMarker) -> Result<MarkedWrites, Error> {
        let cards = self.cards.lock();
        let marked = cards.iter().filter(|(_, marker)| marker.as_ref() == Some(&op.marker));
        Ok(MarkedWrites { found: marked.filter_map(|(name, _)| NativeId::new(name)).collect() })
    }
}

// Registration: a claim without an implementation does not compile.
fn card_index(system: SystemKey) -> Adapter {
    let list = Capability {
        natural_sort: Some("path"),
        sorts: vec!["path"],
        order: ListOrder::Keyset,
        deadline: Duration::from_secs(2),
        ..Capability::default()
    };
    AdapterBuilder::new("card-index", system, CardIndex::default())
        .on::<ListDocuments>(list)
        .on::<CreateFolder>(Capability::default())
        .on::<FindByMarker>(Capability::default())
        .change_detection(ChangeDetection::SnapshotDifference)
        .reconciliation(Reconciliation::Marker { field: "pencil note" })
        .build()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = SystemKey::new("cards").ok_or("a key is lower-case letters, digits and dashes")?;
    let adapter = card_index(system.clone());
    let cards = Upstream::new(system, adapter.profile().clone(), CallService::new(adapter));

    let marker = Marker::new("00112233445566778899aabbccddeeff").ok_or("32 hexadecimal digits")?;
    let mut context = CallContext::internal("guide", Duration::from_secs(2));
    context.marker = Some(marker.clone());
    let folder = NativeId::new("Abertawe").ok_or("short enough")?;
    cards.call(context.clone(), CreateFolder { folder: folder.clone() }).await?;

    // The answer was lost? Look for the marker before anything is sent again.
    let settled = FindByMarker { marker, resource: ResourceType::Document };
    assert_eq!(cards.call(context.clone(), settled).await?.found, std::slice::from_ref(&folder));

    let twice = cards.call(context.clone(), CreateFolder { folder }).await;
    assert_eq!(twice.map_err(|error| error.kind()), Err(ErrorKind::PreconditionFailed));

    let page = cards.call(context.clone(), ListDocuments { query: ListQuery::first(25) }).await?;
    assert_eq!(page.items.len(), 1);

    // What was not claimed is refused, whatever the layers above believe.
    let unclaimed = cards.call(context, GetDocument { document: DocumentRef::Root }).await;
    assert_eq!(unclaimed.map(|_| ()).map_err(|error| error.kind()), Err(ErrorKind::Unsupported));
    Ok(())
}
