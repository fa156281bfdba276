//! Leads, and what operations did to them, as CSV: written page by page as they are read, for whoever may see them.
//!
//! Nothing is ever held but one page: neither the rows nor a transaction. Leads that change meanwhile are shown as they are when their
//! page is read.

mod cell;
mod file;
mod leads;
mod lines;
mod order;
mod results;

pub use file::Export;
pub use leads::LeadExport;
pub use order::{TableOf, TableWanted, export_leads, export_results, find_download};
pub use results::ResultExport;
