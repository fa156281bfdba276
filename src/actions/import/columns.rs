//! The columns that a file may have, and the other names under which they are known.

use crate::store::imports::ImportKind;

/// A column and its other names, as [`plain`] writes them.
pub(super) struct ColumnSpec {
    pub(super) name: &'static str,
    pub(super) aliases: &'static [&'static str],
}

const fn column(name: &'static str, aliases: &'static [&'static str]) -> ColumnSpec {
    ColumnSpec { name, aliases }
}

const STREET: ColumnSpec = column("street", &["address", "streetaddress", "address1", "addressline1"]);
const CITY: ColumnSpec = column("city", &["town", "place"]);
const REGION: ColumnSpec = column("region", &["state", "province", "stateprovince", "statecode"]);
const COUNTRY: ColumnSpec = column("country", &["countrycode"]);
const POSTAL_CODE: ColumnSpec = column("postal_code", &["zip", "zipcode", "postcode", "postal", "plz"]);
const LAT: ColumnSpec = column("lat", &["latitude"]);
const LON: ColumnSpec = column("lon", &["lng", "long", "longitude"]);

const DEALERS: &[ColumnSpec] = &[
    column("number", &["dealernumber", "dealerid", "dealercode", "dealerno", "code", "id"]),
    column("sub_number", &["dealersubnumber", "suffix"]),
    column("name", &["dealername", "dealer", "company"]),
    column("active", &["isactive", "enabled"]),
    column("accepts_leads", &["acceptsleads"]),
    STREET,
    CITY,
    REGION,
    COUNTRY,
    POSTAL_CODE,
    LAT,
    LON,
    column("time_zone", &["tz"]),
    column("rating", &["stars", "score"]),
    column("brands", &["brand", "make", "makes"]),
    column("capacity_open", &["maxopen"]),
    column("capacity_per_day", &["maxperday"]),
    column("contact_name", &["contact", "contactperson"]),
    column("contact_email", &["email", "mail", "emailaddress"]),
    column("contact_mobile", &["mobile", "cell"]),
];

const LEADS: &[ColumnSpec] = &[
    column("external_id", &["leadid", "id", "reference", "ref"]),
    column("source", &["leadsource", "provider"]),
    column("campaign", &[]),
    column("brand", &["make", "manufacturer"]),
    column("product", &["model", "vehicle"]),
    column("interest", &["interesttype", "requesttype"]),
    column("first_name", &["givenname", "forename"]),
    column("last_name", &["familyname", "surname"]),
    column("email", &["mail", "emailaddress"]),
    column("phone", &["telephone", "tel", "mobile", "phonenumber"]),
    STREET,
    CITY,
    REGION,
    COUNTRY,
    POSTAL_CODE,
    LAT,
    LON,
    column("comments", &["comment", "message", "notes"]),
    column("language", &["locale", "lang"]),
    column("received_at", &["createdat", "created", "submittedat", "date", "timestamp"]),
    column("dealer_number", &["dealer", "dealerid", "dealercode"]),
    column("dealer_sub_number", &[]),
    column("offered_at", &["assignedat", "sentat"]),
];

/// The columns of a kind of file.
pub(super) const fn of(kind: ImportKind) -> &'static [ColumnSpec] {
    match kind {
        ImportKind::Dealers => DEALERS,
        ImportKind::Leads => LEADS,
        ImportKind::Postal => &[],
    }
}

/// A name without case, blanks and punctuation, so that `Postal Code` and `postal_code` are the same.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
