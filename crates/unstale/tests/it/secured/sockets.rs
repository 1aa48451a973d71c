//! A server on this machine, by its socket.

use testbed::{Authority, Server};

use crate::bed::{Bed, Transport, hasten, lived_through, on_every_server};

on_every_server!(a_day_on_a_socket, a_socket_with_a_login_and_a_database);

fn on_a_socket(transport: Transport, password: Option<&str>) -> (Bed, String) {
    let builder = Server::builder().arg("unixsocket", "server.sock");
    let server = match password {
        Some(password) => builder.password(password),
        None => builder,
    };
    let server = server.start().expect("a server with a socket");
    let url = format!(
        "unix://{}",
        server.directory().join("server.sock").display()
    );
    (Bed::on(transport, server), url)
}

async fn a_day_on_a_socket(transport: Transport) {
    let (bed, url) = on_a_socket(transport, None);
    let mut config = bed.config_at(&url);
    hasten(&mut config);
    lived_through(bed.server(), &config).await;
}

async fn a_socket_with_a_login_and_a_database(transport: Transport) {
    let (bed, url) = on_a_socket(transport, Some("hunter2"));
    let mut config = bed.config_at(&format!("{url}?db=3&password=hunter2"));
    hasten(&mut config);
    lived_through(bed.server(), &config).await;
    // TLS is for servers on the network.
    let path = url.trim_start_matches("unix://");
    let mut config = bed.config_at(&format!("!{path},password=hunter2,ssl=true"));
    let authority = Authority::new("the house").unwrap();
    config.redis.certificate_authority = Some(authority.certificate());
    hasten(&mut config);
    lived_through(bed.server(), &config).await;
}
