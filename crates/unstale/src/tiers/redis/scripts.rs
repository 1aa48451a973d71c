//! The scripts, each one atomic step of the protocol on the server.

use std::sync::LazyLock;

use redis::Script;

/// Invalidation goes on when the server has run out of memory.
const ALLOW_OOM: &str = "#!lua flags=allow-oom\n";

/// Values are not stored when the server has run out of memory.
const DENY_OOM: &str = "#!lua\n";

fn script(parts: &[&str]) -> Script {
    Script::new(&parts.concat())
}

macro_rules! source {
    ($name:literal) => {
        include_str!(concat!("scripts/", $name, ".lua"))
    };
}

pub(super) static FENCE: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        ALLOW_OOM,
        source!("numbers"),
        source!("history"),
        source!("fence"),
    ])
});
pub(super) static INVALIDATE: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        ALLOW_OOM,
        source!("numbers"),
        source!("log"),
        source!("invalidate"),
    ])
});
pub(super) static STORE: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        DENY_OOM,
        source!("numbers"),
        source!("log"),
        source!("store"),
    ])
});
pub(super) static FILL: LazyLock<Script> = LazyLock::new(|| script(&[DENY_OOM, source!("fill")]));
pub(super) static TAKE_OVER: LazyLock<Script> =
    LazyLock::new(|| script(&[DENY_OOM, source!("take_over")]));
pub(super) static RELEASE: LazyLock<Script> =
    LazyLock::new(|| script(&[ALLOW_OOM, source!("release")]));
pub(super) static GUARDED: LazyLock<Script> = LazyLock::new(|| {
    script(&[
        ALLOW_OOM,
        source!("numbers"),
        source!("history"),
        source!("guarded"),
    ])
});
pub(super) static TOUCH: LazyLock<Script> =
    LazyLock::new(|| script(&[ALLOW_OOM, source!("touch")]));
