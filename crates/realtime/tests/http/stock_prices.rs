use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{api::TOKEN, service::Service};

const MSFT: &str = "/api/StockPrices/MSFT";

pub(crate) async fn a_price_written_on_one_instance_is_read_on_the_other(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let seeded = a.get(MSFT).await.with(200);
    assert_eq!(
        (&seeded["symbol"], &seeded["price"]),
        (&json!("MSFT"), &json!(39.81))
    );
    assert_eq!(b.get(MSFT).await.with(200), seeded);

    a.put(MSFT, json!(41.5)).await.written(204);

    assert_eq!(
        a.get(MSFT).await.with(200)["price"],
        41.5,
        "a write is read on its own instance"
    );
    let seen = b.shows(MSFT, |price| price["price"] == 41.5).await;
    assert_ne!(seen["timestamp"], seeded["timestamp"]);
}

pub(crate) async fn a_batch_is_written_whole_or_not_at_all(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let path = "/api/StockPrices/batch";
    for symbol in ["MSFT", "IBM"] {
        b.get(&format!("/api/StockPrices/{symbol}")).await.with(200);
    }
    let batch = json!([
        { "symbol": "msft", "price": 1.25, "timestamp": "2020-02-03T04:05:06Z" },
        { "symbol": "IBM", "price": "2.5" }
    ]);
    a.post(path, batch).await.written(204);
    let msft = b.shows(MSFT, |price| price["price"] == 1.25).await;
    assert_eq!(msft["timestamp"], "2020-02-03T04:05:06Z");
    b.shows("/api/StockPrices/IBM", |price| price["price"] == 2.5)
        .await;

    let batch = json!([{ "symbol": "MSFT", "price": 7 }, { "symbol": "ENRN", "price": 90 }]);
    let why = a.post(path, batch).await.refused(400);
    assert!(
        why.contains("'ENRN'") && why.contains("Nothing was written"),
        "{why}"
    );
    assert_eq!(a.get(MSFT).await.with(200)["price"], 1.25);
}

/// The body is compared as text, because a number that was parsed has lost what would differ.
pub(crate) async fn a_price_and_its_time_are_read_as_they_were_written(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let written = [
        (
            "0.0001",
            "2020-02-03T04:05:06.123456789Z",
            "2020-02-03T04:05:06.123456Z",
        ),
        (
            "999999999.9999",
            "2020-02-03T04:05:06.1+02:00",
            "2020-02-03T02:05:06.1Z",
        ),
        (
            "1000000000",
            "1969-12-31T23:59:59.999999Z",
            "1969-12-31T23:59:59.999999Z",
        ),
        ("28.370", "0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        (
            "1e2",
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:59:59.999999Z",
        ),
    ];
    for (version, (price, timestamp, kept)) in (2..).zip(written) {
        let quote =
            format!(r#"[{{"symbol": "MSFT", "price": {price}, "timestamp": "{timestamp}"}}]"#);
        let token = a
            .send(Method::POST, "/api/StockPrices/batch", &quote)
            .await
            .written(204);
        let price = match price {
            "28.370" => "28.37",
            "1e2" => "100",
            same => same,
        };
        let expected = format!(
            r#"{{"symbol":"MSFT","price":{price},"timestamp":"{kept}","version":{version}}}"#
        );
        let read = b.request(Method::GET, MSFT).header(TOKEN, &token);
        let read = read.send().await.unwrap().text().await.unwrap();
        assert_eq!(read, expected);
    }
    let beyond = r#"[{"symbol": "MSFT", "price": 1, "timestamp": "9999-12-31T23:59:59-01:00"}]"#;
    let why = a
        .send(Method::POST, "/api/StockPrices/batch", beyond)
        .await
        .refused(400);
    assert!(why.contains("timestamp") && why.contains("9999"), "{why}");
}

/// They name the same stocks in opposite orders, which must not make them wait for each other.
pub(crate) async fn batches_that_meet_are_all_written(service: &Service) {
    const ROUNDS: i64 = 20;
    let symbols = ["AAPL", "AMZN", "GOOG", "IBM", "MSFT"];
    let batch = |price: i64| -> Value {
        let quote = |symbol: &&str| json!({ "symbol": symbol, "price": price });
        match price % 2 {
            0 => symbols.iter().map(quote).collect(),
            _ => symbols.iter().rev().map(quote).collect(),
        }
    };
    let writers = (1..=8).map(async |writer| {
        let api = if writer % 2 == 0 {
            &service.a
        } else {
            &service.b
        };
        for _ in 0..ROUNDS {
            let written = api.post("/api/StockPrices/batch", batch(writer)).await;
            written.written(204);
        }
    });
    join_all(writers).await;
    let mut prices = Vec::new();
    for symbol in symbols {
        let path = format!("/api/StockPrices/{symbol}");
        let all = 1 + 8 * ROUNDS;
        let price = service
            .a
            .shows(&path, |price| price["version"] == all)
            .await;
        prices.push(price["price"].clone());
    }
    assert!(
        prices.iter().all(|price| *price == prices[0]),
        "the last batch is there as a whole: {prices:?}"
    );
}

pub(crate) async fn a_token_shows_the_write_on_the_other_instance_at_once(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    for price in 1..=50 {
        b.get(MSFT).await.with(200);
        let token = a.put(MSFT, json!(price)).await.written(204);
        assert_eq!(b.get_after(MSFT, &token).await.with(200)["price"], price);
    }
}

pub(crate) async fn the_second_read_comes_from_the_cache(service: &Service) {
    let reads = async || {
        let live = service.a.get("/live").await.with(200);
        let reads = live["instances"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["databaseReads"].as_u64());
        reads.sum::<Option<u64>>().unwrap()
    };
    let before = reads().await;
    for _ in 0..10 {
        service.a.get(MSFT).await.with(200);
        service.b.get(MSFT).await.with(200);
    }
    assert_eq!(reads().await - before, 1, "one load serves both instances");
}
