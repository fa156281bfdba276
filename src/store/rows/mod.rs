//! The tables, row by row, as sea-orm sees them. Nothing outside `store` sees these.

/// Declares a table's row, or a part of it, and that it is read by the places of its columns, which a query selects in the order of the
/// fields.
macro_rules! row {
    ($(#[$about:meta])* pub struct $row:ident { $($fields:tt)* }) => {
        $(#[$about])*
        pub struct $row {
            $($fields)*
        }
        row!(@read $row $($fields)*);
    };
    (@read $row:ident $($(#[$about:meta])* pub $column:ident: $kind:ty,)*) => {
        impl $crate::store::placed::Placed for $row {
            fn read(columns: &mut $crate::store::placed::Columns<'_>) -> Result<Self, $crate::store::StoreError> {
                Ok(Self { $($column: columns.next()?,)* })
            }
        }
    };
}

pub mod backtest;
pub mod backtest_share;
pub mod calendar_event;
pub mod category;
pub mod company;
pub mod contact;
pub mod custom_field;
pub mod dealer;
pub mod decision;
pub mod delivery;
pub mod delivery_attempt;
pub mod download;
pub mod event;
pub mod file_import;
pub mod group;
pub mod idempotency_key;
pub mod import;
pub mod import_problem;
pub mod interface;
pub mod interface_version;
pub mod job;
pub mod job_run;
pub mod lead;
pub mod lead_assignment;
pub mod lead_note;
pub mod list;
pub mod list_share;
pub mod membership;
pub mod offer;
pub mod operation;
pub mod operation_chunk;
pub mod operation_item;
pub mod operation_lead;
pub mod operation_result;
pub mod operation_share;
pub mod operation_untold;
pub mod postal_code;
pub mod request;
pub mod rotation_member;
pub mod tenant;
pub mod upload;
pub mod upload_piece;
pub mod user;
