//! Neighbours in group G: the members of the body.

use crate::matrix::{Expected, Rows};
use crate::support::{Endpoint, World};

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        let request = world.request(endpoint);
        let mut add = |id: &'static str, name: &str, level: &str, expires_in: &str, expected| {
            let body = format!(r#"{{"name":{name},"level":{level},"expiresIn":{expires_in}}}"#);
            rows.add(id, &body, endpoint, &request.clone().body(&body), expected);
        };
        levels(&mut |id, level, expected| add(id, "\"a\"", level, "60", expected));
        lifetimes(&mut |id, expires_in, expected| add(id, "\"a\"", "3", expires_in, expected));
        names(&mut |id, name, expected| add(id, &format!("\"{name}\""), "3", "60", expected));
        // The first broken rule determines the code, also if later rules are broken.
        for (name, level, expires_in, code) in [
            ("7", "9", "0", "nameNotString"),
            ("\"\\u0000\"", "null", "null", "nameInvalid"),
            ("\"a\"", "1e400", "31536001", "invalidLevel"),
            ("\"a\"", "\"3\"", "\"60\"", "levelNotNumeric"),
        ] {
            add("G+8", name, level, expires_in, refused(code));
        }
    }
    rows
}

type Add<'a> = dyn FnMut(&'static str, &str, Expected) + 'a;

const fn refused(code: &'static str) -> Expected {
    Expected::Refused(400, code)
}

fn levels(level: &mut Add<'_>) {
    for text in ["0.8e1", "8E-0", "1E+0", "800e-2", "8.000000000000000000000000000000", "0e999999999", "-0e5", "0.0E-0"]
    {
        level("G+1", text, Expected::Created);
    }
    for text in [
        "8.0000000000000000001",
        "7.9999999999999999999",
        "-1e-9999999999",
        "1e-9999999999",
        "3e00000000000000000001",
        "9007199254740995",
        "1.8446744073709551619e19",
    ] {
        level("G+1", text, refused("invalidLevel"));
    }
    for text in ["[0]", "{\"value\":3}", "\"\\u0033\"", "[[]]"] {
        level("G+2", text, refused("levelNotNumeric"));
    }
}

fn lifetimes(expires_in: &mut Add<'_>) {
    for text in ["31536000.0", "3153600000e-2", "0.31536E8", "1e-0", "1.00000000000000000000000", "1E+1"] {
        expires_in("G+3", text, Expected::Created);
    }
    for text in [
        "31536000.0000000000000000001",
        "31535999.9999999999999999999",
        "0.9999999999999999999",
        "0e999999999",
        "-0.0",
        "-31536001",
        "1e-9999999999",
        "315360005e-1",
    ] {
        expires_in("G+3", text, refused("invalidExpiresIn"));
    }
    for text in ["31536000.1e1", "3.1536001E+7", "1e9999999999", "9007199254740993", "18446744073709551617"] {
        expires_in("G+3", text, refused("expiresInHigherThanMaximum"));
    }
    for text in ["{\"seconds\":60}", "\"PT1H\"", "[1]", "false"] {
        expires_in("G+2", text, refused("expiresInNotNumeric"));
    }
}

fn names(name: &mut Add<'_>) {
    // U+0085 is a control and also White_Space (Unicode). U+001C, U+180E and U+200B are not White_Space.
    for text in ["\u{85}", "\u{2028}", "\u{1680}\u{205f}", "\\u000b\\u000c", "\\u2029 \\u0085"] {
        name("G+4", text, refused("nameMissing"));
    }
    for text in ["\\u001c", "\\u001f ", "\u{85}a", "\\u007f"] {
        name("G+4", text, refused("nameInvalid"));
    }
    for text in ["\u{200b}", "\u{feff}", "\u{180e}", "\u{2060}", "\u{ad}", "\u{3164}", "a\u{2028}b", "a\u{a0}"] {
        name("G+5", text, Expected::Created);
    }
    // Marks and unusual characters that the contract does not list are valid.
    for text in
        ["\u{61c}a", "a\u{200f}", "\u{fff9}a\u{fffb}", "\u{e0001}a", "\u{fffe}", "\u{fdd0}", "\u{e000}", "\\ufffd"]
    {
        name("G+5", text, Expected::Created);
    }
    for text in ["\\u202ea", "a\u{2067}", "\\u2069"] {
        name("G+5", text, refused("nameInvalid"));
    }
    for (count, expected) in [(255, Expected::Created), (256, refused("nameInvalid"))] {
        name("G+6", &format!("a{}", "\u{301}".repeat(count)), expected);
        name("G+6", &format!("a{}", "\\ud83d\\ude00".repeat(count)), expected);
        name("G+6", &format!("{}a", " ".repeat(count)), expected);
        name("G+6", &format!("a{}", "\u{2003}".repeat(count)), expected);
        name("G+6", &format!("a{}", "\u{200d}".repeat(count)), expected);
    }
    for text in ["<\\/script>", "\\\"},{\\\"level\\\":8", "%00", "&lt;", "\\\\u0000", "a\\/b", "\u{7fff}\\u0041"] {
        name("G+7", text, Expected::Created);
    }
}
