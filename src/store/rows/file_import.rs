//! Rows of `file_imports`: imports of uploaded files.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "file_imports")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub upload_id: Option<Uuid>,
        pub kind: String,
        pub state: String,
        pub name: String,
        pub headers: Json,
        pub separator: String,
        pub wishes: Json,
        pub bytes_total: i64,
        pub bytes_done: i64,
        pub checked: Json,
        pub ran: Json,
        pub problem_count: i64,
        pub error: Option<String>,
        pub requested_by: String,
        pub created_at: i64,
        pub updated_at: i64,
        pub finished_at: Option<i64>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
