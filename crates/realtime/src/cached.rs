//! What the service keeps in its cache: under which key, for how long, and what a write removes.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use unstale::{Cache, Outcome, Policy, Priority, Space};
use uuid::Uuid;

use crate::{
    domain::{Activity, Document, DocumentVersion, Product, StockPrice, Symbol},
    store::Repository,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The id under which the list of all products is kept.
pub(crate) const ALL: &str = "all";
/// The id under which the list of the featured products is kept.
pub(crate) const FEATURED: &str = "featured";

/// The service's entries. Where no policy stands, the configuration's `DefaultAbsoluteExpiration`
/// holds.
pub(crate) struct Cached {
    cache: Cache,
    pub(crate) stock_prices: Space<StockPrice>,
    pub(crate) documents: Space<Document>,
    pub(crate) document_versions: Space<Vec<DocumentVersion>>,
    pub(crate) active_users: Space<Vec<String>>,
    /// The id is a user's, followed by a [`PageKey`](crate::domain::PageKey).
    pub(crate) feeds: Space<Vec<Activity>>,
    pub(crate) activities: Space<Activity>,
    pub(crate) stock_levels: Space<i64>,
    pub(crate) products: Space<Product>,
    /// The id is [`ALL`] or [`FEATURED`].
    pub(crate) product_lists: Space<Vec<Product>>,
    pub(crate) category_products: Space<Vec<Product>>,
}

impl Cached {
    /// The prices of stocks are inspected: a sample of the copies is compared with what the store
    /// has, so that a write which does not invalidate is found.
    pub(crate) fn new(cache: Cache, store: Arc<dyn Repository>) -> Self {
        let lasting = |time| Policy::new().absolute_expiration(time).size(1);
        Self {
            stock_prices: cache
                .space("stock:price:*")
                .with_policy(lasting(2 * MINUTE).priority(Priority::Low))
                .inspect_with(move |(symbol,): (Symbol,)| {
                    let store = store.clone();
                    async move { store.current_price(&symbol).await }
                }),
            documents: cache.space("document:*").with_policy(lasting(5 * MINUTE)),
            document_versions: cache
                .space("document:*:versions")
                .with_policy(lasting(5 * MINUTE)),
            active_users: cache
                .space("document:*:active-users")
                .with_policy(lasting(30 * SECOND)),
            // Its size is the number of activities on the page, which only the loader knows.
            feeds: cache.space("feed:user:*:page:*").with_policy(
                Policy::new()
                    .absolute_expiration(MINUTE)
                    .priority(Priority::Low)
                    .label("feed:user:*"),
            ),
            activities: cache.space("activity:*"),
            stock_levels: cache
                .space("inventory:stock:*")
                .with_policy(lasting(3 * MINUTE)),
            products: cache.space("product:*"),
            product_lists: cache.space("products:*"),
            category_products: cache.space("products:category:*"),
            cache,
        }
    }

    /// A document's content changed, and with it the list of its versions.
    pub(crate) async fn remove_document(&self, id: Uuid) -> Outcome {
        self.cache
            .remove_batch([self.documents.key(&id), self.document_versions.key(&id)])
            .await
    }

    /// An activity changed. Any page of any feed may show it.
    pub(crate) async fn remove_activity(&self, id: i64) -> [Outcome; 2] {
        let (activity, feeds) = futures::join!(
            self.activities.remove(&id),
            self.cache.remove_pattern("feed:user:*")
        );
        [activity, feeds]
    }

    /// Products changed, and with them every list that showed or now shows one: also those of the
    /// category that a product left, which the specification's batch forgets.
    pub(crate) async fn remove_products(
        &self,
        ids: impl IntoIterator<Item = i64>,
        categories: &[i64],
    ) -> Outcome {
        let products = ids.into_iter().map(|id| self.products.key(id));
        let categories = categories.iter().map(|id| self.category_products.key(id));
        let lists = [ALL, FEATURED].map(|list| self.product_lists.key(list));
        let keys: BTreeSet<String> = products.chain(categories).chain(lists).collect();
        self.cache.remove_batch(keys).await
    }

    /// Nobody knows which products changed.
    pub(crate) async fn remove_all_products(&self) -> [Outcome; 2] {
        let one = self.cache.remove_pattern("product:*");
        let lists = self.cache.remove_pattern("products:*");
        let (one, lists) = futures::join!(one, lists);
        [one, lists]
    }
}
