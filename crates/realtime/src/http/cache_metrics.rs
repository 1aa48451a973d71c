//! The specification's metrics endpoints, with the figures that it leaves to the reader.

use std::time::Duration;

use axum::{Json, extract::State};
use serde::Serialize;
use time::OffsetDateTime;
use unstale::{Health, InvalidationStats, PatternStats};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(stats))
        .routes(routes!(invalidations))
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CacheStats {
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    cache_type: &'static str,
    expected_hit_rate: &'static str,
    /// Whether the cache measures; without `EnableEffectivenessMetrics` there are no metrics.
    enabled: bool,
    /// In the order of their patterns.
    metrics: Vec<PatternMetrics>,
}

/// How effective the cache is for the keys of one pattern, since the instance started.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PatternMetrics {
    #[schema(example = "inventory:stock:*")]
    key_pattern: String,
    #[schema(example = "55.20%")]
    hit_rate: String,
    hits: u64,
    misses: u64,
    total_requests: u64,
    #[schema(example = "2.10ms")]
    avg_latency: String,
    #[schema(example = "Good (expected for write-heavy)")]
    status: &'static str,
    /// Hits that this instance's own memory answered.
    l1_hits: u64,
    /// Hits that the shared cache answered.
    l2_hits: u64,
    /// Reads that waited for somebody else's load.
    joined: u64,
    /// Loads from the database.
    loads: u64,
    /// Loaded values that were stored.
    fills: u64,
    /// Loaded values that were not stored, because their key was removed during the load.
    refused_fills: u64,
    removals: u64,
    /// Copies that were compared with the database.
    inspected: u64,
    /// Copies that differed from it, although nothing had removed them: some write does not
    /// invalidate.
    differences: u64,
    p50_latency: String,
    p95_latency: String,
    p99_latency: String,
}

/// Cache effectiveness by key pattern
#[utoipa::path(
    get, path = "/api/CacheMetrics/stats", tag = "CacheMetrics",
    responses((status = 200, description = "This instance's figures.", body = CacheStats))
)]
async fn stats(State(app): State<App>) -> Json<CacheStats> {
    let effectiveness = app.cache.effectiveness();
    let mut metrics: Vec<_> = effectiveness
        .patterns
        .into_iter()
        .map(PatternMetrics::from)
        .collect();
    metrics.sort_by(|one, other| one.key_pattern.cmp(&other.key_pattern));
    Json(CacheStats {
        timestamp: OffsetDateTime::now_utc(),
        cache_type: "Write-Heavy (Invalidation-Focused)",
        expected_hit_rate: "50-70%",
        enabled: effectiveness.enabled,
        metrics,
    })
}

impl From<PatternStats> for PatternMetrics {
    fn from(stats: PatternStats) -> Self {
        Self {
            hit_rate: format!("{:.2}%", stats.hit_rate() * 100.0),
            hits: stats.hits(),
            misses: stats.misses,
            total_requests: stats.requests(),
            avg_latency: milliseconds(stats.average_latency),
            status: status(stats.hit_rate()),
            l1_hits: stats.l1_hits,
            l2_hits: stats.l2_hits,
            joined: stats.joined,
            loads: stats.loads,
            fills: stats.fills,
            refused_fills: stats.refused_fills,
            removals: stats.removals,
            inspected: stats.inspected,
            differences: stats.differences,
            p50_latency: milliseconds(stats.p50),
            p95_latency: milliseconds(stats.p95),
            p99_latency: milliseconds(stats.p99),
            key_pattern: stats.pattern,
        }
    }
}

/// The specification's words.
pub(crate) fn status(hit_rate: f64) -> &'static str {
    match hit_rate {
        rate if rate >= 0.7 => "Excellent (unexpectedly high for write-heavy)",
        rate if rate >= 0.5 => "Good (expected for write-heavy)",
        rate if rate >= 0.3 => "Fair (high write frequency)",
        _ => "Low (consider longer TTL or reduce writes)",
    }
}

/// What became of this instance's removals, and what it heard of the others'.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvalidationFigures {
    /// Removals made on this instance since it started.
    total_invalidations: u64,
    invalidations_per_second: f64,
    /// From the call until every instance can know.
    #[schema(example = "0.31ms")]
    average_invalidation_latency: String,
    p50_invalidation_latency: String,
    p99_invalidation_latency: String,
    /// Removals that came from other instances.
    cross_instance_invalidations: u64,
    /// From another instance's removal until this one had dropped its copy.
    propagation_p50: String,
    propagation_p99: String,
    /// Removals not yet acknowledged; they are repeated until they are.
    pending: u64,
    /// Times that this instance missed something and dropped its own memory.
    gaps: u64,
    resyncs: u64,
    sent_batches: u64,
    health: HealthFigures,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HealthFigures {
    healthy: bool,
    /// Whether the instance is known to have applied everything, and so may answer from its own
    /// memory.
    proven: bool,
    proof_age: Option<String>,
    position: Option<String>,
    /// The circuit breaker's state.
    breaker: &'static str,
    reason: Option<String>,
}

/// Invalidations: how many, how fast, and whether any is still to come
#[utoipa::path(
    get, path = "/api/CacheMetrics/invalidations", tag = "CacheMetrics",
    responses((status = 200, description = "This instance's figures.", body = InvalidationFigures))
)]
async fn invalidations(State(app): State<App>) -> Json<InvalidationFigures> {
    Json(figures(app.cache.invalidations(), app.cache.health()))
}

fn figures(stats: InvalidationStats, health: Health) -> InvalidationFigures {
    InvalidationFigures {
        total_invalidations: stats.total,
        invalidations_per_second: (stats.per_second * 10.0).round() / 10.0,
        average_invalidation_latency: milliseconds(stats.average_latency),
        p50_invalidation_latency: milliseconds(stats.p50_latency),
        p99_invalidation_latency: milliseconds(stats.p99_latency),
        cross_instance_invalidations: stats.received,
        propagation_p50: milliseconds(stats.propagation_p50),
        propagation_p99: milliseconds(stats.propagation_p99),
        pending: stats.pending,
        gaps: stats.gaps,
        resyncs: stats.resyncs,
        sent_batches: stats.sent_batches,
        health: HealthFigures {
            healthy: health.healthy,
            proven: health.proven,
            proof_age: health.proof_age.map(milliseconds),
            position: health.position,
            breaker: health.breaker,
            reason: health.reason,
        },
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}ms", time.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_changes_at_the_specifications_thresholds() {
        let words = [0.7, 0.69, 0.5, 0.49, 0.3, 0.29, 0.0]
            .map(|rate| status(rate).split(' ').next().unwrap());
        assert_eq!(
            words,
            ["Excellent", "Good", "Good", "Fair", "Fair", "Low", "Low"]
        );
    }

    #[test]
    fn figures_are_written_as_the_specification_writes_them() {
        let mut stats = PatternStats::default();
        stats.pattern = "inventory:stock:*".into();
        (stats.l1_hits, stats.l2_hits, stats.misses) = (200, 20, 180);
        stats.average_latency = Duration::from_micros(2_100);
        let metrics = PatternMetrics::from(stats);
        assert_eq!(
            (metrics.hit_rate.as_str(), metrics.avg_latency.as_str()),
            ("55.00%", "2.10ms")
        );
        assert_eq!((metrics.hits, metrics.total_requests), (220, 400));
    }
}
