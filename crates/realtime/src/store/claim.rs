use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    io,
    path::Path,
};

use sqlx::{Connection, PgConnection};

/// Says that only instances which hear of each other use a database: those of one process on the
/// hub, or those of any process on Redis. Otherwise one would go on showing what another has long
/// overwritten.
///
/// It is a lock on a file beside the database's, or on the database's server, and released when the
/// process ends, however it ends.
pub(crate) struct Claim(Lock);

enum Lock {
    File(File),
    Server(PgConnection),
}

impl Claim {
    pub(super) fn on_server(lock: PgConnection) -> Self {
        Self(Lock::Server(lock))
    }

    /// `shared` says that the other processes which claim it are connected with this one. None if
    /// somebody else has it.
    pub(super) fn beside(database: &Path, shared: bool) -> io::Result<Option<Self>> {
        let mut path: OsString = database.into();
        path.push(".lock");
        let lock = File::options().create(true).append(true).open(path)?;
        let result = if shared {
            lock.try_lock_shared()
        } else {
            lock.try_lock()
        };
        match result {
            Ok(()) => Ok(Some(Self(Lock::File(lock)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source),
        }
    }

    /// Releases it before the process ends, and waits for that.
    pub(crate) async fn release(self) {
        match self.0 {
            Lock::File(file) => drop(file),
            Lock::Server(connection) => {
                if let Err(error) = connection.close().await {
                    tracing::debug!(%error, "the claim's connection was gone already");
                }
            }
        }
    }
}
