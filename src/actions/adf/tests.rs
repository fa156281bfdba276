//! What documents are read, and that nothing crashes the reader.

use proptest::prelude::*;

use super::*;

const SAMPLES: [&str; 8] = [
    include_str!("../../../tests/adf/02_spec_minimal.xml"),
    include_str!("../../../tests/adf/03_spec_full.xml"),
    include_str!("../../../tests/adf/05_uppercase_pi_odd_phones.xml"),
    include_str!("../../../tests/adf/07_cdata_status_case_units.xml"),
    include_str!("../../../tests/adf/08_three_prospects_resend.xml"),
    include_str!("../../../tests/adf/12_xxe.xml"),
    include_str!("../../../tests/adf/14_not_well_formed.xml"),
    include_str!("../../../tests/adf/17_mail_quoted_printable.eml"),
];

fn one(inside: &str) -> Prospect {
    let text = format!("<adf><prospect>{inside}</prospect></adf>");
    read(text.as_bytes()).unwrap().remove(0)
}

fn refusal(text: &str) -> AdfError {
    read(text.as_bytes()).unwrap_err()
}

// SEND-5
#[test]
fn the_place_of_what_is_wrong_is_told() {
    let broken = refusal(SAMPLES[6]);
    let place = broken.place.clone().unwrap();
    assert_eq!((place.line, place.column), (15, 7), "{broken}");
    assert!(broken.message.contains("`<contact>` is still open"), "{broken}");
    let offset = refusal("Dear all,\nplease see\n<adf>\n<prospect>\n</adf>");
    assert_eq!(offset.place.unwrap().line, 5, "lines are counted in what was sent");
    let other = refusal("<leads/>");
    assert_eq!(other.to_string(), "line 1, column 1, leads: the outermost element is `<leads>`, it has to be `<adf>`");
    assert_eq!(refusal("<adf></adf>").place.unwrap().element, "adf");
    for empty in ["", "   ", "\u{feff}", "hello"] {
        assert!(refusal(empty).message.len() > 20, "{empty:?}");
    }
}

// SEND-5: the rest of a document cut off in the middle is never taken for the whole.
#[test]
fn a_document_that_was_cut_off_is_refused_wherever_it_was_cut() {
    let whole = SAMPLES[4].trim_end();
    for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        assert!(read(&whole.as_bytes()[..at]).is_err(), "cut at {at}");
    }
}

// SEND-5
#[test]
fn entities_and_nesting_that_would_exhaust_the_reader_are_refused() {
    let laughs: Vec<String> =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    let laughs = laughs.concat();
    let bomb = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE adf [<!ENTITY l0 \"ha\">{laughs}]><adf><prospect>&l9;</prospect></adf>"
    );
    for hostile in [
        bomb.as_str(),
        SAMPLES[5],
        "<!DOCTYPE adf SYSTEM \"http://example.com/adf.dtd\"><adf/>",
        "<!doctype adf><adf/>",
    ] {
        let error = refusal(hostile);
        assert!(error.message.contains("DOCTYPE") || error.message.contains("not well-formed"), "{error}");
    }
    let deep = format!("<adf>{}", "<a>".repeat(300_000));
    let tags = format!("<adf><prospect>{}</prospect></adf>", "<a/>".repeat(200_000));
    let small_stack = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let run = small_stack.spawn(move || (refusal(&deep), refusal(&tags))).unwrap();
    let (deep, tags) = run.join().unwrap();
    assert!(deep.message.starts_with("elements stand more than 32 levels deep"), "{deep}");
    assert!(tags.message.starts_with("the document has more than 100000 nodes"), "{tags}");
    assert!(refusal(&"x".repeat(BYTES_MAX + 1)).message.contains("at most 1048576 are allowed"));
    let many = format!("<adf>{}</adf>", "<prospect/>".repeat(501));
    assert!(refusal(&many).message.starts_with("501 prospects are given"));
}

// SEND-5
#[test]
fn the_usual_deviations_are_read() {
    let contact = |inside: &str| one(&format!("<customer><contact>{inside}</contact></customer>")).request.person;
    let named = contact("<name part='full'>Ann Mary Doe</name><email> a@b.com </email>");
    assert_eq!((named.first_name.as_deref(), named.last_name.as_deref()), (Some("Ann Mary"), Some("Doe")));
    assert_eq!(named.email.as_deref(), Some("a@b.com"));
    let firm = contact("<name part=\"full\" type=\"business\">Doe and Sons</name>");
    assert_eq!((firm.first_name, firm.last_name.as_deref()), (None, Some("Doe and Sons")));
    let surname = contact("<NAME PART='SURNAME'>Doe</NAME>");
    assert_eq!(surname.last_name.as_deref(), Some("Doe"));
    let phones = contact(
        "<phone type='fax'>1</phone><phone>2</phone><phone preferredcontact='1'>3</phone><phone type='FAX' preferredcontact='1'>4</phone>",
    );
    assert_eq!(phones.phone.as_deref(), Some("3"));
    let without_contact = one("<customer><name>Jo Roe</name><email>jo@example.com</email></customer>");
    assert_eq!(without_contact.request.person.email.as_deref(), Some("jo@example.com"));
    let spaced =
        read(b"<a:adf xmlns:a='urn:x'><a:prospect><a:vehicle><a:make>AT&T</a:make></a:vehicle></a:prospect></a:adf>");
    assert_eq!(spaced.unwrap()[0].request.interest.brand.as_deref(), Some("AT&T"));
    let countries = ["USA", "u.s.a.", "United States", "us"].map(|country| {
        let address =
            format!("<customer><contact><address><country>{country}</country></address></contact></customer>");
        one(&address).request.country.unwrap()
    });
    assert_eq!(countries, ["US", "US", "US", "US"]);
}

// SEND-5
#[test]
fn moments_are_read_as_they_are_written() {
    let moment = |text: &str| {
        one(&format!("<requestdate>{text}</requestdate>")).requested_at.map(|moment| match moment {
            prospect::Moment::Known(known) => known.to_rfc3339(),
            prospect::Moment::Local(local) => local.to_string(),
        })
    };
    for (text, read) in [
        ("2000-03-30T15:30:20-08:00", "2000-03-30T15:30:20-08:00"),
        ("2000-03-30T15:30:20-0800", "2000-03-30T15:30:20-08:00"),
        ("2026-11-01T10:00:00Z", "2026-11-01T10:00:00+00:00"),
        ("2008-06-25T8:47:50", "2008-06-25 08:47:50"),
        ("2026-11-01 10:00", "2026-11-01 10:00:00"),
        ("11/21/2026 3:05:00 PM", "2026-11-21 15:05:00"),
        ("2026-11-21", "2026-11-21 00:00:00"),
    ] {
        assert_eq!(moment(text).as_deref(), Some(read), "{text}");
    }
    let told = one("\n<requestdate>yesterday</requestdate>");
    assert_eq!((told.requested_at, told.told.len()), (None, 1));
    assert_eq!(told.told[0].place.to_string(), "line 2, column 1, adf/prospect/requestdate");
}

// SEND-5: what identifies a repeated document that has no id is who asked for what and when, not how it is written.
#[test]
fn a_prospect_without_an_id_has_one_of_its_own_that_stays() {
    let text = SAMPLES[0];
    let id = |text: &str| read(text.as_bytes()).unwrap()[0].request.external_id.clone().unwrap();
    assert!(id(text).starts_with("adf-"));
    assert_eq!(id(text), id(&text.replace('\n', "\r\n ").replace("<prospect>", "<prospect status='resend'>")));
    assert_ne!(id(text), id(&text.replace("Blazer", "Tahoe")));
    assert_eq!(id(SAMPLES[1]), "L-1");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // EXPR-6's like: no bytes crash the reader.
    #[test]
    fn no_bytes_crash_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&bytes);
        let _ = read(&[b"From: a@b\n\n".as_slice(), &bytes].concat());
        let _ = read(&[b"<adf><prospect>".as_slice(), &bytes, b"</prospect></adf>"].concat());
    }

    #[test]
    fn damaged_documents_crash_nothing(
        sample in 0..SAMPLES.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..40), 1..6),
    ) {
        let mut bytes = SAMPLES[sample].as_bytes().to_vec();
        for (at, byte, length) in damage {
            let at = at.index(bytes.len().max(1));
            let end = (at + length).min(bytes.len());
            bytes.splice(at.min(end)..end, [byte]);
        }
        if let Ok(prospects) = read(&bytes) {
            // What was read is said to stand in the document.
            let lines = bytes.split(|byte| *byte == b'\n').count();
            for prospect in prospects {
                prop_assert!(prospect.request.external_id.is_some());
                prop_assert!(prospect.told.iter().all(|told| told.place.line as usize <= lines + 1));
            }
        }
    }
}

// SPEC RUN: no document, whatever its bytes, keeps the server busy. Each of these took minutes when every sign was looked at with all that
// follows it.
#[test]
fn a_million_signs_are_gone_through_once() {
    let many = |sign: &str| sign.repeat(1_000_000 / sign.len());
    let comments =
        format!("<adf><prospect><customer>{}</customer></prospect></adf>", "<comment>x</comment>".repeat(40_000));
    for signs in [format!("<adf>{}", many("&")), format!("<adf>{}/>", many("<"))] {
        assert!(read(signs.as_bytes()).is_err());
    }
    let prospect = read(comments.as_bytes()).unwrap().remove(0);
    assert_eq!(prospect.request.comments.as_deref(), Some("x"));
}

// The depth is that of elements, not of what looks like one.
#[test]
fn depth_is_counted_past_quotes_comments_and_cdata() {
    let hidden =
        |filler: &str| format!("<adf>{}{}</adf>", format!("<a x=\"/>\">{filler}").repeat(40), "</a>".repeat(40));
    for filler in ["", "<!--</-->", "<![CDATA[</a>]]>"] {
        let refused = read(hidden(filler).as_bytes()).unwrap_err();
        assert!(refused.message.contains("levels deep"), "{filler}: {}", refused.message);
    }
}
