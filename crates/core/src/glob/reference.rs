//! What a pattern means, read off the definition: a second opinion for tests and fuzzing.

/// Whether the whole of `text` matches `pattern`, found by following every possible match at once.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Whether what was read of the pattern so far can match the first so many bytes of the text.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    while let Some((&first, rest)) = pattern.split_first() {
        if first == b'*' {
            if let Some(nearest) = reached.iter().position(|reached| *reached) {
                reached[nearest..].fill(true);
            }
            pattern = rest;
            continue;
        }
        let mut next = vec![false; reached.len()];
        for (at, byte) in text.iter().enumerate() {
            next[at + 1] = reached[at] && accepts(pattern, *byte).0;
        }
        reached = next;
        pattern = accepts(pattern, 0).1;
    }
    reached[text.len()]
}

/// Whether what `pattern` begins with accepts this byte, and what follows it.
fn accepts(pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    match pattern {
        [b'?', rest @ ..] => (true, rest),
        [b'[', rest @ ..] => class(rest, byte),
        [b'\\', wanted, rest @ ..] | [wanted, rest @ ..] => (*wanted == byte, rest),
        [] => (false, pattern),
    }
}

/// A second reading of Redis' class syntax, by index instead of by slices.
fn class(pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    let inverted = pattern.first() == Some(&b'^');
    let mut i = usize::from(inverted);
    let mut found = false;
    while i < pattern.len() && pattern[i] != b']' {
        let left = pattern.len() - i;
        if left >= 2 && pattern[i] == b'\\' {
            found |= pattern[i + 1] == byte;
            i += 2;
        } else if left >= 3 && pattern[i + 1] == b'-' {
            let (a, b) = (pattern[i], pattern[i + 2]);
            found |= (a <= byte && byte <= b) || (b <= byte && byte <= a);
            i += 3;
        } else {
            found |= pattern[i] == byte;
            i += 1;
        }
    }
    let rest = pattern.get(i + 1..).unwrap_or_default();
    (found != inverted, rest)
}
