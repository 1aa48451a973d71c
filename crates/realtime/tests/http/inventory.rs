use futures::future::join_all;
use serde_json::json;

use crate::service::Service;

pub(crate) async fn stock_is_reserved_and_restored(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let path = "/api/Inventory/1";
    assert_eq!(
        b.get(path).await.with(200),
        json!({ "productId": 1, "stock": 40 })
    );

    let reserved = a
        .post("/api/Inventory/1/reserve", json!({ "quantity": 15 }))
        .await;
    assert!(reserved.token.is_some());
    assert_eq!(reserved.with(200), json!({ "productId": 1, "stock": 25 }));
    assert_eq!(a.get(path).await.with(200)["stock"], 25);
    b.shows(path, |level| level["stock"] == 25).await;

    let why = b
        .post("/api/Inventory/1/reserve", json!({ "quantity": 26 }))
        .await
        .refused(409);
    assert!(why.contains("25 units") && why.contains("26"), "{why}");

    let restored = b
        .post("/api/Inventory/1/restore", json!({ "quantity": 5 }))
        .await;
    assert_eq!(restored.with(200)["stock"], 30);
    a.shows(path, |level| level["stock"] == 30).await;

    for _ in 0..1000 {
        if a.post("/api/Inventory/1/restore", json!({ "quantity": 1_000_000 }))
            .await
            .status
            != 200
        {
            break;
        }
    }
    let why = a
        .post("/api/Inventory/1/restore", json!({ "quantity": 1_000_000 }))
        .await
        .refused(409);
    assert!(why.contains("1000000000"), "{why}");
}

pub(crate) async fn many_buyers_never_get_more_than_there_is(service: &Service) {
    // Fifteen lounge chairs, and forty who want one, half of them on each instance.
    let buyers = (0..40).map(|buyer| {
        let api = if buyer % 2 == 0 {
            &service.a
        } else {
            &service.b
        };
        async move {
            api.post("/api/Inventory/8/reserve", json!({ "quantity": 1 }))
                .await
                .status
        }
    });
    let answers = join_all(buyers).await;
    let count = |status| answers.iter().filter(|&&answer| answer == status).count();
    assert_eq!((count(200), count(409)), (15, 25), "{answers:?}");
    for api in [&service.a, &service.b] {
        api.shows("/api/Inventory/8", |level| level["stock"] == 0)
            .await;
    }
}
