//! A lead as an ADF 1.0 document (Auto-lead Data Format, <https://adfxml.info/adf_spec.pdf>) for a dealer's CRM.
//!
//! Elements stand in the order of the specification's DTD, for there are receivers that check it, and are empty where it wants one that is
//! not known. What ADF has no place for, and an interest that it has no word for, is a line of the comments.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesPI, BytesText, Event};

use super::error::DeliveryError;
use super::parcel::Parcel;
use crate::domain::Timestamp;
use crate::domain::dealer::Address;
use crate::domain::request::Request;
use crate::domain::tenant::Tenant;

/// What a customer may want with a vehicle, in ADF's words; `sell` and `trade-in` are of one that they have.
const INTERESTS: [&str; 3] = ["buy", "lease", "test-drive"];

type Out = Writer<Vec<u8>>;

/// The document of a parcel: the same for the same parcel.
pub fn adf(parcel: &Parcel) -> Result<String, DeliveryError> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    document(&mut out, parcel)?;
    let mut text = String::from_utf8(out.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn document(out: &mut Out, parcel: &Parcel) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    out.write_event(Event::PI(BytesPI::new(r#"adf version="1.0""#)))?;
    let status = if parcel.is_handed_on() { "resend" } else { "new" };
    inside(out, "adf", &[], |out| inside(out, "prospect", &[("status", status)], |out| prospect(out, parcel)))
}

fn prospect(out: &mut Out, parcel: &Parcel) -> io::Result<()> {
    let Parcel { tenant, request, .. } = parcel;
    ids(out, parcel)?;
    element(out, "requestdate", &[], &moment(request.received_at, tenant))?;
    vehicle(out, request)?;
    customer(out, request)?;
    vendor(out, parcel)?;
    inside(out, "provider", &[], |out| {
        element(out, "name", &[("part", "full"), ("type", "business")], &parcel.copy.source)?;
        optional(out, "service", parcel.copy.labels.campaign.as_deref())?;
        inside(out, "contact", &[], |out| {
            element(out, "name", &[("part", "full"), ("type", "business")], &tenant.name)?;
            no_phone(out)
        })
    })
}

/// The partner's own reference first, if there is one, then the copies from the first to this one.
fn ids(out: &mut Out, parcel: &Parcel) -> io::Result<()> {
    let (request, network) = (&parcel.request, &parcel.tenant.name);
    let own = request.external_id.iter().map(|id| (id.clone(), &request.source));
    let copies = parcel.line.iter().map(|copy| (copy.to_string(), network));
    for (sequence, (id, source)) in (1..).zip(own.chain(copies)) {
        element(out, "id", &[("sequence", &i32::to_string(&sequence)), ("source", source)], &id)?;
    }
    Ok(())
}

/// ISO 8601 in the network's own zone, to the second.
fn moment(at: Timestamp, tenant: &Tenant) -> String {
    at.datetime().with_timezone(&tenant.time_zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn vehicle(out: &mut Out, request: &Request) -> io::Result<()> {
    let wanted = &request.interest;
    let interest = interest(request).map(|interest| ("interest", interest));
    inside(out, "vehicle", interest.as_slice(), |out| {
        // The DTD wants a vehicle with all three, also where none is known.
        element(out, "year", &[], "")?;
        element(out, "make", &[], wanted.brand.as_deref().unwrap_or_default())?;
        element(out, "model", &[], wanted.product.as_deref().unwrap_or_default())
    })
}

/// The interest in ADF's word: `Test drive` is `test-drive`.
fn interest(request: &Request) -> Option<&'static str> {
    let kind = request.interest.kind.as_deref()?.trim().to_lowercase().replace([' ', '_'], "-");
    INTERESTS.into_iter().find(|interest| *interest == kind)
}

fn customer(out: &mut Out, request: &Request) -> io::Result<()> {
    let person = &request.person;
    inside(out, "customer", &[], |out| {
        inside(out, "contact", &[], |out| {
            if let Some(first) = &person.first_name {
                element(out, "name", &[("part", "first")], first)?;
            }
            if let Some(last) = &person.last_name {
                element(out, "name", &[("part", "last")], last)?;
            }
            if person.first_name.is_none() && person.last_name.is_none() {
                element(out, "name", &[("part", "full")], "")?;
            }
            optional(out, "email", person.email.as_deref())?;
            if let Some(phone) = &person.phone {
                element(out, "phone", &[("type", "voice")], phone)?;
            }
            if person.email.is_none() && person.phone.is_none() {
                no_phone(out)?;
            }
            address(out, &request.address)
        })?;
        optional(out, "comments", comments(request).as_deref())
    })
}

/// What the customer wrote, and an interest that is none of ADF's.
fn comments(request: &Request) -> Option<String> {
    let interest = request.interest.kind.as_ref().filter(|_| interest(request).is_none());
    let interest = interest.map(|interest| format!("Interest: {interest}"));
    let lines: Vec<String> = request.comments.iter().cloned().chain(interest).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn vendor(out: &mut Out, parcel: &Parcel) -> io::Result<()> {
    let (dealer, network) = (&parcel.dealer, &parcel.tenant.name);
    inside(out, "vendor", &[], |out| {
        element(out, "id", &[("sequence", "1"), ("source", network)], &dealer.number)?;
        if !dealer.sub_number.is_empty() {
            element(out, "id", &[("sequence", "2"), ("source", network)], &dealer.sub_number)?;
        }
        element(out, "vendorname", &[], &dealer.name)?;
        inside(out, "contact", &[], |out| {
            element(out, "name", &[("part", "full"), ("type", "business")], &dealer.name)?;
            no_phone(out)?;
            address(out, &dealer.address)
        })
    })
}

/// The DTD wants a contact to have a mail address or a phone.
fn no_phone(out: &mut Out) -> io::Result<()> {
    element(out, "phone", &[], "")
}

fn address(out: &mut Out, address: &Address) -> io::Result<()> {
    inside(out, "address", &[], |out| {
        element(out, "street", &[("line", "1")], address.street.as_deref().unwrap_or_default())?;
        optional(out, "city", address.city.as_deref())?;
        optional(out, "regioncode", address.region.as_deref())?;
        optional(out, "postalcode", address.postal_code.as_ref().map(|code| code.as_str()))?;
        element(out, "country", &[], &address.country.to_string())
    })
}

fn inside(
    out: &mut Out,
    name: &str,
    attributes: &[(&str, &str)],
    content: impl FnOnce(&mut Out) -> io::Result<()>,
) -> io::Result<()> {
    let element = out.create_element(name).with_attributes(attributes.iter().copied());
    element.write_inner_content(content).map(drop)
}

fn element(out: &mut Out, name: &str, attributes: &[(&str, &str)], text: &str) -> io::Result<()> {
    let attributes: Vec<(&str, String)> =
        attributes.iter().map(|(name, value)| (*name, allowed(value).replace(['\n', '\t'], " "))).collect();
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    let element = out.create_element(name).with_attributes(attributes);
    element.write_text_content(BytesText::new(&allowed(text))).map(drop)
}

fn optional(out: &mut Out, name: &str, text: Option<&str>) -> io::Result<()> {
    text.map_or(Ok(()), |text| element(out, name, &[], text))
}

/// The text without the characters that XML 1.0 forbids (its section 2.2), which no escaping lets in; with line breaks as it has them.
fn allowed(text: &str) -> String {
    let is_allowed =
        |letter: char| matches!(letter, '\t' | '\n') || (letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}'));
    text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|letter| is_allowed(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples;
    use crate::domain::request::{Interest, Person};

    const GOLDEN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<?adf version="1.0"?>
<adf>
  <prospect status="resend">
    <id sequence="1" source="Configurator">A&amp;B-77</id>
    <id sequence="2" source="Aurora &lt;Motors&gt;">lead_00000000000000000000000000000001</id>
    <id sequence="3" source="Aurora &lt;Motors&gt;">lead_00000000000000000000000000000002</id>
    <id sequence="4" source="Aurora &lt;Motors&gt;">lead_00000000000000000000000000000004</id>
    <requestdate>2026-11-21T14:05:00-05:00</requestdate>
    <vehicle interest="test-drive">
      <year></year>
      <make>Aurora</make>
      <model>Comet 5</model>
    </vehicle>
    <customer>
      <contact>
        <name part="first">Jo</name>
        <name part="last">Doe</name>
        <email>jo.doe@example.net</email>
        <phone type="voice">617-555-0100</phone>
        <address>
          <street line="1">12 Elm Street</street>
          <city>Cambridge</city>
          <regioncode>MA</regioncode>
          <postalcode>02138</postalcode>
          <country>US</country>
        </address>
      </contact>
      <comments>Is &lt;it&gt; blue?
Call me &amp; mine</comments>
    </customer>
    <vendor>
      <id sequence="1" source="Aurora &lt;Motors&gt;">MA001</id>
      <id sequence="2" source="Aurora &lt;Motors&gt;">2</id>
      <vendorname>Harbor Auto</vendorname>
      <contact>
        <name part="full" type="business">Harbor Auto</name>
        <phone></phone>
        <address>
          <street line="1"></street>
          <city>Boston</city>
          <regioncode>MA</regioncode>
          <postalcode>02108</postalcode>
          <country>US</country>
        </address>
      </contact>
    </vendor>
    <provider>
      <name part="full" type="business">Configurator</name>
      <service>Spring</service>
      <contact>
        <name part="full" type="business">Aurora &lt;Motors&gt;</name>
        <phone></phone>
      </contact>
    </provider>
  </prospect>
</adf>
"#;

    // SEND-5
    #[test]
    fn a_hand_over_is_written_in_the_order_of_the_dtd() {
        assert_eq!(adf(&samples::parcel()).unwrap(), GOLDEN);
    }

    // SEND-5
    #[test]
    fn a_first_copy_is_new_and_an_interest_without_a_word_is_a_comment() {
        let [first, ..] = samples::chain();
        let mut parcel = samples::parcel();
        (parcel.line, parcel.copy) = (vec![first.id], first);
        parcel.request.external_id = None;
        parcel.request.interest.kind = Some("Service".to_owned());
        parcel.request.comments = None;
        let text = adf(&parcel).unwrap();
        assert!(text.contains(r#"<prospect status="new">"#), "{text}");
        assert_eq!(text.matches("<id ").count(), 1 + 2, "its own id and two of the dealer: {text}");
        assert!(text.contains("<vehicle>") && text.contains("<comments>Interest: Service</comments>"), "{text}");
    }

    // SEND-5
    #[test]
    fn what_is_not_known_is_left_out_and_what_the_dtd_wants_is_empty() {
        let mut parcel = samples::parcel();
        parcel.request.interest = Interest::default();
        parcel.request.person = Person { phone: Some("1".to_owned()), ..Person::default() };
        let text = adf(&parcel).unwrap();
        assert!(!text.contains("<email"), "{text}");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(
            text.contains("<vehicle>") && lines.join("").contains("<year></year><make></make><model></model>"),
            "{text}"
        );
        assert!(text.contains(r#"<name part="full"></name>"#), "{text}");
    }

    // SEND-5
    #[test]
    fn characters_that_xml_forbids_are_dropped_and_no_text_adds_an_element() {
        assert_eq!(allowed("a\u{0}\u{b}b\u{fffe}\u{ffff}c\r\nd\re\tf\u{85}😀"), "abc\nd\ne\tf\u{85}😀");
        let mut parcel = samples::parcel();
        parcel.copy.source = "x\" y=\"\n</provider>\u{1}".to_owned();
        parcel.request.source = parcel.copy.source.clone();
        let text = adf(&parcel).unwrap();
        let read = roxmltree::Document::parse(&text).unwrap();
        let id = read.descendants().find(|node| node.has_tag_name("id")).unwrap();
        assert_eq!(id.attribute("source"), Some("x\" y=\" </provider>"));
        assert_eq!(read.descendants().filter(|node| node.has_tag_name("provider")).count(), 1);
    }
}
