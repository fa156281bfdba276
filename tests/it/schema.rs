//! The exported schema: equal to the code, and described in every part (SPEC API-6).

use std::fs;

use async_graphql::Executor;
use baton::graphql::guard::Limits;
use baton::graphql::{build, sdl};

// API-6
#[test]
fn the_exported_schema_is_the_codes_own() {
    let exported = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/schema.graphql")).unwrap();
    let of_code = sdl();
    assert!(
        exported.trim() == of_code.trim(),
        "schema/schema.graphql is not what the code says, run `make schema` and read the diff"
    );
}

// API-6
#[test]
fn every_type_field_argument_and_value_has_a_description() {
    let sdl = sdl();
    let (mut bare, mut described, mut inside) = (Vec::new(), false, false);
    for line in sdl.lines().map(str::trim) {
        if line.starts_with("\"\"\"") {
            let closes = line.len() > 3 && line.ends_with("\"\"\"");
            if !closes {
                inside = !inside;
            }
            described = true;
            continue;
        }
        let is_part =
            !inside && !line.is_empty() && !line.starts_with(['}', ')', '#', '{']) && !line.starts_with("schema");
        if is_part {
            let of_relay = ["PageInfo", "Edge", "Connection"].iter().any(|name| line.contains(name));
            let of_directive =
                ["directive", "query:", "mutation:", "subscription:"].iter().any(|start| line.starts_with(start));
            if !described && !of_relay && !of_directive {
                bare.push(line.to_owned());
            }
        }
        if !inside {
            described = false;
        }
    }
    assert!(bare.is_empty(), "without a description:\n{}", bare.join("\n"));
}

// The playground's tabs: what they ask is in the schema and within the limits.
#[tokio::test]
async fn every_operation_of_the_playgrounds_story_fits_the_schema() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/playground/src/story");
    let schema = build(Limits::default());
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "graphql") {
            continue;
        }
        count += 1;
        let text = fs::read_to_string(&path).unwrap();
        let variables = fs::read_to_string(path.with_extension("json")).unwrap_or_else(|_| "{}".to_owned());
        let variables = async_graphql::Variables::from_json(serde_json::from_str(&variables).unwrap());
        let answer = schema.execute(async_graphql::Request::new(&text).variables(variables)).await;
        for error in answer.errors {
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code")).map(ToString::to_string);
            // Without a session every resolver fails; what does not fit the schema never gets that far.
            assert_eq!(code.as_deref(), Some("\"INTERNAL\""), "{}: {}", path.display(), error.message);
        }
    }
    assert!(count >= 10, "the story has {count} steps");
}
