//! Whether the login may do what instances have to.

use unstale::operate::{Right, Verdict};

use super::finding::Finding;

pub(super) fn judge(rights: &[Right]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for right in rights {
        let (what, remedy) = match right.verdict {
            Verdict::Allowed => continue,
            Verdict::Denied => (
                format!("this login may not use {}, {}", right.command, right.needed),
                format!("ACL SETUSER <user> +{}", right.command.to_lowercase()),
            ),
            Verdict::Unknown => (
                format!(
                    "the server does not know {}, {}",
                    right.command, right.needed
                ),
                "Use Redis 7.0 or newer, or Valkey, without renaming its commands.".to_owned(),
            ),
        };
        let what = what.replace(", to", ", needed to");
        findings.push(if right.is_essential {
            Finding::problem("rights", what, remedy)
        } else {
            Finding::note("rights", what, format!("{remedy} {}", right.otherwise))
        });
    }
    if findings.is_empty() {
        let what = format!(
            "this login may use all {} commands that are needed",
            rights.len()
        );
        findings.push(Finding::fine("rights", what));
    }
    findings
}
