//! Leads as CSV: written page by page as they are read, for whoever may see them.
//!
//! Nothing is ever held but one page: neither the leads nor a transaction. Leads that change meanwhile are shown as they are when their
//! page is read.

mod cell;
mod leads;
mod order;

pub use leads::LeadExport;
pub use order::{TableOf, TableWanted, export_leads, find_download};
