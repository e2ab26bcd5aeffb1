//! What it was measured on and with, without anything that names a host or a folder.

use std::fs;
use std::path::Path;
use std::process::Command;

/// One line each: what, and which.
pub fn describe(binary: &Path, profile: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Processor", processor()),
        ("Memory", memory()),
        ("Kernel", format!("Linux {}", read("/proc/sys/kernel/osrelease"))),
        ("Load before", format!("{} (average of one minute)", first_word(&read("/proc/loadavg")))),
        ("Portico", format!("{}, commit {}, profile `{profile}`", said(binary, &["--version"]), commit())),
        ("nginx", said(Path::new("nginx"), &["-v"])),
        ("HAProxy", said(Path::new("haproxy"), &["-v"])),
        ("Compiler", said(Path::new("rustc"), &["--version"])),
        ("Date", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
    ]
}

fn processor() -> String {
    let info = read("/proc/cpuinfo");
    let value = |name: &str| {
        info.lines().filter_map(|line| line.split_once(':')).find(|(known, _)| known.trim() == name)
    };
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let model = value("model name").map_or("unknown", |(_, model)| model.trim());
    let numbers =
        ["cpu family", "model", "stepping"].map(|name| value(name).map_or("?", |(_, of)| of.trim()));
    let hypervisor =
        value("flags").is_some_and(|(_, flags)| flags.split(' ').any(|flag| flag == "hypervisor"));
    format!(
        "{model} (family {}, model {}, stepping {}), {cores} cores{}",
        numbers[0],
        numbers[1],
        numbers[2],
        if hypervisor { ", virtual machine" } else { "" }
    )
}

fn memory() -> String {
    let info = read("/proc/meminfo");
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: f64 = total.map_or(0.0, |text| first_word(text.trim()).parse().unwrap_or_default());
    format!("{:.1} GiB", kib / 1024.0 / 1024.0)
}

fn commit() -> String {
    let git = |arguments: &[&str]| -> Option<String> {
        let output =
            Command::new("git").args(arguments).current_dir(portico_servers::checkout()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(hash) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no", "--", "adapters", "gateway", "schemas"]) {
        Some(changed) if changed.is_empty() => hash,
        _ => format!("{hash} with changes"),
    }
}

/// The first line that a program says, wherever it says it, without the address of its home page.
fn said(program: &Path, arguments: &[&str]) -> String {
    let Ok(output) = Command::new(program).args(arguments).output() else { return "unknown".to_owned() };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().next().unwrap_or("unknown");
    line.split(" - ").next().unwrap_or(line).trim_start_matches("nginx version: ").trim().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
