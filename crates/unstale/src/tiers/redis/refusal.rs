//! What the errors of a server mean.

use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::super::Unavailable;
use super::connection::{Mistrust, NoDatabase, NotAnswered};

/// What `accept.lua` and `log.lua` answer when the server's history is not the caller's.
const NOFENCE: &str = "NOFENCE";

/// Whether the server's history is not ours: the connection has to be fenced again.
pub(super) fn is_unfenced(error: &RedisError) -> bool {
    code(error).as_deref() == Some(NOFENCE)
}

/// Whether this server, on this connection, is of no use any longer.
///
/// Of a cluster's node that is so when the slot is another's (MOVED), and when it cannot be sure that
/// it is still its own (CLUSTERDOWN): it may find out that it was replaced, and has to be fenced first.
///
/// While a slot moves away key by key, its owner answers ASK or TRYAGAIN for what is no longer there.
/// That is this one command's bad luck: reads go to the source, removals stay pending, and where `meta`
/// or the log has gone there is no proof either. The other node would answer after ASKING, and is not
/// asked: nothing may be executed where the slot is not owned yet, because no fence has seen that
/// history, and half of what a script reads is still here.
pub(super) fn ends_line(error: &RedisError) -> bool {
    let not_the_primary = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::Moved
                | ServerErrorKind::ClusterDown
        )
    );
    not_the_primary
        || matches!(code(error).as_deref(), Some("NOTPRIMARY" | "NOREPLICAS"))
        || error.is_io_error()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
}

/// Whether the server refuses us as we are: waiting does not help.
pub(super) fn is_of_login(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AuthenticationFailed
            | ErrorKind::InvalidClientConfig
            | ErrorKind::Server(ServerErrorKind::NoPerm)
    ) || matches!(code(error).as_deref(), Some("WRONGPASS" | "NOAUTH"))
        || Mistrust::of(error).is_some_and(Mistrust::is_final)
        || NoDatabase::is(error)
        || NotAnswered::is(error)
}

/// Whether the key's slot is another node's.
pub(super) fn is_moved(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(ServerErrorKind::Moved))
}

/// Whether the server asks for a login.
pub(super) fn is_without_login(error: &RedisError) -> bool {
    code(error).as_deref() == Some("NOAUTH")
}

/// Whether the server did not execute a command because it does not know it in this form. Nothing else
/// says so for certain: a proxy may answer with an error of its own what was executed behind it.
pub(super) fn is_misunderstanding(error: &RedisError) -> bool {
    let error = first(error);
    let is_error = matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ResponseError)
    );
    let detail = error.detail().unwrap_or_default();
    is_error && (detail.starts_with("syntax error") || detail.starts_with("unknown command"))
}

/// Whether the server has no such command.
pub(super) fn is_unknown_command(error: &RedisError) -> bool {
    let detail = error.detail().unwrap_or_default();
    detail.starts_with("unknown command")
}

impl From<RedisError> for Unavailable {
    fn from(error: RedisError) -> Self {
        match code(&error).as_deref() {
            Some(NOFENCE) => Unavailable::NotFenced,
            Some("OOM") => Unavailable::Full,
            Some("WRONGTYPE") => Unavailable::NoRecord,
            _ => Unavailable::Server(Arc::new(error)),
        }
    }
}

fn code(error: &RedisError) -> Option<String> {
    first(error).code().map(str::to_owned)
}

/// The error itself, or the first of those that the client keeps within the error of a pipeline.
fn first(error: &RedisError) -> RedisError {
    let within = error.clone().into_server_errors();
    let first = within.and_then(|errors| Some(errors.first()?.1.clone().into()));
    first.unwrap_or_else(|| error.clone())
}
