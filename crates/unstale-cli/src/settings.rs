//! The settings that the command line asks for.

use unstale::Config;

use crate::arguments::Target;
use crate::failure::Failure;

/// The service's settings: from files and the environment, with the options laid over them.
pub(crate) fn read(target: &Target) -> Result<Config, Failure> {
    let mut config = if target.config.is_empty() {
        Config::from_json(r#"{ "Unstale": {} }"#)?
    } else {
        Config::from_files(&target.config)?
    };
    // An empty variable is as good as none.
    if let Some(server) = target.redis.as_ref().filter(|server| !server.0.is_empty()) {
        config.redis.connect_to(server.0.parse()?);
        // What the connection string leaves out is not to be taken from another server's settings.
        config.redis.default_database = None;
        config.redis.connect_timeout = None;
        config.redis.command_timeout = None;
        config.redis.password = None;
        config.redis.password_file = None;
        config.redis.sentinel_password = None;
        config.redis.sentinel_password_file = None;
        config.redis.certificate_authority = None;
        config.redis.client_certificate = None;
        config.redis.client_key = None;
    }
    if let Some(file) = &target.password_file {
        config.redis.password = None;
        config.redis.password_file = Some(std::path::absolute(file).map_err(|_| {
            Failure::Usage("--password-file names no file: write its path.".to_owned())
        })?);
    }
    for (setting, file) in [
        (
            &mut config.redis.certificate_authority,
            &target.certificate_authority,
        ),
        (
            &mut config.redis.client_certificate,
            &target.client_certificate,
        ),
        (&mut config.redis.client_key, &target.client_key),
    ] {
        if file.is_some() {
            setting.clone_from(file);
        }
    }
    if let Some(namespace) = &target.namespace {
        config.redis.instance_name.clone_from(namespace);
    }
    if target.partitions.is_some() {
        config.redis.partitions = target.partitions;
    }
    if let Some(stream) = &target.stream {
        config.use_streams_for_invalidation = true;
        config.stream.stream_name.clone_from(stream);
    }
    if let Some(channel) = &target.pubsub {
        config.use_streams_for_invalidation = false;
        config.redis.pub_sub_channel.clone_from(channel);
    }
    if !config.redis.enabled {
        return Err(Failure::NoServer);
    }
    // How we are called in the server's list of clients.
    config.stream.consumer_name = "unstale-cli".to_owned();
    config.validate()?;
    Ok(config)
}
