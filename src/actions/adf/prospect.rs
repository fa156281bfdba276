//! A prospect of an ADF document as a new lead, with the place of each of its values for whoever has to put it right.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime};
use roxmltree::Node;
use sha2::{Digest, Sha256};

use super::document::{AdfError, Place, Read, attribute, child, children, is, text_of, with_document};
use crate::domain::request::{Interest, Person, RequestInput};

/// A night's batch; more come in several documents.
const PROSPECTS_MAX: usize = 500;
/// A seller is known by a few ids at most.
const VENDOR_IDS_MAX: usize = 20;
/// Comments of one lead; nobody reads more.
const COMMENTS_MAX: usize = 100;

/// One lead of a document.
#[derive(Clone, Debug)]
pub struct Prospect {
    /// Which of the document's, from 1.
    pub number: usize,
    /// What the customer asked for. The moment is in `requested_at`.
    pub request: RequestInput,
    /// The name by which the provider calls itself.
    pub provider: Option<String>,
    /// When the customer asked.
    pub requested_at: Option<Moment>,
    /// The ids and numbers by which the document may name the dealer.
    pub vendor_ids: Vec<String>,
    /// The dealer's name, for people.
    pub vendor: Option<String>,
    /// Whether the sender says that this is one which was sent before.
    pub is_resend: bool,
    /// What was left out or taken otherwise, each with its place.
    pub told: Vec<Told>,
    places: BTreeMap<&'static str, Place>,
    place: Place,
}

/// Something that the sender may want to put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where.
    pub place: Place,
    /// What, and what was done.
    pub message: String,
}

/// A moment as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With its zone.
    Known(DateTime<FixedOffset>),
    /// Without one.
    Local(NaiveDateTime),
}

impl Prospect {
    /// Where the value at `field` of the request stands; the prospect itself if it is not there.
    pub fn place(&self, field: &str) -> Place {
        self.places.get(field).unwrap_or(&self.place).clone()
    }
}

/// All prospects of a document, in its order.
pub(super) fn read_all(text: &str) -> Result<Vec<Prospect>, AdfError> {
    with_document(text, |read| {
        let root = read.root();
        if !is(root, "adf") {
            let name = root.tag_name().name();
            return Err(read.refuse(root, format!("the outermost element is `<{name}>`, it has to be `<adf>`")));
        }
        let prospects: Vec<_> = children(root, "prospect").collect();
        if prospects.is_empty() {
            return Err(read.refuse(root, "there is no `<prospect>` in it: send one for each lead"));
        }
        if prospects.len() > PROSPECTS_MAX {
            let message = format!("{} prospects are given, at most {PROSPECTS_MAX} are allowed", prospects.len());
            return Err(read.refuse(root, message));
        }
        let one = |(index, node)| Reader::new(read, node, index + 1).prospect();
        Ok(prospects.into_iter().enumerate().map(one).collect())
    })
}

/// Reads one prospect, and remembers where it found what.
struct Reader<'r, 'd, 'i> {
    read: &'r Read<'d, 'i>,
    node: Node<'d, 'i>,
    number: usize,
    places: BTreeMap<&'static str, Place>,
    told: Vec<Told>,
}

impl<'r, 'd, 'i> Reader<'r, 'd, 'i> {
    fn new(read: &'r Read<'d, 'i>, node: Node<'d, 'i>, number: usize) -> Self {
        Self { read, node, number, places: BTreeMap::new(), told: Vec::new() }
    }

    fn prospect(mut self) -> Prospect {
        let customer = child(self.node, "customer");
        // Some leave the customer or the contact out and put what belongs in it one level higher.
        let contact = customer.and_then(|customer| child(customer, "contact")).or(customer);
        let provider = child(self.node, "provider");
        let requested_at = self.requested_at();
        let vendor = child(self.node, "vendor");
        let mut request = RequestInput {
            campaign: self.text("campaign", provider.and_then(|provider| child(provider, "service"))),
            interest: self.interest(),
            person: contact.map(|contact| self.person(contact)).unwrap_or_default(),
            comments: self.comments(customer, contact),
            ..RequestInput::default()
        };
        if let Some(address) = contact.and_then(|contact| child(contact, "address")) {
            self.address(address, &mut request);
        }
        let provider_name = self.provider(provider);
        request.external_id = Some(self.reference(&request));
        if let Some(vendor) = vendor {
            self.places.insert("vendor", self.read.place(vendor));
        }
        let vendor_ids = vendor
            .map(|vendor| children(vendor, "id").filter_map(text_of).take(VENDOR_IDS_MAX).collect())
            .unwrap_or_default();
        let vendor = vendor.and_then(|vendor| {
            let of_contact = || child(child(vendor, "contact")?, "name");
            child(vendor, "vendorname").or_else(of_contact).and_then(text_of)
        });
        let is_resend = attribute(self.node, "status").is_some_and(|status| status.eq_ignore_ascii_case("resend"));
        Prospect {
            number: self.number,
            request,
            provider: provider_name,
            requested_at,
            vendor_ids,
            vendor,
            is_resend,
            place: self.read.place(self.node),
            told: self.told,
            places: self.places,
        }
    }

    /// The text of an element, with its place kept for `field`.
    fn text(&mut self, field: &'static str, node: Option<Node<'d, 'i>>) -> Option<String> {
        let node = node?;
        let text = text_of(node)?;
        self.places.insert(field, self.read.place(node));
        Some(text)
    }

    fn tell(&mut self, node: Node<'d, 'i>, message: String) {
        self.told.push(Told { place: self.read.place(node), message });
    }

    fn requested_at(&mut self) -> Option<Moment> {
        let node = child(self.node, "requestdate")?;
        let text = self.text("receivedAt", Some(node))?;
        let moment = moment(&text);
        if moment.is_none() {
            let shown: String = text.chars().take(60).collect();
            let message = format!(
                "`{shown}` is not a date and time, write it like `2026-11-21T09:30:00-05:00`; the moment of receipt is taken"
            );
            self.tell(node, message);
        }
        moment
    }

    /// Of the vehicle that the customer wants, not of one that is to go.
    fn interest(&mut self) -> Interest {
        let vehicles: Vec<_> = children(self.node, "vehicle").collect();
        let Some(wanted) = vehicles.iter().copied().find(|vehicle| !goes(*vehicle)).or(vehicles.first().copied())
        else {
            return Interest::default();
        };
        let parts: Vec<String> =
            ["year", "model", "trim"].into_iter().filter_map(|name| child(wanted, name).and_then(text_of)).collect();
        let place = child(wanted, "model").unwrap_or(wanted);
        self.places.insert("product", self.read.place(place));
        self.places.insert("interest", self.read.place(wanted));
        Interest {
            brand: self.text("brand", child(wanted, "make")),
            product: (!parts.is_empty()).then(|| parts.join(" ")),
            kind: Some(attribute(wanted, "interest").unwrap_or("buy").to_ascii_lowercase()),
        }
    }

    fn person(&mut self, contact: Node<'d, 'i>) -> Person {
        let names: Vec<_> = children(contact, "name").collect();
        let part = |wanted: &[&str]| {
            names.iter().copied().find(|name| {
                let part = attribute(*name, "part").unwrap_or("full");
                wanted.iter().any(|wanted| part.eq_ignore_ascii_case(wanted))
            })
        };
        let mut first_name = self.text("firstName", part(&["first"]));
        let mut last_name = self.text("lastName", part(&["last", "surname"]));
        if first_name.is_none() && last_name.is_none() {
            let whole = part(&["full"]).or(names.first().copied());
            let is_business = whole.and_then(|name| attribute(name, "type")) == Some("business");
            if let Some(text) = self.text("lastName", whole) {
                // `Ann Mary Doe` is Doe, Ann Mary; a firm is its own last name.
                match text.rsplit_once(char::is_whitespace).filter(|_| !is_business) {
                    Some((first, last)) => {
                        (first_name, last_name) = (Some(first.trim().to_owned()), Some(last.to_owned()));
                    }
                    None => last_name = Some(text),
                }
            }
        }
        let emails: Vec<_> = children(contact, "email").collect();
        let phones: Vec<_> = children(contact, "phone").collect();
        let is_fax =
            |phone: &Node<'_, '_>| attribute(*phone, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("fax"));
        let voices: Vec<_> = phones.into_iter().filter(|phone| !is_fax(phone)).collect();
        Person {
            first_name,
            last_name,
            email: self.text("email", preferred(&emails)),
            phone: self.text("phone", preferred(&voices)),
        }
    }

    fn address(&mut self, address: Node<'d, 'i>, request: &mut RequestInput) {
        let lines: Vec<_> = children(address, "street").chain(children(address, "apartment")).collect();
        if let Some(first) = lines.first() {
            self.places.insert("street", self.read.place(*first));
        }
        let street: Vec<String> = lines.into_iter().filter_map(text_of).collect();
        request.street = (!street.is_empty()).then(|| street.join(", "));
        request.city = self.text("city", child(address, "city"));
        request.region = self.text("region", child(address, "regioncode"));
        request.postal_code = self.text("postalCode", child(address, "postalcode"));
        request.country = self.text("country", child(address, "country")).map(|country| code_of(&country));
    }

    /// What the customer wrote, when they want it, and what else a seller should know.
    fn comments(&mut self, customer: Option<Node<'d, 'i>>, contact: Option<Node<'d, 'i>>) -> Option<String> {
        let mut lines = Vec::new();
        for place in [customer, contact].into_iter().flatten() {
            let written: Vec<_> =
                children(place, "comments").chain(children(place, "comment")).take(COMMENTS_MAX).collect();
            for node in written {
                if let Some(text) = self.text("comments", Some(node)).map(|text| without_breaks(&text))
                    && !lines.contains(&text)
                {
                    lines.push(text);
                }
            }
        }
        let time_frame = customer.and_then(|customer| child(child(customer, "timeframe")?, "description"));
        lines.extend(time_frame.and_then(text_of).map(|text| format!("Time frame: {text}")));
        for vehicle in children(self.node, "vehicle") {
            lines.extend(about(vehicle));
        }
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn provider(&mut self, provider: Option<Node<'d, 'i>>) -> Option<String> {
        let name = self.text("source", provider.and_then(|provider| child(provider, "name")));
        let of_id = || children(self.node, "id").find_map(|id| attribute(id, "source")).map(str::to_owned);
        name.or_else(of_id)
    }

    /// The provider's own id of the prospect. Without one, what identifies a repeated document: a hash of who asked for what and when.
    fn reference(&mut self, request: &RequestInput) -> String {
        let ids: Vec<_> = children(self.node, "id").collect();
        for id in ids {
            if let Some(text) = self.text("externalId", Some(id)) {
                return text;
            }
        }
        let date = child(self.node, "requestdate").and_then(text_of);
        let (person, interest) = (&request.person, &request.interest);
        let parts = [
            &date,
            &person.first_name,
            &person.last_name,
            &person.email,
            &person.phone,
            &interest.brand,
            &interest.product,
        ];
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.as_deref().unwrap_or_default().to_lowercase());
            digest.update([0]);
        }
        let bytes: [u8; 32] = digest.finalize().into();
        let (half, _) = bytes.split_at(16);
        format!("adf-{}", uuid::Uuid::from_slice(half).unwrap_or_default().simple())
    }
}

/// A vehicle that the customer has and wants to give.
fn goes(vehicle: Node<'_, '_>) -> bool {
    attribute(vehicle, "interest")
        .is_some_and(|interest| ["trade-in", "sell"].iter().any(|kind| interest.eq_ignore_ascii_case(kind)))
}

/// The first that the customer prefers, else the first at all, of those with a text.
fn preferred<'d, 'i>(nodes: &[Node<'d, 'i>]) -> Option<Node<'d, 'i>> {
    let told = || nodes.iter().copied().filter(|node| text_of(*node).is_some());
    told().find(|node| attribute(*node, "preferredcontact") == Some("1")).or_else(|| told().next())
}

/// What has no place of its own in a lead: stock number and VIN of what is wanted, all of what is to go, and remarks.
fn about(vehicle: Node<'_, '_>) -> Vec<String> {
    let text = |name: &str| child(vehicle, name).and_then(text_of);
    let mut lines = Vec::new();
    if goes(vehicle) {
        let parts: Vec<String> = ["year", "make", "model", "trim"].into_iter().filter_map(text).collect();
        lines.push(format!("Trade-in: {}", parts.join(" ")));
    }
    lines.extend(text("stock").map(|stock| format!("Stock number: {stock}")));
    lines.extend(text("vin").map(|vin| format!("VIN: {vin}")));
    lines.extend(text("comments").map(|comments| without_breaks(&comments)));
    lines
}

/// Web forms send their answers with HTML line breaks.
fn without_breaks(text: &str) -> String {
    let mut plain = text.to_owned();
    for tag in ["<br />", "<br/>", "<br>", "<BR />", "<BR/>", "<BR>"] {
        plain = plain.replace(tag, "\n");
    }
    let lines = plain.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Two letters for what senders call the countries that they send from.
fn code_of(country: &str) -> String {
    let plain: String = country.chars().filter(|letter| letter.is_alphabetic()).collect::<String>().to_uppercase();
    let code = match plain.as_str() {
        "USA" | "UNITEDSTATES" | "UNITEDSTATESOFAMERICA" => "US",
        "CAN" | "CANADA" => "CA",
        "MEX" | "MEXICO" | "MÉXICO" => "MX",
        "GBR" | "UK" | "UNITEDKINGDOM" => "GB",
        "DEU" | "GERMANY" | "DEUTSCHLAND" => "DE",
        _ => plain.as_str(),
    };
    code.to_owned()
}

/// ISO 8601 as the specification asks, and what is sent instead: no zone, one digit, a blank for the `T`, a date alone.
fn moment(text: &str) -> Option<Moment> {
    let with_zone =
        ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z"];
    let utc = text.strip_suffix(['Z', 'z']).map(|text| format!("{text}+00:00"));
    let text = utc.as_deref().unwrap_or(text);
    if let Some(known) = with_zone.iter().find_map(|format| DateTime::parse_from_str(text, format).ok()) {
        return Some(Moment::Known(known));
    }
    let local = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%m/%d/%Y %I:%M:%S %p",
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%Y %H:%M",
    ];
    let found = local.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || ["%Y-%m-%d", "%m/%d/%Y"].iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok());
    found.or_else(|| day()?.and_hms_opt(0, 0, 0)).map(Moment::Local)
}
