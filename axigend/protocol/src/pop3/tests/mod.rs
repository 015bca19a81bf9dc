//! Whole dialogues: a vector plays the network, [`world::World`] plays the server.

mod dialogues;
mod pieces;
mod world;
