//! JSON as .NET reads its `appsettings.json`: a byte order mark, comments and trailing commas are
//! accepted.

/// Overwrites what strict JSON does not know with spaces, so that lines and columns stay right.
pub(super) fn strict(text: &str) -> Vec<u8> {
    let mut bytes = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .as_bytes()
        .to_vec();
    let mut at = 0;
    let (mut behind_a_value, mut comma) = (false, None);
    while let Some(&byte) = bytes.get(at) {
        let end = match (byte, bytes.get(at + 1)) {
            (b'"', _) => string_end(&bytes, at),
            (b'/', Some(b'/')) => blank(&mut bytes, at, |rest| {
                rest.iter().position(|&b| b == b'\n').or(Some(rest.len()))
            }),
            (b'/', Some(b'*')) => blank(&mut bytes, at, |rest| {
                let inside = rest.get(2..)?;
                inside
                    .windows(2)
                    .position(|pair| pair == b"*/")
                    .map(|i| i + 4)
            }),
            _ => at + 1,
        };
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b',' => {
                comma = behind_a_value.then_some(at);
                behind_a_value = false;
            }
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
                behind_a_value = true;
            }
            other => {
                comma = None;
                behind_a_value = !b"{[:".contains(&other);
            }
        }
        at = end;
    }
    bytes
}

/// Where the string that begins at `start` ends.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Blanks the comment that begins at `start`, and says where it ends; one that never does is left for
/// the parser to report, and so is what follows it.
fn blank(bytes: &mut [u8], start: usize, length: impl Fn(&[u8]) -> Option<usize>) -> usize {
    let Some(length) = length(&bytes[start..]) else {
        return bytes.len();
    };
    for byte in &mut bytes[start..start + length] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<serde_json::Value, String> {
        serde_json::from_slice(&strict(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_mark_comments_and_trailing_commas_are_accepted() {
        let text =
            "\u{feff}// caf\u{e9}\n{ /* one */ \"a\": [1, 2, ], // \"b\": 1\n \"c\": 3, /* , */ }";
        assert_eq!(
            read(text).unwrap(),
            serde_json::json!({ "a": [1, 2], "c": 3 })
        );
    }

    #[test]
    fn strings_are_left_alone() {
        let text = r#"{"a": "// \" /* ,}", "b": "\\"}"#;
        assert_eq!(strict(text), text.as_bytes());
    }

    #[test]
    fn errors_keep_their_place() {
        let error = read("{\n /* a\n b */ \"a\" 1 }").unwrap_err();
        assert!(error.contains("line 3 column 11"), "{error}");
        assert!(read("{ \"a\": 1, /* }").is_err());
        assert!(read("{ \"a").is_err());
        assert!(read("{ \"a\": 1,, }").is_err());
    }

    #[test]
    fn a_comma_trails_a_value_or_is_a_mistake() {
        for text in ["{,}", "[ , ]", "[[],,]", "{ \"a\": , }", "{ /* */ , }"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("[[], {},]").unwrap(), serde_json::json!([[], {}]));
    }

    #[test]
    fn comments_that_never_end_are_looked_for_once() {
        let text = "[] ".to_owned() + &"/* ".repeat(300_000);
        assert_eq!(strict(&text), text.as_bytes());
        assert!(read(&text).is_err());
    }
}
