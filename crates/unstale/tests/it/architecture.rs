//! What the architecture page promises of the source, as far as a test can tell.

use std::fs;
use std::path::{Path, PathBuf};

/// The library's source files, by their path below `src`, without comments.
fn sources() -> Vec<(String, String)> {
    sources_of(".")
}

/// The source files of the protocol's crate.
fn core() -> Vec<(String, String)> {
    sources_of("../core")
}

fn sources_of(package: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(package)
        .join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                let code = fs::read_to_string(&path).unwrap();
                let code = code
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                files.push((
                    name,
                    code.collect::<Vec<_>>()
                        .join("\n")
                        .replace("super::redis::", ""),
                ));
            }
        }
    }
    assert!(files.len() > 15, "the source is not where it is looked for");
    files
}

/// The files in which any of the words stands, outside those that `except` names.
fn mentions(words: &[&str], within: &str, except: &[&str]) -> Vec<String> {
    let excepted = |name: &str| except.iter().any(|place| name.starts_with(place));
    sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with(within) && !excepted(name))
        .filter(|(_, code)| words.iter().any(|word| code.contains(word)))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn only_tiers_redis_speaks_to_the_redis_client() {
    let client = [
        "::redis::",
        "RedisError",
        "RedisResult",
        "MultiplexedConnection",
        "redis::cmd",
    ];
    assert_eq!(mentions(&client, "", &["tiers/redis"]), [""; 0]);
}

#[test]
fn only_one_place_inserts_into_l1() {
    assert_eq!(
        mentions(&["memory.insert("], "", &["tiers/memory"]),
        ["read/keep.rs"]
    );
}

#[test]
fn receivers_never_touch_l2() {
    let l2 = [
        "look",
        "claim(",
        "take_over(",
        "fill(",
        "release(",
        "touch(",
        "store(",
        "invalidate(",
    ];
    assert_eq!(mentions(&l2, "receive/", &[]), [""; 0]);
}

#[test]
fn the_core_does_no_io_and_reads_no_clock() {
    let impure = [
        "clock::",
        "Instant",
        "SystemTime",
        "async ",
        "tokio",
        "std::net",
        "std::fs",
        "getrandom",
    ];
    for (name, code) in core() {
        let impure = impure.iter().find(|word| code.contains(**word));
        assert_eq!(impure, None, "{name}");
    }
}

#[test]
fn files_are_small_and_have_one_duty_each() {
    let vague = [
        "utils", "util", "common", "manager", "helpers", "inner", "misc",
    ];
    for (name, code) in sources().into_iter().chain(core()) {
        let lines = code.lines().count();
        assert!(lines <= 400, "{name} has {lines} lines");
        let stem = Path::new(&name).file_stem().unwrap().to_str().unwrap();
        assert!(!vague.contains(&stem), "{name} does not say its duty");
    }
}

#[test]
fn the_architecture_page_is_short_and_its_map_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("../../ARCHITECTURE.md")).unwrap();
    assert!(page.lines().count() <= 200);
    let map = page
        .split("```text")
        .find(|block| block.contains("crates/unstale/"))
        .unwrap();
    let map = map.split("```").next().unwrap();
    for (name, _) in sources().into_iter().chain(core()) {
        let top = name.split('/').next().unwrap();
        let top = top.trim_end_matches(".rs");
        assert!(
            map.contains(&format!("{top}/")) || map.contains(&format!("{top}.rs")),
            "{name} is not on the map"
        );
    }
}
