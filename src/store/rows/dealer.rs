//! Rows of `dealers`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "dealers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub number: String,
        pub sub_number: String,
        pub name: String,
        pub active: bool,
        pub accepts_leads: bool,
        pub is_default: bool,
        pub street: Option<String>,
        pub city: Option<String>,
        pub region: Option<String>,
        pub country: String,
        pub postal_code: Option<String>,
        pub lat: Option<f64>,
        pub lon: Option<f64>,
        pub time_zone: String,
        pub hours: Json,
        pub rating: Option<f64>,
        pub categories: Json,
        pub brands: Json,
        pub territory: Json,
        pub capacity_open: Option<i64>,
        pub capacity_per_day: Option<i64>,
        pub crm: Json,
        pub custom: Json,
        pub version: i64,
        pub created_at: i64,
        pub updated_at: i64,
    }
}

row! {
    /// What a [`DealerSummary`](crate::domain::dealer::DealerSummary) is made of.
    #[derive(DerivePartialModel)]
    #[sea_orm(entity = "Entity")]
    pub struct Summary {
        pub id: Uuid,
        pub number: String,
        pub sub_number: String,
        pub name: String,
        pub active: bool,
        pub accepts_leads: bool,
        pub is_default: bool,
        pub city: Option<String>,
        pub region: Option<String>,
        pub rating: Option<f64>,
        pub version: i64,
        pub updated_at: i64,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
