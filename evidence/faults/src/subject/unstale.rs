//! This library.

use std::sync::Arc;

use history::Source;
use unstale::{ANY, Cache, Entry, Lookup, Outcome, Space, Token};

use super::{LoadFailed, Removal, Removed, Row, Seen, Subject};
use crate::{
    keyspace::{Group, Key, Place},
    workload::Loader,
};

/// One instance, with a typed space for each kind of key.
#[derive(Clone)]
pub(crate) struct Unstale {
    cache: Cache,
    items: Space<Row>,
    feeds: Space<Row>,
    docs: Space<Row>,
}

/// Does the same with the key's space and ids, whichever they are.
macro_rules! in_space_of {
    ($key:expr, $self:ident, |$space:ident, $ids:ident| $work:expr) => {
        match $key.place() {
            Place::Item(item) => {
                let ($space, $ids) = (&$self.items, item);
                $work
            }
            Place::Feed { user, page } => {
                let ($space, $ids) = (&$self.feeds, (user, page));
                $work
            }
            Place::Doc(doc) => {
                let ($space, $ids) = (&$self.docs, doc);
                $work
            }
        }
    };
}

impl Unstale {
    pub(crate) fn new(cache: Cache) -> Self {
        Self {
            items: cache.space("item:*"),
            feeds: cache.space("feed:*:page:*"),
            docs: cache.space("doc:*"),
            cache,
        }
    }

    async fn ban(&self, group: Group) -> Outcome {
        match group {
            Group::User(user) => self.feeds.remove_pattern((user, ANY)).await,
            Group::Page(page) => self.feeds.remove_pattern((ANY, page)).await,
            Group::Nothing(_) => self.cache.remove_pattern(&group.name()).await,
            Group::Team(_) => self.cache.remove_tag(&group.name()).await,
            Group::All => self.cache.clear().await,
        }
    }
}

impl Subject for Unstale {
    async fn read(&self, key: Key, after: Option<&Token>, loader: &Loader) -> Option<Seen> {
        let load = || async move { Ok(loader.load(key).await?.map(|row| tagged(key, row))) };
        let read = in_space_of!(key, self, |space, ids| match after {
            Some(token) =>
                space
                    .after(token)
                    .get_or_load_entry_sourced(ids, load)
                    .await,
            None => space.get_or_load_entry_sourced(ids, load).await,
        });
        let read: Option<_> = read.map_err(drop_error).ok()?;
        read.map(|read| read.value.seen(source(read.source)))
    }

    async fn look_up(&self, key: Key, loader: &Loader) -> Option<Seen> {
        match in_space_of!(key, self, |space, ids| space.lookup(ids).await) {
            // Where it was found is not told. Of a copy in memory the least is asked.
            Lookup::Hit(row) => Some(row.seen(Source::L1)),
            Lookup::Miss(lease) => {
                let row = loader.load(key).await.ok()??;
                let row = lease.fill_entry(tagged(key, row)).await;
                Some(row.seen(Source::Load))
            }
        }
    }

    async fn get(&self, key: Key) -> Option<Seen> {
        let row = in_space_of!(key, self, |space, ids| space.get(ids).await);
        row.map(|row| row.seen(Source::L1))
    }

    async fn get_many(&self, keys: &[Key]) -> Vec<Option<Seen>> {
        let names: Vec<_> = keys.iter().map(Key::to_string).collect();
        let rows = self.cache.get_many::<Row>(&names).await;
        let seen = |row: Option<Arc<Row>>| Some(row?.seen(Source::L1));
        rows.into_iter().map(seen).collect()
    }

    async fn remove(&self, removal: &Removal) -> Removed {
        let outcome = match removal {
            Removal::Keys(keys) => match keys[..] {
                [key] => in_space_of!(key, self, |space, ids| space.remove(ids).await),
                _ => {
                    self.cache
                        .remove_batch(keys.iter().map(Key::to_string))
                        .await
                }
            },
            Removal::Group(group) => self.ban(*group).await,
        };
        match outcome {
            Outcome::Applied(token) => Removed::Applied(Some(token)),
            Outcome::Pending | Outcome::Refused(_) => Removed::Pending,
        }
    }
}

fn tagged(key: Key, row: Row) -> Entry<Row> {
    let entry = Entry::new(row);
    match key.tag() {
        Some(tag) => entry.tag(tag),
        None => entry,
    }
}

fn source(source: unstale::Source) -> Source {
    match source {
        unstale::Source::L1 => Source::L1,
        unstale::Source::L2 => Source::L2,
        unstale::Source::Flight => Source::Flight,
        // Whatever else there may be one day is held to what a load is.
        _ => Source::Load,
    }
}

/// Only the loader fails, and only on purpose.
fn drop_error(_: Arc<LoadFailed>) {}
