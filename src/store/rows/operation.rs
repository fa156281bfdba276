//! Rows of `operations`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "operations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind: String,
        pub state: String,
        pub change: Json,
        pub selection: Json,
        pub on_problem: String,
        pub notify_new_owner: String,
        pub notify_old_owner: bool,
        pub reason: Option<String>,
        pub source_id: Option<Uuid>,
        pub requested_by: String,
        pub actor: Json,
        pub cursor_lead_id: Option<Uuid>,
        pub cursor_position: Option<i64>,
        pub lead_count: i64,
        pub change_count: i64,
        pub unchanged_count: i64,
        pub problem_count: i64,
        pub mail_count: Option<i64>,
        pub created_at: i64,
        pub prepared_at: Option<i64>,
        pub expires_at: Option<i64>,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
        pub error: Option<String>,
        pub is_shared_out: bool,
        pub is_telling: bool,
        pub push_to_crm: bool,
        pub push_count: Option<i64>,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
