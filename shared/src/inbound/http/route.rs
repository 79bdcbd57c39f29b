//! The routes.

use super::error::HttpError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `POST`: create a key.
    CreateKey,
}

impl Route {
    /// Finds the route of a method. The path is not read, since the gateway selects the function.
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
