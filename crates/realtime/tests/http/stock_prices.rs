use serde_json::json;

use crate::service::Service;

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
