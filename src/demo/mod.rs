//! WHAT CAN BE TRIED: an invented network with ninety days of leads, and its living day. Everything in it is drawn by seed;
//! no person, dealer or brand in it exists, and it is only ever loaded into a database that has no demo yet.

mod audit;
mod chance;
mod closing;
mod copies;
mod course;
mod customers;
mod day;
mod dealers;
mod definitions;
mod ground;
mod living;
mod load;
mod market;
mod network;
mod past;
mod rows;
mod staff;
#[cfg(test)]
mod tests;
mod words;

pub use customers::Customer;
pub use day::{Day, Deed, Submission, Waiting};
pub use living::Living;
pub use load::{DemoNetwork, Recipe, Scale, load};
pub use network::SLUG;
