//! Which rights an instance needs, as rules of an ACL, and which of them the server gives this login.
//! Each command is tried in a form that changes nothing: one whose arguments make no sense, or one about
//! a key that no cache ever stores.

use ::redis::Cmd;

use super::super::keyspace::Keyspace;
use super::Outside;
use crate::config::Config;
use crate::core::glob::escape;
use crate::operate::{Right, Trouble, Verdict};
use crate::partitions::PartitionId;

/// What a command is tried on.
#[derive(Copy, Clone)]
enum On {
    Nothing,
    Meta,
    Log,
    /// The record of the empty key, which is none.
    Record,
    Instances,
    Channel,
}

/// A command, by its name in an ACL, what it is tried on, what follows, and what it is needed for.
type Trial = (&'static str, On, &'static [&'static str], &'static str);

const READ: &str = "to read L2";
const FILL: &str = "to fill L2";
const REMOVE: &str = "to remove";
const FENCE: &str = "to connect, and to prove freshness";
const FOLLOW: &str = "to follow the log";
const SCRIPTS: &str = "to do several things in one step";
const BEAT: &str = "to tell operators of an instance";
const NAME: &str = "to have a name in CLIENT LIST";
const CHOOSE: &str = "to use another database than 0";

const ALWAYS: &[Trial] = &[
    (
        "EVALSHA",
        On::Nothing,
        &["0000000000000000000000000000000000000000", "0"],
        SCRIPTS,
    ),
    ("SCRIPT|LOAD", On::Nothing, &["return 1"], SCRIPTS),
    ("INFO", On::Nothing, &["replication"], FENCE),
    ("TIME", On::Nothing, &[], FENCE),
    ("HMGET", On::Meta, &["epoch"], FENCE),
    ("HGETALL", On::Meta, &[], FENCE),
    ("HSET", On::Meta, &["epoch", "1", "odd"], FENCE),
    ("DEL", On::Record, &[], FENCE),
    ("XINFO|STREAM", On::Log, &[], FENCE),
    ("XRANGE", On::Log, &["no-position", "+"], FENCE),
    ("XADD", On::Log, &["no-position", "e", ""], REMOVE),
    ("HGET", On::Meta, &["epoch"], REMOVE),
    ("HLEN", On::Meta, &[], REMOVE),
    ("HDEL", On::Meta, &[""], REMOVE),
    ("UNLINK", On::Record, &[], REMOVE),
    ("GET", On::Record, &[], READ),
    ("MGET", On::Record, &[], READ),
    ("PTTL", On::Record, &[], READ),
    ("SET", On::Record, &["", "NO-SUCH-OPTION"], FILL),
    ("GETRANGE", On::Record, &["0", "0"], FILL),
    ("TYPE", On::Record, &[], FILL),
    ("PEXPIRE", On::Record, &["no-number"], FILL),
    ("CLIENT|SETNAME", On::Nothing, &["no name"], NAME),
];

/// Without it there is no connection to try it on.
const BY_DATABASE: &[Trial] = &[("SELECT", On::Nothing, &["no-number"], CHOOSE)];

const BY_STREAM: &[Trial] = &[("XREAD", On::Log, &["COUNT", "1", "STREAMS"], FOLLOW)];

const BY_CHANNEL: &[Trial] = &[
    ("PUBLISH", On::Channel, &[""], REMOVE),
    ("SUBSCRIBE", On::Channel, &[], FOLLOW),
];

const FOR_HEARTBEATS: &[Trial] = &[
    ("ZADD", On::Instances, &["no-number", ""], BEAT),
    ("ZREM", On::Instances, &[""], BEAT),
    ("ZREMRANGEBYSCORE", On::Instances, &["no-number", "0"], BEAT),
    ("ZRANGE", On::Instances, &["0", "0"], BEAT),
    ("PEXPIREAT", On::Instances, &["no-number"], BEAT),
];

/// What an instance with these settings needs.
fn needed(config: &Config) -> impl Iterator<Item = &'static Trial> {
    let carrier = match config.use_streams_for_invalidation {
        true => BY_STREAM,
        false => BY_CHANNEL,
    };
    let database = match config.redis.effective_database() {
        0 => &[],
        _ => BY_DATABASE,
    };
    let heartbeat = match config.heartbeat.enabled {
        true => FOR_HEARTBEATS,
        false => &[],
    };
    [ALWAYS, carrier, database, heartbeat].into_iter().flatten()
}

/// The rules of a user who may do what an instance with these settings needs, and nothing else.
pub(crate) fn rules(config: &Config) -> Vec<String> {
    let partitions = PartitionId::all(config.redis.effective_partitions());
    let keyspaces: Vec<_> = partitions.map(|id| Keyspace::new(config, id)).collect();
    // No rule may contain a space.
    let pattern = |text: &str| escape(text).replace(' ', "?");
    let mut rules = vec![
        "resetkeys".to_owned(),
        "resetchannels".to_owned(),
        "-@all".to_owned(),
    ];
    for keyspace in &keyspaces {
        rules.push(format!("~{}*", pattern(&keyspace.prefix)));
    }
    for keyspace in keyspaces.iter().filter(|each| !each.channel.is_empty()) {
        rules.push(format!("&{}", pattern(&keyspace.channel)));
    }
    rules.extend(needed(config).map(|trial| format!("+{}", trial.0.to_lowercase())));
    rules
}

impl Outside {
    pub(crate) async fn rights(&self, config: &Config) -> Result<Vec<Right>, Trouble> {
        let mut rights = Vec::new();
        for trial in needed(config) {
            let verdict = match self.ask::<::redis::Value>(&self.command(trial)).await {
                Ok(_) => Verdict::Allowed,
                Err(Trouble::Refused { source, .. }) => verdict(&source.to_string()),
                Err(trouble) => return Err(trouble),
            };
            rights.push(Right {
                command: trial.0,
                needed: trial.3,
                is_essential: trial.3 != BEAT && trial.3 != NAME,
                otherwise: match trial.3 {
                    BEAT => "Or set Heartbeat:Enabled to false.",
                    NAME => "Or do without: nothing depends on it.",
                    _ => "",
                },
                verdict,
            });
        }
        Ok(rights)
    }

    fn command(&self, (name, on, rest, _): &Trial) -> Cmd {
        let keyspace = self.keyspace();
        let (name, subcommand) = match name.split_once('|') {
            Some((name, subcommand)) => (name, Some(subcommand)),
            None => (*name, None),
        };
        let mut command = ::redis::cmd(name);
        command.arg(subcommand);
        let key = match on {
            On::Nothing => None,
            On::Meta => Some(keyspace.meta.clone()),
            On::Log => Some(keyspace.log.clone()),
            On::Record => Some(keyspace.record("").to_text()),
            On::Instances => Some(keyspace.instances.clone()),
            On::Channel => Some(keyspace.channel.clone()),
        };
        // This one names its key behind its options.
        if name == "XREAD" {
            command.arg(rest).arg(key).arg("0-0");
        } else {
            command.arg(key).arg(rest);
        }
        command
    }
}

/// What an error says of the right to use the command. Whatever else is wrong with it, it was
/// allowed.
fn verdict(answer: &str) -> Verdict {
    let lower = answer.to_lowercase();
    if lower.contains("noperm") || lower.contains("no permission") {
        Verdict::Denied
    } else if lower.contains("unknown command") || lower.contains("unknown subcommand") {
        Verdict::Unknown
    } else {
        Verdict::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scripts, as the server gets them.
    const SCRIPTS: &[&str] = &[
        include_str!("../scripts/accept.lua"),
        include_str!("../scripts/bans.lua"),
        include_str!("../scripts/entry.lua"),
        include_str!("../scripts/fence.lua"),
        include_str!("../scripts/fill.lua"),
        include_str!("../scripts/guarded.lua"),
        include_str!("../scripts/heartbeat.lua"),
        include_str!("../scripts/history.lua"),
        include_str!("../scripts/log.lua"),
        include_str!("../scripts/release.lua"),
        include_str!("../scripts/store.lua"),
        include_str!("../scripts/take_over.lua"),
        include_str!("../scripts/touch.lua"),
        include_str!("../scripts/unlink.lua"),
    ];

    #[test]
    fn every_command_of_the_scripts_is_tried() {
        let tried: Vec<_> = [ALWAYS, BY_STREAM, BY_CHANNEL, FOR_HEARTBEATS]
            .concat()
            .iter()
            .map(|trial| trial.0.split('|').next().unwrap())
            .collect();
        let mut found = 0;
        for script in SCRIPTS {
            for call in ["redis.call('", "redis.pcall('"] {
                for part in script.split(call).skip(1) {
                    let command = part.split('\'').next().unwrap();
                    assert!(tried.contains(&command), "{command}");
                    found += 1;
                }
            }
        }
        assert!(found > 30, "the calls are not where they are looked for");
    }
}
