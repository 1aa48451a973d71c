//! The scopes: together they cover every process and every fault, and combine faults with races.

use crate::scope::Scope;

mod bans;
mod races;
mod requests;
mod servers;
mod time;

/// All of them, the small ones first.
pub(crate) fn all() -> impl Iterator<Item = &'static Scope> {
    [
        races::SCOPES,
        bans::SCOPES,
        time::SCOPES,
        requests::SCOPES,
        servers::SCOPES,
    ]
    .into_iter()
    .flatten()
}
