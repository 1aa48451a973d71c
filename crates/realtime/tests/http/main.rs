//! The service over real sockets: two instances of it, on every transport and every database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod activity_feed;
mod api;
mod binary;
mod cache_metrics;
mod controls;
mod documents;
mod inventory;
mod metrics;
mod openapi;
#[cfg(feature = "postgres-tests")]
mod postgres;
#[cfg(feature = "postgres-tests")]
mod postgres_tls;
mod products;
#[cfg(feature = "prometheus")]
mod prometheus;
mod requests;
mod service;
mod stock_prices;

/// Makes one test of each function per transport, and per database; each gets two running instances
/// of its own.
macro_rules! everywhere {
    ($($module:ident: $($test:ident),+;)+) => {
        everywhere!(@on hub, $($module: $($test),+;)+);
        everywhere!(@on redis_streams, $($module: $($test),+;)+);
        everywhere!(@on redis_pub_sub, $($module: $($test),+;)+);
        everywhere!(@on #[cfg(feature = "postgres-tests")] postgres_hub, $($module: $($test),+;)+);
        everywhere!(@on #[cfg(feature = "postgres-tests")] postgres_redis, $($module: $($test),+;)+);
    };
    (@on $(#[$attribute:meta])? $place:ident, $($module:ident: $($test:ident),+;)+) => {
        $(#[$attribute])?
        mod $place {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let service = crate::service::Service::$place().await;
                    crate::$module::$test(&service).await;
                    service.stop().await;
                })+
            })+
        }
    };
}

everywhere! {
    stock_prices:
        a_price_written_on_one_instance_is_read_on_the_other,
        a_batch_is_written_whole_or_not_at_all,
        a_price_and_its_time_are_read_as_they_were_written,
        batches_that_meet_are_all_written,
        a_token_shows_the_write_on_the_other_instance_at_once,
        the_second_read_comes_from_the_cache;
    documents:
        content_and_versions_change_together,
        writers_at_once_save_a_version_each,
        users_join_and_leave;
    activity_feed:
        a_post_reaches_the_feeds_of_all_followers,
        a_post_is_told_as_it_was_stored,
        a_like_is_seen_on_the_activity_and_in_the_feeds,
        pages_of_different_sizes_do_not_mix,
        nothing_is_kept_for_an_unknown_user;
    metrics:
        every_metric_of_both_instances_is_there,
        a_write_shows_at_the_next_scrape;
    inventory:
        stock_is_reserved_and_restored,
        many_buyers_never_get_more_than_there_is;
    products:
        an_update_changes_every_list_that_shows_the_product,
        a_product_that_moves_leaves_its_old_category,
        the_first_of_a_batch_that_cannot_be_is_named,
        a_batch_is_written_whole_or_not_at_all;
    cache_metrics:
        stats_have_the_fields_and_words_of_the_specification,
        invalidations_are_counted_on_both_sides;
    controls:
        a_scene_and_the_log_come_by_themselves,
        without_controls_there_are_none;
    requests:
        what_is_not_there_is_not_found,
        bad_input_is_refused_with_a_sentence,
        a_path_may_be_written_in_any_case,
        the_page_shows_both_instances;
    openapi:
        every_route_is_described_and_every_description_is_a_route,
        refusals_are_described,
        swagger_is_served_without_downloads;
}
