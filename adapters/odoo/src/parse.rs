//! Reading a settings table so that the second fault does not hide behind the first.

use portico_contract::SettingFault;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// Deserializes; a member that cannot be read is noted, taken out, and the rest is tried again.
pub(crate) fn parse<T: DeserializeOwned>(mut settings: Value, faults: &mut Vec<SettingFault>) -> Option<T> {
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&settings) {
            Ok(raw) => return Some(raw),
            Err(error) => error,
        };
        let mut in_list = false;
        let mut path = Vec::new();
        for segment in error.path() {
            match segment {
                Segment::Map { key } if !in_list => path.push(key.clone()),
                // A list is taken out as a whole: what is inside one has no path of keys.
                Segment::Seq { .. } => in_list = true,
                _ => {}
            }
        }
        let detail = error.into_inner().to_string();
        let named = |what: &str| detail.strip_prefix(what).and_then(|rest| rest.split('`').next());
        let (unknown, missing) = (named("unknown field `"), named("missing field `"));
        let missing_member = missing.is_some() && !in_list;
        if let Some(unknown) = unknown.filter(|_| !in_list)
            && path.last().is_none_or(|last| last != unknown)
        {
            path.push(unknown.to_owned());
        }
        if let Some(missing) = missing.filter(|_| !in_list) {
            // It may be missing because it was taken out: that was told already.
            path.push(missing.to_owned());
            if faults.iter().any(|told| told.path.starts_with(&path)) {
                path.pop();
                if remove(&mut settings, &path) {
                    continue;
                }
                return None;
            }
        }
        let removed = remove(&mut settings, &path);
        // A required member that is missing hides nothing but itself: what holds it is taken out instead.
        let around = path.split_last().map(|(_, around)| around).filter(|around| !around.is_empty());
        let removed =
            removed || (missing_member && around.is_some_and(|around| remove(&mut settings, around)));
        faults.push(SettingFault { path, detail: shown(detail) });
        if !removed {
            return None;
        }
    }
}

/// serde quotes values in its messages; one of them may be a secret that was written in the wrong place.
fn shown(detail: String) -> String {
    match detail.split_once(": ") {
        Some(("invalid type" | "invalid value", rest)) => match rest.rsplit_once("expected ") {
            Some((_, "usize" | "u64" | "u32")) => "must be a whole number".to_owned(),
            Some((_, expected)) => format!("must be {expected}"),
            None => "has the wrong type".to_owned(),
        },
        _ => match detail.split_once("expected one of ").or_else(|| detail.split_once("expected ")) {
            Some((head, expected)) if head.starts_with("unknown variant") => {
                format!("must be one of {expected}")
            }
            _ => detail,
        },
    }
}

fn remove(settings: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut at = settings;
    for key in parents {
        match at.get_mut(key) {
            Some(next) => at = next,
            None => return false,
        }
    }
    at.as_object_mut().is_some_and(|members| members.remove(last).is_some())
}
