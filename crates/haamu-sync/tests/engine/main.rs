//! The engine against a server made of the crate's own server functions,
//! through a network that loses answers and over stores that are killed and cloned.

mod basics;
mod conditions;
mod custody;
mod deposit;
mod support;
