//! What a server says of itself.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ::redis::cmd;

use super::Outside;
use crate::clock;
use crate::operate::{ReplicaReport, ServerReport, Trouble};

impl Outside {
    pub(crate) async fn server(&self) -> Result<ServerReport, Trouble> {
        let info: String = self.ask(&cmd("INFO")).await?;
        let info = Info::read(&info);
        let (began, before) = (Instant::now(), clock::wall_micros());
        let (seconds, micros): (u64, u64) = self.ask(&cmd("TIME")).await?;
        let round_trip = began.elapsed();
        let there = i128::from(seconds) * 1_000_000 + i128::from(micros);
        let here = i128::from(before) + (round_trip.as_micros() / 2) as i128;
        // A user may be forbidden to ask for these; then they are unknown.
        let saves: Option<HashMap<String, String>> =
            self.ask(cmd("CONFIG").arg("GET").arg("save")).await.ok();
        let user: Option<String> = self.ask(cmd("ACL").arg("WHOAMI")).await.ok();
        let program = match info.text("server_name") {
            "" if info.0.contains_key("valkey_version") => "valkey",
            "" => "redis",
            name => name,
        };
        let version = match info.text("valkey_version") {
            "" => info.text("redis_version"),
            version => version,
        };
        let mode = match info.text("server_mode") {
            "" => info.text("redis_mode"),
            mode => mode,
        };
        Ok(ServerReport {
            endpoint: self.endpoint.clone(),
            program: program.to_owned(),
            version: version.to_owned(),
            mode: mode.to_owned(),
            user,
            uptime: Duration::from_secs(info.number("uptime_in_seconds")),
            round_trip,
            clock_ahead_by: i64::try_from((there - here) / 1000).unwrap_or_default(),
            used_memory: info.number("used_memory"),
            max_memory: info.number("maxmemory"),
            system_memory: info.number("total_system_memory"),
            eviction: info.text("maxmemory_policy").to_owned(),
            evicted_keys: info.number("evicted_keys"),
            is_primary: info.text("role") == "master",
            primary_link_is_up: info.text("master_link_status") != "down",
            replicas: (0..info.number("connected_slaves"))
                .map(|number| replica(info.text(&format!("slave{number}"))))
                .collect(),
            append_only_file: info.number("aof_enabled") == 1,
            snapshots: saves.map(|saves| saves.values().any(|rule| !rule.is_empty())),
            saving_fails: info.text("rdb_last_bgsave_status") == "err"
                || info.text("aof_last_write_status") == "err"
                || info.text("aof_last_bgrewrite_status") == "err",
            clients: info.number("connected_clients"),
            max_clients: info.number("maxclients"),
        })
    }
}

/// The fields of `INFO`.
struct Info<'a>(HashMap<&'a str, &'a str>);

impl<'a> Info<'a> {
    fn read(text: &'a str) -> Self {
        let fields = text
            .lines()
            .filter_map(|line| line.trim_end().split_once(':'));
        Self(fields.collect())
    }

    fn text(&self, name: &str) -> &'a str {
        self.0.get(name).copied().unwrap_or_default()
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }
}

/// Reads `ip=…,port=…,state=online,offset=…,lag=…`.
fn replica(text: &str) -> ReplicaReport {
    let fields = text.split(',').filter_map(|field| field.split_once('='));
    let fields: HashMap<_, _> = fields.collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    ReplicaReport {
        endpoint: format!("{}:{}", field("ip"), field("port")),
        is_online: field("state") == "online",
        silent_for: Duration::from_secs(field("lag").parse().unwrap_or_default()),
    }
}
