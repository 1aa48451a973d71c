use reqwest::Method;
use serde_json::json;

use crate::service::Service;

pub(crate) async fn what_is_not_there_is_not_found(service: &Service) {
    let a = &service.a;
    let nobody = "/api/Documents/00000000-0000-0000-0000-000000000000";
    for (path, named) in [
        ("/api/StockPrices/ENRN", "'ENRN'"),
        (nobody, "00000000"),
        (&format!("{nobody}/versions"), "00000000"),
        (&format!("{nobody}/active-users"), "00000000"),
        ("/api/ActivityFeed/987654", "987654"),
        ("/api/ActivityFeed/user/987654", "user 987654"),
        ("/api/ActivityFeed/user/987654?page=2", "user 987654"),
        ("/api/Inventory/999", "999"),
        ("/api/Products/999", "999"),
        ("/api/Products/category/999", "999"),
        ("/api/Nothing", "nothing under this path"),
        ("/api", "nothing under this path"),
    ] {
        let why = a.get(path).await.refused(404);
        assert!(why.contains(named), "{path}: {why}");
    }
    let product = json!({ "name": "x", "price": 1, "categoryId": 1 });
    for (method, path, body) in [
        (Method::PUT, "/api/StockPrices/ENRN", json!(1)),
        (Method::PUT, nobody, json!({ "content": "" })),
        (Method::POST, &format!("{nobody}/join"), json!("ada")),
        (Method::POST, &format!("{nobody}/leave"), json!("ada")),
        (Method::POST, "/api/ActivityFeed/987654/like", json!(1)),
        (
            Method::POST,
            "/api/Inventory/999/reserve",
            json!({ "quantity": 1 }),
        ),
        (
            Method::POST,
            "/api/Inventory/999/restore",
            json!({ "quantity": 1 }),
        ),
        (Method::PUT, "/api/Products/999", product),
    ] {
        let answer = a.send(method, path, &body.to_string()).await;
        assert_eq!(answer.token, None);
        answer.refused(404);
    }
    let why = a
        .send(Method::DELETE, "/api/Products", "")
        .await
        .refused(405);
    assert!(why.contains("does not have this method"), "{why}");
}

pub(crate) async fn bad_input_is_refused_with_a_sentence(service: &Service) {
    let a = &service.a;
    for (path, expected) in [
        ("/api/StockPrices/M%20S", "symbol"),
        (
            "/api/Documents/not-a-guid",
            "documentId must be a UUID, but is 'not-a-guid'.",
        ),
        (
            "/api/Inventory/many",
            "productId must be a whole number, but is 'many'.",
        ),
        ("/api/Inventory/%FF", "productId must be UTF-8 text"),
        (
            "/api/ActivityFeed/user/9?page=0",
            "page must be between 1 and 10000, but is 0.",
        ),
        (
            "/api/ActivityFeed/user/9?page=-1",
            "page must be between 1 and 10000, but is -1.",
        ),
        (
            "/api/ActivityFeed/user/9?pageSize=101",
            "pageSize must be between 1 and 100, but is 101.",
        ),
        (
            "/api/ActivityFeed/user/9?pageSize=0",
            "pageSize must be between 1 and 100, but is 0.",
        ),
        (
            "/api/ActivityFeed/user/9?page=two",
            "page must be a whole number, but is 'two'.",
        ),
        (
            "/api/ActivityFeed/user/9?page=99999999999999999999",
            "page must be a whole number",
        ),
    ] {
        let answer = a.get(path).await;
        let errors = answer.body["errors"].as_object().map(|errors| errors.len());
        assert_eq!(errors, Some(1), "{path}");
        let why = answer.refused(400);
        assert!(why.contains(expected), "{path}: {why}");
    }
    let (put, post) = (Method::PUT, Method::POST);
    let document = "/api/Documents/6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0001";
    let too_long = json!({ "content": "x".repeat(100_001) }).to_string();
    for (method, path, body, expected) in [
        (
            &put,
            "/api/StockPrices/MSFT",
            "{\"pri",
            "body cannot be read",
        ),
        (&put, "/api/StockPrices/MSFT", "", "body cannot be read"),
        (
            &put,
            "/api/StockPrices/MSFT",
            "1 2",
            "body goes on after its end",
        ),
        (
            &put,
            "/api/StockPrices/MSFT",
            "-1",
            "between 0.0001 and 1000000000 with at most 4 decimals, but is -1.",
        ),
        (
            &put,
            "/api/StockPrices/MSFT",
            "1.00001",
            "at most 4 decimals",
        ),
        (&put, "/api/StockPrices/MSFT", "\"dear\"", "must be a price"),
        (
            &post,
            "/api/StockPrices/batch",
            "[]",
            "prices must hold 1 to 1000 entries, but holds 0.",
        ),
        (
            &post,
            "/api/StockPrices/batch",
            "[{\"symbol\":\"IBM\",\"price\":0}]",
            "[0].price must be a price",
        ),
        (
            &post,
            "/api/StockPrices/batch",
            "[{\"symbol\":\"\",\"price\":1}]",
            "[0].symbol must be 1 to 12",
        ),
        (
            &post,
            "/api/StockPrices/batch",
            "[{\"symbol\":\"IBM\"}]",
            "missing field `price`",
        ),
        (&put, document, "{}", "missing field `content`"),
        (
            &put,
            document,
            &too_long,
            "content must have at most 100000 characters, but has 100001.",
        ),
        (
            &post,
            &format!("{document}/join"),
            "\"  \"",
            "userId must be 1 to 64 characters long",
        ),
        (&post, &format!("{document}/join"), "7", "expected a string"),
        (
            &post,
            "/api/ActivityFeed",
            "{\"userId\":1,\"content\":\"\"}",
            "content must be 1 to 1000 characters",
        ),
        (
            &post,
            "/api/ActivityFeed",
            "{\"userId\":99999,\"content\":\"x\"}",
            "there is no user 99999",
        ),
        (
            &post,
            "/api/ActivityFeed/1/like",
            "99999",
            "there is no user 99999",
        ),
        (
            &post,
            "/api/ActivityFeed/1/like",
            "\"x\"",
            "body cannot be read",
        ),
        (
            &post,
            "/api/Inventory/1/reserve",
            "{\"quantity\":-3}",
            "between 1 and 1000000, but is -3.",
        ),
        (
            &post,
            "/api/Inventory/1/reserve",
            "{\"quantity\":0}",
            "quantity must be between 1 and 1000000",
        ),
        (
            &post,
            "/api/Inventory/1/restore",
            "{\"quantity\":1.5}",
            "quantity cannot be read",
        ),
        (
            &put,
            "/api/Products/1",
            "{\"name\":\" \",\"price\":1,\"categoryId\":1}",
            "name must be 1 to 200",
        ),
        (
            &put,
            "/api/Products/1",
            "{\"name\":\"x\",\"price\":1,\"categoryId\":77}",
            "there is no category 77",
        ),
        (&post, "/api/Products/batch", "{}", "body cannot be read"),
    ] {
        let answer = a.send(method.clone(), path, body).await;
        assert_eq!(answer.token, None);
        let why = answer.refused(400);
        assert!(why.contains(expected), "{path} {body:.40}: {why}");
    }
    let huge = "x".repeat(2 * 1024 * 1024);
    let why = a
        .put(document, json!({ "content": huge }))
        .await
        .refused(413);
    assert!(why.contains("at most 2097152 bytes"), "{why}");
    let plain = a
        .request(put, "/api/StockPrices/MSFT")
        .header("content-type", "text/plain")
        .body("1");
    crate::api::Answer::to(plain).await.refused(415);
    let why = a
        .get_after("/api/StockPrices/MSFT", "no token")
        .await
        .refused(400);
    assert!(why.contains("Unstale-Token"), "{why}");
    assert_eq!(
        a.get("/api/StockPrices/MSFT").await.with(200)["price"],
        39.81,
        "nothing was written"
    );
}

pub(crate) async fn a_path_may_be_written_in_any_case(service: &Service) {
    let a = &service.a;
    assert_eq!(
        a.get("/API/stockprices/msft").await.with(200)["symbol"],
        "MSFT"
    );
    assert_eq!(
        a.get("/api/StockPrices/MSFT/").await.with(200)["symbol"],
        "MSFT"
    );
    a.get("/api/documents/6F1C1F5E-0D0B-4B52-9A3E-5F0A4F6F0001/Active-Users")
        .await
        .with(200);
    assert_eq!(a.get("/api/products/FEATURED").await.with(200)[0]["id"], 1);
    let feed = a.get("/api/activityfeed/USER/9?PageSize=1").await.with(200);
    assert_eq!(feed.as_array().unwrap().len(), 1);
}

pub(crate) async fn the_page_shows_both_instances(service: &Service) {
    let page = service.a.get("/").await;
    assert!(page.content_type.starts_with("text/html"));
    let html = page.with(200);
    assert!(html.as_str().unwrap().contains("/swagger"));
    let live = service.b.get("/live").await.with(200);
    let names: Vec<_> = live["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert!(
        live["instances"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["healthy"] == true),
        "{live}"
    );
}
