//! Bringing files in: dealers and leads as CSV, from the command line or uploaded; postal codes in GeoNames' layout.
//!
//! A file is read in batches, each in one transaction with the note of how far it came: whatever stops an import, the same file goes on
//! from there. A bad row is a problem of its own and never stops the others. Nothing that is imported sends an alert.

mod cells;
mod columns;
mod dealers;
mod leads;
mod mapping;
mod postal;
mod problem;
mod progress;
mod run;
mod sheet;
mod staged;
mod step;
mod window;

pub use mapping::Wishes;
pub use postal::{PostalOrder, import_postal};
pub use problem::{ProblemFile, RowProblem};
pub use progress::{Progress, Report};
pub use run::{Import, ImportOrder};
pub use staged::{
    ColumnUsed, FileWanted, begin_upload, cancel_import, columns_used, end_upload, prepare_import, run_import,
};
pub use step::step;
