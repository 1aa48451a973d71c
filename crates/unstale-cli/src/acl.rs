//! The rules of an ACL user for a service.

use serde_json::json;
use unstale::operate::acl_rules;

use crate::arguments::Target;
use crate::failure::{Failure, Verdict};
use crate::output::Output;
use crate::settings;

pub(crate) fn run(target: &Target, user: &str, output: &mut Output) -> Result<Verdict, Failure> {
    if user.is_empty() || user.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let what = "a user's name has at least one character, and no spaces";
        return Err(Failure::Usage(what.to_owned()));
    }
    let rules = acl_rules(&settings::read(target)?);
    let line = format!("ACL SETUSER {user} on >PASSWORD {}", rules.join(" "));
    output.answer(&json!({ "user": user, "rules": rules }), line)?;
    Ok(Verdict::Well)
}
