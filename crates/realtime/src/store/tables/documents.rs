use async_trait::async_trait;
use sqlx::{ColumnIndex, Encode, Executor, FromRow, Type};
use uuid::Uuid;

use super::{
    Dialect, Tables,
    columns::{Column, DocumentKey},
};
use crate::{
    domain::{Document, DocumentContent, DocumentVersion, Timestamp, UserName},
    store::{DocumentRepository, Stored},
};

#[derive(FromRow)]
struct DocumentRow {
    title: String,
    owner: String,
    status: String,
    content: String,
    version: i64,
    updated_at: Timestamp,
}

#[async_trait]
impl<DB: Dialect> DocumentRepository for Tables<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    for<'n> &'n str: ColumnIndex<DB::Row>,
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    bool: Column<DB>,
    i64: Column<DB>,
    String: Column<DB>,
    DocumentKey: Column<DB>,
    Timestamp: Column<DB>,
{
    async fn document(&self, id: Uuid) -> Stored<Option<Document>> {
        let row: Option<DocumentRow> = sqlx::query_as(
            "SELECT title, owner, status, content, version, updated_at FROM documents WHERE id = $1",
        )
        .bind(DocumentKey(id))
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
        let rows: Vec<(i64, i64, Timestamp)> = sqlx::query_as(
            "SELECT version, CAST(length(content) AS BIGINT), saved_at FROM document_versions WHERE document_id = $1 \
             ORDER BY version DESC",
        )
        .bind(DocumentKey(id))
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
        let now = Timestamp::now();
        let mut transaction = self.write().await?;
        let version: Option<i64> = sqlx::query_scalar(
            "UPDATE documents SET content = $1, version = version + 1, updated_at = $2 WHERE id = $3 RETURNING version",
        )
        .bind(content.as_str())
        .bind(now)
        .bind(DocumentKey(id))
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(version) = version else {
            transaction.rollback().await?;
            return Ok(false);
        };
        sqlx::query("INSERT INTO document_versions (document_id, version, content, saved_at) VALUES ($1, $2, $3, $4)")
            .bind(DocumentKey(id))
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
            "SELECT a.user_id FROM documents d LEFT JOIN active_users a ON a.document_id = d.id WHERE d.id = $1 \
             ORDER BY a.joined_at, a.user_id",
        )
        .bind(DocumentKey(id))
        .fetch_all(self.read())
        .await?;
        Ok((!rows.is_empty()).then(|| rows.into_iter().flatten().collect()))
    }

    async fn add_active_user(&self, id: Uuid, user: &UserName) -> Stored<bool> {
        let mut transaction = self.write().await?;
        if !exists(&mut *transaction, id).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO active_users (document_id, user_id, joined_at) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(DocumentKey(id))
        .bind(user.as_str())
        .bind(Timestamp::now())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn remove_active_user(&self, id: Uuid, user: &UserName) -> Stored<bool> {
        let mut transaction = self.write().await?;
        if !exists(&mut *transaction, id).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query("DELETE FROM active_users WHERE document_id = $1 AND user_id = $2")
            .bind(DocumentKey(id))
            .bind(user.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn exists<'c, DB: Dialect>(
    connection: impl Executor<'c, Database = DB>,
    id: Uuid,
) -> sqlx::Result<bool>
where
    usize: ColumnIndex<DB::Row>,
    bool: Column<DB>,
    DocumentKey: Column<DB>,
{
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM documents WHERE id = $1)")
        .bind(DocumentKey(id))
        .fetch_one(connection)
        .await
}
