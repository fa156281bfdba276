//! WHERE THINGS ARE: postal codes and their points, distances on the globe, and who is nearest.
//!
//! Knows the world and nothing of leads or dealers; never reads a file, a database or the network by itself.

pub mod distance;
pub mod index;

pub use distance::{distance_km, km_to_miles, miles_to_km};
pub use index::{Neighbour, SpatialIndex};
