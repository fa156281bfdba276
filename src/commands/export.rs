//! `baton export`: leads as CSV, to standard output or a file, read page by page.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;

use super::import::{find_tenant, told};
use crate::actions::export::LeadExport;
use crate::actions::lists::{GivenFilter, columns, open};
use crate::app::{App, Outside, SchemaPolicy};
use crate::config::Config;
use crate::domain::download::LeadTable;
use crate::domain::id::ListId;
use crate::domain::list::{BaseSet, ListSort};
use crate::domain::{Actor, Role};

/// Leads as CSV: those that a list shows, or those for which a filter holds. A text that begins like a formula, also behind a semicolon, a tab or a line break, gets an apostrophe in front.
#[derive(Args)]
pub struct Command {
    /// The tenant's short name.
    #[arg(long)]
    tenant: String,
    /// A list, by its id.
    #[arg(long, conflicts_with = "filter")]
    list: Option<ListId>,
    /// Which leads, as CEL text over `lead` and `now`; all if neither this nor a list is given.
    #[arg(long, value_name = "CEL")]
    filter: Option<String>,
    /// The columns in order; as the list says, else a usual choice.
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    columns: Vec<String>,
    /// Where to; standard output if not given.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the leads out.
pub async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let app = App::build(config, Outside::default(), SchemaPolicy::MigrateEmbedded).await?;
    let tenant = find_tenant(&app.actions, &command.tenant).await?;
    let actor = Actor {
        tenant: tenant.id,
        subject: "export".to_owned(),
        name: "Command line".to_owned(),
        role: Role::Admin,
        user: None,
        dealer: None,
        source: None,
        company: None,
    };
    let table = table(&app, &actor, &command).await?;
    let mut export = LeadExport::open(&app.actions, &actor, &table).await.map_err(told)?;
    let mut output: Box<dyn Write> = match &command.output {
        None => Box::new(io::stdout().lock()),
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("can't write {}", path.display()))?;
            Box::new(file)
        }
    };
    while let Some(page) = export.next().await? {
        output.write_all(&page).context("can't write further")?;
    }
    output.flush().context("can't write further")
}

async fn table(app: &App, actor: &Actor, command: &Command) -> anyhow::Result<LeadTable> {
    let reader = app.actions.store.reader();
    let catalog = app.actions.catalogs.load(reader, actor.tenant).await?;
    let mut table = match command.list {
        Some(id) => {
            let (list, _) = open(reader, actor, id).await?.ok_or_else(|| anyhow!("there is no list `{id}`"))?;
            LeadTable { name: list.name, base: list.base, filter: list.filter, sort: list.sort, columns: list.columns }
        }
        None => LeadTable {
            name: "Leads".to_owned(),
            base: BaseSet::All,
            filter: String::new(),
            sort: ListSort::default(),
            columns: columns::DEFAULT.iter().map(|path| (*path).to_owned()).collect(),
        },
    };
    if let Some(text) = &command.filter {
        let rule = GivenFilter::Text(text.clone()).check(&catalog).map_err(|problems| told(problems.into()))?;
        table.filter = rule.map(|rule| rule.text().to_owned()).unwrap_or_default();
    }
    if !command.columns.is_empty() {
        table.columns = columns::read(&command.columns, &catalog).map_err(|problems| told(problems.into()))?;
    }
    Ok(table)
}
