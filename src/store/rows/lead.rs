//! Rows of `leads`.

use sea_orm::entity::prelude::*;

row! {
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "leads")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub request_id: Uuid,
        pub root_id: Uuid,
        pub parent_id: Option<Uuid>,
        pub round: i64,
        pub state: String,
        pub dealer_id: Option<Uuid>,
        pub user_id: Option<Uuid>,
        pub decision_id: Option<Uuid>,
        pub job_id: Option<Uuid>,
        pub source: String,
        pub brand: Option<String>,
        pub received_at: i64,
        pub offered_at: Option<i64>,
        pub acknowledged_at: Option<i64>,
        pub acknowledged_by: Option<String>,
        pub accepted_at: Option<i64>,
        pub rejected_at: Option<i64>,
        pub expired_at: Option<i64>,
        pub reassigned_at: Option<i64>,
        pub closed_at: Option<i64>,
        pub deleted_at: Option<i64>,
        pub state_reason: Option<String>,
        pub exception: Option<String>,
        pub due_at: Option<i64>,
        pub warn_at: Option<i64>,
        pub excluded_from_automation: bool,
        pub file_type: Option<String>,
        pub workflow_status: Option<String>,
        pub follow_up_status: String,
        pub progress: Option<String>,
        pub custom: Json,
        pub version: i64,
        pub created_by: String,
        pub campaign: Option<String>,
        pub language: Option<String>,
        pub visibility: String,
        pub alert: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
    }
}

row! {
    /// What a [`LeadSummary`](crate::domain::lead::LeadSummary) is made of.
    #[derive(DerivePartialModel)]
    #[sea_orm(entity = "Entity")]
    pub struct Summary {
        pub id: Uuid,
        pub request_id: Uuid,
        pub root_id: Uuid,
        pub parent_id: Option<Uuid>,
        pub round: i64,
        pub state: String,
        pub dealer_id: Option<Uuid>,
        pub user_id: Option<Uuid>,
        pub decision_id: Option<Uuid>,
        pub job_id: Option<Uuid>,
        pub source: String,
        pub brand: Option<String>,
        pub received_at: i64,
        pub due_at: Option<i64>,
        pub follow_up_status: String,
        pub version: i64,
        pub updated_at: i64,
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
