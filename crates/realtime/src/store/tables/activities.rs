use async_trait::async_trait;
use sqlx::{ColumnIndex, Executor, FromRow};

use super::{Dialect, Tables, columns::Column};
use crate::{
    domain::{Activity, NewActivity, PageKey, Timestamp},
    store::{ActivityRepository, Like, Stored},
};

#[derive(FromRow)]
struct ActivityRow {
    id: i64,
    user_id: i64,
    name: String,
    content: String,
    likes: i64,
    created_at: Timestamp,
}

impl From<ActivityRow> for Activity {
    fn from(row: ActivityRow) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            user_name: row.name,
            content: row.content,
            likes: row.likes,
            created_at: row.created_at,
        }
    }
}

#[async_trait]
impl<DB: Dialect> ActivityRepository for Tables<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    for<'n> &'n str: ColumnIndex<DB::Row>,
    bool: Column<DB>,
    i64: Column<DB>,
    String: Column<DB>,
    Timestamp: Column<DB>,
{
    async fn activity(&self, id: i64) -> Stored<Option<Activity>> {
        let row: Option<ActivityRow> = sqlx::query_as(
            "SELECT a.id, a.user_id, u.name, a.content, a.created_at, \
             (SELECT count(*) FROM likes l WHERE l.activity_id = a.id) AS likes \
             FROM activities a JOIN users u ON u.id = a.user_id WHERE a.id = $1",
        )
        .bind(id)
        .fetch_optional(self.read())
        .await?;
        Ok(row.map(Activity::from))
    }

    async fn user_feed(&self, user_id: i64, page: PageKey) -> Stored<Option<Vec<Activity>>> {
        let rows: Vec<ActivityRow> = sqlx::query_as(
            "SELECT a.id, a.user_id, u.name, a.content, a.created_at, \
             (SELECT count(*) FROM likes l WHERE l.activity_id = a.id) AS likes \
             FROM followers f JOIN activities a ON a.user_id = f.user_id JOIN users u ON u.id = a.user_id \
             WHERE f.follower_id = $1 ORDER BY a.id DESC LIMIT $2 OFFSET $3",
        )
        .bind(user_id)
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(self.read())
        .await?;
        // Only an empty page leaves open whether there is such a user.
        if rows.is_empty() {
            let known: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users WHERE id = $1)")
                    .bind(user_id)
                    .fetch_one(self.read())
                    .await?;
            if !known {
                return Ok(None);
            }
        }
        Ok(Some(rows.into_iter().map(Activity::from).collect()))
    }

    async fn create_activity(&self, activity: &NewActivity) -> Stored<Option<Activity>> {
        let created_at = Timestamp::now();
        let mut transaction = self.write().await?;
        let user_name: Option<String> = sqlx::query_scalar("SELECT name FROM users WHERE id = $1")
            .bind(activity.user_id)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(user_name) = user_name else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO activities (user_id, content, created_at) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(activity.user_id)
        .bind(&activity.content)
        .bind(created_at)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let NewActivity { user_id, content } = activity.clone();
        Ok(Some(Activity {
            id,
            user_id,
            user_name,
            content,
            likes: 0,
            created_at,
        }))
    }

    async fn follower_ids(&self, user_id: i64) -> Stored<Vec<i64>> {
        Ok(
            sqlx::query_scalar("SELECT follower_id FROM followers WHERE user_id = $1")
                .bind(user_id)
                .fetch_all(self.read())
                .await?,
        )
    }

    async fn add_like(&self, activity_id: i64, user_id: i64) -> Stored<Like> {
        let mut transaction = self.write().await?;
        let (activity, user): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM activities WHERE id = $1), EXISTS (SELECT 1 FROM users WHERE id = $2)",
        )
        .bind(activity_id)
        .bind(user_id)
        .fetch_one(&mut *transaction)
        .await?;
        let like = match (activity, user) {
            (false, _) => Like::NoSuchActivity,
            (true, false) => Like::NoSuchUser,
            (true, true) => Like::Liked,
        };
        if like != Like::Liked {
            transaction.rollback().await?;
            return Ok(like);
        }
        sqlx::query(
            "INSERT INTO likes (activity_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(activity_id)
        .bind(user_id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(like)
    }
}
