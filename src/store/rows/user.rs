//! Rows of `users`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub first_name: String,
        pub last_name: String,
        pub email: String,
        pub mobile: Option<String>,
        pub locale: String,
        pub time_zone: String,
        pub active: bool,
        pub on_holiday: bool,
        pub role: String,
        pub dealer_id: Option<Uuid>,
        pub days_off: Json,
        pub custom: Json,
        pub version: i64,
        pub created_at: i64,
        pub updated_at: i64,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
