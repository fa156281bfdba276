//! Rows of `backtests`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "backtests")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub interface_id: Uuid,
        pub state: String,
        pub draft: Json,
        pub published_number: i64,
        pub received_from: i64,
        pub received_before: i64,
        pub lead_count: i64,
        pub requested_by: String,
        pub queued_at: i64,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
        pub cursor_received_at: Option<i64>,
        pub cursor_lead_id: Option<Uuid>,
        pub claimed_until: Option<i64>,
        pub totals: Json,
        pub error: Option<String>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
