//! Rows of `jobs`: reassignment jobs with their settings.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "jobs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub enabled: bool,
        pub position: i64,
        pub condition: String,
        pub elapsed_seconds: i64,
        pub upper_age_seconds: i64,
        pub interface_id: Uuid,
        pub algorithm: String,
        pub blast_size: i64,
        pub ranking: String,
        pub max_rounds: i64,
        pub gives_turn_back: bool,
        pub fallback: String,
        pub fallback_user_id: Option<Uuid>,
        pub keep_original: bool,
        pub notify_old_owner: bool,
        pub notify_new_owner: bool,
        pub notify_manager: bool,
        pub warn_before_seconds: Option<i64>,
        pub version: i64,
        pub created_at: i64,
        pub updated_at: i64,
        pub push_to_crm: bool,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
