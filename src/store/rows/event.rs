//! Rows of `events`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: i64,
        pub kind: String,
        pub subject: String,
        pub lead_id: Option<Uuid>,
        pub request_id: Option<Uuid>,
        pub actor_kind: String,
        pub actor_id: String,
        pub actor_name: String,
        pub before: Option<String>,
        pub after: Option<String>,
        pub reason: Option<String>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
