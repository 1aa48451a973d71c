//! The scripts, each one atomic step of the protocol on the server.

use std::sync::LazyLock;

use redis::Script;

use super::super::wire;
use super::call::Call;
use crate::core::Witness;

/// Invalidation goes on when the server has run out of memory.
const ALLOW_OOM: &str = "#!lua flags=allow-oom\n";

/// Values are not stored when the server has run out of memory.
const DENY_OOM: &str = "#!lua\n";

/// The arguments by which an instance says what it knows.
pub(super) fn tell(call: &mut Call, ours: &Witness) {
    call.arg(ours.history.epoch)
        .arg(&*wire::number(ours.history.nonce));
    for place in [ours.known, ours.unseen] {
        call.arg(place.seq).arg(&*wire::number(place.id));
    }
    call.arg(ours.excused);
}

fn script(parts: &[&str]) -> Script {
    Script::new(&parts.concat())
}

macro_rules! source {
    ($name:literal) => {
        include_str!(concat!("scripts/", $name, ".lua"))
    };
}

const NUMBERS: &str = source!("numbers");
const WITNESS: &str = source!("witness");
const HISTORY: &str = source!("history");
const ENTRY: &str = source!("entry");
const ACCEPT: &str = source!("accept");
const LOG: &str = source!("log");
/// Answers where log.lua has appended the entry.
const ANSWER: &str = "return appended\n";

pub(super) static FENCE: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        ALLOW_OOM,
        NUMBERS,
        WITNESS,
        HISTORY,
        ENTRY,
        source!("fence"),
    ])
});
pub(super) static INVALIDATE: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        ALLOW_OOM,
        NUMBERS,
        WITNESS,
        ENTRY,
        ACCEPT,
        source!("unlink"),
        source!("bans"),
        LOG,
        ANSWER,
    ])
});
pub(super) static STORE: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        DENY_OOM,
        NUMBERS,
        WITNESS,
        ENTRY,
        ACCEPT,
        LOG,
        source!("store"),
        ANSWER,
    ])
});
pub(super) static FILL: LazyLock<Script> = LazyLock::new(|| script(&[DENY_OOM, source!("fill")]));
pub(super) static TAKE_OVER: LazyLock<Script> =
    LazyLock::new(|| script(&[DENY_OOM, source!("take_over")]));
pub(super) static RELEASE: LazyLock<Script> =
    LazyLock::new(|| script(&[ALLOW_OOM, source!("release")]));
pub(super) static GUARDED: LazyLock<Script> =
    LazyLock::new(|| script(&[ALLOW_OOM, NUMBERS, WITNESS, HISTORY, source!("guarded")]));
pub(super) static HEARTBEAT: LazyLock<Script> =
    LazyLock::new(|| script(&[DENY_OOM, source!("heartbeat")]));
pub(super) static TOUCH: LazyLock<Script> =
    LazyLock::new(|| script(&[ALLOW_OOM, source!("touch")]));
