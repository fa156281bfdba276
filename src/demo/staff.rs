//! The demo's own people: an admin, an auditor, and sales teams with their managers.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Map;

use super::chance::Chance;
use super::words;
use crate::domain::Timestamp;
use crate::domain::actor::Role;
use crate::domain::id::TenantId;
use crate::domain::user::{DaysOff, Group, Membership, User};

/// The teams, with the zone in which each works.
const TEAMS: [(&str, Tz); 8] = [
    ("Northeast", Tz::America__New_York),
    ("Southeast", Tz::America__New_York),
    ("Great Lakes", Tz::America__Chicago),
    ("Plains", Tz::America__Chicago),
    ("Texas and Gulf", Tz::America__Chicago),
    ("Mountain", Tz::America__Denver),
    ("Pacific", Tz::America__Los_Angeles),
    ("Canada", Tz::America__Toronto),
];

/// Members of a team, its manager not counted.
const MEMBERS_PER_TEAM: usize = 7;

/// Users, groups, and who belongs where.
pub struct Staff {
    /// The admin first, then the auditor, then the teams.
    pub users: Vec<User>,
    /// The teams.
    pub groups: Vec<Group>,
    /// Who belongs where.
    pub memberships: Vec<Membership>,
}

impl Staff {
    /// The staff of a tenant.
    pub fn draw(chance: &Chance, tenant: TenantId, at: Timestamp) -> Self {
        let mut staff = Self { users: Vec::new(), groups: Vec::new(), memberships: Vec::new() };
        let draw = UserDraw { chance, tenant, at };
        staff.hire(&draw, Role::Admin, Tz::America__Chicago);
        staff.hire(&draw, Role::Auditor, Tz::America__Chicago);
        for (name, zone) in TEAMS {
            let group = Group { tenant, id: chance.id(at), name: name.to_owned(), created_at: at };
            for place in 0..=MEMBERS_PER_TEAM {
                let manages = place == 0;
                let role = if manages { Role::Manager } else { Role::Member };
                let user = staff.hire(&draw, role, zone);
                staff.memberships.push(Membership { group: group.id, user, manages });
            }
            staff.groups.push(group);
        }
        staff
    }

    /// Who may do everything.
    pub fn admin(&self) -> Option<&User> {
        self.users.iter().find(|user| user.role == Role::Admin)
    }

    /// Those who work on leads themselves.
    pub fn members(&self) -> impl Iterator<Item = &User> {
        self.users.iter().filter(|user| user.role == Role::Member && user.active)
    }

    fn hire(&mut self, draw: &UserDraw<'_>, role: Role, zone: Tz) -> crate::domain::id::UserId {
        let user = draw.user(role, zone, self.users.len());
        let id = user.id;
        self.users.push(user);
        id
    }
}

struct UserDraw<'a> {
    chance: &'a Chance,
    tenant: TenantId,
    at: Timestamp,
}

impl UserDraw<'_> {
    fn user(&self, role: Role, time_zone: Tz, place: usize) -> User {
        let chance = self.chance;
        let (first, last) = (chance.pick(&words::FIRST_NAMES), chance.pick(&words::LAST_NAMES));
        let member = role == Role::Member;
        User {
            tenant: self.tenant,
            id: chance.id(self.at),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            // The number keeps two of the same name apart.
            email: format!("{}.{}{place}@demo.example", words::address_part(first), words::address_part(last)),
            mobile: None,
            locale: if time_zone == Tz::America__Toronto { "en-CA" } else { "en-US" }.to_owned(),
            time_zone,
            active: !(member && chance.holds(0.04)),
            on_holiday: member && chance.holds(0.06),
            role,
            dealer: None,
            days_off: if member && chance.holds(0.3) { self.days_off() } else { Vec::new() },
            custom: Map::new(),
            version: 1,
            created_at: self.at,
            updated_at: self.at,
        }
    }

    /// Up to two weeks, some time in the half year that follows.
    fn days_off(&self) -> Vec<DaysOff> {
        let from: NaiveDate = self.at.datetime().date_naive() + chrono::Days::new(self.chance.below(240) as u64);
        vec![DaysOff { from, until: from + chrono::Days::new(self.chance.below(14) as u64) }]
    }
}
