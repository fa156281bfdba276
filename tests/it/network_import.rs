//! Files brought in from the command line.

use std::io::Cursor;

use baton::actions::ActionError;
use baton::actions::import::{Import, ImportOrder, PostalOrder, ProblemFile, Report, Wishes, import_postal};
use baton::domain::CountryCode;
use baton::domain::lead::LeadState;
use baton::store::dealers::DealerFilter;
use baton::store::imports::ImportKind;
use baton::store::leads::{LeadFilter, LeadSort};
use baton::store::{Order, PageRequest, Scope, contacts, dealers, events, leads, postal, requests, tenants};

use crate::support::app::{TestApp, on_each_database};

fn order(app: &TestApp, kind: ImportKind) -> ImportOrder {
    let wishes = Wishes { map: Vec::new(), set: Vec::new() };
    ImportOrder { tenant: app.tenant.id, kind, name: "test.csv".into(), wishes, dry_run: false }
}

/// What came of it, and the file of problems.
async fn import(app: &TestApp, order: ImportOrder, file: &str) -> (Report, String) {
    let (report, problems) = try_import(app, order, file).await.unwrap();
    (report, problems)
}

async fn try_import(app: &TestApp, order: ImportOrder, file: &str) -> Result<(Report, String), ActionError> {
    let mut found = Vec::new();
    let mut problems = ProblemFile::new(&mut found);
    let prepared = Import::prepare(app.context(), order, Cursor::new(file.to_owned())).await?;
    let report = prepared.run(app.context(), &mut problems, |_| {}).await?;
    drop(problems);
    Ok((report, String::from_utf8(found).unwrap()))
}

async fn dealer_count(app: &TestApp) -> u64 {
    dealers::count(app.store().reader(), app.tenant.id, &DealerFilter::default(), 10_000).await.unwrap()
}

async fn all_leads(app: &TestApp) -> Vec<baton::domain::lead::Lead> {
    let scope = Scope::system(app.tenant.id);
    let sort = (LeadSort::ReceivedAt, Order::Asc);
    let page = leads::list(app.store().reader(), &scope, &LeadFilter::default(), sort, &PageRequest::first(250)).await;
    page.unwrap().into_rows()
}

const DEALERS: &str = "dealer_id,Dealer Name,State,zip,brands,rating,email,colour\n\
    A-1,Acme,MA,02138,Ford|Lincoln,4.5,acme@example.org,red\n\
    A-2,Bolt,CA,90210,Kia,,bolt@example.org,blue\n\
    ,Nameless,CA,90210,Kia,6,,\n\
    A-3,Short,CA\n";

// BULK-10
#[tokio::test]
async fn dealers_are_made_once_and_changed_afterwards() {
    on_each_database(async |app: &TestApp| {
        let (reader, tenant) = (app.store().reader(), app.tenant.id);
        let (report, problems) = import(app, order(app, ImportKind::Dealers), DEALERS).await;
        assert_eq!((report.rows, report.created, report.failed), (4, 2, 2));
        assert_eq!(report.ignored_columns, ["colour"]);
        let lines: Vec<&str> = problems.lines().collect();
        assert_eq!(
            lines,
            [
                "row,column,value,problem,imported",
                "4,dealer_id,,\"number is missing, give one\",no",
                "4,rating,6,rating `6` is not between 0 and 5,no",
                "5,,A-3,\"the row has 3 cells, the header has 8: look for a stray separator or quote\",no",
            ]
        );
        let acme = dealers::find_by_number(reader, tenant, "A-1", "").await.unwrap().unwrap();
        assert_eq!((acme.brands.as_slice(), acme.rating), (&["Ford".to_owned(), "Lincoln".into()][..], Some(4.5)));
        assert_eq!(acme.time_zone, chrono_tz::America::New_York);
        assert!(acme.point.is_some(), "the middle of its postal code");
        assert!(contacts::list_by_dealers(reader, tenant, &[acme.id]).await.unwrap()[0].can_be_offered());

        app.advance(std::time::Duration::from_mins(1));
        let changed = DEALERS.replace("4.5", "3.5").replace("acme@example.org", "");
        let (report, _) = import(app, order(app, ImportKind::Dealers), &changed).await;
        assert_eq!((report.created, report.updated, report.unchanged), (0, 1, 1));
        let after = dealers::find_by_number(reader, tenant, "A-1", "").await.unwrap().unwrap();
        assert_eq!((after.id, after.rating, after.version), (acme.id, Some(3.5), acme.version + 1));
        assert_eq!(
            contacts::list_by_dealers(reader, tenant, &[acme.id]).await.unwrap().len(),
            1,
            "a blank takes nothing away"
        );
        let filter = events::EventFilter { subject: Some(acme.id.to_string()), ..Default::default() };
        let lines =
            events::list(reader, tenant, &filter, Order::Asc, &PageRequest::first(10)).await.unwrap().into_rows();
        assert_eq!(lines[1].before, Some(serde_json::json!({"rating": 4.5})));
        assert_eq!(lines[1].actor.name, "Import of test.csv");
    })
    .await;
}

// BULK-10
#[tokio::test]
async fn a_dry_run_finds_everything_and_writes_nothing() {
    on_each_database(async |app: &TestApp| {
        let dry = ImportOrder { dry_run: true, ..order(app, ImportKind::Dealers) };
        let (report, problems) = import(app, dry, DEALERS).await;
        assert_eq!((report.created, report.failed, problems.lines().count()), (2, 2, 4));
        assert_eq!(dealer_count(app).await, 0);
        let tenant = tenants::lookup(app.store().reader(), app.tenant.id).await.unwrap().unwrap();
        assert_eq!(tenant.network_version, app.tenant.network_version);
    })
    .await;
}

// BULK-10
#[tokio::test]
async fn a_stopped_import_goes_on_where_it_was() {
    on_each_database(async |app: &TestApp| {
        let rows: String = (0..1_200).map(|number| format!("D{number},Dealer {number}\n")).collect();
        let file = format!("number,name\n{rows}");
        // The process ends after the first batch: its future is dropped.
        let prepared = Import::prepare(app.context(), order(app, ImportKind::Dealers), Cursor::new(file.clone())).await;
        let mut batches = 0;
        let mut problems = ProblemFile::new(std::io::sink());
        let stopped = {
            let run = prepared.unwrap().run(app.context(), &mut problems, |_| {
                batches += 1;
                assert!(batches < 2, "stopped");
            });
            futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(run)).await
        };
        assert!(stopped.is_err());
        let before = dealer_count(app).await;
        assert_eq!(before, 1_000, "two batches were committed");

        let prepared = Import::prepare(app.context(), order(app, ImportKind::Dealers), Cursor::new(file.clone())).await;
        let prepared = prepared.unwrap();
        assert_eq!(prepared.rows_done(), 1_000);
        let report = prepared.run(app.context(), &mut problems, |_| {}).await.unwrap();
        assert_eq!((report.resumed_at, report.rows, report.created), (1_000, 200, 200));
        assert_eq!(dealer_count(app).await, 1_200);
        let (again, _) = import(app, order(app, ImportKind::Dealers), &file).await;
        assert_eq!(
            (again.resumed_at, again.unchanged),
            (0, 1_200),
            "a finished file starts anew and finds nothing to do"
        );
    })
    .await;
}

const LEADS: &str = "lead_id,created_at,first_name,last_name,email,zip,country,make,source,dealer_number\n\
    L1,2026-10-25T08:22:54Z,Ann,Lee,ann@example.com,02138,US,Ford,web,\n\
    L2,2026-10-26 08:22,Bo,Ray,bo@example.com,00000,US,Ford,web,\n\
    L3,2026-10-27,Cy,Day,cy@example.com,nonsense,US,Ford,web,A-1\n\
    L4,tomorrow,Di,Fox,di,02138,US,Ford,web,\n\
    L6,2027-01-01,Fay,Kim,fay@example.com,02138,US,Ford,web,\n\
    L5,2026-10-27,Ed,Low,ed@example.com,02138,US,Ford,web,Z-9\n\
    L1,2026-10-25T08:22:54Z,Ann,Lee,ann@example.com,02138,US,Ford,web,\n";

// BULK-10; IFACE-4: an unknown postal code leaves a lead without a point, and nothing is lost.
#[tokio::test]
async fn leads_are_imported_once_and_nobody_is_told() {
    on_each_database(async |app: &TestApp| {
        import(app, order(app, ImportKind::Dealers), DEALERS).await;
        let (report, problems) = import(app, order(app, ImportKind::Leads), LEADS).await;
        assert_eq!((report.created, report.unchanged, report.failed, report.warned), (4, 1, 2, 3));
        let problems: Vec<&str> = problems.lines().skip(1).collect();
        assert!(
            problems[0].starts_with("3,zip,00000,`00000` is not a known postal code of US")
                && problems[0].ends_with(",yes")
        );
        assert!(
            problems[1].starts_with("4,zip,nonsense,\"`nonsense` is not a postal code of US")
                && problems[1].ends_with(",yes")
        );
        assert!(problems[2].starts_with("5,created_at,tomorrow,") && problems[3].starts_with("5,email,di,"));
        assert!(problems[4].starts_with("6,created_at,2027-01-01,") && problems[4].ends_with(",yes"));
        assert!(problems[5].starts_with("7,dealer_number,Z-9,\"`Z-9` is no dealer's number"));

        let leads = all_leads(app).await;
        let states: Vec<LeadState> = leads.iter().map(|lead| lead.state).collect();
        assert_eq!(states, [LeadState::Unassigned, LeadState::Unassigned, LeadState::Offered, LeadState::Unassigned]);
        assert_eq!(leads[3].received_at, app.now(), "a date in the future becomes the moment of the import");
        let ids: Vec<_> = leads.iter().map(|lead| lead.request).collect();
        let requests = requests::lookup_many(app.store().reader(), app.tenant.id, &ids).await.unwrap();
        let has_point = |id| requests.iter().any(|request| request.id == id && request.point.is_some());
        assert_eq!(ids.iter().map(|id| has_point(*id)).collect::<Vec<_>>(), [true, false, false, true]);
        // `2026-10-26 08:22` is told in the tenant's zone, New York.
        assert_eq!(leads[1].received_at.to_string(), "2026-10-26T12:22:00Z");
        assert!(app.mailbox.list().is_empty());
        assert_eq!(app.work().await.posted.sent, 0);

        let (again, _) = import(app, order(app, ImportKind::Leads), &LEADS.replace("Ann", "Anna")).await;
        assert_eq!((again.created, again.unchanged), (0, 5));
    })
    .await;
}

const LABELLED: &str = "lead_id,email,source,campaign,Locale\n\
    L1,ann@example.com,web,Spring,ES-mx\n\
    L2,bo@example.com,web,,en_US\n";

// BULK-4, BULK-10: a lead is worth more than a language that nobody can read.
#[tokio::test]
async fn campaigns_and_languages_are_imported_and_a_wrong_language_is_left_out() {
    on_each_database(async |app: &TestApp| {
        let (report, problems) = import(app, order(app, ImportKind::Leads), LABELLED).await;
        assert_eq!((report.created, report.failed, report.warned), (2, 0, 1));
        let told = "3,Locale,en_US,\"`en_US` is not a language tag, write it like `en` or `es-MX`\",yes";
        assert_eq!(problems.lines().nth(1), Some(told));
        let of = |lead: baton::domain::lead::Lead| (lead.labels.campaign, lead.labels.language);
        let mut leads: Vec<_> = all_leads(app).await.into_iter().map(of).collect();
        leads.sort();
        assert_eq!(leads, [(None, None), (Some("Spring".to_owned()), Some("es-MX".to_owned()))]);
    })
    .await;
}

// BULK-10
#[tokio::test]
async fn a_file_with_wrong_columns_is_refused_as_a_whole() {
    on_each_database(async |app: &TestApp| {
        for (file, map, said) in [
            ("a,b\n1,2\n", None, "no column of the file is known"),
            ("", None, "the file has no header"),
            ("number,name\n1,2\n", Some(("nmae", "name")), "there is no column `nmae`, did you mean `name`?"),
        ] {
            let map = map.map(|(ours, theirs): (&str, &str)| (ours.to_owned(), theirs.to_owned()));
            let wishes = Wishes { map: map.into_iter().collect(), set: Vec::new() };
            let wrong = ImportOrder { wishes, ..order(app, ImportKind::Dealers) };
            let error = try_import(app, wrong, file).await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    })
    .await;
}

// IFACE-4
#[tokio::test]
async fn imported_postal_codes_go_before_the_embedded_ones() {
    on_each_database(async |app: &TestApp| {
        let file = "country\tcode\tplace\tadmin1\tlat\tlon\nUS\t02138\tElsewhere\tMA\t10.0\t20.0\nNZ\t0110\tWhangarei\tNTL\t-35.7\t174.3\nNZ\tx\n";
        let mut found = Vec::new();
        let mut problems = ProblemFile::new(&mut found);
        let bytes_total = file.len() as u64;
        let order_codes = PostalOrder { tenant: app.tenant.id, bytes_total, dry_run: false };
        let report = import_postal(app.context(), order_codes, file.as_bytes(), &mut problems, |_| {}).await.unwrap();
        assert_eq!((report.created, report.failed), (2, 1));
        assert_eq!(postal::count(app.store().reader(), app.tenant.id).await.unwrap(), 2);
        let dealers = "number,name,zip,country\nA1,Acme,02138,US\nN1,Kiwi,0110,NZ\n";
        let (report, _) = import(app, order(app, ImportKind::Dealers), dealers).await;
        assert_eq!(report.created, 2);
        for (number, lat) in [("A1", 10.0), ("N1", -35.7)] {
            let dealer = dealers::find_by_number(app.store().reader(), app.tenant.id, number, "").await.unwrap().unwrap();
            assert!((dealer.point.unwrap().lat() - lat).abs() < 1e-9, "{number}");
        }
        assert_eq!(CountryCode::parse("nz").unwrap().as_str(), "NZ");
    })
    .await;
}
