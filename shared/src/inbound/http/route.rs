//! Which request is for what.

use super::error::HttpError;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `POST`: create a key.
    CreateKey,
}

impl Route {
    /// Finds the route of a method. The path is not read: the gateway decides which function gets a request.
    ///
    /// # Errors
    /// [`HttpError::MethodNotAllowed`] for any other method.
    pub(super) fn find(method: &str) -> Result<Self, HttpError> {
        match method {
            "POST" => Ok(Self::CreateKey),
            _ => Err(HttpError::MethodNotAllowed { allow: "POST" }),
        }
    }
}
