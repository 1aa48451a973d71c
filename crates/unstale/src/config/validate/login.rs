//! Passwords and certificates: which of them go together.

use std::path::Path;

use super::check::Check;
use crate::config::RedisConfig;

const SECURED: [&str; 3] = ["CertificateAuthority", "ClientCertificate", "ClientKey"];

fn secured(redis: &RedisConfig) -> [Option<&Path>; 3] {
    [
        redis.certificate_authority.as_deref(),
        redis.client_certificate.as_deref(),
        redis.client_key.as_deref(),
    ]
}

/// What was written in the place of a path may be a secret, so no path is repeated here.
pub(super) fn alone(check: &mut Check, redis: &RedisConfig) {
    let files = [
        ("Password", redis.password_file.as_deref()),
        ("SentinelPassword", redis.sentinel_password_file.as_deref()),
    ];
    for (itself, file) in files {
        let setting = format!("{itself}File");
        check.that(file.is_none_or(Path::is_absolute), &setting, || {
            let remedy = format!(
                "Write the path of a file that holds the password, such as /run/secrets/redis. A \
                 password itself belongs into `{itself}`."
            );
            ("is not an absolute path", remedy)
        });
    }
    for (setting, file) in SECURED.into_iter().zip(secured(redis)) {
        let is_path =
            |file: &Path| !file.as_os_str().is_empty() && !file.to_string_lossy().contains('\n');
        check.that(file.is_none_or(is_path), setting, || {
            (
                "is not the path of a file",
                "Write the path of a PEM file, not what the file contains.",
            )
        });
    }
}

pub(super) fn together(check: &mut Check, redis: &RedisConfig) {
    let Some(server) = &redis.configuration else {
        return;
    };
    let has_password = once(
        check,
        "Password",
        [
            (server.password.is_some(), "the connection string"),
            (redis.password.is_some(), "Password"),
            (redis.password_file.is_some(), "PasswordFile"),
        ],
    );
    // The server would take such a client for its default user, without a word.
    check.that(
        server.user.is_none() || has_password,
        "Configuration",
        || {
            (
                "names a user, but no password is given",
                "Set Password or PasswordFile, or add `password=` to the connection string.",
            )
        },
    );
    let has_sentinels_password = once(
        check,
        "SentinelPassword",
        [
            (server.sentinel_password.is_some(), "the connection string"),
            (redis.sentinel_password.is_some(), "SentinelPassword"),
            (
                redis.sentinel_password_file.is_some(),
                "SentinelPasswordFile",
            ),
        ],
    );
    check.that(
        server.sentinel_user.is_none() || has_sentinels_password,
        "Configuration",
        || {
            (
                "names a user of the sentinels, but no password is given",
                "Set SentinelPassword or SentinelPasswordFile, or add `sentinelPassword=` to the \
                 connection string.",
            )
        },
    );
    check.that(
        server.service.is_some() || !has_sentinels_password,
        "Configuration",
        || {
            (
                "names no sentinels, but a password for them is given",
                "Add `serviceName=` to the connection string, with what the sentinels call the \
                 primary, or remove that password.",
            )
        },
    );
    for (setting, file) in SECURED.into_iter().zip(secured(redis)) {
        check.that(file.is_none() || server.tls, setting, || {
            (
                "is set, but Configuration does not ask for TLS",
                "Add `ssl=true` to the connection string or write rediss:// in it, or remove this \
                 setting.",
            )
        });
    }
    let (certificate, key) = (&redis.client_certificate, &redis.client_key);
    for (one, other, missing) in [
        (certificate, key, "ClientKey"),
        (key, certificate, "ClientCertificate"),
    ] {
        check.that(one.is_none() || other.is_some(), missing, || {
            (
                "is missing",
                "Set ClientCertificate and ClientKey both: the server is shown the one, and the \
                 other proves that it is ours.",
            )
        });
    }
}

/// Notes a password that is given in several places. Whether it is given in any.
fn once(check: &mut Check, setting: &str, places: [(bool, &str); 3]) -> bool {
    let places = places.into_iter();
    let given: Vec<_> = places
        .filter_map(|(given, place)| given.then_some(place))
        .collect();
    check.that(given.len() < 2, setting, || {
        (
            format!("is given in {}", given.join(" and in ")),
            "Keep one of them.",
        )
    });
    !given.is_empty()
}
