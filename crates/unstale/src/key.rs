//! Keys of typed spaces: a pattern, filled with ids.

use std::fmt::{self, Display};

mod brief;
mod built;
mod pattern;

pub(crate) use self::brief::{Brief, ends};
pub(crate) use self::built::Built;
#[doc(hidden)]
pub use self::pattern::Filling;
pub(crate) use self::pattern::KeyPattern;

/// Stands for any id in [`Space::remove_pattern`](crate::Space::remove_pattern).
pub const ANY: Any = Any;

/// The type of [`ANY`].
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Any;

/// What a key is written to: its text, or what is kept of that.
#[doc(hidden)]
pub trait Text {
    /// Adds this at the end.
    fn push(&mut self, text: &str);

    /// Where ids are added that have to be formatted; nowhere if the key has to be written out for
    /// them anyway.
    fn formatted(&mut self) -> Option<&mut dyn fmt::Write>;
}

/// The ids of a key, in the order of the stars in its space's pattern: anything that can be
/// displayed, or a tuple of up to four of them.
///
/// Give one id for each star. Ids are taken as they are, so two keys are the same where an id
/// contains what stands between the stars: do not let strangers choose ids with a `:`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), unstale::Error> {
/// # let cache = unstale::Cache::builder().build().await?;
/// let feeds = cache.space::<Vec<u64>>("feed:user:*:page:*");
/// assert_eq!(feeds.key((7, 1)), "feed:user:7:page:1");
/// # Ok(()) }
/// ```
pub trait Ids {
    /// Passes each id on. A read may ask for them more than once, and needs the same each time.
    fn each(&self, with: &mut dyn FnMut(&dyn Display));

    /// Fills a key with each id; one whose type is known need not go by way of `Display`.
    #[doc(hidden)]
    fn fill(&self, filling: &mut Filling<'_, impl Text>)
    where
        Self: Sized,
    {
        if filling.formats() {
            self.each(&mut |id| filling.id(id));
        }
    }
}

impl<T: Display + ?Sized> Ids for &T {
    fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
        with(&self);
    }

    #[inline]
    fn fill(&self, filling: &mut Filling<'_, impl Text>) {
        filling.id(*self);
    }
}

macro_rules! ids_of_values {
    ($($type:ty),*) => {$(
        impl Ids for $type {
            fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
                with(self);
            }

            #[inline]
            fn fill(&self, filling: &mut Filling<'_, impl Text>) {
                filling.id(self);
            }
        }
    )*};
}

ids_of_values!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char, bool, String
);

macro_rules! ids_of_tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: Display),+> Ids for ($($name,)+) {
            #[allow(non_snake_case)]
            fn each(&self, with: &mut dyn FnMut(&dyn Display)) {
                let ($($name,)+) = self;
                $(with($name);)+
            }

            #[allow(non_snake_case)]
            #[inline]
            fn fill(&self, filling: &mut Filling<'_, impl Text>) {
                let ($($name,)+) = self;
                $(filling.id($name);)+
            }
        }
    )*};
}

ids_of_tuples!((A)(A, B)(A, B, C)(A, B, C, D));

/// Parts of a key of which some may be [`ANY`].
pub trait Parts {
    /// Passes each part on; `None` for [`ANY`].
    fn each(&self, with: &mut dyn FnMut(Option<&dyn Display>));
}

/// One part of a pattern: an id, or [`ANY`].
pub trait Part {
    /// The id; `None` for [`ANY`].
    fn id(&self) -> Option<&dyn Display>;
}

impl Part for Any {
    fn id(&self) -> Option<&dyn Display> {
        None
    }
}

impl<T: Display> Part for &T {
    fn id(&self) -> Option<&dyn Display> {
        Some(self)
    }
}

macro_rules! part_of_values {
    ($($type:ty),*) => {$(
        impl Part for $type {
            fn id(&self) -> Option<&dyn Display> {
                Some(self)
            }
        }
    )*};
}

part_of_values!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char, bool, String, &str
);

impl Parts for Any {
    fn each(&self, with: &mut dyn FnMut(Option<&dyn Display>)) {
        with(None);
    }
}

macro_rules! parts_of_tuples {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: Part),+> Parts for ($($name,)+) {
            #[allow(non_snake_case)]
            fn each(&self, with: &mut dyn FnMut(Option<&dyn Display>)) {
                let ($($name,)+) = self;
                $(with($name.id());)+
            }
        }
    )*};
}

parts_of_tuples!((A)(A, B)(A, B, C)(A, B, C, D));
