//! The lease: the right to fill one missing key in L2, once.

use std::sync::Arc;

use bytes::Bytes;

use super::{Cacheable, Request};
use crate::codec::EncodeError;
use crate::core::Position;
use crate::instance::Instance;
use crate::partitions::Slice;
use crate::tiers::record::{self, Traits, Value};
use crate::tiers::{Shared, Unavailable};

/// A lease of L2. Dropped unused, it is given back, so that nobody waits for it.
pub(super) struct Held {
    instance: Arc<Instance>,
    shared: Option<Arc<Shared>>,
    key: Arc<str>,
    bytes: Bytes,
    token: String,
    /// The position before which the load that fills it begins.
    pub(super) stamp: Position,
    used: bool,
}

/// The stamp of a load that begins now: its lease's, or what is known to be executed.
pub(super) fn stamp_of_load(slice: &Slice, lease: Option<&Held>) -> Position {
    lease.map_or_else(
        || slice.local.with(|partition, _| partition.known()),
        |lease| lease.stamp,
    )
}

/// What became of a fill.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Filled {
    /// L2 has the value.
    Stored,
    /// The lease was gone: the key was invalidated meanwhile, and the value may be too old.
    Refused,
    /// It could not be tried, which says nothing about the value.
    NotTried,
    /// The value is too large to be cached at all.
    TooLarge,
}

impl Held {
    /// A lease to ask for. Its stamp is what is known to be executed now, so the load has to begin
    /// after this. It counts as granted until the answer says otherwise: an answer may be lost,
    /// or its reader cancelled.
    pub(super) fn draft(request: &Request<'_>, key: &Arc<str>) -> Self {
        let (instance, slice) = (request.instance, request.slice);
        let stamp = slice.local.with(|partition, _| partition.known());
        let token = instance.unique_token();
        let bytes = record::lease(stamp, &token);
        Self {
            instance: instance.clone(),
            shared: slice.shared.clone(),
            key: key.clone(),
            bytes,
            token,
            stamp,
            used: false,
        }
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// L2 has not granted it.
    pub(super) fn refused(mut self) {
        self.used = true;
    }

    pub(super) async fn fill<T: Cacheable>(
        mut self,
        request: &Request<'_>,
        value: &T,
        stamp: Position,
        traits: &Traits,
    ) -> Filled {
        match self.try_fill(request.slice, value, stamp, traits).await {
            Ok(stored) => {
                self.used = true;
                if stored {
                    Filled::Stored
                } else {
                    Filled::Refused
                }
            }
            Err(FillError::Encode(EncodeError::TooLarge { limit })) => {
                tracing::debug!(
                    key = request.key,
                    limit,
                    "a value is too large to be cached"
                );
                Filled::TooLarge
            }
            Err(failure) => {
                tracing::debug!(key = request.key, %failure, "a value was not stored in L2");
                Filled::NotTried
            }
        }
    }

    async fn try_fill<T: Cacheable>(
        &self,
        slice: &Slice,
        value: &T,
        stamp: Position,
        traits: &Traits,
    ) -> Result<bool, FillError> {
        let Some(shared) = &self.shared else {
            return Err(Unavailable::Down.into());
        };
        let encoded = self
            .instance
            .codec
            .encode(value)
            .map_err(FillError::Encode)?;
        slice.allow_ttl(shared, traits.ttl).await?;
        let rest = record::value_rest(&self.token, traits, &encoded);
        let value = Value {
            stamp,
            traits: traits.clone(),
            encoded,
        };
        let fill = shared.fill(&self.key, &self.bytes, &value, &rest).await?;
        if fill.awaited {
            self.tell_those_who_wait(shared.clone(), (!fill.stored).then_some((value, rest)));
        }
        Ok(fill.stored)
    }

    /// Hands a refused value over; of one that was stored, says that there is nothing else to wait for.
    /// Nobody waits for this: whoever hears nothing gives up.
    fn tell_those_who_wait(&self, shared: Arc<Shared>, refused: Option<(Value, Vec<u8>)>) {
        let (key, lease) = (self.key.clone(), self.bytes.clone());
        self.instance.tasks.runtime.spawn(async move {
            let told = match refused {
                Some((value, rest)) => shared.hand_over(&lease, &value, &rest).await,
                None => shared.release(&key, &lease).await,
            };
            if let Err(failure) = told {
                tracing::debug!(%failure, "those who wait for a value were not told of it");
            }
        });
    }
}

#[derive(Debug, thiserror::Error)]
enum FillError {
    #[error("it cannot be encoded: {0}")]
    Encode(EncodeError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(shared) = self
            .shared
            .take()
            .filter(|shared| !self.used && shared.is_up())
        else {
            return;
        };
        let (key, bytes) = (self.key.clone(), self.bytes.clone());
        self.instance.tasks.runtime.spawn(async move {
            if let Err(failure) = shared.release(&key, &bytes).await {
                tracing::debug!(%failure, "a lease was not given back; it will expire");
            }
        });
    }
}
