//! The audit log of the demo's set-up: who made which interface and job, published what, and why the jobs are so quick.

use serde_json::{Value, json};

use super::chance::Chance;
use super::network::Network;
use super::rows::Told;
use crate::domain::Timestamp;
use crate::domain::event::{Event, EventKind};

/// The lines of the set-up, all by the admin.
pub fn audit(chance: &Chance, network: &Network) -> Vec<Event> {
    let Some(admin) = network.staff.admin() else { return Vec::new() };
    let actor = Told::from(admin).actor;
    let line =
        |at: Timestamp, kind, subject: String, change: (Option<Value>, Option<Value>), reason: Option<&str>| Event {
            tenant: network.tenant.id,
            id: chance.id(at),
            at,
            kind,
            subject,
            lead: None,
            request: None,
            actor: actor.clone(),
            before: change.0,
            after: change.1,
            reason: reason.map(str::to_owned),
        };
    let named = |name: &str| (None, Some(json!({ "name": name })));
    let mut events = Vec::new();
    for interface in &network.definitions.interfaces {
        let subject = interface.id.to_string();
        events.push(line(interface.created_at, EventKind::Created, subject, named(&interface.name), None));
    }
    for version in &network.definitions.versions {
        let published = (None, Some(json!({ "number": version.number })));
        let subject = version.interface.to_string();
        events.push(line(version.published_at, EventKind::Published, subject, published, Some(&version.note)));
    }
    for job in &network.definitions.jobs {
        events.push(line(job.created_at, EventKind::Created, job.id.to_string(), named(&job.name), None));
        let (before, after) = (json!({ "elapsedSeconds": 14_400 }), json!({ "elapsedSeconds": job.elapsed.as_secs() }));
        let change = (Some(before), Some(after));
        let reason = "so that the demo shows within minutes what takes hours elsewhere";
        events.push(line(job.updated_at, EventKind::Updated, job.id.to_string(), change, Some(reason)));
    }
    events
}
