//! The browser in which the demo's page is tested.

use crate::server;

/// The programs, and the Debian packages that have them.
const PROGRAMS: [(&str, &str); 2] = [
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
];

/// Whether there is a browser with its driver, or one can be installed. Without one the tests that need
/// it are left out, and that is said.
pub(crate) fn is_there() -> bool {
    let missing = PROGRAMS
        .iter()
        .find_map(|(program, package)| server::program_of(program, package).err());
    let Some(why) = missing else {
        return true;
    };
    eprintln!(
        "The page of the demo is NOT tested in a browser: {why:#}\n\
         Install Debian's `chromium` and `chromium-driver` (as root this is tried by itself), then run \
         `cargo xtask test -- -p realtime --features browser --test page`."
    );
    false
}
