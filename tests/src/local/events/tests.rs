use super::*;
use crate::dynamo::Dynamo;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn named(name: &str) -> EventFile {
    EventFile::named(Path::new(name)).unwrap()
}

#[test]
fn a_name_says_function_status_and_error_code() {
    let file = named("events/key-403-insufficient-access-level.json");
    assert_eq!((file.function, file.status), (Function::Key, 403));
    assert_eq!(file.error_code().as_deref(), Some("insufficientAccessLevel"));
    assert_eq!(named("jwt-201-payload-1.0.json").error_code(), None);
    assert!(named("jwt-500-create-apikey-failed.json").needs_a_broken_store());
}

#[test]
fn a_name_outside_the_scheme_is_an_error() {
    for name in ["jwt.json", "jwt-ok-http-api.json", "other-201-http-api.json", "jwt-201-http-api.txt"] {
        assert!(EventFile::named(Path::new(name)).unwrap_err().contains("isn't named"), "{name}");
    }
}

#[tokio::test]
async fn a_placeholder_becomes_a_credential_and_its_key_is_stored() {
    let dynamo = Dynamo::in_memory().await;
    let text = r#"["{{bearer}}", "{{basic level=3}}", "{{basic level=3}}"]"#;
    let filled = fill(text, &dynamo, &Signer::hs256(SECRET)).await.unwrap();
    let values: Vec<String> = serde_json::from_str(&filled).unwrap();
    assert!(values[0].starts_with("Bearer ey") && values[1].starts_with("Basic "), "{filled}");
    assert_eq!(values[1], values[2]);
    assert_eq!(dynamo.items().await.len(), 1);
}

#[tokio::test]
async fn a_placeholder_without_end_or_meaning_is_an_error() {
    let table = Table::at(1);
    for text in ["{{bearer", "{{digest}}"] {
        assert!(fill(text, &table, &Signer::hs256(SECRET)).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn every_file_of_the_folder_fills_and_has_no_secret_of_its_own() {
    let dynamo = Dynamo::in_memory().await;
    let files = EventFile::all().unwrap();
    assert!(!files.is_empty());
    for file in files {
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(!text.contains("Bearer ") && !text.contains("Basic "), "{}", file.path.display());
        let event = file.fill(&dynamo, &Signer::hs256(SECRET)).await.unwrap();
        assert!(event.is_object(), "{}", file.path.display());
    }
}
