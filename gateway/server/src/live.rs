//! A service that is replaced under the connections that use it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::body::Body;
use http::Request;
use tower::Service;

/// The service that is in effect. Whoever has a clone gives each request to the one that is in effect when it comes; a
/// request that runs stays with the one that took it.
///
/// A clone keeps a copy of what it used last, so that a request costs one comparison: cloning all layers for each would
/// cost as much as some of them. An idle connection therefore holds the old service until its next request or its end.
/// The service behind must always be ready, as axum's routers are.
pub struct Live<S> {
    published: Arc<ArcSwap<S>>,
    used: Option<(Arc<S>, S)>,
}

impl<S: Clone> Live<S> {
    /// In effect until another one is published.
    pub fn new(service: S) -> Self {
        Self { published: Arc::new(ArcSwap::from_pointee(service)), used: None }
    }

    /// Takes effect for every request that comes from now on, through every clone.
    pub fn publish(&self, service: S) {
        self.published.store(Arc::new(service));
    }

    fn current(&mut self) -> &mut S {
        let now = self.published.load();
        let used = self.used.take().filter(|(seen, _)| Arc::ptr_eq(seen, &now));
        let used = used.unwrap_or_else(|| (Arc::clone(&now), S::clone(&now)));
        &mut self.used.insert(used).1
    }
}

impl<S> Clone for Live<S> {
    /// Without the copy: what only hands out clones must not keep an old service alive.
    fn clone(&self) -> Self {
        Self { published: Arc::clone(&self.published), used: None }
    }
}

impl<S> Service<Request<Body>> for Live<S>
where
    S: Service<Request<Body>, Error = Infallible> + Clone,
{
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.current().call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use super::*;

    /// Answers with its number, and counts who holds it.
    #[derive(Clone)]
    struct Numbered(Arc<u32>);

    impl Service<Request<Body>> for Numbered {
        type Response = u32;
        type Error = Infallible;
        type Future = Ready<Result<u32, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            ready(Ok(*self.0))
        }
    }

    async fn ask(live: &mut Live<Numbered>) -> u32 {
        live.call(Request::new(Body::empty())).await.unwrap()
    }

    #[tokio::test]
    async fn every_clone_sees_what_is_published_and_the_old_one_ends_with_its_last_user() {
        let (one, two) = (Arc::new(1), Arc::new(2));
        let template = Live::new(Numbered(Arc::clone(&one)));
        let (mut first, mut second) = (template.clone(), template.clone());
        assert_eq!((ask(&mut first).await, ask(&mut second).await), (1, 1));
        template.publish(Numbered(Arc::clone(&two)));
        assert_eq!(ask(&mut first).await, 2);
        assert!(Arc::strong_count(&one) > 1, "the second connection has not asked since");
        assert_eq!(ask(&mut second).await, 2);
        assert_eq!(Arc::strong_count(&one), 1, "nobody uses the first service any more");
        assert_eq!(ask(&mut template.clone()).await, 2);
    }

    #[tokio::test]
    async fn a_connection_that_ends_lets_go_of_the_old_one() {
        let one = Arc::new(1);
        let template = Live::new(Numbered(Arc::clone(&one)));
        let mut connection = template.clone();
        ask(&mut connection).await;
        template.publish(Numbered(Arc::new(2)));
        drop(connection);
        assert_eq!(Arc::strong_count(&one), 1);
    }
}
