//! How the values of a space are loaded when no caller asks for one.

use std::fmt::Display;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use super::chance::Chance;

/// What the loader of [`Space::inspect_with`](crate::Space::inspect_with) takes: an id, or a tuple
/// of up to four, in the order of the stars in the space's pattern.
pub trait FromIds: Sized {
    /// The ids from how they stand in a key; `None` when they are not these.
    fn from_ids(ids: &[String]) -> Option<Self>;
}

macro_rules! single_ids {
    ($($type:ty),*) => {$(
        impl FromIds for $type {
            fn from_ids(ids: &[String]) -> Option<Self> {
                <(Self,)>::from_ids(ids).map(|(id,)| id)
            }
        }
    )*};
}

single_ids!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, char, bool, String
);

macro_rules! tuples_of_ids {
    ($(($($name:ident),+))*) => {$(
        impl<$($name: FromStr),+> FromIds for ($($name,)+) {
            #[allow(non_snake_case)]
            fn from_ids(ids: &[String]) -> Option<Self> {
                let mut ids = ids.iter();
                $(let $name = ids.next()?.parse().ok()?;)+
                ids.next().is_none().then_some(($($name,)+))
            }
        }
    )*};
}

tuples_of_ids!((A)(A, B)(A, B, C)(A, B, C, D));

/// A load under way, whose error is only told.
pub(super) type Loading<T> = Pin<Box<dyn Future<Output = Result<Option<T>, String>> + Send>>;

type Load<T> = Box<dyn Fn(&[String]) -> Option<Loading<T>> + Send + Sync>;

/// What is inspected of a space, and with which loader.
pub(crate) struct Inspection<T> {
    chance: Chance,
    load: Load<T>,
    /// It was said that the values of this space cannot be compared.
    pub(super) told: AtomicBool,
}

impl<T: 'static> Inspection<T> {
    pub(super) fn new<I, E, F, Loads>(chance: Chance, load: F) -> Self
    where
        I: FromIds,
        E: Display,
        F: Fn(I) -> Loads + Send + Sync + 'static,
        Loads: Future<Output = Result<Option<T>, E>> + Send + 'static,
    {
        let load: Load<T> = Box::new(move |ids| {
            let loading = load(I::from_ids(ids)?);
            Some(Box::pin(async move {
                loading.await.map_err(|error| error.to_string())
            }))
        });
        Self {
            chance,
            load,
            told: AtomicBool::new(false),
        }
    }

    /// Whether the hit that just happened is inspected.
    #[inline]
    pub(crate) fn falls_on_this_hit(&self) -> bool {
        self.chance.falls()
    }

    /// Asks the source; `None` when the ids are not what the loader takes.
    pub(super) fn load(&self, ids: &[String]) -> Option<Loading<T>> {
        (self.load)(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<I: FromIds>(ids: &[&str]) -> Option<I> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        I::from_ids(&ids)
    }

    #[test]
    fn ids_are_read_back_as_what_the_loader_takes() {
        assert_eq!(ids::<String>(&["MSFT"]), Some("MSFT".to_owned()));
        assert_eq!(ids::<i64>(&["-7"]), Some(-7));
        assert_eq!(ids::<(u64, String)>(&["7", "x"]), Some((7, "x".to_owned())));
        assert_eq!(
            ids::<(u8, u8, u8, char)>(&["1", "2", "3", "c"]),
            Some((1, 2, 3, 'c'))
        );
    }

    #[test]
    fn others_are_none() {
        assert_eq!(ids::<u64>(&["MSFT"]), None);
        assert_eq!(ids::<u64>(&[]), None);
        assert_eq!(ids::<u64>(&["1", "2"]), None);
        assert_eq!(ids::<(u64, u64)>(&["1"]), None);
    }
}
