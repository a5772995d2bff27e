use std::fs::{self, File};
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::super::ports;
use super::home;
use super::tls::Tls;

/// Where Debian's package has it: the one in `/usr/sbin` wants to be another user.
pub(super) const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// The end of the log that an error shows.
const TAIL: usize = 2000;

/// What makes a node the same one after a restart: its name, its ports and its files.
#[derive(Debug)]
pub(super) struct Node {
    name: String,
    pub(super) port: u16,
    dist_port: u16,
    epmd_port: u16,
    pub(super) tls_port: Option<u16>,
    /// What is run.
    server: PathBuf,
    folder: Option<TempDir>,
    path: PathBuf,
}

/// What nodes share that know each other: the daemon they find each other by, and the secret
/// they show.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) epmd_port: u16,
    cookie: String,
}

impl Family {
    pub(super) fn new() -> io::Result<Self> {
        let cookie = std::iter::repeat_with(fastrand::uppercase).take(20).collect();
        Ok(Self { epmd_port: ports::free()?, cookie })
    }

    /// The daemon.
    pub(super) fn epmd(&self) -> Command {
        let mut command = Command::new("epmd");
        command
            .args(["-address", "127.0.0.1", "-port", &self.epmd_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Writes the secret where a node of that home looks for it: nobody else may read it.
    fn show(&self, home: &Path) -> io::Result<()> {
        let path = home.join(".erlang.cookie");
        fs::write(&path, &self.cookie)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400))
    }
}

impl Node {
    pub(super) fn new(family: &Family, config: &str, tls: Option<&Tls>) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("busway-{}-{number}@localhost", std::process::id());
        let folder = tempfile::Builder::new().prefix("busway-rabbitmq-").tempdir()?;
        let path = folder.path().to_owned();
        let tls_port = tls.map(|_| ports::free()).transpose()?;
        let tls_lines = tls.zip(tls_port).map(|(tls, port)| tls.config(port)).unwrap_or_default();
        fs::write(path.join("rabbitmq.conf"), format!("{CONFIG}{tls_lines}{config}\n"))?;
        let plugins = if tls.is_some() { super::tls::PLUGIN } else { "" };
        fs::write(path.join("enabled_plugins"), format!("[{plugins}].\n"))?;
        fs::write(path.join("env.conf"), "")?;
        family.show(&path)?;
        let package = Path::new(SERVER);
        // A package that is made otherwise starts as it is.
        let server = home::make(package, &path.join("home")).unwrap_or_else(|_| package.into());
        Ok(Self {
            name,
            port: ports::free()?,
            dist_port: ports::free()?,
            epmd_port: family.epmd_port,
            tls_port,
            server,
            folder: Some(folder),
            path,
        })
    }

    /// What other nodes know it by.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The broker, with its shell on its standard input and output.
    pub(super) fn server(&self) -> io::Result<Command> {
        let path = |name: &str| self.path.join(name);
        let mut command = Command::new(&self.server);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("LANG", "C.UTF-8")
            // The shell; the broker ends when nobody holds the other end of its input.
            .env("RABBITMQ_ALLOW_INPUT", "true")
            .env("HOME", &self.path)
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("ERL_CRASH_DUMP_SECONDS", "0")
            .env("RABBITMQ_NODENAME", &self.name)
            .env("RABBITMQ_NODE_IP_ADDRESS", Ipv4Addr::LOCALHOST.to_string())
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.dist_port.to_string())
            .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
            .env("RABBITMQ_LOG_BASE", path("log"))
            .env("RABBITMQ_PID_FILE", path("pid"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins"))
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq"))
            .env("RABBITMQ_CONF_ENV_FILE", path("env.conf"))
            .current_dir(&self.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(self.log()?);
        Ok(command)
    }

    /// What the broker and its shell print is appended here.
    pub(super) fn log(&self) -> io::Result<File> {
        File::options().create(true).append(true).open(self.path.join("console.log"))
    }

    /// The end of what the broker and its shell printed.
    pub(super) fn last_words(&self) -> String {
        let mut text = Vec::new();
        // What cannot be read is not shown.
        let _ = File::open(self.path.join("console.log"))
            .and_then(|mut log| log.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let start = text.len().saturating_sub(TAIL);
        let start = (start..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text[start..].to_owned()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the files there for a person to read.
    pub(super) fn keep(&mut self) {
        if let Some(folder) = self.folder.take() {
            eprintln!("the broker's files are kept in {}", folder.keep().display());
        }
    }
}

/// What every node of the tests has: no alarm by chance, and nothing said twice.
const CONFIG: &str = "\
loopback_users = none
vm_memory_high_watermark.absolute = 2GB
disk_free_limit.absolute = 1MB
log.console = false
log.file.level = info
";
