//! Where an operation's leads are to go, as it is asked for, and what of it is stored.

use crate::actions::error::ActionError;
use crate::actions::handover::Directory;
use crate::actions::reassign::interface_settings;
use crate::actions::work::Call;
use crate::domain::id::InterfaceId;
use crate::domain::interface::{CandidateKind, Interface};
use crate::domain::job::Algorithm;
use crate::domain::lead::Recipient;
use crate::domain::operation::Goal;
use crate::domain::{Invalid, InvalidCode};
use crate::store::{Conn, dealers, interfaces};

/// The most recipients that leads are dealt to: a department or a region.
const SPLIT_MAX: usize = 250;

/// To whom leads are to go.
#[derive(Clone, Debug)]
pub enum NewTarget {
    /// To the dealer with this number and sub-number.
    DealerNumber(String, String),
    /// To this recipient.
    Recipient(Recipient),
    /// Each to the nearest active dealer.
    Nearest,
    /// To whom the interface's published version ranks.
    Interface {
        /// The interface.
        interface: InterfaceId,
        /// Single, blast or nearest.
        algorithm: Algorithm,
        /// Copies per blast.
        blast_size: u32,
    },
    /// Shared out under capacities, over an interface's candidates or the nearest active dealers.
    Balanced(Option<InterfaceId>),
    /// Dealt in turn to these.
    EvenSplit(Vec<Recipient>),
    /// To nobody.
    Nobody,
}

/// What is stored of a target, if it can be one.
pub(super) async fn goal(conn: &Conn, call: Call<'_>, target: NewTarget) -> Result<Goal, ActionError> {
    let tenant = call.actor.tenant;
    let under = |problem: Invalid| ActionError::from(problem.under("target"));
    let recipient = match target {
        NewTarget::Nearest => return Ok(Goal::Nearest),
        NewTarget::Nobody => return Ok(Goal::Nobody),
        NewTarget::Interface { interface, algorithm, blast_size } => {
            interface_settings(algorithm, blast_size).map_err(under)?;
            published(conn, call, interface).await?.map_err(under)?;
            return Ok(Goal::Interface { interface, algorithm, blast_size });
        }
        NewTarget::Balanced(interface) => return balanced(conn, call, interface).await,
        NewTarget::DealerNumber(number, sub_number) => {
            let dealer = dealers::find_by_number(conn, tenant, &number, &sub_number).await?;
            let missing = || {
                let message = format!("there is no dealer with the number `{number}`");
                under(Invalid::new("dealerNumber", InvalidCode::NotFound, message))
            };
            Recipient::Dealer(dealer.ok_or_else(missing)?.id)
        }
        NewTarget::EvenSplit(recipients) => return even_split(conn, call, recipients).await,
        NewTarget::Recipient(recipient) => recipient,
    };
    let directory = Directory::load(conn, tenant, &[recipient]).await?;
    if !directory.may_receive(recipient) {
        let message = "it does not exist, is not active or does not accept leads";
        return Err(ActionError::refused("target", InvalidCode::NotAllowed, message));
    }
    Ok(Goal::Recipient { recipient })
}

/// The interface, if it has a published version.
async fn published(conn: &Conn, call: Call<'_>, id: InterfaceId) -> Result<Result<Interface, Invalid>, ActionError> {
    let found = interfaces::list_published(conn, call.actor.tenant, &[id]).await?.into_iter().next();
    let message = "there is no such interface with a published version";
    Ok(found.map(|(found, _)| found).ok_or_else(|| Invalid::new("interfaceId", InvalidCode::NotFound, message)))
}

/// An interface over dealers, or none: only dealers are somewhere and have capacities.
async fn balanced(conn: &Conn, call: Call<'_>, id: Option<InterfaceId>) -> Result<Goal, ActionError> {
    let under = |problem: Invalid| ActionError::from(problem.under("balanced").under("target"));
    if let Some(id) = id {
        let interface = published(conn, call, id).await?.map_err(under)?;
        if interface.candidate_kind != CandidateKind::Dealer {
            let message = "it ranks users, who have neither a place nor a capacity: use an interface over dealers";
            return Err(under(Invalid::new("interfaceId", InvalidCode::NotAllowed, message)));
        }
    }
    Ok(Goal::Balanced { interface: id })
}

/// The recipients that leads are dealt to: some, each once, and all of them may get leads.
async fn even_split(conn: &Conn, call: Call<'_>, recipients: Vec<Recipient>) -> Result<Goal, ActionError> {
    let refused = |code, message: String| ActionError::from(Invalid::new("evenSplit", code, message).under("target"));
    if recipients.is_empty() {
        return Err(refused(InvalidCode::Required, "name at least one dealer or user".to_owned()));
    }
    if recipients.len() > SPLIT_MAX {
        let message = format!("{} recipients, at most {SPLIT_MAX} are allowed", recipients.len());
        return Err(refused(InvalidCode::TooLong, message));
    }
    let directory = Directory::load(conn, call.actor.tenant, &recipients).await?;
    for (index, recipient) in recipients.iter().enumerate() {
        let shown = recipient.id();
        if recipients.iter().take(index).any(|other| other == recipient) {
            return Err(refused(InvalidCode::NotAllowed, format!("`{shown}` is named twice")));
        }
        if !directory.may_receive(*recipient) {
            let message = format!("`{shown}` does not exist, is not active or does not accept leads");
            return Err(refused(InvalidCode::NotAllowed, message));
        }
    }
    Ok(Goal::EvenSplit { recipients })
}
