//! Whether the server is fit to carry a cache.

use std::time::Duration;

use unstale::operate::ServerReport;

use super::finding::Finding;
use crate::wording::{count, span};

/// Clocks that differ by more than this make reports about propagation meaningless.
const CLOCKS: i64 = 1_000;

/// From this share of its memory on, a server is nearly full.
const NEARLY_FULL: f64 = 0.9;

/// A replica that is silent for longer is of no use in a failover.
const REPLICA_SILENCE: Duration = Duration::from_secs(10);

pub(super) fn judge(server: &ServerReport) -> Vec<Finding> {
    let mut findings = vec![
        version(server),
        role(server),
        eviction(server),
        memory(server),
    ];
    findings.push(persistence(server));
    findings.extend(replicas(server));
    findings.push(clock(server));
    if server.max_clients > 0 && server.clients * 10 >= server.max_clients * 9 {
        findings.push(Finding::warning(
            "connections",
            format!("{} of {} are in use", server.clients, server.max_clients),
            "Raise maxclients: an instance needs two, and one that gets none works without L1.",
        ));
    }
    findings
}

fn version(server: &ServerReport) -> Finding {
    let major = server
        .version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    let name = format!("{} {}", server.program, server.version);
    if major.is_some_and(|major| major < 7) {
        Finding::problem(
            "version",
            format!("{name} is too old"),
            "Upgrade to Redis 7.0 or newer, or to Valkey: leases need SET with NX and GET, and \
             scripts need flags.",
        )
    } else if server.mode == "cluster" {
        Finding::fine("version", format!("{name}, a cluster's node"))
    } else {
        Finding::fine("version", name)
    }
}

fn role(server: &ServerReport) -> Finding {
    if server.is_primary {
        return Finding::fine("role", "a primary");
    }
    let link = if server.primary_link_is_up {
        ""
    } else {
        ", cut off from its primary"
    };
    Finding::problem(
        "role",
        format!("a replica{link}: it takes no removals"),
        "Name the primary in Redis:Configuration, or promote this server.",
    )
}

fn eviction(server: &ServerReport) -> Finding {
    let policy = &server.eviction;
    if !policy.starts_with("allkeys-") {
        return Finding::fine(
            "eviction",
            format!("{policy}: log and bans are never evicted"),
        );
    }
    let evicted = match server.evicted_keys {
        0 => String::new(),
        many => format!(
            "; {} since it started",
            count(many, "key was evicted", "keys were evicted")
        ),
    };
    Finding::warning(
        "eviction",
        format!("{policy} may evict the log and the bans, which have no expiration{evicted}"),
        "Set maxmemory-policy to volatile-lru or volatile-lfu: every value has an expiration. \
         Nothing stale is served when the log is evicted, but every instance drops its copies.",
    )
}

fn memory(server: &ServerReport) -> Finding {
    let used = bytes(server.used_memory);
    if server.max_memory == 0 {
        return Finding::warning(
            "memory",
            format!("{used} in use, and no limit"),
            "Set maxmemory, with room for the log: otherwise the system ends the server when memory \
             runs out.",
        );
    }
    let share = server.used_memory as f64 / server.max_memory as f64;
    let what = format!("{used} of {} in use", bytes(server.max_memory));
    if share < NEARLY_FULL {
        return Finding::fine("memory", what);
    }
    Finding::warning(
        "memory",
        what,
        "Raise maxmemory, or shorten expirations: a full server stores no more values. Removals go \
         on.",
    )
}

fn persistence(server: &ServerReport) -> Finding {
    if server.saving_fails {
        return Finding::problem(
            "persistence",
            "the last attempt to save failed: the server may refuse every write for that",
            "See the server's log; make room on its disk.",
        );
    }
    match (server.append_only_file, server.snapshots) {
        (true, _) => Finding::fine("persistence", "an append-only file"),
        (false, Some(true)) => Finding::fine("persistence", "snapshots"),
        (false, None) => Finding::note(
            "persistence",
            "no append-only file; whether it saves snapshots, this login may not ask",
            "Nothing has to be done: a restart begins a new epoch, and nothing stale is served.",
        ),
        (false, Some(false)) => Finding::note(
            "persistence",
            "none: after a restart L2 is empty",
            "Nothing has to be done: nothing stale is served, and the database is asked for \
             everything once. Set appendonly to yes to avoid that.",
        ),
    }
}

fn replicas(server: &ServerReport) -> Vec<Finding> {
    let bad = |each: &&unstale::operate::ReplicaReport| {
        !each.is_online || each.silent_for > REPLICA_SILENCE
    };
    let findings: Vec<_> = server
        .replicas
        .iter()
        .filter(bad)
        .map(|each| {
            let state = match each.is_online {
                true => format!("silent for {}", span(each.silent_for)),
                false => "not online".to_owned(),
            };
            Finding::warning(
                "replicas",
                format!("{} is {state}", each.endpoint),
                "Bring it up again: a failover to it would lose the values and begin a new epoch.",
            )
        })
        .collect();
    if findings.is_empty() && server.is_primary {
        let number = server.replicas.len() as u64;
        return vec![Finding::fine(
            "replicas",
            count(number, "replica", "replicas"),
        )];
    }
    findings
}

fn clock(server: &ServerReport) -> Finding {
    let ahead = server.clock_ahead_by;
    let apart = Duration::from_millis(ahead.unsigned_abs());
    if apart.as_millis() <= CLOCKS.unsigned_abs().into() {
        let round_trip = server.round_trip.as_secs_f64() * 1_000.0;
        return Finding::fine(
            "clock",
            format!("as here; a round trip takes {round_trip:.1} ms"),
        );
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    Finding::warning(
        "clock",
        format!("the server's is {} {direction} this machine's", span(apart)),
        "Set up NTP on both: nothing stale is served for it, but the times in reports are wrong.",
    )
}

fn bytes(number: u64) -> String {
    match number {
        0..1_048_576 => format!("{} KiB", number / 1_024),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", number as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", number as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    /// A server without fault.
    fn server() -> ServerReport {
        let mut server = ServerReport::default();
        server.program = "redis".into();
        server.version = "7.0.15".into();
        server.mode = "standalone".into();
        server.is_primary = true;
        server.primary_link_is_up = true;
        server.eviction = "volatile-lru".into();
        server.used_memory = 10_000_000;
        server.max_memory = 100_000_000;
        server.append_only_file = true;
        server.max_clients = 10_000;
        server
    }

    fn found(change: impl FnOnce(&mut ServerReport)) -> Vec<(&'static str, Severity)> {
        let mut server = server();
        change(&mut server);
        let findings = judge(&server).into_iter();
        let findings = findings.filter(|each| each.severity > Severity::Fine);
        findings.map(|each| (each.check, each.severity)).collect()
    }

    #[test]
    fn each_fault_is_found_alone() {
        assert_eq!(found(|_| ()), []);
        let problem = |check| [(check, Severity::Problem)];
        let warning = |check| [(check, Severity::Warning)];
        assert_eq!(found(|s| s.version = "6.2.14".into()), problem("version"));
        assert_eq!(found(|s| s.is_primary = false), problem("role"));
        assert_eq!(found(|s| s.saving_fails = true), problem("persistence"));
        assert_eq!(
            found(|s| s.eviction = "allkeys-lru".into()),
            warning("eviction")
        );
        assert_eq!(found(|s| s.max_memory = 0), warning("memory"));
        assert_eq!(found(|s| s.used_memory = 95_000_000), warning("memory"));
        assert_eq!(found(|s| s.clock_ahead_by = -90_000), warning("clock"));
        assert_eq!(found(|s| s.clients = 9_500), warning("connections"));
        let offline = unstale::operate::ReplicaReport::default();
        assert_eq!(found(|s| s.replicas.push(offline)), warning("replicas"));
        let note = [("persistence", Severity::Note)];
        let unsaved =
            |s: &mut ServerReport| (s.append_only_file, s.snapshots) = (false, Some(false));
        assert_eq!(found(unsaved), note);
    }
}
