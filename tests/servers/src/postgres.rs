//! PostgreSQL with a cluster of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::process::{Spec, lasting_addr, own};
use crate::{PASSWORD, USERNAME, install};

/// `$1` is the folder of the data, the rest the command. After a crash the server's children go within moments, and a new one
/// refuses to start before. A TERM becomes an INT: the server is to end although clients are connected.
const SCRIPT: &str = r#"
tries=0
while ls -l /proc/[0-9]*/cwd 2>/dev/null | grep -q -- "-> $1\$" && [ $tries -lt 200 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
# What a crash leaves behind; nobody is there any more.
rm -f "$1/postmaster.pid"
shift
"$@" &
child=$!
trap 'kill -INT $child' TERM
while kill -0 $child 2>/dev/null; do wait $child; done
"#;

pub(crate) fn spec(home: &Path) -> anyhow::Result<Spec> {
    let addr = lasting_addr()?;
    // It refuses to run as root.
    let owner = install::is_root().then(|| install::user("postgres").context("there is no user postgres"));
    let owner = owner.transpose()?;
    let (data, password) = (home.join("data"), home.join("password"));
    fs::create_dir(&data)?;
    fs::write(&password, PASSWORD)?;
    own(&data, owner)?;
    own(&password, owner)?;
    let drop_rights = match owner {
        Some((user, group)) => vec![
            "setpriv".to_owned(),
            format!("--reuid={user}"),
            format!("--regid={group}"),
            "--clear-groups".to_owned(),
        ],
        None => Vec::new(),
    };
    let program = |name: &str| -> anyhow::Result<String> {
        let program = install::program(name).with_context(|| format!("there is no {name}"))?;
        Ok(program.to_string_lossy().into_owned())
    };
    let folder = data.to_string_lossy().into_owned();
    let mut make = drop_rights.clone();
    make.extend([
        program("initdb")?,
        "--pgdata".into(),
        folder.clone(),
        "--username".into(),
        USERNAME.into(),
    ]);
    make.extend(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"].map(str::to_owned));
    make.extend(["--pwfile".to_owned(), password.to_string_lossy().into_owned()]);
    let output =
        Command::new(&make[0]).args(&make[1..]).current_dir(home).output().context("cannot run initdb")?;
    ensure!(
        output.status.success(),
        "initdb failed: {}",
        install::tail(&String::from_utf8_lossy(&output.stderr))
    );
    let mut command = ["sh", "-c", SCRIPT, "postgres", &folder].map(str::to_owned).to_vec();
    command.extend(drop_rights);
    command.extend([program("postgres")?, "-D".into(), folder, "-h".into(), "127.0.0.1".into()]);
    command.extend(["-p".to_owned(), addr.port().to_string()]);
    // No socket beside the port: its folder would be shared with the machine's own server.
    command.extend(["-c", "unix_socket_directories="].map(str::to_owned));
    let says = Some("ready to accept connections");
    Ok(Spec { data: Some(data), owner, says, ..Spec::new(command, addr) })
}
