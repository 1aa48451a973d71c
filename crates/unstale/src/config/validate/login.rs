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
    let file = redis.password_file.as_deref();
    check.that(file.is_none_or(Path::is_absolute), "PasswordFile", || {
        (
            "is not an absolute path",
            "Write the path of a file that holds the password, such as /run/secrets/redis. A \
             password itself belongs into `Password`.",
        )
    });
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
    let given: Vec<_> = [
        (server.password.is_some(), "the connection string"),
        (redis.password.is_some(), "Password"),
        (redis.password_file.is_some(), "PasswordFile"),
    ]
    .into_iter()
    .filter_map(|(given, place)| given.then_some(place))
    .collect();
    check.that(given.len() < 2, "Password", || {
        (
            format!("is given in {}", given.join(" and in ")),
            "Keep one of them.",
        )
    });
    // The server would take such a client for its default user, without a word.
    check.that(
        server.user.is_none() || !given.is_empty(),
        "Configuration",
        || {
            (
                "names a user, but no password is given",
                "Set Password or PasswordFile, or add `password=` to the connection string.",
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
