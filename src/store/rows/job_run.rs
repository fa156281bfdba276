//! Rows of `job_runs`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_runs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub job_id: Uuid,
        pub cause: String,
        pub state: String,
        pub queued_at: i64,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
        pub cursor_lead_id: Option<Uuid>,
        pub claimed_until: Option<i64>,
        pub examined: i64,
        pub reassigned: i64,
        pub failed: i64,
        pub skipped: Json,
        pub error: Option<String>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
