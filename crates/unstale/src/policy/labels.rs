//! The name a key is counted under in metrics when no policy gives one.

use std::fmt;

use arrayvec::ArrayString;

/// The label under which everything is counted that comes after the first 100 labels of keys and spaces: a
/// metric without a bound on its labels grows without end. Those of policies are not among them.
pub const OTHER_LABEL: &str = "(other)";

/// A label of so many bytes is folded on the stack: every miss and every removal asks for one.
const SHORT: usize = 128;

/// Tells the label of a key to which no policy applies: the key itself with its ids folded into `*`, so
/// that `document:17:versions` and `document:18:versions` are counted together.
pub(crate) fn with_label_of<R>(key: &str, tell: impl FnOnce(&str) -> R) -> R {
    let mut short = ArrayString::<SHORT>::new();
    if fold(key, &mut short).is_ok() {
        return tell(&short);
    }
    let mut long = String::with_capacity(key.len());
    // Text grows as it has to.
    let _ = fold(key, &mut long);
    tell(&long)
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

    fn label_of(key: &str) -> String {
        with_label_of(key, str::to_owned)
    }

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
            assert_eq!(label_of(key), label, "{key}");
        }
    }

    #[test]
    fn a_label_may_be_long() {
        let name = format!("{}:", "name".repeat(7));
        for names in 1..10 {
            let start = name.repeat(names);
            let label = label_of(&format!("{start}17"));
            assert_eq!(label, format!("{start}*"));
        }
    }
}
