//! `ROTATION`: fair share over a pool, by a ledger of turns (SPEC ALGO-4).
//!
//! Next is who of the eligible would have had the fewest turns for its weight after one more: weighted fair queuing (Demers, Keshav and
//! Shenker, 1989) with leads for packets. Who is eligible may differ from lead to lead; all that counts is how far each has come.
//!
//! ```text
//! turns, all of weight 1       eligible       next
//! A 4   B 3   C 3              A B C          B, who ranks before C
//! A 4   B 4   C 3              A B            A, who ranks before B; C's credit stays
//! A 5   B 4   C 3   D away, 0  A B C D        C, and D goes on from 4, the middle of A, B and C
//! ```
//!
//! A newcomer, or one that was away, begins at the level of those it competes with: the middle one of them, lest one who is seldom
//! eligible and therefore far behind, or far ahead for being often the only one, sets it for all.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::domain::id::JobId;
use crate::domain::lead::Recipient;
use crate::domain::rotation::{RotationMember, TurnChange, WEIGHT_DEFAULT};

/// The ledger of one job, as it is within a transaction that holds it.
#[derive(Clone, Debug)]
pub struct Ledger {
    job: JobId,
    lines: HashMap<Recipient, Line>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    weight: u32,
    turns: i64,
    /// Whether it stands among the others. Not yet, if it is new or was away; then it finds its level when it next competes.
    is_settled: bool,
    /// What is saved of that.
    was_settled: bool,
}

impl Line {
    const NEW: Self = Self { weight: WEIGHT_DEFAULT, turns: 0, is_settled: false, was_settled: false };

    /// By turns for the weight, after `more` of them.
    fn compare(&self, other: &Self, more: i64) -> Ordering {
        let far = |line: &Self, by: &Self| (i128::from(line.turns) + i128::from(more)) * i128::from(by.weight);
        far(self, other).cmp(&far(other, self))
    }

    /// Moved up to `level`, rounded down, so that who comes later is never behind by it.
    fn lifted(self, level: &Self) -> Self {
        let turns = (i128::from(level.turns) * i128::from(self.weight)).div_euclid(i128::from(level.weight));
        Self { turns: self.turns.max(i64::try_from(turns).unwrap_or(i64::MAX)), is_settled: true, ..self }
    }
}

impl Ledger {
    /// The ledger of `job` as it is saved. `is_away` says of whom no lead can go to now, whatever the lead.
    pub fn new(job: JobId, members: &[RotationMember], is_away: impl Fn(Recipient) -> bool) -> Self {
        let line = |member: &RotationMember| Line {
            weight: member.weight.max(1),
            turns: member.turns,
            is_settled: member.is_settled && !is_away(member.recipient),
            was_settled: member.is_settled,
        };
        let members = members.iter().filter(|member| member.job == job);
        Self { job, lines: members.map(|member| (member.recipient, line(member))).collect() }
    }

    /// The eligible in the order in which they would be served; of equals, who ranks first.
    pub fn order(&self, eligible: &[Recipient]) -> Vec<Recipient> {
        let mut lines = self.standing(eligible);
        lines.sort_by(|(_, one), (_, other)| one.compare(other, 1));
        lines.into_iter().map(|(recipient, _)| recipient).collect()
    }

    /// `taken` has its turn among the eligible: what is to be written of it, of those who found their level by it, and of those who are
    /// away.
    pub fn take(&mut self, taken: Recipient, eligible: &[Recipient]) -> Vec<TurnChange> {
        let mut changes = Vec::new();
        for (recipient, mut line) in self.standing(eligible) {
            let before = self.lines.get(&recipient).map_or(0, |line| line.turns);
            let is_offered = recipient == taken;
            line.turns += i64::from(is_offered);
            if is_offered || line.turns != before || line.is_settled != line.was_settled {
                let (turns, is_settled) = (line.turns - before, line.is_settled);
                changes.push(TurnChange { job: self.job, recipient, turns, is_offered, is_settled });
            }
            line.was_settled = line.is_settled;
            self.lines.insert(recipient, line);
        }
        for (recipient, line) in self.lines.iter_mut().filter(|(_, line)| line.was_settled && !line.is_settled) {
            line.was_settled = false;
            let (job, recipient) = (self.job, *recipient);
            changes.push(TurnChange { job, recipient, turns: 0, is_offered: false, is_settled: false });
        }
        changes
    }

    /// Where each of the eligible stands; who has no level yet, at that of the others. One alone competes with nobody and finds none.
    fn standing(&self, eligible: &[Recipient]) -> Vec<(Recipient, Line)> {
        let known = |recipient: &Recipient| self.lines.get(recipient).copied().unwrap_or(Line::NEW);
        let lines: Vec<(Recipient, Line)> = eligible.iter().map(|one| (*one, known(one))).collect();
        let mut settled: Vec<Line> = lines.iter().map(|(_, line)| *line).filter(|line| line.is_settled).collect();
        settled.sort_by(|one, other| one.compare(other, 0));
        let level = match settled.get(settled.len() / 2) {
            None if lines.len() > 1 => lines.iter().map(|(_, line)| *line).max_by(|one, other| one.compare(other, 0)),
            middle => middle.copied(),
        };
        let Some(level) = level else { return lines };
        let stands = |line: Line| if line.is_settled { line } else { line.lifted(&level) };
        lines.into_iter().map(|(recipient, line)| (recipient, stands(line))).collect()
    }
}

#[cfg(test)]
mod tests;
