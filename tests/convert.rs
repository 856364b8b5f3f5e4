//! Sessions of other programs: files that the real libraries wrote, the way there and back, and damage.

#[path = "convert/damage.rs"]
mod damage;
#[path = "convert/fixtures.rs"]
mod fixtures;
#[path = "convert/hostile_sqlite.rs"]
mod hostile_sqlite;
#[path = "convert/round_trip.rs"]
mod round_trip;
#[path = "convert/sample.rs"]
mod sample;
#[path = "convert/tdata.rs"]
mod tdata;
#[path = "convert/vectors.rs"]
mod vectors;
