//! Reading imports.

use async_graphql::{Context, ID, Object};

use super::import::FileImport;
use crate::actions::{Permission, permit};
use crate::domain::id::FileImportId;
use crate::graphql::connection::{Listed, PageArgs, connect};
use crate::graphql::ids;
use crate::graphql::leads::SortDirection;
use crate::graphql::node::Node;
use crate::graphql::session::{Ctx, permitted};
use crate::store::file_imports;

/// Queries about imports.
#[derive(Default)]
pub struct ImportQuery;

/// Queries about imports.
#[Object]
impl ImportQuery {
    /// One import of an uploaded file; null when there is none or you are no admin. Ask again for its progress.
    async fn file_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`fim_…`")] id: ID,
    ) -> async_graphql::Result<Option<FileImport>> {
        let Some(id) = ids::parse_or_null(&id) else { return Ok(None) };
        find(ctx, id).await
    }

    /// Imports of uploaded files, newest first unless asked otherwise. Needs the role admin.
    async fn file_imports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first so many, at most 250.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many, at most 250.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which way, by time.", default_with = "SortDirection::Desc")] direction: SortDirection,
    ) -> async_graphql::Result<Listed<FileImport>> {
        permitted(ctx, Permission::Configure)?;
        let session = ctx.session()?;
        let list = format!("file imports {direction:?}");
        let page = PageArgs::new(first, after, last, before).request(ctx, &list)?;
        let (reader, tenant) = (session.reader(), session.scope.tenant);
        let found = file_imports::list(reader, tenant, direction.into(), &page).await?;
        connect(ctx, &list, found, FileImport, |up_to| file_imports::count(reader, tenant, up_to)).await
    }
}

/// An import by its id.
pub async fn find_node(ctx: &Context<'_>, id: FileImportId) -> async_graphql::Result<Option<Node>> {
    Ok(find(ctx, id).await?.map(Node::FileImport))
}

async fn find(ctx: &Context<'_>, id: FileImportId) -> async_graphql::Result<Option<FileImport>> {
    let session = ctx.session()?;
    if permit(&session.actor, Permission::Configure).is_err() {
        return Ok(None);
    }
    Ok(file_imports::lookup(session.reader(), session.scope.tenant, id).await?.map(FileImport))
}
