//! WHERE THINGS ARE: postal codes and their points, distances on the globe, and who is nearest.
//!
//! Knows the world and nothing of leads or dealers; never reads a file, a database or the network by itself.

pub mod cells;
pub mod distance;
pub mod error;
pub mod index;
pub mod merge;
pub mod reader;
pub mod row;
pub mod table;
pub mod time_zone;

pub use cells::{Cells, Circle, Cover, along_curve};
pub use distance::{EARTH_RADIUS_KM, distance_km, unit_vector};
pub use error::RowProblem;
pub use index::{Neighbour, SpatialIndex};
pub use merge::PostalMerger;
pub use reader::read_postal;
pub use row::{PostalPlace, PostalRow};
pub use table::PostalTable;
pub use time_zone::default_time_zone;
