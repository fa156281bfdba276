//! Rows of `deliveries`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "deliveries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub lead_id: Option<Uuid>,
        pub offer_id: Option<Uuid>,
        pub contact_id: Option<Uuid>,
        pub user_id: Option<Uuid>,
        pub channel: String,
        pub address: String,
        pub message: String,
        pub state: String,
        pub attempts: i64,
        pub next_attempt_at: Option<i64>,
        pub sent_at: Option<i64>,
        pub last_error: Option<String>,
        pub created_at: i64,
        pub is_held: bool,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
