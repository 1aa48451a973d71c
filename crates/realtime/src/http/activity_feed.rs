//! The specification's third example: a social media feed.

use axum::{Json, extract::State, response::IntoResponse};
use serde::Deserialize;
use unstale::{ANY, Entry};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    body::Body,
    params::{Id, Paging},
    problem::{Missing, Problem, ReadRefused, WriteRefused},
    token::{After, NoContent, Written},
};
use crate::{
    app::App,
    domain::{Activity, Invalid, NewActivity},
    store::{Like, StoreError},
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_user_feed))
        .routes(routes!(post_activity))
        .routes(routes!(get_activity))
        .routes(routes!(like_activity))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateActivityRequest {
    #[schema(example = 1)]
    user_id: i64,
    /// 1 to 1000 characters.
    content: String,
}

/// A user's feed: what those whom the user follows have posted, newest first
///
/// Kept for one minute under `feed:user:{userId}:page:{page}:size:{pageSize}`, with low priority
/// and a size that counts the activities.
#[utoipa::path(
    get, path = "/api/ActivityFeed/user/{userId}", tag = "ActivityFeed",
    params(("userId" = i64, Path), Paging, After),
    responses((status = 200, description = "One page of the feed.", body = Vec<Activity>), ReadRefused, Missing)
)]
async fn get_user_feed(
    State(app): State<App>,
    Id(user): Id<i64>,
    paging: Paging,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let page = paging.page()?;
    let store = app.store.clone();
    let load = || async move {
        let Some(activities) = store.user_feed(user, page).await? else {
            return Ok(None);
        };
        let size = u32::try_from(activities.len()).unwrap_or(u32::MAX).max(1);
        Ok::<_, StoreError>(Some(Entry::new(activities).size(size)))
    };
    let feeds = after.read(&app.cached.feeds);
    let feed = feeds.get_or_load_entry((user, page), load).await?;
    feed.map(Json)
        .ok_or_else(|| Problem::not_found(format_args!("user {user}")))
}

/// Posts an activity into the feeds of the user's followers
///
/// Removes `feed:user:{followerId}:page:*` for every follower.
#[utoipa::path(
    post, path = "/api/ActivityFeed", tag = "ActivityFeed",
    request_body = CreateActivityRequest,
    responses(
        (status = 200, description = "The activity as it was stored.", body = Activity, headers(
            ("Unstale-Token" = String, description = "A read that carries this token sees this write or a newer one.")
        )),
        WriteRefused
    )
)]
async fn post_activity(
    State(app): State<App>,
    Body(request): Body<CreateActivityRequest>,
) -> Result<impl IntoResponse, Problem> {
    let new = NewActivity::new(request.user_id, &request.content)?;
    let write = app.clone();
    app.write(async move {
        // The followers are asked for first: once the activity is stored, nothing but the removals
        // is left to do.
        let followers = write.store.follower_ids(new.user_id).await?;
        let written = write.store.create_activity(&new).await;
        if let Ok(None) = written {
            return Err(no_user(new.user_id));
        }
        let pages = followers.into_iter().map(|follower| (follower, ANY));
        let removed = write.cached.feeds.remove_patterns(pages).await;
        Ok((Written::from(removed), Json(written?)))
    })
    .await
}

/// One activity
///
/// Kept for the configuration's default time under `activity:{activityId}`.
#[utoipa::path(
    get, path = "/api/ActivityFeed/{activityId}", tag = "ActivityFeed",
    params(("activityId" = i64, Path), After),
    responses((status = 200, description = "The activity.", body = Activity), ReadRefused, Missing)
)]
async fn get_activity(
    State(app): State<App>,
    Id(id): Id<i64>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let store = app.store.clone();
    let activities = after.read(&app.cached.activities);
    let activity = activities
        .get_or_load(&id, || async move { store.activity(id).await })
        .await?;
    activity.map(Json).ok_or_else(|| no_activity(id))
}

/// A user likes an activity
///
/// The body is the user's id alone, such as `7`. Removes `activity:{activityId}` and `feed:user:*`.
#[utoipa::path(
    post, path = "/api/ActivityFeed/{activityId}/like", tag = "ActivityFeed",
    params(("activityId" = i64, Path)),
    request_body(content = i64, content_type = "application/json", example = json!(7)),
    responses(NoContent, WriteRefused, Missing)
)]
async fn like_activity(
    State(app): State<App>,
    Id(id): Id<i64>,
    Body(user): Body<i64>,
) -> Result<Written, Problem> {
    let write = app.clone();
    app.write(async move {
        let written = write.store.add_like(id, user).await;
        match written {
            Ok(Like::NoSuchActivity) => return Err(no_activity(id)),
            Ok(Like::NoSuchUser) => return Err(no_user(user)),
            // A commit that was reported as failed may have happened.
            Ok(Like::Liked) | Err(_) => {}
        }
        let removed = write.cached.remove_activity(id).await;
        written?;
        Ok(removed.into_iter().collect())
    })
    .await
}

fn no_activity(id: i64) -> Problem {
    Problem::not_found(format_args!("activity {id}"))
}

fn no_user(id: i64) -> Problem {
    Invalid::new(
        "userId",
        format!("must be a user's id, but there is no user {id}."),
    )
    .into()
}
