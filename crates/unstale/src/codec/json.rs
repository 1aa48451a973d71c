//! A look at JSON after it was written.

use super::DEEPEST;

/// Whether JSON that was just written can be read again: `serde_json` reads no deeper.
pub(super) fn is_shallow(payload: &[u8]) -> bool {
    let (mut depth, mut within_text, mut escaped) = (0_usize, false, false);
    for byte in payload {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = within_text,
            b'"' => within_text = !within_text,
            b'[' | b'{' if !within_text => {
                depth += 1;
                if depth > DEEPEST {
                    return false;
                }
            }
            b']' | b'}' if !within_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shallow_is_what_can_be_read() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        for depth in [2, DEEPEST, DEEPEST + 1, 500] {
            let text = format!(r#"["\"[[\\", {{"a": []}}, {}]"#, nested(depth - 1));
            let read = serde_json::from_str::<serde_json::Value>(&text);
            assert_eq!(is_shallow(text.as_bytes()), read.is_ok(), "{depth}");
        }
        let wide = serde_json::to_vec(&vec![[["[", "\"["]]; 1_000]).unwrap();
        assert!(is_shallow(&wide));
    }
}
