use serde_json::{Value, json};

use crate::service::Service;

const ALL: &str = "/api/Products";
const FEATURED: &str = "/api/Products/featured";
const DESKS: &str = "/api/Products/category/1";
const CHAIRS: &str = "/api/Products/category/2";

fn named(list: &Value, id: i64) -> Option<&str> {
    let product = list
        .as_array()
        .unwrap()
        .iter()
        .find(|product| product["id"] == id)?;
    product["name"].as_str()
}

pub(crate) async fn an_update_changes_every_list_that_shows_the_product(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    for path in [ALL, FEATURED, DESKS, "/api/Products/2"] {
        b.get(path).await.with(200);
    }
    let update =
        json!({ "name": "Sit-stand desk", "price": 649.5, "categoryId": 1, "featured": true });
    a.put("/api/Products/2", update).await.written(204);

    let product = b
        .shows("/api/Products/2", |product| {
            product["name"] == "Sit-stand desk"
        })
        .await;
    assert_eq!(
        product,
        json!({ "id": 2, "name": "Sit-stand desk", "price": 649.5, "categoryId": 1, "featured": true })
    );
    for path in [ALL, FEATURED, DESKS] {
        b.shows(path, |list| named(list, 2) == Some("Sit-stand desk"))
            .await;
    }
}

pub(crate) async fn a_product_that_moves_leaves_its_old_category(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    for path in [DESKS, CHAIRS] {
        b.get(path).await.with(200);
    }
    let update = json!({ "name": "Kneeling chair", "price": 99, "categoryId": 2 });
    a.put("/api/Products/3", update).await.written(204);
    b.shows(DESKS, |list| named(list, 3).is_none()).await;
    b.shows(CHAIRS, |list| named(list, 3) == Some("Kneeling chair"))
        .await;
}

pub(crate) async fn the_first_of_a_batch_that_cannot_be_is_named(service: &Service) {
    let product = |id: i64, category: i64| json!({ "id": id, "name": "A", "price": 1, "categoryId": category });
    for (batch, named) in [
        (json!([product(9, 1), product(8, 55), product(3, 66)]), "55"),
        (json!([product(999, 1), product(8, 55)]), "999"),
        (
            json!([product(8, 55), product(999, 1), product(777, 1)]),
            "55",
        ),
    ] {
        let why = service
            .a
            .post("/api/Products/batch", batch)
            .await
            .refused(400);
        assert!(why.contains(named), "{why}");
    }
    let quotes = json!([
        { "symbol": "MSFT", "price": 1 }, { "symbol": "ZZZ", "price": 1 }, { "symbol": "AAA", "price": 1 }
    ]);
    let why = service
        .a
        .post("/api/StockPrices/batch", quotes)
        .await
        .refused(400);
    assert!(why.contains("'ZZZ'"), "{why}");
}

pub(crate) async fn a_batch_is_written_whole_or_not_at_all(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let batch = |second: i64, category: i64| {
        json!([
            { "id": 5, "name": "Chair five", "price": 1, "categoryId": 2, "featured": false },
            { "id": second, "name": "Another", "price": 2, "categoryId": category, "featured": true }
        ])
    };
    for path in [ALL, FEATURED, CHAIRS] {
        b.get(path).await.with(200);
    }
    let why = a
        .post("/api/Products/batch", batch(999, 2))
        .await
        .refused(400);
    assert!(
        why.contains("999") && why.contains("Nothing was written"),
        "{why}"
    );
    let why = a
        .post("/api/Products/batch", batch(6, 77))
        .await
        .refused(400);
    assert!(why.contains("77"), "{why}");
    assert_eq!(
        a.get("/api/Products/5").await.with(200)["name"],
        "Task chair"
    );

    a.post("/api/Products/batch", batch(6, 2))
        .await
        .written(204);
    b.shows(ALL, |list| {
        named(list, 5) == Some("Chair five") && named(list, 6) == Some("Another")
    })
    .await;
    b.shows(FEATURED, |list| {
        named(list, 5).is_none() && named(list, 6).is_some()
    })
    .await;
    b.shows(CHAIRS, |list| named(list, 6) == Some("Another"))
        .await;
}
