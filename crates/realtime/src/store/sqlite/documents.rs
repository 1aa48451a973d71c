use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Sqlite;
use crate::{
    domain::{Document, DocumentContent, DocumentVersion, UserName},
    store::{DocumentRepository, Stored},
};

#[derive(FromRow)]
struct DocumentRow {
    title: String,
    owner: String,
    status: String,
    content: String,
    version: i64,
    updated_at: OffsetDateTime,
}

#[async_trait]
impl DocumentRepository for Sqlite {
    async fn document(&self, id: Uuid) -> Stored<Option<Document>> {
        let row: Option<DocumentRow> = sqlx::query_as(
            "SELECT title, owner, status, content, version, updated_at FROM documents WHERE id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(self.read())
        .await?;
        Ok(row.map(|row| Document {
            id,
            title: row.title,
            owner: row.owner,
            status: row.status,
            content: row.content,
            version: row.version,
            updated_at: row.updated_at,
        }))
    }

    async fn document_versions(&self, id: Uuid) -> Stored<Option<Vec<DocumentVersion>>> {
        let rows: Vec<(i64, i64, OffsetDateTime)> = sqlx::query_as(
            "SELECT version, length(content), saved_at FROM document_versions WHERE document_id = ? \
             ORDER BY version DESC",
        )
        .bind(id.to_string())
        .fetch_all(self.read())
        .await?;
        // A document is stored together with its first version, so none means that there is no
        // document.
        let versions: Vec<_> = rows
            .into_iter()
            .map(|(version, length, saved_at)| DocumentVersion {
                version,
                length,
                saved_at,
            })
            .collect();
        Ok((!versions.is_empty()).then_some(versions))
    }

    async fn update_content(&self, id: Uuid, content: &DocumentContent) -> Stored<bool> {
        let now = OffsetDateTime::now_utc();
        let mut transaction = self.write().await?;
        let version: Option<i64> = sqlx::query_scalar(
            "UPDATE documents SET content = ?, version = version + 1, updated_at = ? WHERE id = ? RETURNING version",
        )
        .bind(content.as_str())
        .bind(now)
        .bind(id.to_string())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(version) = version else {
            transaction.rollback().await?;
            return Ok(false);
        };
        sqlx::query("INSERT INTO document_versions (document_id, version, content, saved_at) VALUES (?, ?, ?, ?)")
            .bind(id.to_string())
            .bind(version)
            .bind(content.as_str())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn active_users(&self, id: Uuid) -> Stored<Option<Vec<String>>> {
        // One row with an empty name stands for a document that nobody edits.
        let rows: Vec<Option<String>> = sqlx::query_scalar(
            "SELECT a.user_id FROM documents d LEFT JOIN active_users a ON a.document_id = d.id WHERE d.id = ? \
             ORDER BY a.joined_at, a.user_id",
        )
        .bind(id.to_string())
        .fetch_all(self.read())
        .await?;
        Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
    }

    async fn add_active_user(&self, id: Uuid, user: &UserName) -> Stored<bool> {
        let mut transaction = self.write().await?;
        if !exists(&mut transaction, id).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query(
            "INSERT OR IGNORE INTO active_users (document_id, user_id, joined_at) VALUES (?, ?, ?)",
        )
        .bind(id.to_string())
        .bind(user.as_str())
        .bind(OffsetDateTime::now_utc())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn remove_active_user(&self, id: Uuid, user: &UserName) -> Stored<bool> {
        let mut transaction = self.write().await?;
        if !exists(&mut transaction, id).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query("DELETE FROM active_users WHERE document_id = ? AND user_id = ?")
            .bind(id.to_string())
            .bind(user.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn exists(connection: &mut SqliteConnection, id: Uuid) -> sqlx::Result<bool> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM documents WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}
