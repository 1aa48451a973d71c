//! Keys under construction.

use std::fmt::{self, Write};

use arrayvec::ArrayString;

/// Keys up to this length are built without an allocation.
pub(super) const INLINE: usize = 128;

/// A key that is being built, or was: on the stack while it is short.
pub(crate) enum Built {
    Short(ArrayString<INLINE>),
    Long(String),
}

impl Built {
    #[inline]
    pub(super) fn new() -> Self {
        Built::Short(ArrayString::new())
    }

    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        if let Built::Short(short) = self
            && short.try_push_str(text).is_ok()
        {
            return;
        }
        self.push_long(text);
    }

    #[cold]
    fn push_long(&mut self, text: &str) {
        match self {
            Built::Short(short) => *self = Built::Long([short.as_str(), text].concat()),
            Built::Long(long) => long.push_str(text),
        }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Built::Short(short) => short,
            Built::Long(long) => long,
        }
    }
}

impl AsRef<str> for Built {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Write for Built {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}
