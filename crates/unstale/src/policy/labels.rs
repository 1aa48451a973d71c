//! The name a key is counted under in metrics when no policy gives one.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use arrayvec::ArrayString;
use foldhash::fast::RandomState;

/// The label of every key whose own label would exceed the bound.
pub const OTHER_LABEL: &str = "(other)";

/// A label of so many bytes is folded on the stack: every miss and every removal asks for one.
const SHORT: usize = 128;

/// Hands out metrics labels, at most so many different ones.
///
/// A key's label is the key itself with its ids folded into `*`, so that `document:17:versions`
/// and `document:18:versions` are counted together. Once the bound is reached, keys that would
/// need a new label go under [`OTHER_LABEL`], because a metric without a bound on its labels
/// grows without end.
///
/// ```
/// use unstale::policy::Labels;
///
/// let labels = Labels::default();
/// assert_eq!(&*labels.for_key("feed:user:12:page:3"), "feed:user:*:page:*");
/// assert_eq!(&*labels.for_key("stock:price:MSFT"), "stock:price:*");
/// ```
#[derive(Debug)]
pub struct Labels {
    bound: usize,
    other: Arc<str>,
    known: RwLock<HashSet<Arc<str>, RandomState>>,
}

impl Labels {
    /// The bound unless another is asked for.
    pub const DEFAULT_BOUND: usize = 100;

    /// Labels of which there will be at most `bound`, besides [`OTHER_LABEL`].
    pub fn new(bound: usize) -> Self {
        Self {
            bound,
            other: OTHER_LABEL.into(),
            known: RwLock::default(),
        }
    }

    /// The label of a key to which no policy applies.
    pub fn for_key(&self, key: &str) -> Arc<str> {
        let mut short = ArrayString::<SHORT>::new();
        if fold(key, &mut short).is_ok() {
            return self.known(&short);
        }
        let mut long = String::with_capacity(key.len());
        // Text grows as it has to.
        let _ = fold(key, &mut long);
        self.known(&long)
    }

    /// This label, if it is one of those that there are, or may become one.
    fn known(&self, label: &str) -> Arc<str> {
        // A panic elsewhere cannot leave the set half-changed, so a poisoned lock is usable.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = known.get(label) {
            return Arc::clone(label);
        }
        if known.len() >= self.bound {
            return Arc::clone(&self.other);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = known.get(label) {
            return Arc::clone(label);
        }
        if known.len() >= self.bound {
            return Arc::clone(&self.other);
        }
        let label: Arc<str> = label.into();
        known.insert(Arc::clone(&label));
        label
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BOUND)
    }
}

/// Folds the ids in a key into `*`.
///
/// Names and ids alternate in most keys, so the last of several segments is an id even when it
/// does not look like one (`stock:price:MSFT`), unless it follows an id (`document:17:versions`).
fn fold(key: &str, folded: &mut impl fmt::Write) -> fmt::Result {
    let mut rest = Some(key);
    let mut previous_is_id = None;
    while let Some(segments) = rest {
        let segment;
        (segment, rest) = first_of(segments);
        let last_after_name = rest.is_none() && previous_is_id == Some(false);
        let id = last_after_name || looks_like_an_id(segment);
        if previous_is_id.is_some() {
            folded.write_char(':')?;
        }
        folded.write_str(if id { "*" } else { segment })?;
        previous_is_id = Some(id);
    }
    Ok(())
}

/// The first segment, and what comes after it. Segments are so short that a plain search is the
/// fastest.
fn first_of(segments: &str) -> (&str, Option<&str>) {
    match segments.bytes().position(|byte| byte == b':') {
        Some(at) => (&segments[..at], Some(&segments[at + 1..])),
        None => (segments, None),
    }
}

/// Whether a segment tells one entity from another rather than one kind from another.
///
/// Anything with a digit does, except a word that ends in its only one (`v2`, `oauth2`).
fn looks_like_an_id(segment: &str) -> bool {
    const LONGEST_NAME: usize = 32;
    const LEAST_HEXADECIMAL: usize = 8;
    let bytes = segment.as_bytes();
    if bytes.len() > LONGEST_NAME {
        return true;
    }
    let counted: u32 = bytes.iter().map(|byte| KINDS[usize::from(*byte)]).sum();
    let [digits, letters, hexadecimals, separators] = counted.to_le_bytes().map(usize::from);
    let versioned_word = digits == 1
        && letters > 0
        && letters + 1 == bytes.len()
        && bytes.last().is_some_and(u8::is_ascii_digit);
    let hexadecimal = bytes.len() >= LEAST_HEXADECIMAL && hexadecimals == bytes.len();
    (digits > 0 && !versioned_word) || hexadecimal || separators > 0
}

/// What each byte counts as, so that one sum counts all kinds: from the lowest byte up a digit, a
/// letter, a hexadecimal digit, and what no name has in it. No sum is carried over, since segments
/// longer than a name are not counted.
const KINDS: [u32; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < kinds.len() {
        let byte = at as u8;
        kinds[at] = u32::from_le_bytes([
            byte.is_ascii_digit() as u8,
            byte.is_ascii_alphabetic() as u8,
            byte.is_ascii_hexdigit() as u8,
            matches!(byte, b'@' | b'/' | b' ') as u8,
        ]);
        at += 1;
    }
    kinds
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fold_and_names_stay() {
        for (key, label) in [
            ("stock:price:MSFT", "stock:price:*"),
            ("inventory:stock:4711", "inventory:stock:*"),
            (
                "document:6f9619ff-8b86-d011-b42d-00c04fc964ff",
                "document:*",
            ),
            (
                "document:6f9619ff-8b86-d011-b42d-00c04fc964ff:versions",
                "document:*:versions",
            ),
            ("document:17:active-users", "document:*:active-users"),
            ("feed:user:12:page:3", "feed:user:*:page:*"),
            ("user:12:cart:MSFT", "user:*:cart:*"),
            ("products:all", "products:*"),
            ("session:deadbeefcafe:state", "session:*:state"),
            ("api:v2:user:9", "api:v2:user:*"),
            ("order:a1b2:lines", "order:*:lines"),
            ("login:someone@example.com:state", "login:*:state"),
            ("settings", "settings"),
            ("4711", "*"),
            ("", ""),
            ("a:", "a:*"),
        ] {
            assert_eq!(&*Labels::default().for_key(key), label, "{key}");
        }
    }

    #[test]
    fn a_label_may_be_long() {
        let name = format!("{}:", "name".repeat(7));
        for names in 1..10 {
            let start = name.repeat(names);
            let label = Labels::default().for_key(&format!("{start}17"));
            assert_eq!(*label, format!("{start}*"));
        }
    }

    #[test]
    fn the_number_of_labels_is_bounded_and_known_ones_stay() {
        let labels = Labels::new(2);
        let first = labels.for_key("a:1");
        assert_eq!(&*first, "a:*");
        assert_eq!(&*labels.for_key("b:1"), "b:*");
        assert_eq!(&*labels.for_key("c:1"), OTHER_LABEL);
        assert!(Arc::ptr_eq(&first, &labels.for_key("a:2")));
    }

    #[test]
    fn threads_agree_on_at_most_the_bound() {
        let labels = Labels::new(10);
        let seen: HashSet<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        ('a'..='z')
                            .map(|c| labels.for_key(&format!("{c}:1")))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        assert_eq!(seen.len(), 11);
    }
}
