//! Messages over a unix socket: MessagePack behind their lengths.

use std::marker::PhantomData;

use anyhow::Result;
use futures_util::{SinkExt as _, StreamExt as _};
use serde::{Serialize, de::DeserializeOwned};
use tokio::net::{
    UnixStream,
    unix::{OwnedReadHalf, OwnedWriteHalf},
};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

/// The end that says something.
pub(super) struct Outgoing<T> {
    frames: FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>,
    messages: PhantomData<fn(T)>,
}

/// The end that hears something.
pub(super) struct Incoming<T> {
    frames: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    messages: PhantomData<fn() -> T>,
}

/// Both ends of a connection.
pub(super) fn ends<Out, In>(stream: UnixStream) -> (Outgoing<Out>, Incoming<In>) {
    let (reading, writing) = stream.into_split();
    let outgoing = Outgoing {
        frames: FramedWrite::new(writing, LengthDelimitedCodec::new()),
        messages: PhantomData,
    };
    let incoming = Incoming {
        frames: FramedRead::new(reading, LengthDelimitedCodec::new()),
        messages: PhantomData,
    };
    (outgoing, incoming)
}

impl<T: Serialize> Outgoing<T> {
    pub(super) async fn send(&mut self, message: &T) -> Result<()> {
        let bytes = rmp_serde::to_vec(message)?;
        Ok(self.frames.send(bytes.as_slice()).await?)
    }

    /// The same connection, on which something else is said from now on.
    pub(super) fn says<U>(self) -> Outgoing<U> {
        Outgoing {
            frames: self.frames,
            messages: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Incoming<T> {
    /// The next message; `None` when nothing follows. Nothing is lost when this is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<T>> {
        match self.frames.next().await {
            Some(bytes) => Ok(Some(rmp_serde::from_slice(&bytes?)?)),
            None => Ok(None),
        }
    }

    /// The same connection, on which something else is heard from now on.
    pub(super) fn hears<U>(self) -> Incoming<U> {
        Incoming {
            frames: self.frames,
            messages: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_arrive_whole_and_in_order() -> Result<()> {
        let (here, there) = UnixStream::pair()?;
        let (mut outgoing, _) = ends::<Vec<u64>, ()>(here);
        let (_keep, mut incoming) = ends::<(), Vec<u64>>(there);
        let messages = [vec![], vec![7], (0..10_000).collect()];
        let sending = async {
            for message in &messages {
                outgoing.send(message).await?;
            }
            drop(outgoing);
            anyhow::Ok(())
        };
        let hearing = async {
            let mut heard = Vec::new();
            while let Some(message) = incoming.next().await? {
                heard.push(message);
            }
            anyhow::Ok(heard)
        };
        let (sent, heard) = tokio::join!(sending, hearing);
        sent?;
        assert_eq!(heard?, messages);
        Ok(())
    }
}
