//! Verifies the same tokens with FreeSewing's check and with ours, at the same time: `make prove PROOF=differential`.
//!
//! The test fails if a difference is not in `tests/proof/differential/differences.tsv`, if no token shows a listed
//! difference, or if `tests/proof/differential/README.md` has other tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use shared::domain::Timestamp;
use tests::event::Source;
use tests::host;

use crate::support::{Endpoint, World};

/// The class of a token, the result of FreeSewing's check, our result.
type Difference = (String, String, String);

/// The number of tokens of a class, and the numbers of their results.
#[derive(Default)]
struct Counts {
    tokens: usize,
    both_accept: usize,
    both_refuse: usize,
    we_alone_refuse: usize,
    they_alone_refuse: usize,
}

/// The result of one check for one token.
struct Verdict {
    accepted: bool,
    text: String,
}

/// The results for all tokens.
#[derive(Default)]
struct Comparison {
    classes: BTreeMap<String, Counts>,
    /// The tokens that show each difference.
    differences: BTreeMap<Difference, Vec<String>>,
}

#[tokio::test]
#[ignore = "needs the results of FreeSewing's check: make prove PROOF=differential"]
async fn every_difference_from_freesewings_own_check_is_listed_with_its_reason() {
    let file = host::variable("APIKEYS_DIFFERENTIAL").expect("`make prove PROOF=differential` names the file");
    let run: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let comparison = compare(&run).await;
    let reasons = reasons();
    let documented = [comparison.totals(), comparison.table(&reasons)];
    std::fs::write(Path::new(&file).with_file_name("tables.md"), documented.join("\n")).unwrap();
    std::fs::write(Path::new(&file).with_file_name("classes.txt"), comparison.classes()).unwrap();
    let mut wrong = comparison.against(&reasons);
    let security = std::fs::read_to_string(host::repository().join("tests/proof/differential/README.md")).unwrap();
    if documented.iter().any(|lines| !security.contains(lines)) {
        wrong.push(
            "tests/proof/differential/README.md: its tables differ from .local/differential/tables.md".to_owned(),
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Sends every token to the function, at the time of FreeSewing's check.
async fn compare(run: &Value) -> Comparison {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (secret, issuer, audience) = (text(&run["secret"]), text(&run["issuer"]), text(&run["audience"]));
    let settings = [("JWT_SECRET", &*secret), ("JWT_ISSUER", &*issuer), ("JWT_AUDIENCE", &*audience)];
    let world = World::with(&settings).await;
    let now = Timestamp::from_millis(run["now"].as_u64().unwrap());
    let mut comparison = Comparison::default();
    for token in run["tokens"].as_array().unwrap() {
        let (theirs, ours) = (theirs(&token["node"]), ours(&world, token, now).await);
        let shown = format!("{} ({})", text(&token["id"]), text(&token["what"]));
        comparison.add(text(&token["class"]), shown, theirs, ours);
    }
    comparison
}

fn theirs(result: &Value) -> Verdict {
    let accepted = result["accepted"].as_bool().unwrap();
    let text = match result["error"].as_str() {
        Some(error) => error.split(':').next().unwrap_or_default().to_owned(),
        None if result["named"] == true => "accepted".to_owned(),
        None => "accepted, without an `_id`".to_owned(),
    };
    Verdict { accepted, text }
}

async fn ours(world: &World, token: &Value, now: Timestamp) -> Verdict {
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", token["authorization"].as_str().unwrap());
    let answer = world.invoke_at(Endpoint::Jwt, &request.event(Source::HttpApi), now).await.unwrap();
    let accepted = answer.status == 201;
    let text = if accepted {
        world.assert_created(&answer, &token["id"].to_string()).await;
        let another = token["node"]["named"] == true && answer.apikey("userId") != token["node"]["user"];
        if another { "201 for another user".to_owned() } else { "201".to_owned() }
    } else {
        assert!(matches!(answer.status, 401 | 403), "{}: {answer:?}", token["id"]);
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        format!("{} `{}`", answer.status, body["error"].as_str().unwrap())
    };
    Verdict { accepted, text }
}

/// The known differences, with their reasons.
fn reasons() -> BTreeMap<Difference, String> {
    let rows = include_str!("../proof/differential/differences.tsv").lines().skip(1);
    let reasons = rows.map(|row| {
        let [class, theirs, ours, why] = row.split('\t').collect::<Vec<_>>().try_into().unwrap();
        ((class.to_owned(), theirs.to_owned(), ours.to_owned()), why.to_owned())
    });
    reasons.collect()
}

impl Comparison {
    fn add(&mut self, class: String, shown: String, theirs: Verdict, ours: Verdict) {
        let counts = self.classes.entry(class.clone()).or_default();
        counts.tokens += 1;
        *match (theirs.accepted, ours.accepted) {
            (true, true) => &mut counts.both_accept,
            (false, false) => &mut counts.both_refuse,
            (true, false) => &mut counts.we_alone_refuse,
            (false, true) => &mut counts.they_alone_refuse,
        } += 1;
        let agree = !theirs.accepted && !ours.accepted || theirs.text == "accepted" && ours.text == "201";
        if !agree {
            self.differences.entry((class, theirs.text, ours.text)).or_default().push(shown);
        }
    }

    /// The differences without a reason, the reasons without a difference, and the valid tokens that were refused.
    fn against(&self, reasons: &BTreeMap<Difference, String>) -> Vec<String> {
        let unlisted = self.differences.iter().filter(|(difference, _)| !reasons.contains_key(*difference));
        let unlisted = unlisted.map(|(difference, shown)| format!("no reason: {difference:?}: {}", shown.join("; ")));
        let unseen = reasons.keys().filter(|difference| !self.differences.contains_key(*difference));
        let unseen = unseen.map(|difference| format!("no token shows {difference:?}"));
        let minted = &self.classes["minted"];
        let refused =
            (minted.both_accept != minted.tokens).then(|| "a valid token from jsonwebtoken is refused".to_owned());
        unlisted.chain(unseen).chain(refused).collect()
    }

    fn all(&self) -> Counts {
        self.classes.values().fold(Counts::default(), |sum, class| Counts {
            tokens: sum.tokens + class.tokens,
            both_accept: sum.both_accept + class.both_accept,
            both_refuse: sum.both_refuse + class.both_refuse,
            we_alone_refuse: sum.we_alone_refuse + class.we_alone_refuse,
            they_alone_refuse: sum.they_alone_refuse + class.they_alone_refuse,
        })
    }

    /// The numbers, as a table of `tests/proof/differential/README.md`.
    fn totals(&self) -> String {
        let row = |what: &str, counts: &Counts| {
            let Counts { tokens, both_accept, both_refuse, we_alone_refuse, they_alone_refuse } = counts;
            format!("| {what} | {tokens} | {both_accept} | {both_refuse} | {we_alone_refuse} | {they_alone_refuse} |\n")
        };
        "| | Tokens | Both accept | Both refuse | We alone refuse | Theirs alone refuses |\n|---|---|---|---|---|---|\n"
            .to_owned()
            + &row("All", &self.all())
            + &row("`minted`: what jsonwebtoken signs by HS256, with an end", &self.classes["minted"])
    }

    /// The differences, as a table of `tests/proof/differential/README.md`.
    fn table(&self, reasons: &BTreeMap<Difference, String>) -> String {
        let mut table = "| Class | Tokens | Theirs | Ours | Why |\n|---|---|---|---|---|\n".to_owned();
        for (difference, shown) in &self.differences {
            let (class, theirs, ours) = difference;
            let why = reasons.get(difference).map_or("?", String::as_str);
            writeln!(table, "| `{class}` | {} | {theirs} | {ours} | {why} |", shown.len()).unwrap();
        }
        table
    }

    /// Every class, as a table for a terminal.
    fn classes(&self) -> String {
        let all = [("all".to_owned(), self.all())];
        let mut lines = "class                 tokens  both accept  both refuse  we alone  theirs alone\n".to_owned();
        for (class, counts) in self.classes.iter().chain(all.iter().map(|(class, counts)| (class, counts))) {
            let Counts { tokens, both_accept, both_refuse, we_alone_refuse, they_alone_refuse } = counts;
            writeln!(
                lines,
                "{class:<20}{tokens:>8}{both_accept:>13}{both_refuse:>13}{we_alone_refuse:>10}{they_alone_refuse:>14}"
            )
            .unwrap();
        }
        lines
    }
}
