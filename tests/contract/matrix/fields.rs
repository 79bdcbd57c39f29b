//! Group G: the members of the body.

use super::{Endpoint, Expected, Rows, World, assert_rows};

#[tokio::test]
async fn name_level_and_expires_in_have_their_types_and_bounds() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        let request = world.request(endpoint);
        let mut add = |id, name: &str, level: &str, expires_in: &str, expected| {
            let members = [("name", name), ("level", level), ("expiresIn", expires_in)];
            let members: Vec<_> = members
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| format!("{name:?}:{value}"))
                .collect();
            let body = format!("{{{}}}", members.join(","));
            rows.add(id, &body, endpoint, &request.clone().body(&body), expected);
        };
        names(&mut add);
        levels(&mut add);
        lifetimes(&mut add);
        add("G01", "", "\"x\"", "\"x\"", refused("nameMissing"));
        add("G16", "\"a\"", "", "-1", refused("levelMissing"));
    }
    rows
}

type Add<'a> = dyn FnMut(&'static str, &str, &str, &str, Expected) + 'a;

const fn refused(code: &'static str) -> Expected {
    Expected::Refused(400, code)
}

fn names(add: &mut Add<'_>) {
    let mut name = |id, text: &str, expected| add(id, text, "3", "60", expected);
    name("G01", "null", refused("nameMissing"));
    for text in [r#""""#, r#"" ""#, r#""\t\r\n""#, "\"\u{a0}\u{2003}\u{3000}\"", &format!("\"{}\"", " ".repeat(300))] {
        name("G03", text, refused("nameMissing"));
    }
    for text in ["7", "true", "false", "[]", r#"["a"]"#, "{}", r#"{"a":1}"#, "1e400"] {
        name("G04", text, refused("nameNotString"));
    }
    for character in ["x", "é", "鍵", "😀"] {
        name("G06", &format!("\"{}\"", character.repeat(256)), Expected::Created);
        name("G07", &format!("\"{}\"", character.repeat(257)), refused("nameInvalid"));
    }
    for text in [r#""a\u0000b""#, r#""\u0000""#] {
        name("G09", text, refused("nameInvalid"));
    }
    for code in ["0001", "0008", "0009", "000a", "000d", "001b", "001f", "007f", "0080", "0085", "009f"] {
        name("G10", &format!(r#""a\u{code}b""#), refused("nameInvalid"));
    }
    for code in ["202a", "202b", "202c", "202d", "202e", "2066", "2067", "2068", "2069"] {
        name("G10", &format!(r#""a\u{code}b""#), refused("nameInvalid"));
    }
    for text in ["Z̷̡͓a̵͎͝l̴̢̛g̸̰̀o̷", "👩‍👩‍👧‍👦", "مفتاح", "鍵", "\u{200f}x", "\u{200e}x", "\u{2029}", "a\u{feff}b", "\u{10ffff}"]
    {
        name(
            "G12",
            &format!("\"{text} \""),
            if text.trim().is_empty() { refused("nameMissing") } else { Expected::Created },
        );
    }
    for text in ["\"\u{e9}\"", "\"e\u{301}\"", "\"\u{212b}\"", "\"ﬁ\""] {
        name("G13", text, Expected::Created);
    }
    for text in NAUGHTY {
        name("G15", &serde_json::to_string(text).unwrap(), Expected::Created);
    }
}

/// From the Big List of Naughty Strings: text that can break shells, templates, databases and spreadsheets.
const NAUGHTY: [&str; 16] = [
    "undefined",
    "NULL",
    "-1",
    "0x0",
    "1;DROP TABLE users",
    "' OR 1=1 -- 1",
    "<script>alert(0)</script>",
    "${{7*7}}",
    "%s%x%n",
    "../../../etc/passwd",
    "$(touch /tmp/x)",
    "=cmd|' /C calc'!A0",
    "\\",
    "\"",
    "arn:aws:iam::123456789012:root",
    "#{7*7}",
];

fn levels(add: &mut Add<'_>) {
    let mut level = |id, text: &str, expected| add(id, "\"a\"", text, "60", expected);
    level("G16", "null", refused("levelMissing"));
    for text in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "3.0", "3e0", "30e-1", "0.3E+1"] {
        level("G18", text, Expected::Created);
    }
    for text in ["9", "10", "8.1", "-1", "-1e-400"] {
        level("G19", text, refused("invalidLevel"));
    }
    for text in ["-0", "-0.0", "0e99999999999"] {
        level("G21", text, Expected::Created);
    }
    for text in ["2.5", "3.0000000000000000000001", "1e-1", "1e-400"] {
        level("G22", text, refused("invalidLevel"));
    }
    for text in ["\"3\"", "\"\"", "\"three\""] {
        level("G24", text, refused("levelNotNumeric"));
    }
    for text in ["true", "false", "[]", "[3]", "{}"] {
        level("G25", text, refused("levelNotNumeric"));
    }
    for text in
        ["256", "259", "65539", "4294967299", "18446744073709551616", "18446744073709551619", "36893488147419103235"]
    {
        level("G27", text, refused("invalidLevel"));
    }
    for text in ["1e400", "1e99999999999999999999", "-1e400"] {
        level("G28", text, refused("invalidLevel"));
    }
}

fn lifetimes(add: &mut Add<'_>) {
    let mut expires_in = |id, text: &str, expected| add(id, "\"a\"", "3", text, expected);
    for text in ["", "null"] {
        expires_in("G30", text, refused("expiresInMissing"));
    }
    for text in ["0", "-0", "0.0", "-1", "-1e400"] {
        expires_in("G31", text, refused("invalidExpiresIn"));
    }
    for text in ["0.5", "60.5", "1e-400", "31536000.5", "1.0000000000000000000001"] {
        expires_in("G33", text, refused("invalidExpiresIn"));
    }
    for text in ["1", "1.0", "10e-1", "31536000", "3.1536e7"] {
        expires_in("G34", text, Expected::Created);
    }
    for text in ["\"3600\"", "\"1h\"", "\"\""] {
        expires_in("G36", text, refused("expiresInNotNumeric"));
    }
    for text in ["true", "[]", "[60]", "{}"] {
        expires_in("G37", text, refused("expiresInNotNumeric"));
    }
    for text in ["31536001", "3.1536001e7"] {
        expires_in("G39", text, refused("expiresInHigherThanMaximum"));
    }
    for text in
        ["1e18", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "1e400"]
    {
        expires_in("G40", text, refused("expiresInHigherThanMaximum"));
    }
}
