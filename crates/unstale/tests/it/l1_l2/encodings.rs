//! What values look like in L2.

use serde::{Deserialize, Serialize};
use unstale::config::Encoding;
use unstale::{Cache, Config};

use super::{bytes, command, integer, plain, record, steady};
use crate::bed::{Bed, Transport, on_every_server, on_every_transport};

on_every_server!(a_compressed_record_is_smaller, json_can_be_read_by_people);

mod any {
    use super::on_every_transport;

    on_every_transport!(every_instance_reads_every_encoding);

    use super::every_instance_reads_every_encoding;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Document {
    title: String,
    pages: Vec<String>,
    owner: Option<u64>,
    ratio: f64,
}

fn document() -> Document {
    Document {
        title: "A title".into(),
        pages: vec!["the same words again and again ".repeat(20); 20],
        owner: Some(u64::MAX),
        ratio: 0.1,
    }
}

async fn with(bed: &Bed, change: impl FnOnce(&mut Config)) -> Cache {
    let mut config = steady(bed);
    change(&mut config);
    bed.instance_with("instance", config).await
}

fn compressed(config: &mut Config) {
    config.enable_compression = true;
}

fn json(config: &mut Config) {
    config.serialization = Encoding::Json;
}

fn length(bed: &Bed, key: &str) -> i64 {
    integer(command(bed, &["STRLEN", &record(key)]))
}

async fn a_compressed_record_is_smaller(transport: Transport) {
    let bed = Bed::start(transport);
    let plainly = with(&bed, |_| ()).await;
    let compressing = with(&bed, compressed).await;
    let choosy = with(&bed, |config| {
        compressed(config);
        config.compression_threshold = 1_000_000;
    })
    .await;
    let document = document();
    plainly.set("plain", &document, plain()).await.unwrap();
    compressing.set("small", &document, plain()).await.unwrap();
    choosy.set("large", &document, plain()).await.unwrap();
    let (large, small) = (length(&bed, "plain"), length(&bed, "small"));
    assert!(large > 12_000, "{large}");
    assert!(small > 0 && small < large / 10, "{small} of {large}");
    assert!(length(&bed, "large") > 12_000);

    // A load compresses as well; what is below the threshold stays as it is.
    let load = || async { Ok::<_, ()>(Some(document.clone())) };
    compressing.get_or_load("loaded", load).await.unwrap();
    assert!(length(&bed, "loaded") < large / 10);
    compressing
        .set("short", &"ab".repeat(500), plain())
        .await
        .unwrap();
    assert!(length(&bed, "short") > 1000);
}

async fn json_can_be_read_by_people(transport: Transport) {
    let bed = Bed::start(transport);
    let cache = with(&bed, json).await;
    cache.set("key", &document(), plain()).await.unwrap();
    let stored = bytes(command(&bed, &["GET", &record("key")])).unwrap();
    let stored = String::from_utf8(stored).unwrap();
    assert!(stored.contains("\"title\":\"A title\""), "{stored}");
}

async fn every_instance_reads_every_encoding(transport: Transport) {
    let bed = Bed::start(transport);
    let instances = [
        with(&bed, |_| ()).await,
        with(&bed, compressed).await,
        with(&bed, json).await,
        with(&bed, |config| {
            json(config);
            compressed(config);
        })
        .await,
    ];
    let document = document();
    for (writer_number, writer) in instances.iter().enumerate() {
        let (set, loaded) = (
            format!("set:{writer_number}"),
            format!("loaded:{writer_number}"),
        );
        writer.set(&set, &document, plain()).await.unwrap();
        let load = || async { Ok::<_, ()>(Some(document.clone())) };
        writer.get_or_load(&loaded, load).await.unwrap();
        for (reader_number, reader) in instances.iter().enumerate() {
            for key in [&set, &loaded] {
                let got = reader.get::<Document>(key).await;
                assert_eq!(got.as_deref(), Some(&document), "{key} by {reader_number}");
            }
        }
    }
}
