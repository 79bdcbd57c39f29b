//! Creates an API key with a token, and one with a key. It reads the environment variables API, TOKEN, KEY and SECRET.

use std::{env, error::Error, thread, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use ureq::Agent;
use uuid::Uuid;

fn create_apikey(agent: &Agent, path: &str, authorization: &str, request: &Value) -> Result<Value, Box<dyn Error>> {
    let url = env::var("API")? + path;
    let idempotency_key = Uuid::new_v4().to_string();
    let mut tries = 1;
    loop {
        let sent = agent
            .post(&url)
            .header("Authorization", authorization)
            .header("Idempotency-Key", &idempotency_key)
            .send_json(request);
        match sent {
            Ok(mut answer) => {
                let status = answer.status().as_u16();
                if tries == 3 || (status < 500 && status != 429) {
                    let mut body: Value = answer.body_mut().read_json()?;
                    return match status {
                        201 => Ok(body["apikey"].take()),
                        _ => Err(body["error"].as_str().unwrap_or("no code").into()),
                    };
                }
            }
            Err(error) if tries == 3 => return Err(error.into()),
            Err(_) => {}
        }
        thread::sleep(Duration::from_millis(200 * tries));
        tries += 1;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).http_status_as_error(false);
    let agent = Agent::from(config.build());
    let bearer = format!("Bearer {}", env::var("TOKEN")?);
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", env::var("KEY")?, env::var("SECRET")?)));
    let request = json!({ "name": "My first API key", "level": 3, "expiresIn": 3600 });
    let with_token = create_apikey(&agent, "/apikeys/jwt", &bearer, &request)?;
    let with_key = create_apikey(&agent, "/apikeys/key", &basic, &request)?;
    println!("{} {}", with_token["key"], with_key["key"]);
    Ok(())
}
