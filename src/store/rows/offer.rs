//! Rows of `offers`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "offers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub lead_id: Uuid,
        pub contact_id: Option<Uuid>,
        pub user_id: Option<Uuid>,
        pub kind: String,
        pub generation: i64,
        pub token_hash: Vec<u8>,
        pub expires_at: i64,
        pub opened_at: Option<i64>,
        pub created_at: i64,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
