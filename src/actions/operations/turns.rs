//! Whose turn it is: the tenant that was served longest ago, and of its operations the one that was served longest ago. A turn is one
//! chunk, so a small operation never waits for a huge one, nor a tenant for another's.
//!
//! Each process keeps its own account, which is as fair as one for all: nobody is served twice by a process before everybody else was
//! served by it once. A process that starts anew has forgotten it, which costs nobody more than a turn.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ahead::Ahead;
use crate::domain::id::{OperationId, TenantId};
use crate::store::operations::Open;

/// Who was served when, counted in turns.
#[derive(Debug, Default)]
pub struct Turns {
    account: Mutex<Account>,
    /// The chunk that is worked out before its turn.
    pub(super) ahead: Ahead,
}

#[derive(Debug, Default)]
struct Account {
    turn: u64,
    tenants: HashMap<TenantId, u64>,
    operations: HashMap<OperationId, u64>,
    /// Operations that a worker of this process is planning.
    planning: HashSet<OperationId>,
}

/// The only worker of its process that plans an operation, for as long as this lives.
#[derive(Debug)]
pub(super) struct Alone<'t> {
    turns: &'t Turns,
    id: OperationId,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.turns.account().planning.remove(&self.id);
    }
}

impl Turns {
    /// Those that have work, in the order in which they are to be tried. Whoever has none any more is forgotten.
    pub fn order(&self, open: &[Open]) -> Vec<Open> {
        self.ahead.keep(open);
        let mut account = self.account();
        account.operations.retain(|id, _| open.iter().any(|one| one.id == *id));
        account.tenants.retain(|id, _| open.iter().any(|one| one.tenant == *id));
        let mut order = open.to_vec();
        order.sort_by_key(|one| {
            // Who was never served comes first; among those, who came first: the sort keeps that order.
            let tenant = account.tenants.get(&one.tenant).copied().unwrap_or(0);
            let operation = account.operations.get(&one.id).copied().unwrap_or(0);
            (tenant, operation)
        });
        order
    }

    /// It is this one's turn.
    pub fn served(&self, one: Open) {
        let mut account = self.account();
        account.turn += 1;
        let turn = account.turn;
        account.tenants.insert(one.tenant, turn);
        account.operations.insert(one.id, turn);
    }

    /// Whether no more than one operation has work.
    pub(super) fn serve_one(&self) -> bool {
        self.account().operations.len() <= 1
    }

    /// Plans an operation alone, unless another worker of this process does. A plan is made by one at a time, and what is worked out before
    /// anything is written, which may take seconds, would be worked out again for nothing.
    pub(super) fn alone(&self, id: OperationId) -> Option<Alone<'_>> {
        let is_first = self.account().planning.insert(id);
        // Not made where it is not the first: it would let go of the other's.
        is_first.then(|| Alone { turns: self, id })
    }

    /// Nothing panics while the lock is held, and a whole account stays whole.
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::operations::Stage;

    fn open(tenant: u128, id: u128) -> Open {
        Open { tenant: TenantId(Uuid::from_u128(tenant)), id: OperationId(Uuid::from_u128(id)), stage: Stage::Running }
    }

    fn served(turns: &Turns, open: &[Open], count: usize) -> Vec<u128> {
        let serve = |_| {
            let next = turns.order(open)[0];
            turns.served(next);
            next.id.uuid().as_u128()
        };
        (0..count).map(serve).collect()
    }

    // BULK-6
    #[test]
    fn tenants_take_turns_and_so_do_the_operations_of_one() {
        let turns = Turns::default();
        let all = [open(1, 10), open(1, 11), open(2, 20)];
        assert_eq!(served(&turns, &all, 8), [10, 20, 11, 20, 10, 20, 11, 20]);
    }

    // BULK-6
    #[test]
    fn one_that_comes_later_is_next() {
        let turns = Turns::default();
        assert_eq!(served(&turns, &[open(1, 10)], 3), [10, 10, 10]);
        assert_eq!(served(&turns, &[open(1, 10), open(1, 11), open(2, 20)], 4), [20, 11, 20, 10]);
    }

    // BULK-6
    #[test]
    fn one_worker_of_a_process_plans_an_operation_and_lets_go_of_it_however_it_ends() {
        let turns = Turns::default();
        let [first, other] = [10, 20].map(|id| open(1, id).id);
        let alone = turns.alone(first);
        assert!(alone.is_some() && turns.alone(first).is_none(), "another one waits");
        assert!(turns.alone(other).is_some(), "for this operation only");
        drop(alone);
        assert!(turns.alone(first).is_some());
    }
}
