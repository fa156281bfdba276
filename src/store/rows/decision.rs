//! Rows of `decisions`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "decisions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub request_id: Uuid,
        pub lead_id: Uuid,
        pub job_id: Option<Uuid>,
        pub interface_id: Option<Uuid>,
        pub interface_number: Option<i64>,
        pub algorithm: String,
        pub outcome: String,
        pub decided_at: i64,
        pub decided_by: String,
        pub inputs: String,
        pub candidates: String,
        pub considered: i64,
        pub matched: i64,
        pub excluded: String,
        pub reason: String,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
