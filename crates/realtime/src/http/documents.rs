//! The specification's second example: collaborative editing.

use axum::{Json, extract::State, response::IntoResponse};
use serde::Deserialize;
use unstale::Outcome;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    body::Body,
    params::Id,
    problem::{Missing, Problem, ReadRefused, WriteRefused},
    token::{After, NoContent, Written},
};
use crate::{
    app::App,
    domain::{Document, DocumentContent, DocumentVersion, UserName},
    store::Stored,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_document, update_document))
        .routes(routes!(get_versions))
        .routes(routes!(get_active_users))
        .routes(routes!(join))
        .routes(routes!(leave))
}

#[derive(Debug, Deserialize, ToSchema)]
struct DocumentUpdateRequest {
    /// The whole new text, of at most 100,000 characters.
    content: String,
}

/// A document with its owner, status and content
///
/// Kept for five minutes under `document:{documentId}`.
#[utoipa::path(
    get, path = "/api/Documents/{documentId}", tag = "Documents",
    params(("documentId" = Uuid, Path), After),
    responses((status = 200, description = "The document.", body = Document), ReadRefused, Missing)
)]
async fn get_document(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let store = app.store.clone();
    let documents = after.read(&app.cached.documents);
    let document = documents
        .get_or_load(&id, || async move { store.document(id).await })
        .await?;
    document.map(Json).ok_or_else(|| no_document(id))
}

/// Replaces a document's content
///
/// Removes `document:{documentId}` and `document:{documentId}:versions`, in one batch.
#[utoipa::path(
    put, path = "/api/Documents/{documentId}", tag = "Documents",
    params(("documentId" = Uuid, Path)),
    request_body = DocumentUpdateRequest,
    responses(NoContent, WriteRefused, Missing)
)]
async fn update_document(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    Body(request): Body<DocumentUpdateRequest>,
) -> Result<Written, Problem> {
    let content = DocumentContent::new(request.content)?;
    let write = app.clone();
    app.write(async move {
        let written = write.store.update_content(id, &content).await;
        removed_after(id, written, write.cached.remove_document(id)).await
    })
    .await
}

/// The saved versions of a document, newest first
///
/// Kept for five minutes under `document:{documentId}:versions`.
#[utoipa::path(
    get, path = "/api/Documents/{documentId}/versions", tag = "Documents",
    params(("documentId" = Uuid, Path), After),
    responses((status = 200, description = "The versions.", body = Vec<DocumentVersion>), ReadRefused, Missing)
)]
async fn get_versions(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let store = app.store.clone();
    let versions = after.read(&app.cached.document_versions);
    let found = versions
        .get_or_load(&id, || async move { store.document_versions(id).await })
        .await?;
    found.map(Json).ok_or_else(|| no_document(id))
}

/// Who is editing a document
///
/// Kept for thirty seconds under `document:{documentId}:active-users`.
#[utoipa::path(
    get, path = "/api/Documents/{documentId}/active-users", tag = "Documents",
    params(("documentId" = Uuid, Path), After),
    responses((status = 200, description = "Their names, in the order of joining.", body = Vec<String>), ReadRefused, Missing)
)]
async fn get_active_users(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    after: After,
) -> Result<impl IntoResponse, Problem> {
    let store = app.store.clone();
    let users = after.read(&app.cached.active_users);
    let found = users
        .get_or_load(&id, || async move { store.active_users(id).await })
        .await?;
    found.map(Json).ok_or_else(|| no_document(id))
}

/// A user begins to edit a document
///
/// The body is the user's name alone, such as `"ada"`. Removes
/// `document:{documentId}:active-users`.
#[utoipa::path(
    post, path = "/api/Documents/{documentId}/join", tag = "Documents",
    params(("documentId" = Uuid, Path)),
    request_body(content = String, content_type = "application/json", example = json!("ada")),
    responses(NoContent, WriteRefused, Missing)
)]
async fn join(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    Body(user): Body<String>,
) -> Result<Written, Problem> {
    let user = UserName::new(&user)?;
    let write = app.clone();
    app.write(async move {
        let written = write.store.add_active_user(id, &user).await;
        removed_after(id, written, write.cached.active_users.remove(&id)).await
    })
    .await
}

/// A user stops editing a document
///
/// The body is the user's name alone, such as `"ada"`. Removes
/// `document:{documentId}:active-users`.
#[utoipa::path(
    post, path = "/api/Documents/{documentId}/leave", tag = "Documents",
    params(("documentId" = Uuid, Path)),
    request_body(content = String, content_type = "application/json", example = json!("ada")),
    responses(NoContent, WriteRefused, Missing)
)]
async fn leave(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    Body(user): Body<String>,
) -> Result<Written, Problem> {
    let user = UserName::new(&user)?;
    let write = app.clone();
    app.write(async move {
        let written = write.store.remove_active_user(id, &user).await;
        removed_after(id, written, write.cached.active_users.remove(&id)).await
    })
    .await
}

/// Removes what a write made old, unless there was nothing to write to. A commit that was reported
/// as failed may have happened, so the removal follows it all the same.
async fn removed_after(
    id: Uuid,
    written: Stored<bool>,
    removal: impl Future<Output = Outcome>,
) -> Result<Written, Problem> {
    if let Ok(false) = written {
        return Err(no_document(id));
    }
    let removed = removal.await;
    written?;
    Ok(removed.into())
}

fn no_document(id: Uuid) -> Problem {
    Problem::not_found(format_args!("document '{id}'"))
}
