//! JSON text, read strictly: duplicate members are an error, and numbers are exact.

mod json;
mod number;

pub(crate) use json::{Members, string};
pub use json::{NotAnObject, Object, Value};
pub use number::{Number, Whole};
