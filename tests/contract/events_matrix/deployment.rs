//! The deployments of the matrix, named by the column `deployment`: the enabled features and the provisioner.

use serde_json::json;
use tests::host;
use tests::stored_key::basic;
use tests::token::{Claims, Signer};

use super::row::Row;
use crate::site::{Lineage, Process, Site, kept, strong};
use crate::support::{Endpoint, StoredKey};

/// A deployment, with the callers that the rows name.
pub(super) struct Deployment {
    pub(super) site: Site,
    pub(super) process: Process,
    caller: StoredKey,
    weak: StoredKey,
    expired: StoredKey,
    provisioner: StoredKey,
}

impl Deployment {
    /// Creates a deployment from the words `prefix`, `plaintext`, `roles` and `provisioner...`, or from `-`.
    pub(super) async fn of(words: &str) -> Self {
        let mut site = Site::closed().await;
        let [caller, weak, expired] = [strong(), StoredKey::new().level(3), strong().expires_in(-1)];
        for key in [&caller, &weak, &expired] {
            site.dynamo.put_item(key.item.clone()).await;
        }
        let mut provisioner = strong();
        for word in words.split(' ') {
            site = match word {
                "-" => site,
                "prefix" => site.delivering(),
                "plaintext" => site.set("ALLOW_PLAINTEXT_RESULT", "true"),
                "roles" => site.set("ROLE_LEVELS", r#"{"writer":3,"user":4}"#),
                _ => {
                    let kind = word.strip_prefix("provisioner").unwrap_or_else(|| panic!("{word}"));
                    provisioner = provisioner_of(kind);
                    with_provisioner(site, kind, &provisioner).await
                }
            };
        }
        let process = site.process().await;
        Self { site, process, caller, weak, expired, provisioner }
    }

    /// The value of `authorization` with this name.
    pub(super) fn credential(&self, name: &str) -> String {
        let now = host::now();
        let claims = Claims::new();
        let bearer = |claims: Claims| self.site.bearer(&claims);
        match name {
            "bearer" => bearer(claims),
            "bearer-lower" => bearer(claims).replace("Bearer", "bearer"),
            "bearer-admin" => bearer(claims.role("admin")),
            "bearer-writer" => bearer(claims.role("writer")),
            "bearer-inactive" => bearer(claims.with("status", 0)),
            "bearer-inactive-writer" => bearer(claims.with("status", 0).with("role", "user")),
            "bearer-expired" => bearer(claims.with("iat", now - 3_601).with("exp", now - 1)),
            "bearer-3601" => bearer(claims.with("iat", now).with("exp", now + 3_601)),
            "bearer-3600.5" => bearer(claims.with("iat", now).with("exp", now as f64 + 3_600.5)),
            "bearer-old" => bearer(claims.with("iat", now - 7_200).with("exp", now + 600)),
            "bearer-no-iat" => bearer(claims.without("iat")),
            "bearer-string-iat" => bearer(claims.with("iat", now.to_string())),
            "bearer-null-iat" => bearer(claims.with("iat", json!(null))),
            "bearer-forged" => format!("Bearer {}", claims.sign(&Signer::hs256(&host::random::<32>()))),
            "basic" => self.caller.authorization(),
            "basic-3" => self.weak.authorization(),
            "basic-expired" => self.expired.authorization(),
            "basic-wrong" => basic(&self.caller.key, &self.weak.secret),
            "basic-unknown" => strong().authorization(),
            _ => panic!("unknown credential: {name}"),
        }
    }

    /// The expected creator of a row's key.
    pub(super) fn lineage(&self, row: &Row) -> Lineage<'_> {
        match (row.endpoint, row.credential) {
            (Endpoint::Jwt, _) => Lineage::Token,
            (Endpoint::Key, Some(_)) => Lineage::Key(&self.caller),
            (Endpoint::Key, None) => Lineage::Key(&self.provisioner),
        }
    }
}

fn provisioner_of(kind: &str) -> StoredKey {
    match kind {
        "-3" => StoredKey::new().level(3),
        "-4" => StoredKey::new().level(4),
        "-short" => strong().chain_expires_in(1_000),
        "-short-4" => StoredKey::new().level(4).chain_expires_in(1_000),
        "-expired" => strong().expires_in(-1),
        _ => strong(),
    }
}

async fn with_provisioner(site: Site, kind: &str, key: &StoredKey) -> Site {
    if kind != "-unknown" {
        site.dynamo.put_item(key.item.clone()).await;
    }
    let apikey = json!({
        "key": key.key, "secret": key.secret, "level": 8, "expiresAt": "2099-11-06T15:57:30.000Z", "name": "x", "userId": 61,
    });
    let arn = site
        .keep(&match kind {
            "-malformed" => "a password".to_owned(),
            "-empty" => "{}".to_owned(),
            "-wrong" => kept(&StoredKey { secret: "0".repeat(64), ..key.clone() }),
            "-201" => apikey.to_string(),
            "-list" => json!([key.key, key.secret]).to_string(),
            "-twice" => kept(key).replacen('{', &format!(r#"{{"key":"{}","#, key.key), 1),
            "-upper" => kept(&StoredKey { secret: "AB".repeat(32), ..key.clone() }),
            "-bom" => format!("\u{feff}{}", kept(key)),
            "-wrapped" => json!({ "result": "success", "apikey": apikey }).to_string(),
            "" | "-3" | "-4" | "-short" | "-short-4" | "-expired" | "-unknown" | "-missing" => kept(key),
            _ => panic!("unknown provisioner: {kind}"),
        })
        .await;
    if kind == "-missing" {
        site.secrets.delete(&arn).await;
    }
    site.set("PROVISIONER_SECRET_ARN", &arn)
}
