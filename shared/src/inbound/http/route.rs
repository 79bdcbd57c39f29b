//! The routes. The method and the end of the path select a route; a stage or a base path may precede.

use super::super::code;
use super::error::HttpError;
use crate::domain::KeyId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// `POST`: create a key.
    CreateKey,
    /// `GET /apikeys/<authentication>`: list keys.
    ListKeys,
    /// `GET /apikeys/<id>/<authentication>`: read a key.
    ReadKey(&'a str),
    /// `GET /whoami/key`: read the calling key.
    ReadCaller,
    /// `DELETE /apikeys/<id>/<authentication>`: revoke a key.
    RevokeKey(&'a str),
}

/// What a path names.
enum Resource<'a> {
    Keys,
    Key(&'a str),
    Caller,
    Other,
}

impl<'a> Resource<'a> {
    /// Reads the last segments of a path, which end in the function's own authentication. Percent-encoding is not
    /// decoded, and one slash at the end is ignored.
    fn find(path: &'a str, authentication: &str) -> Self {
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut segments = path.rsplit('/');
        if segments.next() != Some(authentication) {
            return Self::Other;
        }
        match (segments.next(), segments.next()) {
            (Some("whoami"), Some(_)) => Self::Caller,
            (Some("apikeys"), Some(_)) => Self::Keys,
            (Some(id), Some("apikeys")) if segments.next().is_some() => Self::Key(id),
            _ => Self::Other,
        }
    }

    /// The value of `Allow`. Any path creates a key that does not name something else.
    const fn allow(&self) -> &'static str {
        match self {
            Self::Keys => "GET, POST",
            Self::Key(_) => "GET, DELETE",
            Self::Caller => "GET",
            Self::Other => "POST",
        }
    }
}

impl<'a> Route<'a> {
    /// Finds the route of a method and a path. `reads_caller` is whether the function's credential is a key.
    ///
    /// # Errors
    /// [`HttpError::MethodNotAllowed`] for a method that the resource does not have, [`HttpError::RouteUnknown`] for a
    /// `GET` or `DELETE` of a path without a resource.
    pub(super) fn find(
        method: &str,
        path: &'a str,
        authentication: &str,
        reads_caller: bool,
    ) -> Result<Self, HttpError> {
        let resource = Resource::find(path, authentication);
        match (method, &resource) {
            ("POST", Resource::Keys | Resource::Other) => Ok(Self::CreateKey),
            ("POST", Resource::Key(id)) if KeyId::parse(id).is_none() => Ok(Self::CreateKey),
            ("GET", Resource::Keys) => Ok(Self::ListKeys),
            ("GET", Resource::Key(id)) => Ok(Self::ReadKey(id)),
            ("GET", Resource::Caller) if reads_caller => Ok(Self::ReadCaller),
            ("DELETE", Resource::Key(id)) => Ok(Self::RevokeKey(id)),
            ("GET", Resource::Caller) | ("GET" | "DELETE", Resource::Other) => Err(HttpError::RouteUnknown),
            _ => Err(HttpError::MethodNotAllowed { allow: resource.allow() }),
        }
    }

    /// The code of a failure that the caller did not cause.
    pub(super) const fn failure_code(self) -> &'static str {
        match self {
            Self::CreateKey => code::CREATE_FAILED,
            Self::ListKeys => "listApikeysFailed",
            Self::ReadKey(_) | Self::ReadCaller => "readApikeyFailed",
            Self::RevokeKey(_) => "removeApikeyFailed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

    fn find<'a>(method: &str, path: &'a str) -> Result<Route<'a>, &'static str> {
        Route::find(method, path, "key", true).map_err(|error| match error {
            HttpError::MethodNotAllowed { allow } => allow,
            _ => "404",
        })
    }

    #[test]
    fn the_method_and_the_end_of_the_path_select_a_route() {
        let key = format!("/apikeys/{ID}/key");
        let staged = format!("/prod/v1/apikeys/{ID}/key/");
        for (method, path, expected) in [
            ("POST", "/apikeys/key", Ok(Route::CreateKey)),
            ("POST", "/prod/apikeys/key/", Ok(Route::CreateKey)),
            ("POST", "", Ok(Route::CreateKey)),
            ("POST", "/apikeys/not-an-id/key", Ok(Route::CreateKey)),
            ("POST", &key, Err("GET, DELETE")),
            ("POST", "/whoami/key", Err("GET")),
            ("GET", "/apikeys/key", Ok(Route::ListKeys)),
            ("GET", "/base/apikeys/key/", Ok(Route::ListKeys)),
            ("GET", "/apikeys/apikeys/key", Ok(Route::ListKeys)),
            ("GET", &key, Ok(Route::ReadKey(ID))),
            ("GET", &staged, Ok(Route::ReadKey(ID))),
            ("GET", "/apikeys//key", Ok(Route::ReadKey(""))),
            ("GET", "/apikeys/%37eba7d5c/key", Ok(Route::ReadKey("%37eba7d5c"))),
            ("GET", "/whoami/key", Ok(Route::ReadCaller)),
            ("GET", "/apikeys/whoami/key", Ok(Route::ReadCaller)),
            ("DELETE", &key, Ok(Route::RevokeKey(ID))),
            ("DELETE", "/apikeys/key", Err("GET, POST")),
            ("DELETE", "/whoami/key", Err("GET")),
            ("PUT", &key, Err("GET, DELETE")),
            ("HEAD", "/apikeys/key", Err("GET, POST")),
            ("get", "/apikeys/key", Err("GET, POST")),
            ("PUT", "/other", Err("POST")),
            ("GET", "", Err("404")),
            ("GET", "apikeys/key", Err("404")),
            ("GET", "/apikeys/jwt", Err("404")),
            ("GET", "/apikeys/key//", Err("404")),
            ("GET", "/apikeys%2Fkey", Err("404")),
            ("GET", "/keys/7/key", Err("404")),
            ("DELETE", "/key", Err("404")),
        ] {
            assert_eq!(find(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_token_has_no_key_to_read() {
        let find = |method| Route::find(method, "/whoami/jwt", "jwt", false);
        assert!(matches!(find("GET"), Err(HttpError::RouteUnknown)));
        assert!(matches!(find("POST"), Err(HttpError::MethodNotAllowed { allow: "GET" })));
    }
}
