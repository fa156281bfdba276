//! Who may do what (SPEC ALLOC-4). What somebody may *see* is the store's scope; this is what they may change.

use super::error::ActionError;
use crate::domain::InvalidCode;
use crate::domain::actor::{Actor, Role};

/// What an action asks leave for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Dealers, contacts, users, groups, categories, custom fields, interfaces, jobs.
    Configure,
    /// Read what `Configure` writes, run previews, see runs and messages.
    ReadConfiguration,
    /// Read the audit log of the whole tenant.
    ReadAudit,
    /// Hand in new leads.
    SubmitLead,
    /// Hand leads to others, exclude them, delete them, send failed messages again.
    ManageLeads,
    /// Acknowledge, accept, reject and close leads within reach.
    WorkLeads,
    /// Make, change and share lists.
    KeepLists,
}

/// Refuses unless the actor's role carries the permission.
pub fn permit(actor: &Actor, permission: Permission) -> Result<(), ActionError> {
    use Permission::{Configure, KeepLists, ManageLeads, ReadAudit, ReadConfiguration, SubmitLead, WorkLeads};
    let allowed = match actor.role {
        Role::Admin => true,
        Role::Manager => matches!(permission, ReadConfiguration | SubmitLead | ManageLeads | WorkLeads | KeepLists),
        Role::Member => matches!(permission, SubmitLead | WorkLeads | KeepLists),
        Role::Dealer => matches!(permission, WorkLeads),
        Role::Partner => matches!(permission, SubmitLead | WorkLeads),
        Role::Auditor => matches!(permission, ReadConfiguration | ReadAudit),
    };
    if allowed {
        return Ok(());
    }
    let needed = match permission {
        Configure => "configuring the network needs the role admin",
        ReadConfiguration => "reading the configuration needs the role admin, manager or auditor",
        ReadAudit => "reading the audit log needs the role admin or auditor",
        SubmitLead => "handing in leads needs the role admin, manager, member or partner",
        ManageLeads => "handing leads on needs the role admin or manager",
        KeepLists => "keeping lists needs the role admin, manager or member",
        WorkLeads => "working on leads needs a role that has leads",
    };
    Err(ActionError::refused("", InvalidCode::Forbidden, needed))
}
