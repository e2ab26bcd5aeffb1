//! Writes over a store on disk and a back office that loses answers.

mod bench;
mod by_hand;
mod keys;
mod lost;
mod office;
mod operations;
