//! Rows of `operation_results`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "operation_results")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub operation_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i64,
        pub lead_id: Uuid,
        pub outcome: String,
        pub reason_code: Option<String>,
        pub reason: Option<String>,
        pub lead_version: Option<i64>,
        pub copies: Option<String>,
        pub before: Option<String>,
    }
}

row! {
    /// What is listed of a result: not what the lead was, which is most of its row.
    #[derive(DerivePartialModel)]
    #[sea_orm(entity = "Entity")]
    pub struct Listed {
        pub position: i64,
        pub lead_id: Uuid,
        pub outcome: String,
        pub reason_code: Option<String>,
        pub reason: Option<String>,
        pub copies: Option<String>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
