//! Ends a program together with all its descendants, even those in other process groups, which `cargo lambda watch` makes.

use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// The time that a program has to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// A running program and its descendants. Dropping the value ends all of them.
#[derive(Debug)]
pub struct ProcessTree {
    child: Child,
}

impl ProcessTree {
    /// Starts a program in its own process group, so that Ctrl-C does not reach it.
    ///
    /// # Errors
    ///
    /// Returns one line that names the program.
    pub fn spawn(command: &mut Command) -> Result<Self, String> {
        use std::os::unix::process::CommandExt as _;
        let child = command.process_group(0).spawn();
        let child = child.map_err(|error| format!("{} can't be started: {error}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// The program's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the program has ended.
    #[must_use]
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends a signal to the program, but not to its descendants.
    ///
    /// # Errors
    ///
    /// Fails if the program has ended.
    pub fn signal(&self, signal: Signal) -> Result<(), String> {
        kill(pid(self.id()), signal).map_err(|error| error.to_string())
    }

    /// Sends SIGTERM to the program, and after five seconds SIGKILL to it and all its descendants.
    pub fn stop(&mut self) {
        if self.exit_status().is_some() {
            return;
        }
        let descendants = descendants(self.id());
        // An error means that the process has ended, which is the goal.
        let _ = killpg(pid(self.id()), Signal::SIGTERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && self.exit_status().is_none() {
            sleep(Duration::from_millis(20));
        }
        for id in descendants {
            let _ = kill(pid(id), Signal::SIGKILL);
        }
        let _ = killpg(pid(self.id()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

impl Drop for ProcessTree {
    fn drop(&mut self) {
        self.stop();
    }
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("a process id fits the system's own type"))
}

/// All descendants of a process.
fn descendants(root: u32) -> Vec<u32> {
    let all = processes();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        next += 1;
    }
    found.split_off(1)
}

/// The id and the parent's id of every process. A minimal Linux lacks `ps`, and macOS lacks `/proc`.
fn processes() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        let listed = Command::new("ps").args(["-axo", "pid=,ppid="]).output();
        return listed.map(|output| parse_ps(&String::from_utf8_lossy(&output.stdout))).unwrap_or_default();
    };
    let read = |entry: std::fs::DirEntry| parse_stat(&std::fs::read_to_string(entry.path().join("stat")).ok()?);
    entries.flatten().filter_map(read).collect()
}

fn parse_ps(text: &str) -> Vec<(u32, u32)> {
    let parse = |line: &str| {
        let mut fields = line.split_whitespace();
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    text.lines().filter_map(parse).collect()
}

/// The program's name is in parentheses, and may contain spaces and parentheses.
fn parse_stat(text: &str) -> Option<(u32, u32)> {
    let (id, _) = text.split_once(' ')?;
    let (_, rest) = text.rsplit_once(')')?;
    Some((id.parse().ok()?, rest.split_whitespace().nth(1)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough on any machine.
    const SOON: Duration = Duration::from_secs(60);

    fn is_alive(id: u32) -> bool {
        // The null signal checks whether the process exists. It succeeds for zombies too, so their state is excluded.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        kill(pid(id), None).is_ok() && !stat.contains(") Z ")
    }

    /// Starts a shell with a child, and waits until the child exists.
    fn shell(script: &str) -> (ProcessTree, Vec<u32>) {
        let tree = ProcessTree::spawn(Command::new("bash").args(["-c", script])).unwrap();
        let deadline = Instant::now() + SOON;
        while descendants(tree.id()).is_empty() && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
        }
        let children = descendants(tree.id());
        assert!(!children.is_empty(), "the shell started no child");
        (tree, children)
    }

    fn assert_gone(children: &[u32]) {
        let deadline = Instant::now() + SOON;
        while children.iter().any(|id| is_alive(*id)) && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
        }
        assert!(!children.iter().any(|id| is_alive(*id)), "left behind: {children:?}");
    }

    #[test]
    fn a_child_ends_with_its_program() {
        let (tree, children) = shell("sleep 600 & wait");
        drop(tree);
        assert_gone(&children);
    }

    #[test]
    fn a_child_in_another_process_group_ends_too() {
        let (tree, children) = shell("set -m; sleep 600 & wait");
        drop(tree);
        assert_gone(&children);
    }

    #[test]
    fn a_program_that_ignores_sigterm_is_killed() {
        let (tree, children) = shell("trap '' TERM; sleep 600 & wait; sleep 600");
        drop(tree);
        assert_gone(&children);
    }

    #[test]
    fn a_missing_program_is_an_error_in_one_line() {
        let error = ProcessTree::spawn(&mut Command::new("no-such-program")).unwrap_err();
        assert!(error.starts_with("no-such-program can't be started: "), "{error}");
    }

    #[test]
    fn a_process_with_any_name_is_parsed() {
        assert_eq!(parse_stat("17 (a) b) S 3 17"), Some((17, 3)));
        assert_eq!(parse_ps("  17     3\n  18    17\n"), [(17, 3), (18, 17)]);
    }
}
