//! What a running gateway cannot change: sockets, threads and open files are made from it once, at the start.

use serde_json::Value;

use crate::fault::{Finding, dotted};

/// Settings that want a restart, with all that is below them.
const FIXED: [&[&str]; 6] = [&["listen"], &["runtime"], &["keys"], &["data"], &["store"], &["telemetry"]];
/// Settings below those that a running gateway can change all the same.
const FREE: [&[&str]; 4] = [
    &["listen", "tls", "certificate"],
    &["listen", "tls", "key"],
    &["listen", "limits", "max_body_bytes"],
    &["listen", "limits", "max_upload_bytes"],
];

/// A finding for every setting that differs and wants a restart. Both documents have their defaults filled in.
pub(crate) fn check(running: &Value, wanted: &Value) -> Vec<Finding> {
    let mut paths = Vec::new();
    differences(running, wanted, &mut Vec::new(), &mut paths);
    let within = |path: &[String], prefix: &[&str]| {
        path.len() >= prefix.len() && path.iter().zip(prefix).all(|(key, wanted)| key == wanted)
    };
    let fixed = |path: &[String]| {
        FIXED.iter().any(|prefix| within(path, prefix)) && !FREE.iter().any(|prefix| within(path, prefix))
    };
    paths.into_iter().filter(|path| fixed(path)).map(|path| finding(&path)).collect()
}

fn finding(path: &[String]) -> Finding {
    let setting = dotted(path);
    Finding::at(path, format!("`{setting}` cannot change while the gateway runs: it takes a restart"))
        .help("restart the gateway, or put the old value back; until then nothing of this configuration is in effect")
}

/// The innermost settings that differ; one that only one side has, as a whole.
fn differences(left: &Value, right: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let (Value::Object(ours), Value::Object(theirs)) = (left, right) else {
        if left != right {
            found.push(path.clone());
        }
        return;
    };
    for key in ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key))) {
        path.push(key.clone());
        match (ours.get(key), theirs.get(key)) {
            (Some(ours), Some(theirs)) => differences(ours, theirs, path, found),
            _ => found.push(path.clone()),
        }
        path.pop();
    }
}
