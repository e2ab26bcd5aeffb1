//! Printing tables: lines of JSON, or comma-separated values.

use serde_json::{Map, Value};

use crate::cli::Format;
use crate::say::say;

/// Prints rows of named values. Names are the same in every row, in the same order.
pub struct Printer {
    format: Format,
    columns: &'static [&'static str],
}

impl Printer {
    /// Prints the head, where the format has one.
    pub fn new(format: Format, columns: &'static [&'static str]) -> Self {
        if format == Format::Csv {
            say(columns.join(","));
        }
        Self { format, columns }
    }

    /// Prints one row; values in the order of the columns.
    pub fn row(&self, values: Vec<Value>) {
        match self.format {
            Format::Jsonl => {
                let named = self.columns.iter().map(|name| (*name).to_owned()).zip(values);
                say(Value::Object(named.filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>()));
            }
            Format::Csv => say(values.iter().map(cell).collect::<Vec<_>>().join(",")),
        }
    }
}

/// A cell (RFC 4180). A spreadsheet takes what begins like a formula for one, quoted or not, so it gets an apostrophe.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        // A number of ours is no formula; everything else begins with a letter or a bracket.
        other => return quoted(&other.to_string()),
    };
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        quoted(&format!("'{text}"))
    } else {
        quoted(&text)
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (value, written) in [
            (json!("=1+1"), "'=1+1"),
            (json!("+44 20"), "'+44 20"),
            (json!("-2"), "'-2"),
            (json!("@SUM(A1)"), "'@SUM(A1)"),
            (json!("\tx"), "'\tx"),
            (json!("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            (json!("fine, really"), "\"fine, really\""),
            (json!("two\nlines"), "\"two\nlines\""),
            (json!("a=b"), "a=b"),
            (json!(-2), "-2"),
            (json!(null), ""),
        ] {
            assert_eq!(cell(&value), written, "{value}");
        }
    }
}
