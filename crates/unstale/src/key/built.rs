//! Keys under construction.

use std::fmt;

use arrayvec::ArrayString;

use super::Text;

/// Keys up to this length are built without an allocation. A `Built` then has 128 bytes: as many as
/// the compiler copies in place, without calling the C library.
pub(super) const INLINE: usize = 116;
const _: () = assert!(size_of::<Built>() == 128);

/// A key that is being built, or was: on the stack while it is short.
#[derive(Clone, Debug)]
pub(crate) enum Built {
    Short(ArrayString<INLINE>),
    Long(String),
}

impl Built {
    #[inline]
    pub(crate) fn new() -> Self {
        Built::Short(ArrayString::new())
    }

    /// Begins with this, whatever was there before: a copy of known length costs less than adding
    /// text of any.
    #[inline]
    pub(super) fn begin(&mut self, stem: &Self) {
        match stem {
            Built::Short(stem) => *self = Built::Short(*stem),
            Built::Long(_) => *self = stem.clone(),
        }
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

impl From<&str> for Built {
    fn from(text: &str) -> Self {
        let mut built = Self::new();
        built.push(text);
        built
    }
}

impl AsRef<str> for Built {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Text for Built {
    #[inline]
    fn push(&mut self, text: &str) {
        if let Built::Short(short) = self
            && short.try_push_str(text).is_ok()
        {
            return;
        }
        self.push_long(text);
    }

    fn formatted(&mut self) -> Option<&mut dyn fmt::Write> {
        Some(self)
    }
}

impl fmt::Write for Built {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}
