//! The name that was probably meant.

/// The allowed name most like `written`, whatever its case, if one is like it at all.
pub(super) fn nearest<'a>(written: &str, allowed: &[&'a str]) -> Option<&'a str> {
    const ALIKE: f64 = 0.5;
    let written = written.to_lowercase();
    let length = written.chars().count();
    allowed
        .iter()
        // What is more than twice as long is not alike, and costs nothing to compare.
        .filter(|name| length <= 2 * name.len())
        .map(|name| {
            let alike = strsim::normalized_damerau_levenshtein(&written, &name.to_lowercase());
            (alike, *name)
        })
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// What to do about an unknown name: the likeliest one, and all that are allowed.
pub(super) fn advice(written: &str, allowed: &[&str]) -> String {
    let all = allowed.join(", ");
    match nearest(written, allowed) {
        Some(name) => format!("Did you mean `{name}`? Allowed here: {all}."),
        None => format!("Allowed here: {all}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_recognised_and_strangers_are_not() {
        let names = [
            "Enabled",
            "Configuration",
            "ConnectTimeout",
            "CommandTimeout",
        ];
        for (written, meant) in [
            ("Configuraton", Some("Configuration")),
            ("CONFIGURATOIN", Some("Configuration")),
            ("Enable", Some("Enabled")),
            ("CmdTimeout", Some("CommandTimeout")),
            ("Zzz", None),
        ] {
            assert_eq!(nearest(written, &names), meant, "{written}");
        }
        assert!(nearest("Timeout", &names).is_some());
        assert_eq!(advice("Zzz", &["A", "B"]), "Allowed here: A, B.");
    }
}
