//! Against a codec that is not ours: Python's `xmlrpc.client`, which Odoo itself uses.

use std::io::Write as _;
use std::process::{Command, Stdio};

use rust_decimal::Decimal;

use super::*;

/// Runs a script with this input. `None` where there is no Python, except in CI, where there has to be one.
fn python(script: &str, input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("python3");
    command.args(["-c", script]).env("PYTHONIOENCODING", "utf-8");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(why) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "python3 is needed here: {why}");
            eprintln!("not run: no python3 ({why})");
            return None;
        }
    };
    child.stdin.take().expect("a pipe").write_all(input).expect("python reads");
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

fn sample() -> Value {
    Value::members([
        ("nothing", Value::Nil),
        ("yes", true.into()),
        ("small", 7_i64.into()),
        ("large", Value::Int(9_007_199_254_740_993)),
        ("money", Decimal::new(33_34, 2).into()),
        ("text", "Taxi Köln → Łódź <&>\"' ]]> 😀".into()),
        ("lines", "a\r\nb\rc\nd\te".into()),
        ("empty", "".into()),
        ("when", Value::DateTime("20261122T12:41:18".to_owned())),
        ("octets", Value::Octets(vec![0, 255, 128, 10, 13])),
        ("list", Value::Array(vec![1_i64.into(), Value::Array(vec![]), Value::Struct(vec![])])),
    ])
}

#[test]
fn python_reads_what_we_write() {
    let call = crate::xmlrpc::call("execute_kw", &["odoo".into(), sample()]).expect("a call");
    let script = r#"
import sys, xmlrpc.client as x
params, method = x.loads(sys.stdin.buffer.read())
assert method == "execute_kw", method
db, m = params
assert db == "odoo"
assert m["nothing"] is None and m["yes"] is True and m["small"] == 7 and m["large"] == 9007199254740993
assert repr(m["money"]) == "33.34", m["money"]
assert m["text"] == "Taxi K\u00f6ln \u2192 \u0141\u00f3d\u017a <&>\"' ]]> \U0001F600", m["text"]
assert m["lines"] == "a\r\nb\rc\nd\te", repr(m["lines"])
assert m["empty"] == "" and str(m["when"]) == "20261122T12:41:18"
assert m["octets"].data == bytes([0, 255, 128, 10, 13])
assert m["list"] == [1, [], {}]
"#;
    python(script, &call.head);
}

#[test]
fn we_read_what_python_writes() {
    let script = r#"
import sys, datetime, xmlrpc.client as x
value = {"nothing": None, "yes": True, "small": 7, "money": 33.34, "tiny": 1e-05, "sum": 0.1 + 0.2, "huge": 1e+16,
  "text": "Taxi K\u00f6ln \u2192 \u0141\u00f3d\u017a <&>\"' ]]> \U0001F600", "empty": "",
  "when": x.DateTime(datetime.datetime(2026, 11, 22, 12, 41, 18)), "octets": x.Binary(bytes(range(256))),
  "list": [1, [], {}], "pair": (2, "b")}
sys.stdout.buffer.write(x.dumps((value,), methodresponse=True, allow_none=True).encode())
"#;
    let Some(written) = python(script, b"") else { return };
    let decimal = |text: &str| Value::Decimal(text.parse().expect("a number"));
    let expected = Value::members([
        ("nothing", Value::Nil),
        ("yes", true.into()),
        ("small", 7_i64.into()),
        ("money", decimal("33.34")),
        ("tiny", decimal("0.00001")),
        ("sum", decimal("0.30000000000000004")),
        ("huge", decimal("10000000000000000")),
        ("text", "Taxi Köln → Łódź <&>\"' ]]> 😀".into()),
        ("empty", "".into()),
        ("when", Value::DateTime("20261122T12:41:18".to_owned())),
        ("octets", Value::Octets((0..=255).collect())),
        ("list", Value::Array(vec![1_i64.into(), Value::Array(vec![]), Value::Struct(vec![])])),
        ("pair", Value::Array(vec![2_i64.into(), "b".into()])),
    ]);
    let read = value_of(std::str::from_utf8(&written).expect("UTF-8"));
    assert!(read == expected, "{read:?}");
    let script = "import sys, xmlrpc.client as x\nsys.stdout.write(x.dumps(x.Fault(3, 'Access Denied')))";
    let fault = python(script, b"").map(|fault| fault_of(&String::from_utf8_lossy(&fault)));
    assert_eq!(
        fault.map(|fault| (fault.code(), fault.message().to_owned())),
        Some((3, "Access Denied".to_owned()))
    );
}
