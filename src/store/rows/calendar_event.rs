//! Rows of `calendar_events`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar_events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub lead_id: Uuid,
        pub user_id: Option<Uuid>,
        pub title: String,
        pub starts_at: i64,
        pub ends_at: Option<i64>,
        pub completed_at: Option<i64>,
        pub version: i64,
        pub created_by: String,
        pub created_at: i64,
        pub updated_at: i64,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
