//! Carrying out what was decided: copies for new owners, the old ones taken away, everybody told.

use crate::actions::Context;
use crate::actions::held::Held;
use crate::domain::Timestamp;
use crate::domain::event::{EventActor, EventKind};
use crate::domain::job::Job;
use crate::domain::label::Visibility;
use crate::domain::lead::{Lead, LeadState, Recipient};
use crate::store::{Conn, StoreError, users};

use super::changes::Changes;
use super::desk::{Desk, Tell};
use super::directory::{Directory, Person, user_person};
use super::engine::Decided;

/// One copy that is to be handed on.
pub struct Move<'a> {
    /// The copy, as it is by now in this transaction.
    pub copy: Lead,
    /// Who gets it.
    pub decided: Decided,
    /// By which job, if by one.
    pub job: Option<&'a Job>,
    /// Why it is taken away, in a sentence.
    pub why: String,
    /// Whom to tell that it was taken away.
    pub tell: Tell,
}

/// Works out everything that `moves` leave behind.
pub async fn carry_out(
    context: &Context,
    conn: &Conn,
    held: &Held,
    moves: Vec<Move<'_>>,
    (at, by): (Timestamp, EventActor),
) -> Result<Changes, StoreError> {
    let involved =
        moves.iter().flat_map(|one| one.decided.placements.iter().map(|to| to.recipient).chain(one.copy.recipient));
    let involved: Vec<Recipient> = involved.collect();
    let directory = Directory::load(conn, held.tenant.id, &involved).await?;
    let managers = Managers::load(conn, held, &moves).await?;
    let mut desk = Desk::new(context, &held.tenant, &held.jobs, &directory, by, at);
    for one in moves {
        hand_on(&mut desk, held, one, &managers)?;
    }
    Ok(desk.changes)
}

/// Hands copies on at a desk that is set up already. Nobody's managers are told: only jobs do that, by [`carry_out`].
pub fn carry_to(desk: &mut Desk<'_>, held: &Held, moves: Vec<Move<'_>>) -> Result<(), StoreError> {
    let nobody = Managers { by_user: std::collections::HashMap::new(), admins: Vec::new() };
    moves.into_iter().try_for_each(|one| hand_on(desk, held, one, &nobody))
}

fn hand_on(desk: &mut Desk<'_>, held: &Held, one: Move<'_>, managers: &Managers) -> Result<(), StoreError> {
    let Move { mut copy, decided, job, why, tell } = one;
    let request = held.request(&copy)?;
    let reason = decided.decision.reason.clone();
    desk.changes.decisions.push(decided.decision);
    desk.changes.turns.extend(decided.turns);
    if decided.placements.is_empty() {
        desk.event(EventKind::LeadException, &copy, None, None, Some(reason.clone()));
        copy.exception = Some(reason);
        (copy.due_at, copy.warn_at) = (None, None);
        copy.times.updated_at = desk.at();
        desk.changes.updated.push(copy);
        return Ok(());
    }
    if copy.state == LeadState::Unassigned {
        // Nobody had it: it is offered itself, for there is nothing to take away. A blast's others go beside it.
        let mut placements = decided.placements.iter();
        if let Some(first) = placements.next() {
            let chain = held.chain(copy.request);
            desk.offer(&mut copy, chain, request, first);
        }
        for other in placements {
            desk.place(&copy, held.chain(copy.request), request, other);
        }
        desk.changes.updated.push(copy);
        return Ok(());
    }
    for placement in &decided.placements {
        let new = desk.place(&copy, held.chain(copy.request), request, placement);
        if job.is_some_and(|job| job.notify.manager) {
            desk.tell_managers(
                managers.of(placement.recipient, copy.labels.visibility),
                &copy,
                new,
                request,
                placement,
            );
        }
    }
    let stays = copy.state == LeadState::Rejected || job.is_some_and(|job| job.keep_original);
    if stays {
        copy.times.reassigned_at = Some(desk.at());
        (copy.due_at, copy.warn_at) = (None, None);
        copy.times.updated_at = desk.at();
        desk.event(EventKind::LeadReassigned, &copy, None, None, Some(why));
        desk.changes.updated.push(copy);
    } else {
        desk.take_away(&copy, request, &why, true, tell);
    }
    Ok(())
}

/// Those who are told of hand-overs: the managers of a user's groups, else the tenant's admins; only they of a restricted lead.
struct Managers {
    by_user: std::collections::HashMap<crate::domain::id::UserId, Vec<Person>>,
    admins: Vec<Person>,
}

impl Managers {
    async fn load(conn: &Conn, held: &Held, moves: &[Move<'_>]) -> Result<Self, StoreError> {
        let mut none = Self { by_user: std::collections::HashMap::new(), admins: Vec::new() };
        if !moves.iter().any(|one| one.job.is_some_and(|job| job.notify.manager)) {
            return Ok(none);
        }
        let tenant = held.tenant.id;
        let placed = moves.iter().flat_map(|one| &one.decided.placements).filter_map(|to| match to.recipient {
            Recipient::User(user) => Some(user),
            Recipient::Dealer(_) => None,
        });
        let owners: Vec<_> = placed.collect();
        for (user, manager) in users::list_managers(conn, tenant, &owners).await? {
            none.by_user.entry(user).or_default().push(user_person(&manager));
        }
        none.admins = users::list_admins(conn, tenant).await?.iter().map(user_person).collect();
        Ok(none)
    }

    fn of(&self, recipient: Recipient, visibility: Visibility) -> &[Person] {
        match (recipient, visibility) {
            (Recipient::User(user), Visibility::Normal) => self.by_user.get(&user).unwrap_or(&self.admins),
            (Recipient::User(_), Visibility::Restricted) | (Recipient::Dealer(_), _) => &self.admins,
        }
    }
}
