//! Rows of `requests`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "requests")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub external_id: Option<String>,
        pub source: String,
        pub campaign: Option<String>,
        pub brand: Option<String>,
        pub product: Option<String>,
        pub interest: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub email: Option<String>,
        pub phone: Option<String>,
        pub street: Option<String>,
        pub city: Option<String>,
        pub region: Option<String>,
        pub country: String,
        pub postal_code: Option<String>,
        pub lat: Option<f64>,
        pub lon: Option<f64>,
        pub point_source: Option<String>,
        pub comments: Option<String>,
        pub language: Option<String>,
        pub received_at: i64,
        pub created_by: String,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
