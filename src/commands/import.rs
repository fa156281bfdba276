//! `baton import dealers|leads|postal|adf FILE`: brings a file in, with a bar on the way and what is wrong with it in a file of its own.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::actions;
use crate::actions::import::{Import, ImportOrder, PostalOrder, ProblemFile, Progress, Report, Wishes, import_postal};
use crate::actions::{ActionError, adf};
use crate::app::{App, Outside, SchemaPolicy};
use crate::config::Config;
use crate::domain::tenant::Tenant;
use crate::domain::{Actor, Role};
use crate::store::imports::ImportKind;
use crate::store::tenants;

/// Bringing files in. Nothing that is imported sends an alert. An import that was stopped goes on when it is run again.
#[derive(Subcommand)]
pub enum Command {
    /// Dealers from CSV; known ones, by number and sub-number, are changed. A blank cell leaves things as they are.
    Dealers(Sheet),
    /// Leads from CSV. Rows whose `source` and `external_id` are known are left alone; a `dealer_number` makes a lead an offered one.
    Leads(Sheet),
    /// Leads from ADF 1.0, as XML or in mails. What was brought in before is left alone; a vendor's id that is a dealer's number makes a
    /// lead an offered one.
    Adf(Adf),
    /// Postal codes of any country in `GeoNames`' layout, plain or gzipped.
    Postal(Postal),
}

/// A CSV file with a header; comma, semicolon or tab.
#[derive(Args)]
pub struct Sheet {
    /// The file, in UTF-8.
    file: PathBuf,
    /// The tenant's short name.
    #[arg(long)]
    tenant: String,
    /// Which column of the file is ours: `name="Dealer Name"`. Usual names are known without.
    #[arg(long, value_name = "OURS=THEIRS", value_parser = pair)]
    map: Vec<(String, String)>,
    /// A value for every row: `source=autumn-fair`.
    #[arg(long, value_name = "OURS=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Reads and checks everything, writes nothing into the database.
    #[arg(long)]
    dry_run: bool,
    /// Where problems are written, by row and column; next to the file if not given.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

/// Files with a document each.
#[derive(Args)]
pub struct Adf {
    /// The files, each an XML document or a mail.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The tenant's short name.
    #[arg(long)]
    tenant: String,
    /// Reads everything, writes nothing into the database.
    #[arg(long)]
    dry_run: bool,
}

/// A file of postal codes.
#[derive(Args)]
pub struct Postal {
    /// The file.
    file: PathBuf,
    /// The tenant's short name.
    #[arg(long)]
    tenant: String,
    /// Reads and checks everything, writes nothing into the database.
    #[arg(long)]
    dry_run: bool,
    /// Where problems are written, by row and column; next to the file if not given.
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

/// Imports; whether every row was sound.
pub async fn run(config: Config, command: Command) -> anyhow::Result<bool> {
    let app = App::build(config, Outside::default(), SchemaPolicy::MigrateEmbedded).await?;
    match command {
        Command::Dealers(sheet) => import_sheet(&app.actions, ImportKind::Dealers, sheet).await,
        Command::Leads(sheet) => import_sheet(&app.actions, ImportKind::Leads, sheet).await,
        Command::Adf(adf) => import_adf(&app.actions, adf).await,
        Command::Postal(postal) => import_codes(&app.actions, postal).await,
    }
}

async fn import_sheet(actions: &actions::Context, kind: ImportKind, sheet: Sheet) -> anyhow::Result<bool> {
    let Sheet { file: path, tenant, map, set, dry_run, errors } = sheet;
    let tenant = find_tenant(actions, &tenant).await?;
    let file = open(&path)?;
    let order = ImportOrder { tenant: tenant.id, kind, name: name_of(&path), wishes: Wishes { map, set }, dry_run };
    let import = Import::prepare(actions, order, file).await.map_err(told)?;
    let errors = errors.unwrap_or_else(|| beside(&path));
    let goes_on = import.rows_done() > 0;
    let mut problems = if goes_on {
        println!("Going on after row {}.", import.rows_done() + 1);
        ProblemFile::going_on(ErrorFile::new(&errors, true))
    } else {
        ProblemFile::new(ErrorFile::new(&errors, false))
    };
    let bar = bar();
    let report = import.run(actions, &mut problems, |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    let report = report.map_err(told)?;
    print(&report, dry_run, &errors);
    Ok(report.failed == 0)
}

async fn import_adf(actions: &actions::Context, given: Adf) -> anyhow::Result<bool> {
    let tenant = find_tenant(actions, &given.tenant).await?;
    let mut is_sound = true;
    for path in &given.files {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("can't read {shown}"))?;
        let prospects = match adf::read(&bytes) {
            Ok(prospects) => prospects,
            Err(error) => {
                println!("{shown}: refused: {error}");
                is_sound = false;
                continue;
            }
        };
        if given.dry_run {
            println!("{shown}: {} leads", prospects.len());
            continue;
        }
        let actor = Actor {
            tenant: tenant.id,
            subject: "import".to_owned(),
            name: format!("Import of {}", name_of(path)),
            role: Role::Admin,
            user: None,
            dealer: None,
            source: None,
            company: None,
        };
        // Nothing that is imported sends an alert.
        let sender = adf::Sender { actor: &actor, notify: false };
        for one in Box::pin(adf::take_in(actions, sender, prospects)).await.map_err(told)? {
            is_sound &= print_prospect(&shown.to_string(), &one);
        }
    }
    Ok(is_sound)
}

/// Whether the prospect is a lead.
fn print_prospect(file: &str, one: &adf::TakenIn) -> bool {
    let (what, problems) = match &one.outcome {
        adf::Outcome::Created(lead) => (format!("is {lead}"), &[][..]),
        adf::Outcome::Known(_) => ("was known".to_owned(), &[][..]),
        adf::Outcome::Refused(problems) => ("refused".to_owned(), problems.as_slice()),
    };
    println!("{file}: prospect {} {what}", one.number);
    for told in problems.iter().chain(&one.told) {
        println!("{file}: {}: {}", told.place, told.message);
    }
    !matches!(one.outcome, adf::Outcome::Refused(_))
}

async fn import_codes(actions: &actions::Context, postal: Postal) -> anyhow::Result<bool> {
    let Postal { file: path, tenant, dry_run, errors } = postal;
    let tenant = find_tenant(actions, &tenant).await?;
    let file = open(&path)?;
    let bytes_total = file.metadata().map_or(0, |metadata| metadata.len());
    let errors = errors.unwrap_or_else(|| beside(&path));
    let mut problems = ProblemFile::new(ErrorFile::new(&errors, false));
    let bar = bar();
    let order = PostalOrder { tenant: tenant.id, bytes_total, dry_run };
    let report = import_postal(actions, order, file, &mut problems, |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    let report = report.map_err(told)?;
    print(&report, dry_run, &errors);
    Ok(report.failed == 0)
}

/// The tenant with this short name.
pub(super) async fn find_tenant(actions: &actions::Context, slug: &str) -> anyhow::Result<Tenant> {
    let found = tenants::find_by_slug(actions.store.reader(), slug).await?;
    found.ok_or_else(|| anyhow!("there is no tenant `{slug}`, `baton tenant list` prints them"))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("`{}` can't be read", path.display()))
}

/// A refusal in its own words; the chain of a fault.
pub(super) fn told(error: ActionError) -> anyhow::Error {
    match error {
        ActionError::Refused(problems) => {
            let sentences: Vec<String> = problems.into_iter().map(|problem| problem.message).collect();
            anyhow!(sentences.join("; "))
        }
        fault @ ActionError::Store(_) => fault.into(),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (ours, theirs) = text.split_once('=').ok_or("give it like `name=Dealer Name`")?;
    Ok((ours.trim().to_owned(), theirs.trim().to_owned()))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| "a file".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.errors.csv", name_of(path)))
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}  {eta} left");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.bytes_total);
    bar.set_position(progress.bytes_done);
    let seconds = bar.elapsed().as_secs_f64().max(0.001);
    bar.set_message(format!("{} rows, {:.0} rows/s", progress.rows_done, progress.rows_done as f64 / seconds));
}

fn print(report: &Report, dry_run: bool, errors: &Path) {
    let Report { rows, created, updated, unchanged, failed, warned, .. } = report;
    println!(
        "{}{rows} rows: {created} new, {updated} changed, {unchanged} as they were, {failed} refused, {warned} with something left out.",
        if dry_run { "Dry run, nothing was written. " } else { "" }
    );
    if !report.ignored_columns.is_empty() {
        println!("Columns that were not used: {}.", report.ignored_columns.join(", "));
    }
    if failed + warned > 0 {
        println!("What was wrong is in {}.", errors.display());
    }
}

/// A file that is made when the first problem is written.
struct ErrorFile {
    path: PathBuf,
    append: bool,
    file: Option<File>,
}

impl ErrorFile {
    fn new(path: &Path, append: bool) -> Self {
        Self { path: path.to_owned(), append, file: None }
    }
}

impl Write for ErrorFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.create(true).write(true).append(self.append).truncate(!self.append);
            self.file = Some(options.open(&self.path)?);
        }
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), File::flush)
    }
}
