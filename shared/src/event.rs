//! The one dispatcher: what an invocation's payload is, told by its shape.

use crate::http::GatewayEvent;

/// A payload that this service knows, or not.
pub enum Event<'a> {
    /// An HTTP request through a gateway, a Function URL or a load balancer.
    Http(GatewayEvent<'a>),
    /// Anything else.
    Unknown,
}

impl<'a> Event<'a> {
    /// Tells the shape of a payload, any JSON text.
    #[must_use]
    pub fn of(payload: &'a str) -> Self {
        GatewayEvent::read(payload).map_or(Self::Unknown, Self::Http)
    }
}
