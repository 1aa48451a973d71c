//! Breaking things, and seeing what becomes of it.

use crate::open_page::OpenPage;

const CUT_B: &str = "[data-instance=B] > button";

async fn until_in_step(page: &OpenPage) {
    for letter in ["A", "B"] {
        let in_step = format!("return state('{letter}') === 'inStep'");
        page.until("the instance is in step", &in_step).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_cut_off_fails_closed_and_comes_back() {
    let page = OpenPage::open().await;
    until_in_step(&page).await;
    page.click(CUT_B).await;
    page.until("B fails closed", "return state('B') === 'failsClosed'")
        .await;
    page.until(
        "people are told",
        "return /^B: Fails closed/.test(text('#announcements'))",
    )
    .await;
    assert_eq!(page.ask("return state('A')").await, "inStep");
    let nothing_from_l1 =
        "return ['MSFT', 'CALM'].every(symbol => cell('B', symbol, 'answer') !== 'L1')";
    page.until("B uses none of its copies", nothing_from_l1)
        .await;
    let before = page.ask("return version('B', 'MSFT')").await;
    let goes_on = format!("return version('B', 'MSFT') > {before}");
    page.until("B goes on answering", &goes_on).await;
    page.resize(1280).await;
    page.keep_picture("broken").await;

    page.click("#trim").await;
    page.click(CUT_B).await;
    until_in_step(&page).await;
    page.until(
        "B noticed that it had missed something",
        "return fact('B', 'Gaps') >= 1",
    )
    .await;
    page.until(
        "and uses its copies again",
        "return cell('B', 'CALM', 'answer') === 'L1'",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_the_database_answers_and_writes_are_kept() {
    let page = OpenPage::open().await;
    until_in_step(&page).await;
    page.click("#answers").await;
    for letter in ["A", "B"] {
        let closed = format!("return state('{letter}') === 'failsClosed'");
        page.until("the instance fails closed", &closed).await;
        let source =
            format!("return ['database', 'flight'].includes(cell('{letter}', 'CALM', 'answer'))");
        page.until("the database answers", &source).await;
    }
    page.click("#write-buttons button[value='0']").await;
    page.until(
        "the write is done, its removal pending",
        "return /removal is pending/.test(text('#written'))",
    )
    .await;
    page.until("that is counted", "return fact('A', 'Pending') > 0")
        .await;

    page.click("#answers").await;
    until_in_step(&page).await;
    page.until(
        "nothing is pending",
        "return fact('A', 'Pending') === 0 && fact('B', 'Pending') === 0",
    )
    .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_flush_both_start_over() {
    let page = OpenPage::open().await;
    until_in_step(&page).await;
    page.click("#flush").await;
    for letter in ["A", "B"] {
        let noticed = format!("return fact('{letter}', 'Gaps') >= 1");
        page.until("the new epoch is noticed", &noticed).await;
    }
    until_in_step(&page).await;
    page.close().await;
}
