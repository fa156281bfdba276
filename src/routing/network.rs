//! A tenant's network as it was at one moment: all dealers and users, ready to be filtered, measured and sorted.
//!
//! A network never changes; a write to the tenant's dealers, users or words makes another one, with a higher version.

use std::collections::{HashMap, HashSet};

use chrono_tz::Tz;

use super::column::Column;
use super::fill;
use crate::domain::category::Category;
use crate::domain::dealer::{Capacity, Dealer};
use crate::domain::field::{FieldDefinition, Subject};
use crate::domain::id::DealerId;
use crate::domain::interface::CandidateKind;
use crate::domain::lead::Recipient;
use crate::domain::user::{DaysOff, Group, Membership, User};
use crate::domain::{CountryCode, Point, Timestamp};
use crate::places::{SpatialIndex, unit_vector};
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

/// All dealers, or all users, in the order of their last tie-break: dealers by number and sub-number, users by mail address.
/// A candidate is known by its place in that order.
pub struct Pool {
    ids: Vec<Recipient>,
    labels: Vec<String>,
    standing: Vec<Standing>,
    /// None for a user who belongs to no dealer: such a one is in every country and at every distance.
    countries: Vec<Option<CountryCode>>,
    points: Vec<Option<Point>>,
    /// The places of those who have a point, neighbours beside each other: what is asked of a circle then lies together in memory.
    located: Vec<u32>,
    /// Their points, in that order.
    index: SpatialIndex,
    /// The same as vectors of length 1.
    vectors: [Vec<f64>; 3],
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
#[derive(Debug)]
struct Absence {
    time_zone: Tz,
    days: Vec<DaysOff>,
}

/// One candidate on the way into its pool.
pub(super) struct Entry<'a> {
    pub(super) id: Recipient,
    pub(super) label: String,
    pub(super) standing: Standing,
    /// Where the candidate is; none for one who is nowhere in particular.
    pub(super) country: Option<CountryCode>,
    pub(super) point: Option<Point>,
    pub(super) capacity: Capacity,
    pub(super) absent: Option<(Tz, &'a [DaysOff])>,
}

impl Network {
    /// Sorts, codes and indexes everything. Costs about a microsecond per dealer and field.
    pub fn build(mut parts: NetworkParts) -> Self {
        let categories: Vec<CategoryGroup> = parts.categories.iter().map(group).collect();
        let catalog = Catalog::new(CatalogParts { fields: &parts.fields, categories: &categories });
        parts.dealers.sort_by(|a, b| (&a.number, &a.sub_number).cmp(&(&b.number, &b.sub_number)));
        parts.users.sort_by(|a, b| a.email.cmp(&b.email));
        let dealers = Pool::build(fill::dealer_entries(&parts), fill::dealer_columns(&catalog, &parts));
        let users = Pool::build(fill::user_entries(&parts), fill::user_columns(&catalog, &parts));
        let places = dealers.ids.iter().zip(0..).chain(users.ids.iter().zip(0..)).map(|(id, place)| (*id, place));
        let of_leads = |field: &&FieldDefinition| field.subject() == Subject::Lead;
        Self {
            version: parts.version,
            slots: slots(&catalog),
            places: places.collect(),
            default_dealer: parts.dealers.iter().find(|dealer| dealer.is_default).map(|dealer| dealer.id),
            lead_fields: parts.fields.iter().filter(of_leads).cloned().collect(),
            catalog,
            dealers,
            users,
        }
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
    fn build(entries: Vec<Entry<'_>>, columns: Vec<Column>) -> Self {
        let points: Vec<Option<Point>> = entries.iter().map(|entry| entry.point).collect();
        let located = neighbours_together(&points);
        let known: Vec<Point> =
            located.iter().filter_map(|place| points.get(*place as usize).copied().flatten()).collect();
        let numbered = || entries.iter().zip(0_u32..);
        let is_limited = |capacity: Capacity| capacity.open.is_some() || capacity.per_day.is_some();
        Self {
            standing: entries.iter().map(|entry| entry.standing).collect(),
            countries: entries.iter().map(|entry| entry.country).collect(),
            vectors: vectors(&known),
            index: SpatialIndex::build(&known),
            placeless: numbered().filter(|(entry, _)| entry.country.is_none()).map(|(_, place)| place).collect(),
            capacities: entries.iter().map(|entry| entry.capacity).collect(),
            limited: numbered().filter(|(entry, _)| is_limited(entry.capacity)).map(|(_, place)| place).collect(),
            absences: numbered().filter_map(|(entry, place)| Some((place, absence(entry)?))).collect(),
            ids: entries.iter().map(|entry| entry.id).collect(),
            labels: entries.into_iter().map(|entry| entry.label).collect(),
            points,
            located,
            columns,
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

    /// All, in the order of the last tie-break.
    pub fn ids(&self) -> &[Recipient] {
        &self.ids
    }

    /// Who stands at a place.
    pub fn id(&self, place: u32) -> Option<Recipient> {
        self.ids.get(place as usize).copied()
    }

    /// The dealer's number or the user's name.
    pub fn label(&self, place: u32) -> Option<&str> {
        self.labels.get(place as usize).map(String::as_str)
    }

    pub(super) fn standing(&self, place: u32) -> Standing {
        self.standing.get(place as usize).copied().unwrap_or(Standing::Inactive)
    }

    pub(super) fn country(&self, place: u32) -> Option<CountryCode> {
        self.countries.get(place as usize).copied().flatten()
    }

    pub(super) fn point(&self, place: u32) -> Option<Point> {
        self.points.get(place as usize).copied().flatten()
    }

    pub(super) fn vectors(&self) -> [&[f64]; 3] {
        let [x, y, z] = &self.vectors;
        [x, y, z]
    }

    pub(super) fn index(&self) -> &SpatialIndex {
        &self.index
    }

    /// The places of the points of [`Self::index`], in its order.
    pub(super) fn located(&self) -> &[u32] {
        &self.located
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

    pub(super) fn column(&self, column: usize) -> Option<&Column> {
        self.columns.get(column)
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

/// The places with a point along a curve that visits near ones together: the bits of latitude and longitude take turns.
fn neighbours_together(points: &[Option<Point>]) -> Vec<u32> {
    let cell = |degrees: f64, span: f64| ((degrees / span + 0.5) * f64::from(u16::MAX)) as u64;
    let spread = |bits: u64| (0..16).fold(0, |code, bit| code | ((bits >> bit & 1) << (2 * bit)));
    let along = |point: Point| spread(cell(point.lat(), 180.0)) << 1 | spread(cell(point.lon(), 360.0));
    let known = points.iter().zip(0_u32..).filter_map(|(point, place)| Some((along((*point)?), place)));
    let mut known: Vec<(u64, u32)> = known.collect();
    known.sort_unstable();
    known.into_iter().map(|(_, place)| place).collect()
}

fn vectors(points: &[Point]) -> [Vec<f64>; 3] {
    let mut vectors = [Vec::new(), Vec::new(), Vec::new()];
    for point in points {
        for (axis, value) in vectors.iter_mut().zip(unit_vector(*point)) {
            axis.push(value);
        }
    }
    vectors
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
