use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// What the warden does: it waits until whoever started it is gone, and then ends the group.
///
/// The group may be stopped in its tracks, so the warden is not one of it.
const WARDEN: &str = r#"read -r _; kill -s KILL -- "-$0""#;

/// A process and all that it starts; they end together, at the latest with the one who started
/// them, even when that one is killed.
#[derive(Debug)]
pub(super) struct Group {
    leader: Child,
    warden: Child,
    id: Pid,
}

impl Group {
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut leader = command.process_group(0).spawn()?;
        let id = leader.id();
        let warden = Command::new("/bin/sh")
            .args(["-c", WARDEN, &id.to_string()])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn();
        match warden {
            Ok(warden) => Ok(Self { id: Pid::from_child(&leader), leader, warden }),
            Err(error) => {
                // Nobody else would end it.
                let _ = leader.kill().and_then(|()| leader.wait());
                Err(error)
            }
        }
    }

    /// The process that was started.
    pub(super) fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Sends every process of the group a signal.
    pub(super) fn signal(&self, signal: Signal) {
        // A group whose last process has ended needs no signal.
        let _ = kill_process_group(self.id, signal);
    }

    /// Waits until the leader has ended by itself; `None` when it has not in that time.
    pub(super) fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + at_most;
        loop {
            match self.leader.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(super::ports::PAUSE),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The warden first: once the leader is waited for, its number may be another's.
        let _ = self.warden.kill().and_then(|()| self.warden.wait());
        self.signal(Signal::KILL);
        let _ = self.leader.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn sleepers() -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "sleep 600 & sleep 600"]).stdout(Stdio::piped());
        command
    }

    #[test]
    fn a_group_that_is_dropped_ends_with_all_it_started() {
        let mut group = Group::spawn(&mut sleepers()).unwrap();
        let mut output = group.leader().stdout.take().unwrap();
        drop(group);
        // The end of the stream comes when the last that could write is gone.
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    #[test]
    fn a_group_ends_when_its_warden_loses_sight_of_who_started_it() {
        let mut group = Group::spawn(&mut sleepers()).unwrap();
        let mut output = group.leader().stdout.take().unwrap();
        group.signal(Signal::STOP);
        drop(group.warden.stdin.take());
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }
}
