use std::error::Error;

/// What a server says that wants another password, or one at all.
const LOGIN_REFUSED: [&str; 2] = ["WRONGPASS", "NOAUTH"];

/// The error and its causes for whoever started the program, each said once, and what to do if a
/// server refused the login.
///
/// A cause that an error before it has already told as part of its own message is left out.
pub fn complaint(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let sentence = cause.to_string();
        if !text.contains(&sentence) {
            text.push_str("\n  because: ");
            text.push_str(&sentence);
        }
        next = cause.source();
    }
    if LOGIN_REFUSED.iter().any(|code| text.contains(code)) {
        text.push_str(
            "\n  Give the password in the connection string, such as redis://:PASSWORD@HOST:6379 or \
             HOST:6379,password=PASSWORD.",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("The cache cannot be built.")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("cannot connect to the server: {0}")]
    struct Middle(#[source] io::Error);

    fn said(cause: &str) -> String {
        complaint(&Outer(Middle(io::Error::other(cause.to_owned()))))
    }

    #[test]
    fn each_cause_is_said_once() {
        assert_eq!(
            said("it sleeps"),
            "The cache cannot be built.\n  because: cannot connect to the server: it sleeps"
        );
    }

    #[test]
    fn a_refused_login_comes_with_the_remedy() {
        for code in LOGIN_REFUSED {
            assert!(said(code).contains("Give the password in the connection string"));
        }
    }
}
