use serde::Serialize;

use crate::Payload;
use crate::rpc::Failure;

/// The value of a method as its reply.
///
/// # Errors
/// The value has no JSON form.
pub fn reply<T: Serialize>(value: &T) -> Result<Payload, Failure> {
    Ok(Payload::of(value)?)
}

/// The result of a method as its reply or its failure.
///
/// # Errors
/// That of the method; the value has no JSON form.
pub fn outcome<T: Serialize, E: Into<Failure>>(result: Result<T, E>) -> Result<Payload, Failure> {
    reply(&result.map_err(Into::into)?)
}

/// Marks the failure of a method as expected.
///
/// # Errors
/// That of the method.
pub fn expected<T, E: Into<Failure>>(result: Result<T, E>) -> Result<T, Failure> {
    result.map_err(|error| error.into().expected())
}
