//! Events that wait to be published.

use std::time::Duration;

use crate::support::{event, on_both};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_event_is_given_out_once_in_order_and_gone_when_published() {
    on_both(async |store| {
        assert_eq!(store.outbox_backlog().await.unwrap().oldest, None);
        let events: Vec<_> = ["a", "b", "c"].into_iter().map(event).collect();
        store.announce(events.clone()).await.unwrap();
        // An id that is known is not announced twice.
        store.announce(events[..1].to_vec()).await.unwrap();
        let backlog = store.outbox_backlog().await.unwrap();
        assert_eq!((backlog.count, backlog.oldest.is_some()), (3, true));

        let first = store.outbox_claim(2, SOON).await.unwrap();
        assert_eq!(first.iter().map(|row| &row.event).collect::<Vec<_>>(), [&events[0], &events[1]]);
        let second = store.outbox_claim(2, SOON).await.unwrap();
        assert_eq!(second.iter().map(|row| &row.event).collect::<Vec<_>>(), [&events[2]]);
        store.outbox_done(first.iter().map(|row| row.seq).collect()).await.unwrap();
        store.outbox_done(first.iter().map(|row| row.seq).collect()).await.unwrap();
        assert_eq!(store.outbox_pending(0, 10).await.unwrap().items, second);
        assert_eq!(store.outbox_backlog().await.unwrap().count, 1);
    })
    .await;
}

#[tokio::test]
async fn an_event_comes_again_after_its_lease_with_the_same_id_and_never_before_one_of_its_key() {
    on_both(async |store| {
        let (first, second) = (event("a"), event("a"));
        store.announce(vec![first.clone()]).await.unwrap();
        assert_eq!(store.outbox_claim(10, Duration::ZERO).await.unwrap().len(), 1);
        let again = store.outbox_claim(10, SOON).await.unwrap();
        assert_eq!(again[0].event, first);
        // The first is in somebody's hands: the second waits.
        store.announce(vec![second.clone(), event("b")]).await.unwrap();
        let others = store.outbox_claim(10, SOON).await.unwrap();
        assert_eq!(others.iter().map(|row| row.event.key.as_str()).collect::<Vec<_>>(), ["b"]);
        store.outbox_done(vec![again[0].seq]).await.unwrap();
        assert_eq!(store.outbox_claim(10, SOON).await.unwrap()[0].event, second);
    })
    .await;
}
