//! A hit in L1 allocates nothing.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_hit_allocates_nothing() {
    let output = Command::new(env!("CARGO_BIN_EXE_allocations"))
        .arg("hits")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faces = figures["per_hit"].as_array().unwrap();
    assert_eq!(faces.len(), 3, "{figures}");
    for face in faces {
        assert_eq!(face[1].as_f64(), Some(0.0), "{face}");
    }
}
