//! The query of a request. A parameter that occurs twice is invalid, so that no proxy can read another one of the two.

use super::gateway_event::GatewayEvent;
use crate::domain::{Cursor, UserId};
use crate::keys::{PageLimit, PageRequest};

/// A parameter that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidQuery {
    /// `limit` is not a number from 1 to 100.
    Limit,
    /// `cursor` is not the cursor of a page.
    Cursor,
    /// `userId` is not a user id.
    UserId,
    /// `chain` is neither `true` nor `false`, or there is another parameter. A misspelt parameter must not revoke less
    /// than was meant.
    Chain,
}

/// Reads `limit`, `cursor` and `userId`; other parameters are ignored.
///
/// # Errors
/// The first invalid parameter.
pub(super) fn page(event: &GatewayEvent<'_>) -> Result<PageRequest, InvalidQuery> {
    let query = event.query();
    let limit = match one(&query, "limit").map_err(|Twice| InvalidQuery::Limit)? {
        None => PageLimit::DEFAULT,
        Some(text) => decimal(text).and_then(PageLimit::new).ok_or(InvalidQuery::Limit)?,
    };
    let after = one(&query, "cursor").map_err(|Twice| InvalidQuery::Cursor)?;
    let after = after.map(|text| Cursor::parse(text).ok_or(InvalidQuery::Cursor)).transpose()?;
    let user_id = one(&query, "userId").map_err(|Twice| InvalidQuery::UserId)?;
    let user_id = user_id.map(|text| decimal(text).and_then(UserId::new).ok_or(InvalidQuery::UserId)).transpose()?;
    Ok(PageRequest { user_id, limit, after })
}

/// Reads `chain`, the only parameter of a revocation.
///
/// # Errors
/// [`InvalidQuery::Chain`].
pub(super) fn with_chain(event: &GatewayEvent<'_>) -> Result<bool, InvalidQuery> {
    match event.query().as_slice() {
        [] => Ok(false),
        [(name, value)] if name == "chain" => match value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(InvalidQuery::Chain),
        },
        _ => Err(InvalidQuery::Chain),
    }
}

/// A parameter occurs twice.
struct Twice;

fn one<'a>(query: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, Twice> {
    let mut values = query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let first = values.next();
    if values.next().is_none() { Ok(first) } else { Err(Twice) }
}

/// A number in its shortest decimal form.
fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Members;

    fn page_of(query: &str) -> Result<PageRequest, InvalidQuery> {
        let event = format!(r#"{{"requestContext":{{"http":{{"method":"GET"}}}},"rawQueryString":"{query}"}}"#);
        page(&GatewayEvent::read(Members::parse(&event).unwrap()).unwrap())
    }

    fn chain_of(query: &str) -> Result<bool, InvalidQuery> {
        let event = format!(r#"{{"requestContext":{{"http":{{"method":"DELETE"}}}},"rawQueryString":"{query}"}}"#);
        with_chain(&GatewayEvent::read(Members::parse(&event).unwrap()).unwrap())
    }

    #[test]
    fn a_limit_is_a_decimal_number_from_1_to_100() {
        for (query, limit) in [("", 25), ("limit=1", 1), ("limit=100", 100), ("limit=%35", 5), ("other=1&limit=7", 7)] {
            assert_eq!(page_of(query).map(|page| page.limit), Ok(PageLimit::new(limit).unwrap()), "{query}");
        }
        for query in ["0", "101", "-1", "+1", "1.5", "1e1", "", "05", "5,6", "x", "18446744073709551617"] {
            assert_eq!(page_of(&format!("limit={query}")).err(), Some(InvalidQuery::Limit), "{query}");
        }
        assert_eq!(page_of("limit=5&limit=5").err(), Some(InvalidQuery::Limit));
    }

    #[test]
    fn the_first_invalid_parameter_is_reported() {
        for (query, expected) in [
            ("userId=0&cursor=x&limit=0", InvalidQuery::Limit),
            ("userId=0&cursor=x", InvalidQuery::Cursor),
            ("cursor=", InvalidQuery::Cursor),
            ("userId=0", InvalidQuery::UserId),
            ("userId=61&userId=61", InvalidQuery::UserId),
            ("userId=9007199254740992", InvalidQuery::UserId),
        ] {
            assert_eq!(page_of(query).err(), Some(expected), "{query}");
        }
    }

    #[test]
    fn a_revocation_has_no_parameter_but_chain() {
        assert_eq!((chain_of(""), chain_of("chain=true"), chain_of("chain=false")), (Ok(false), Ok(true), Ok(false)));
        for query in ["chain=", "chain", "chain=TRUE", "chain=1", "chain=true&chain=true", "Chain=true", "chian=true"] {
            assert_eq!(chain_of(query), Err(InvalidQuery::Chain), "{query}");
        }
    }
}
