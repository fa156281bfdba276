//! A tenant's network as it was at one moment: all dealers and users, ready to be filtered, measured and sorted.
//!
//! A network never changes; a write to the tenant's dealers, users or words makes another one, with a higher version.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use chrono_tz::Tz;
use hashbrown::HashMap;

use super::column::{Column, Texts};
use super::fill;
use crate::domain::category::Category;
use crate::domain::dealer::{Capacity, Dealer};
use crate::domain::field::{FieldDefinition, Subject};
use crate::domain::id::DealerId;
use crate::domain::interface::CandidateKind;
use crate::domain::lead::Recipient;
use crate::domain::user::{DaysOff, Group, Membership, User};
use crate::domain::{CountryCode, Point, Timestamp};
use crate::places::{Cells, along_curve};
use crate::rules::catalog::CatalogParts;
use crate::rules::{Catalog, CategoryGroup, FieldSource, Root};

/// What a network is built from.
#[derive(Debug, Default)]
pub struct NetworkParts {
    /// `Tenant::network_version` at the moment of reading.
    pub version: i64,
    /// In any order, as all below.
    pub dealers: Vec<Dealer>,
    /// The dealers with a contact through whom a lead can be offered.
    pub reachable: HashSet<DealerId>,
    /// Staff.
    pub users: Vec<User>,
    /// Whose names expressions see.
    pub groups: Vec<Group>,
    /// Who is in which group.
    pub memberships: Vec<Membership>,
    /// Of every subject, archived ones included.
    pub fields: Vec<FieldDefinition>,
    /// The ordered groups of dealers.
    pub categories: Vec<Category>,
}

/// A tenant's network as it was at one moment.
#[derive(Debug)]
pub struct Network {
    version: i64,
    catalog: Catalog,
    /// Where each field of the catalog is found, by its id.
    slots: Vec<Slot>,
    lead_fields: Vec<FieldDefinition>,
    dealers: Pool,
    users: Pool,
    places: HashMap<Recipient, u32>,
    default_dealer: Option<DealerId>,
}

/// Where the value of a field is found.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// In this column of the pool of candidates.
    Candidate(usize),
    /// In this column of the dealers, for the dealer that has the lead.
    Holder(usize),
    /// In this column of the users, for the user that has the lead.
    Owner(usize),
    /// Worked out, or read from the lead.
    Source(FieldSource),
}

/// All dealers, or all users. A candidate is known by its place: those who have a point come first, country by country, and within
/// one neighbours beside each other, so that what is asked of a circle lies together in memory.
pub struct Pool {
    ids: Vec<Recipient>,
    labels: Texts,
    /// The last tie-break: the dealers' order by number and sub-number, the users' by mail address.
    turns: Vec<u32>,
    standing: Vec<Standing>,
    /// None for a user who belongs to no dealer: such a one is in every country and at every distance.
    countries: Vec<Option<CountryCode>>,
    /// Of those who have a point, hence the first places.
    points: Vec<Point>,
    cells: Cells,
    /// The countries in the order of the roots of `cells`.
    roots: Vec<Option<CountryCode>>,
    placeless: Vec<u32>,
    capacities: Vec<Capacity>,
    limited: Vec<u32>,
    absences: Vec<(u32, Absence)>,
    columns: Vec<Column>,
}

/// What a candidate is, whatever the lead; the first that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Inactive,
    NotAccepting,
    Unreachable,
    Sound,
}

/// When a user is away.
#[derive(Debug, PartialEq)]
struct Absence {
    time_zone: Tz,
    days: Vec<DaysOff>,
}

/// One candidate on the way into its pool.
pub(super) struct Entry<'a> {
    pub(super) id: Recipient,
    pub(super) label: Cow<'a, str>,
    pub(super) standing: Standing,
    /// Where the candidate is; none for one who is nowhere in particular.
    pub(super) country: Option<CountryCode>,
    pub(super) point: Option<Point>,
    pub(super) capacity: Capacity,
    pub(super) absent: Option<(Tz, &'a [DaysOff])>,
    /// The place in the order of the last tie-break.
    pub(super) turn: u32,
}

impl Entry<'_> {
    /// What the order of a pool goes by.
    pub(super) fn place(country: Option<CountryCode>, point: Option<Point>) -> (bool, Option<CountryCode>, u64) {
        (point.is_none(), country, point.map_or(0, along_curve))
    }
}

impl Network {
    /// Sorts, codes and indexes everything, with as many threads as there are processors. Costs about two microseconds per dealer.
    pub fn build(parts: NetworkParts) -> Self {
        let categories: Vec<CategoryGroup> = parts.categories.iter().map(group).collect();
        let catalog = Catalog::new(CatalogParts { fields: &parts.fields, categories: &categories });
        let (dealers, users) = (fill::dealers_in_order(&parts), fill::users_in_order(&parts));
        let (dealers, columns) = fill::beside(
            dealers.len(),
            || Pool::build(fill::dealer_entries(&parts, &dealers)),
            || fill::dealer_columns(&catalog, &parts, &dealers),
        );
        let dealers = Pool { columns, ..dealers };
        let columns = fill::user_columns(&catalog, &parts, &users);
        let users = Pool { columns, ..Pool::build(fill::user_entries(&users)) };
        let of_leads = |field: &&FieldDefinition| field.subject() == Subject::Lead;
        let version = parts.version;
        let lead_fields = parts.fields.iter().filter(of_leads).cloned().collect();
        let default_dealer = parts.dealers.iter().find(|dealer| dealer.is_default).map(|dealer| dealer.id);
        let ids = || dealers.ids.iter().zip(0..).chain(users.ids.iter().zip(0..));
        // To free what a hundred thousand dealers hold takes as long as to tell where they are.
        let (places, ()) =
            fill::beside(dealers.len(), || ids().map(|(id, place)| (*id, place)).collect(), || drop(parts));
        Self { version, slots: slots(&catalog), catalog, lead_fields, dealers, users, places, default_dealer }
    }

    /// Bytes in memory, to within the few of the catalog's texts.
    pub fn bytes(&self) -> usize {
        let catalog = size_of_val(self.catalog.fields()) + size_of_val(self.slots.as_slice());
        let places = self.places.capacity() * size_of::<(Recipient, u32)>();
        size_of::<Self>() + catalog + self.dealers.bytes() + self.users.bytes() + places
    }

    /// The tenant's network version that this is.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The names that expressions over this network may use.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The custom fields of leads.
    pub fn lead_fields(&self) -> &[FieldDefinition] {
        &self.lead_fields
    }

    /// All candidates of a kind.
    pub fn pool(&self, kind: CandidateKind) -> &Pool {
        match kind {
            CandidateKind::Dealer => &self.dealers,
            CandidateKind::User => &self.users,
        }
    }

    /// The tenant's fallback, whatever its standing.
    pub fn default_dealer(&self) -> Option<DealerId> {
        self.default_dealer
    }

    /// The dealer's number or the user's name; none for one who is not in the network.
    pub fn label(&self, recipient: Recipient) -> Option<&str> {
        self.pool_of(recipient).label(self.place(recipient)?)
    }

    /// Whether some dealer takes only so many leads, so that loads matter whatever the interface says.
    pub fn has_capacities(&self) -> bool {
        !self.dealers.limited.is_empty()
    }

    /// Whether somebody is in both networks, and no expression and no rule can tell them apart; their names aside. Only for networks with
    /// equal catalogs.
    pub fn has_as_in(&self, other: &Self, recipient: Recipient) -> bool {
        let places = self.place(recipient).zip(other.place(recipient));
        places.is_some_and(|(own, others)| self.pool_of(recipient).is_same(own, other.pool_of(recipient), others))
    }

    pub(super) fn pool_of(&self, recipient: Recipient) -> &Pool {
        match recipient {
            Recipient::Dealer(_) => &self.dealers,
            Recipient::User(_) => &self.users,
        }
    }

    pub(super) fn place(&self, recipient: Recipient) -> Option<u32> {
        self.places.get(&recipient).copied()
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }
}

impl Pool {
    /// The entries come in the order of their places. The columns are added to it.
    fn build(entries: Vec<Entry<'_>>) -> Self {
        let points: Vec<Point> = entries.iter().map_while(|entry| entry.point).collect();
        let (roots, ranges) = countries(&entries);
        let numbered = || entries.iter().zip(0_u32..);
        let is_limited = |capacity: Capacity| capacity.open.is_some() || capacity.per_day.is_some();
        let mut labels = Texts::default();
        for entry in &entries {
            labels.push(&entry.label);
        }
        Self {
            standing: entries.iter().map(|entry| entry.standing).collect(),
            countries: entries.iter().map(|entry| entry.country).collect(),
            cells: Cells::build(points.clone(), &ranges),
            roots,
            placeless: numbered().filter(|(entry, _)| entry.country.is_none()).map(|(_, place)| place).collect(),
            capacities: entries.iter().map(|entry| entry.capacity).collect(),
            limited: numbered().filter(|(entry, _)| is_limited(entry.capacity)).map(|(_, place)| place).collect(),
            absences: numbered().filter_map(|(entry, place)| Some((place, absence(entry)?))).collect(),
            turns: entries.iter().map(|entry| entry.turn).collect(),
            ids: entries.iter().map(|entry| entry.id).collect(),
            labels,
            points,
            columns: Vec::new(),
        }
    }

    /// How many candidates there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All, by their places.
    pub fn ids(&self) -> &[Recipient] {
        &self.ids
    }

    /// Who stands at a place.
    pub fn id(&self, place: u32) -> Option<Recipient> {
        self.ids.get(place as usize).copied()
    }

    /// The dealer's number or the user's name.
    pub fn label(&self, place: u32) -> Option<&str> {
        self.labels.get(place)
    }

    pub(super) fn standing(&self, place: u32) -> Standing {
        self.standing.get(place as usize).copied().unwrap_or(Standing::Inactive)
    }

    pub(super) fn country(&self, place: u32) -> Option<CountryCode> {
        self.countries.get(place as usize).copied().flatten()
    }

    pub(super) fn point(&self, place: u32) -> Option<Point> {
        self.points.get(place as usize).copied()
    }

    /// Where somebody stands in the order of the last tie-break.
    pub(super) fn turn(&self, place: u32) -> u32 {
        self.turns.get(place as usize).copied().unwrap_or(u32::MAX)
    }

    /// Those who have a point, by their places.
    pub(super) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The roots of [`Self::cells`] that hold the candidates of a country, or of all.
    pub(super) fn roots(&self, country: Option<CountryCode>) -> &[u32] {
        let roots = self.cells.roots();
        let Some(country) = country else { return roots };
        let at = self.roots.iter().position(|root| *root == Some(country));
        at.and_then(|at| roots.get(at..=at)).unwrap_or_default()
    }

    /// Those who are nowhere in particular.
    pub(super) fn placeless(&self) -> &[u32] {
        &self.placeless
    }

    pub(super) fn capacity(&self, place: u32) -> Capacity {
        self.capacities.get(place as usize).copied().unwrap_or_default()
    }

    /// Those who take only so many leads.
    pub(super) fn limited(&self) -> &[u32] {
        &self.limited
    }

    /// Those who are active and not on holiday, but off on the day of `now` in their own time zone.
    pub(super) fn away(&self, now: Timestamp) -> Vec<u32> {
        let is_away = |absence: &Absence| {
            let today = now.datetime().with_timezone(&absence.time_zone).date_naive();
            absence.days.iter().any(|days| days.from <= today && today <= days.until)
        };
        self.absences.iter().filter(|(_, absence)| is_away(absence)).map(|(place, _)| *place).collect()
    }

    fn absence(&self, place: u32) -> Option<&Absence> {
        let at = self.absences.binary_search_by_key(&place, |(place, _)| *place);
        at.ok().and_then(|at| self.absences.get(at)).map(|(_, absence)| absence)
    }

    fn is_same(&self, place: u32, other: &Self, others: u32) -> bool {
        let of_both = |pool: &Self, at| (pool.standing(at), pool.country(at), pool.point(at), pool.capacity(at));
        let mut columns = self.columns.iter().zip(&other.columns);
        of_both(self, place) == of_both(other, others)
            && self.absence(place) == other.absence(others)
            && columns.all(|(own, other)| own.value(place as usize) == other.value(others as usize))
    }

    pub(super) fn column(&self, column: usize) -> Option<&Column> {
        self.columns.get(column)
    }

    fn bytes(&self) -> usize {
        let each = size_of::<Recipient>()
            + size_of::<u32>()
            + size_of::<Standing>()
            + size_of::<Option<CountryCode>>()
            + size_of::<Capacity>();
        let columns: usize = self.columns.iter().map(Column::bytes).sum();
        self.len() * each + self.labels.bytes() + size_of_val(self.points.as_slice()) + self.cells.bytes() + columns
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("len", &self.len()).finish_non_exhaustive()
    }
}

fn group(category: &Category) -> CategoryGroup {
    CategoryGroup { key: category.key.clone(), label: category.label.clone(), values: category.choices.clone() }
}

fn absence(entry: &Entry<'_>) -> Option<Absence> {
    let (time_zone, days) = entry.absent?;
    let counts = matches!(entry.standing, Standing::Sound | Standing::Unreachable);
    counts.then(|| Absence { time_zone, days: days.to_vec() })
}

/// The countries of those who have a point, each with its run of places.
fn countries(entries: &[Entry<'_>]) -> (Vec<Option<CountryCode>>, Vec<Range<u32>>) {
    let mut roots = Vec::new();
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for (entry, place) in entries.iter().take_while(|entry| entry.point.is_some()).zip(0_u32..) {
        match ranges.last_mut() {
            Some(range) if roots.last() == Some(&entry.country) => range.end = place + 1,
            _ => {
                roots.push(entry.country);
                ranges.push(place..place + 1);
            }
        }
    }
    (roots, ranges)
}

/// Each pool has its stored fields as columns, in the order of the catalog; a relation has them in the same order.
fn slots(catalog: &Catalog) -> Vec<Slot> {
    let mut next: HashMap<Root, usize> = HashMap::new();
    let mut slot = |root: Root, source: &FieldSource, computed: bool| {
        let of: fn(usize) -> Slot = match root {
            Root::Dealer | Root::User if !computed => Slot::Candidate,
            Root::LeadDealer => Slot::Holder,
            Root::LeadOwner => Slot::Owner,
            _ => return Slot::Source(source.clone()),
        };
        let column = next.entry(root).or_default();
        *column += 1;
        of(*column - 1)
    };
    catalog.fields().iter().map(|field| slot(field.root, &field.source, field.computed)).collect()
}
