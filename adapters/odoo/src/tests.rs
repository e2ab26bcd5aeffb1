//! Recordings of the real product through the codecs and the mapping, and the adapter over the simulator in both protocols.

mod absences;
mod claims;
mod lab;
mod lists;
mod losses;
mod people;
mod recorded;
mod replayed;
mod settings;
mod tasks;
