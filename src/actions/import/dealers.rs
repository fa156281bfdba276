//! A batch of dealers: new ones are made, known ones (by number and sub-number) changed; a blank cell leaves things as they are.

use std::collections::HashMap;

use super::cells::Cells;
use super::progress::Outcome;
use super::run::Batch;
use super::sheet::Row;
use crate::actions::ActionError;
use crate::actions::network::changes;
use crate::domain::dealer::{Contact, Dealer};
use crate::domain::event::{Event, EventKind};
use crate::domain::id::DealerId;
use crate::domain::input::{ContactInput, ContactSurroundings, DealerInput, PointInput};
use crate::store::{contacts, dealers, events, tenants};

type Number = (String, String);

/// A dealer that rows of the batch speak of.
struct Known {
    stored: Option<Dealer>,
    now: Dealer,
}

/// The network as the batch finds and leaves it.
struct Network {
    dealers: HashMap<Number, Known>,
    contacts: HashMap<DealerId, Vec<Contact>>,
    new_contacts: Vec<Contact>,
    order: Vec<Number>,
}

pub(super) async fn import(mut batch: Batch<'_>, rows: &[Row], outcome: &mut Outcome) -> Result<(), ActionError> {
    let mut network = load(&mut batch, rows).await?;
    for row in rows {
        let cells = Cells::new(row, batch.mapping);
        match network.take(&batch, &cells) {
            Some(Change::Created) => outcome.created += 1,
            Some(Change::Updated) => outcome.updated += 1,
            Some(Change::None) => outcome.unchanged += 1,
            None => outcome.refuse(cells.problems()),
        }
    }
    if batch.order.dry_run { Ok(()) } else { network.save(&batch).await }
}

#[derive(Clone, Copy)]
enum Change {
    Created,
    Updated,
    None,
}

async fn load(batch: &mut Batch<'_>, rows: &[Row]) -> Result<Network, ActionError> {
    let (tenant, mapping) = (batch.order.tenant, batch.mapping);
    let numbers: Vec<String> =
        rows.iter().filter_map(|row| mapping.value(&row.cells, "number")).map(str::to_owned).collect();
    let found = dealers::find_by_numbers(batch.conn, tenant, &numbers).await?;
    let ids: Vec<DealerId> = found.iter().map(|dealer| dealer.id).collect();
    let mut by_dealer: HashMap<DealerId, Vec<Contact>> = HashMap::new();
    for contact in contacts::list_by_dealers(batch.conn, tenant, &ids).await? {
        by_dealer.entry(contact.dealer).or_default().push(contact);
    }
    let typed = rows
        .iter()
        .filter_map(|row| Some((mapping.value(&row.cells, "country"), mapping.value(&row.cells, "postal_code")?)));
    let stored = found.iter().filter_map(|dealer| {
        Some((Some(dealer.address.country.as_str()), dealer.address.postal_code.as_ref()?.as_str()))
    });
    batch.ground.find_codes(batch.conn, typed.chain(stored)).await?;
    let known = |dealer: Dealer| {
        ((dealer.number.clone(), dealer.sub_number.clone()), Known { stored: Some(dealer.clone()), now: dealer })
    };
    Ok(Network {
        dealers: found.into_iter().map(known).collect(),
        contacts: by_dealer,
        new_contacts: Vec::new(),
        order: Vec::new(),
    })
}

impl Network {
    /// Takes a row in; nothing if it is refused.
    fn take(&mut self, batch: &Batch<'_>, cells: &Cells<'_>) -> Option<Change> {
        let number = (cells.text("number").unwrap_or_default(), cells.text("sub_number").unwrap_or_default());
        let known = self.dealers.get(&number).map(|known| known.now.clone());
        let input = input(cells, batch);
        let before =
            known.clone().unwrap_or_else(|| Dealer::blank(&batch.ground.tenant, batch.cx.id(batch.at), batch.at));
        let applied = batch.ground.read(|known| input.apply(before, known));
        let dealer = applied.map_err(|problems| cells.add(problems, |_| None)).ok();
        let contact = dealer.as_ref().and_then(|dealer| self.contact(batch, cells, dealer));
        if cells.has_problems() {
            return None;
        }
        let dealer = dealer?;
        let changed = known.as_ref().is_none_or(|known| {
            let (old, new) = changes(Some(known), Some(&dealer));
            old != new
        });
        let change = match (&known, changed || contact.is_some()) {
            (None, _) => Change::Created,
            (Some(_), true) => Change::Updated,
            (Some(_), false) => Change::None,
        };
        if let Some(contact) = contact {
            self.contacts.entry(dealer.id).or_default().push(contact.clone());
            self.new_contacts.push(contact);
        }
        // The file's own spelling may differ from the stored one by blanks only.
        let number = (dealer.number.clone(), dealer.sub_number.clone());
        let entry = self.dealers.entry(number.clone()).or_insert_with(|| Known { stored: None, now: dealer.clone() });
        entry.now = dealer;
        self.order.push(number);
        Some(change)
    }

    /// The row's contact, unless the dealer has one with that address or number.
    fn contact(&self, batch: &Batch<'_>, cells: &Cells<'_>, dealer: &Dealer) -> Option<Contact> {
        let (email, mobile) = (cells.text("contact_email"), cells.text("contact_mobile"));
        email.as_ref().or(mobile.as_ref())?;
        let input = ContactInput {
            name: Some(cells.text("contact_name").unwrap_or_else(|| dealer.name.clone())),
            email: Some(email),
            mobile: Some(mobile),
            ..ContactInput::default()
        };
        let blank = Contact::blank(dealer.tenant, dealer.id, batch.cx.id(batch.at), batch.at);
        let surroundings = ContactSurroundings { country: dealer.address.country, at: batch.at };
        let rename = |column: &str| match column {
            "name" => Some("contact_name"),
            "email" => Some("contact_email"),
            "mobile" => Some("contact_mobile"),
            _ => None,
        };
        let contact = input.apply(blank, surroundings).map_err(|problems| cells.add(problems, rename)).ok()?;
        let same = |known: &Contact| {
            let by_mail = contact.email.is_some() && known.email == contact.email;
            by_mail || (contact.email.is_none() && known.mobile == contact.mobile)
        };
        let known = self.contacts.get(&dealer.id).is_some_and(|known| known.iter().any(same));
        (!known).then_some(contact)
    }

    async fn save(mut self, batch: &Batch<'_>) -> Result<(), ActionError> {
        let mut lines: Vec<Event> = Vec::new();
        let mut new = Vec::new();
        self.order.sort_unstable();
        self.order.dedup();
        tenants::raise_network_version(batch.conn, batch.order.tenant).await?;
        for known in self.order.iter().filter_map(|number| self.dealers.get(number)) {
            let (before, after) = changes(known.stored.as_ref(), Some(&known.now));
            if known.stored.is_none() {
                new.push(known.now.clone());
                lines.push(Event { after, ..batch.event(EventKind::Created, known.now.id) });
            } else if before != after {
                let now = Dealer { updated_at: batch.at, ..known.now.clone() };
                dealers::update(batch.conn, &now).await?;
                lines.push(Event { before, after, ..batch.event(EventKind::Updated, now.id) });
            }
        }
        dealers::insert(batch.conn, &new).await?;
        contacts::insert(batch.conn, &self.new_contacts).await?;
        for contact in &self.new_contacts {
            let (_, after) = changes(None, Some(contact));
            lines.push(Event { after, ..batch.event(EventKind::Created, contact.id) });
        }
        Ok(events::insert(batch.conn, lines).await?)
    }
}

fn input(cells: &Cells<'_>, batch: &Batch<'_>) -> DealerInput {
    let optional = |ours: &str| cells.text(ours).map(Some);
    let point = match (cells.number("lat"), cells.number("lon")) {
        (Some(lat), Some(lon)) => Some(Some(PointInput { lat, lon })),
        (None, None) => None,
        (lat, _) => {
            cells.refuse(if lat.is_some() { "lon" } else { "lat" }, "is missing: a point needs both `lat` and `lon`");
            None
        }
    };
    DealerInput {
        number: cells.text("number"),
        sub_number: optional("sub_number"),
        name: cells.text("name"),
        active: cells.flag("active"),
        accepts_leads: cells.flag("accepts_leads"),
        is_default: None,
        street: optional("street"),
        city: optional("city"),
        region: optional("region"),
        country: cells.text("country"),
        postal_code: optional("postal_code"),
        point,
        time_zone: optional("time_zone"),
        hours: None,
        rating: cells.number("rating").map(Some),
        categories: Some(cells.categories()),
        brands: cells.list("brands"),
        territory: None,
        capacity_open: cells.number("capacity_open").map(Some),
        capacity_per_day: cells.number("capacity_per_day").map(Some),
        crm: None,
        custom: Some(cells.custom(&batch.ground.fields)),
    }
}
