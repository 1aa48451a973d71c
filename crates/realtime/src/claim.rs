use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Says that only instances which hear of each other use a database file: those of one process on
/// the hub, or those of any process on Redis. Otherwise one would go on showing what another has
/// long overwritten.
///
/// It is a lock on a file beside the database, which the system releases when the process ends,
/// however it ends.
pub(crate) struct Claim {
    _lock: File,
}

/// The database file cannot be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Somebody else claimed it.
    #[error(
        "The database {path} is in use by instances that would not hear of this process's writes. Name another \
         database with --database, or connect both processes to one server with --redis."
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file beside it cannot be locked.
    #[error("The database file {path} cannot be used. Name another one with --database.")]
    Lock {
        /// The database file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Claim {
    /// `shared` says that the other processes which claim it are connected with this one.
    pub(crate) fn of(database: &Path, shared: bool) -> Result<Self, ClaimError> {
        let failed = |source| ClaimError::Lock {
            path: database.to_owned(),
            source,
        };
        let mut path: OsString = database.into();
        path.push(".lock");
        let lock = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        let result = if shared {
            lock.try_lock_shared()
        } else {
            lock.try_lock()
        };
        match result {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(ClaimError::InUse {
                path: database.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_belongs_to_one_hub_or_to_any_number_on_redis() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("realtime.db");
        let claim = |shared| Claim::of(&database, shared);
        let in_use = |shared| matches!(claim(shared), Err(ClaimError::InUse { .. }));

        let alone = claim(false).unwrap();
        assert!(in_use(false) && in_use(true));
        drop(alone);
        let (one, other) = (claim(true).unwrap(), claim(true).unwrap());
        assert!(in_use(false));
        drop((one, other));
        claim(false).unwrap();
    }
}
