//! What the demo's tenant has defined: its tiers, custom fields, interfaces with their versions, and jobs.
//!
//! The texts here are what an admin would have typed; none of them is checked here.

use std::time::Duration;

use super::chance::Chance;
use super::network::Moments;
use super::words;
use crate::domain::Timestamp;
use crate::domain::category::Category;
use crate::domain::field::{Choice, FieldDefinition, FieldDraft, FieldType, Subject};
use crate::domain::id::{InterfaceId, JobId, TenantId};
use crate::domain::interface::{
    CandidateKind, Definition, Direction, Interface, InterfaceVersion, Nulls, Radius, SortLevel,
};
use crate::domain::job::{Algorithm, Fallback, Job, Notify, Ranking};
use crate::domain::place::miles_to_km;

/// The category group of dealers, best first.
pub const TIERS: [&str; 3] = ["Gold", "Silver", "Bronze"];
/// How far a dealer delivers.
pub const DELIVERY: [&str; 4] = ["none", "local", "statewide", "nationwide"];
/// What is spoken at a dealer's.
pub const LANGUAGES: [&str; 6] = ["en", "es", "fr", "zh", "vi", "tl"];

const NEAREST: &str = "Nearest active";
const BEST: &str = "Gold and Silver, rating 4+, within 100 miles";
const ELECTRIC: &str = "EV certified";

const FILTER_BEST: &str = "dealer.category.tier in [\"Gold\", \"Silver\"] && dealer.rating >= 4.0";
const FILTER_BEST_DELIVERING: &str =
    "dealer.category.tier in [\"Gold\", \"Silver\"] && dealer.rating >= 4.0 && dealer.custom.delivery != \"none\"";
const FILTER_ELECTRIC: &str = "dealer.custom.ev_certified == true";

/// What an interface of the demo asks for, in short.
struct Sketch {
    filter: &'static str,
    miles: Option<f64>,
    rating_first: bool,
    limit: u32,
}

impl Sketch {
    fn definition(&self) -> Definition {
        let nearest_first = level("dealer.distance_km", Direction::Asc);
        let rated = self.rating_first.then(|| level("dealer.rating", Direction::Desc));
        Definition {
            filter: self.filter.to_owned(),
            radius: self.miles.map_or(Radius::Nearest, |miles| Radius::Within { km: miles_to_km(miles) }),
            same_country: true,
            exclude_recipients: true,
            sort: rated.into_iter().chain([nearest_first]).collect(),
            limit: self.limit,
        }
    }
}

fn level(expression: &str, direction: Direction) -> SortLevel {
    SortLevel { expression: expression.to_owned(), direction, nulls: Nulls::Last }
}

/// Everything that the tenant has defined.
pub struct Definitions {
    /// The tiers.
    pub categories: Vec<Category>,
    /// The custom fields.
    pub fields: Vec<FieldDefinition>,
    /// The interfaces.
    pub interfaces: Vec<Interface>,
    /// Their published versions.
    pub versions: Vec<InterfaceVersion>,
    /// One job per algorithm.
    pub jobs: Vec<Job>,
}

impl Definitions {
    /// As they stand at the end of the past.
    pub fn draw(chance: &Chance, tenant: TenantId, moments: Moments, author: &str) -> Self {
        let mut all = Self {
            categories: vec![tiers(chance, tenant, moments.founded)],
            fields: fields(),
            interfaces: Vec::new(),
            versions: Vec::new(),
            jobs: Vec::new(),
        };
        let by = Author { chance, tenant, name: author, moments };
        for plan in INTERFACES {
            by.add_interface(plan, &mut all);
        }
        for (position, plan) in (1..).zip(JOBS) {
            all.jobs.extend(by.job(position, plan, &all.interfaces));
        }
        all
    }

    /// The version of an interface that was the published one at a moment, and its place among all versions.
    pub fn version_at(&self, interface: InterfaceId, at: Timestamp) -> Option<(usize, &InterfaceVersion)> {
        let mut newest = self.versions.iter().enumerate().rev();
        newest.find(|(_, version)| version.interface == interface && version.published_at <= at)
    }

    /// The interface by which first copies are placed.
    pub fn nearest(&self) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == NEAREST)
    }

    /// The interface of the best dealers nearby.
    pub fn best(&self) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == BEST)
    }
}

struct InterfacePlan {
    name: &'static str,
    description: &'static str,
    versions: &'static [(Sketch, &'static str)],
}

const INTERFACES: [InterfacePlan; 4] = [
    InterfacePlan {
        name: NEAREST,
        description: "Whoever is nearest, in the customer's country, and takes leads.",
        versions: &[(Sketch { filter: "", miles: None, rating_first: false, limit: 5 }, "First version")],
    },
    InterfacePlan {
        name: BEST,
        description: "The best rated of our better dealers nearby that deliver.",
        versions: &[
            (Sketch { filter: FILTER_BEST, miles: Some(100.0), rating_first: true, limit: 8 }, "First version"),
            (
                Sketch { filter: FILTER_BEST_DELIVERING, miles: Some(100.0), rating_first: true, limit: 8 },
                "Customers asked for delivery",
            ),
        ],
    },
    InterfacePlan {
        name: ELECTRIC,
        description: "Dealers whose workshop is certified for electric vehicles, the nearest first.",
        versions: &[(
            Sketch { filter: FILTER_ELECTRIC, miles: Some(250.0), rating_first: false, limit: 8 },
            "First version",
        )],
    },
    InterfacePlan {
        name: "Rating and distance weighed",
        description: "A draft to try out in the preview: seven tenths rating, three tenths nearness.",
        versions: &[],
    },
];

struct JobPlan {
    name: &'static str,
    condition: &'static str,
    interface: &'static str,
    algorithm: Algorithm,
    minutes: u64,
    fallback: Fallback,
}

/// From this source leads go to three dealers at once.
pub const SOURCE_BLAST: &str = "Marketplace";
/// From this source leads go to the nearest.
pub const SOURCE_NEAREST: &str = "Phone";

const JOBS: [JobPlan; 4] = [
    JobPlan {
        name: "Marketplace: the three best at once",
        condition: "lead.source == \"Marketplace\"",
        interface: BEST,
        algorithm: Algorithm::Blast,
        minutes: 4,
        fallback: Fallback::DefaultDealer,
    },
    JobPlan {
        name: "Electric: one certified dealer after the other",
        condition: "lead.brand == \"Aurora\" && !(lead.source in [\"Marketplace\", \"Phone\"])",
        interface: ELECTRIC,
        algorithm: Algorithm::RoundRobin,
        minutes: 3,
        fallback: Fallback::Leave,
    },
    JobPlan {
        name: "Phone: the nearest dealer",
        condition: "lead.source == \"Phone\"",
        interface: NEAREST,
        algorithm: Algorithm::Nearest,
        minutes: 2,
        fallback: Fallback::DefaultDealer,
    },
    JobPlan {
        name: "All others: the best dealer nearby",
        condition: "!(lead.source in [\"Marketplace\", \"Phone\"]) && (!has(lead.brand) || lead.brand != \"Aurora\")",
        interface: BEST,
        algorithm: Algorithm::Single,
        minutes: 5,
        fallback: Fallback::DefaultDealer,
    },
];

/// Leads older than this are left to people: nobody wants last week's leads to start moving when the demo starts.
const UPPER_AGE: Duration = Duration::from_hours(2);

/// The place of the one job whose condition holds; no two hold for the same lead.
pub fn job_for(source: &str, brand: Option<&str>) -> usize {
    match (source, brand) {
        (SOURCE_BLAST, _) => 0,
        (SOURCE_NEAREST, _) => 2,
        (_, Some(brand)) if words::BRANDS.first() == Some(&brand) => 1,
        _ => 3,
    }
}

struct Author<'a> {
    chance: &'a Chance,
    tenant: TenantId,
    name: &'a str,
    moments: Moments,
}

impl Author<'_> {
    fn add_interface(&self, plan: InterfacePlan, all: &mut Definitions) {
        let founded = self.moments.founded;
        let mut interface = Interface {
            tenant: self.tenant,
            id: self.chance.id(founded),
            name: plan.name.to_owned(),
            description: plan.description.to_owned(),
            candidate_kind: CandidateKind::Dealer,
            draft: plan.versions.is_empty().then(weighed),
            published_number: None,
            version: 1,
            created_at: founded,
            updated_at: founded,
        };
        for (number, (sketch, note)) in (1..).zip(plan.versions) {
            let published_at = if number == 1 { founded } else { self.moments.second_version };
            all.versions.push(InterfaceVersion {
                id: self.chance.id(published_at),
                interface: interface.id,
                number,
                definition: sketch.definition(),
                note: (*note).to_owned(),
                published_by: self.name.to_owned(),
                published_at,
            });
            interface.published_number = Some(number);
            interface.version += 1;
            interface.updated_at = published_at;
        }
        all.interfaces.push(interface);
    }

    fn job(&self, position: i64, plan: JobPlan, interfaces: &[Interface]) -> Option<Job> {
        let interface = interfaces.iter().find(|interface| interface.name == plan.interface)?;
        Some(Job {
            tenant: self.tenant,
            id: self.chance.id::<JobId>(self.moments.founded),
            name: plan.name.to_owned(),
            enabled: true,
            position,
            condition: plan.condition.to_owned(),
            elapsed: Duration::from_mins(plan.minutes),
            upper_age: UPPER_AGE,
            interface: interface.id,
            algorithm: plan.algorithm,
            blast_size: if plan.algorithm == Algorithm::Blast { 3 } else { 1 },
            ranking: Ranking::Recomputed,
            max_rounds: 4,
            gives_turn_back: false,
            fallback: plan.fallback,
            keep_original: false,
            notify: Notify {
                old_owner: true,
                new_owner: true,
                manager: false,
                warn_before: (plan.algorithm == Algorithm::RoundRobin).then(|| Duration::from_mins(1)),
            },
            push_to_crm: true,
            version: 2,
            created_at: self.moments.founded,
            updated_at: self.moments.quickened,
        })
    }
}

/// The draft that waits for somebody to try it.
fn weighed() -> Definition {
    let key = "0.7 * dealer.rating / 5.0 + 0.3 * (1.0 - dealer.distance_km / 200.0)";
    Definition {
        filter: "dealer.rating >= 3.0".to_owned(),
        radius: Radius::Within { km: 200.0 },
        same_country: true,
        exclude_recipients: true,
        sort: vec![level(key, Direction::Desc)],
        limit: 10,
    }
}

fn tiers(chance: &Chance, tenant: TenantId, created_at: Timestamp) -> Category {
    Category {
        tenant,
        id: chance.id(created_at),
        key: "tier".to_owned(),
        label: "Tier".to_owned(),
        choices: TIERS.map(str::to_owned).to_vec(),
        created_at,
    }
}

fn fields() -> Vec<FieldDefinition> {
    let dealer = |key: &str, label: &str, field_type, choices: &[(&str, &str)]| FieldDraft {
        subject: Subject::Dealer,
        key: key.to_owned(),
        label: label.to_owned(),
        field_type,
        required: false,
        choices: choices
            .iter()
            .map(|(value, label)| Choice { value: (*value).to_owned(), label: (*label).to_owned() })
            .collect(),
        archived: false,
    };
    let delivery =
        [("none", "None"), ("local", "In the county"), ("statewide", "In the state"), ("nationwide", "Everywhere")];
    let languages = [
        ("en", "English"),
        ("es", "Spanish"),
        ("fr", "French"),
        ("zh", "Chinese"),
        ("vi", "Vietnamese"),
        ("tl", "Tagalog"),
    ];
    let budget = FieldDraft { subject: Subject::Lead, ..dealer("budget", "Budget", FieldType::Decimal, &[]) };
    let drafts = [
        dealer("ev_certified", "Certified for electric vehicles", FieldType::Boolean, &[]),
        dealer("delivery", "Delivers to the customer", FieldType::Choice, &delivery),
        dealer("languages", "Languages spoken", FieldType::MultiChoice, &languages),
        dealer("showroom_m2", "Showroom in square metres", FieldType::Integer, &[]),
        budget,
    ];
    // INVARIANT: the drafts are constants and sound; a test holds that all five come through.
    drafts.into_iter().filter_map(|draft| FieldDefinition::new(draft).ok()).collect()
}
