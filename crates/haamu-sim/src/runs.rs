//! Runs of worlds as people start them: they go on where the last one stopped, and leave the plan of a world
//! that failed, shortened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::campaign::{Failure, Limits, Tally, campaign};
use crate::plan::Plan;
use crate::world::Outcome;
use crate::{draw, shrink};

/// Progress is told so often.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// The tally is written so often.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// Which worlds are run, and how.
#[expect(missing_debug_implementations, reason = "functions have nothing to show")]
pub struct Run<'a> {
    /// How many, those of the tally included; so long at most; on so many threads.
    pub limits: Limits,
    /// The seed of the first one.
    pub seed: u64,
    /// A file that says what is done already; a run goes on from there and adds to it.
    pub tally: Option<&'a Path>,
    /// Where plans of failing worlds are written, and how their names begin.
    pub plans: (&'a Path, &'a str),
    /// At most so many worlds are run to shorten a failing plan.
    pub shrink_tries: usize,
    /// Runs a world.
    pub world: &'a (dyn Fn(&Plan) -> Outcome + Sync),
    /// Tells something to whoever waits.
    pub say: &'a (dyn Fn(&str) + Sync),
}

impl Run<'_> {
    /// Runs the worlds. Returns whether all of them held.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn carry_out(&self) -> Result<bool, String> {
        let mut total = self.done_already();
        if total.worlds > 0 {
            (self.say)(&format!("{} worlds are done already", total.worlds));
        }
        let started = Instant::now();
        let told = Mutex::new(started);
        loop {
            let left = Limits {
                worlds: self.limits.worlds.saturating_sub(total.worlds),
                time: self.limits.time.saturating_sub(started.elapsed()).min(SAVE_EVERY),
                ..self.limits
            };
            let before = total.worlds;
            let progress = |done: u64, failures: u64| self.tell(&told, before + done, failures);
            let (tally, failures) = campaign(self.seed + before, &left, self.world, &progress);
            let is_over = tally.worlds == left.worlds || started.elapsed() >= self.limits.time;
            total.add(tally);
            if let Some(failure) = failures.first() {
                // What failed is not done: the next run begins with it.
                (self.say)(&total.summary(left.threads));
                self.shorten(failure)?;
                return Ok(false);
            }
            // A run may be killed at any moment.
            if let Some(file) = self.tally {
                write(file, &total)?;
            }
            if is_over {
                (self.say)(&total.summary(left.threads));
                return Ok(true);
            }
        }
    }

    /// Tells how far the run is, now and then.
    fn tell(&self, told: &Mutex<Instant>, done: u64, failures: u64) {
        if let Ok(mut told) = told.lock()
            && told.elapsed() > TELL_EVERY
        {
            *told = Instant::now();
            (self.say)(&format!("  {done} worlds, {failures} failed"));
        }
    }

    fn done_already(&self) -> Tally {
        let read = |file: &Path| serde_json::from_str(&fs::read_to_string(file).ok()?).ok();
        let tally: Option<Tally> = self.tally.and_then(read);
        tally
            .filter(|tally| tally.first_seed == self.seed)
            .unwrap_or(Tally {
                first_seed: self.seed,
                ..Tally::default()
            })
    }

    /// Tells of a world that failed, and writes its plan, shortened.
    fn shorten(&self, failure: &Failure) -> Result<PathBuf, String> {
        (self.say)(&format!("the world of seed {} failed:", failure.seed));
        for line in failure.outcome.lines() {
            (self.say)(&line);
        }
        let plan = shrink::shrink(&draw::plan(failure.seed), self.shrink_tries, &self.world);
        let (folder, prefix) = self.plans;
        let file = folder.join(format!("{prefix}seed-{}.json", failure.seed));
        write(&file, &plan)?;
        (self.say)(&format!("{} steps suffice: {}", plan.steps.len(), file.display()));
        Ok(file)
    }
}

fn write(file: &Path, value: &impl serde::Serialize) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    // Whoever is killed meanwhile leaves the old file, or the new one.
    let beside = file.with_extension("new");
    fs::write(&beside, text + "\n")
        .and_then(|()| fs::rename(&beside, file))
        .map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run;

    fn carry_out(worlds: u64, tally: &Path) -> bool {
        let run = Run {
            limits: Limits {
                worlds,
                time: Duration::MAX,
                threads: 2,
                block: 4,
                stop_at_failure: true,
            },
            seed: 7,
            tally: Some(tally),
            plans: (Path::new("."), ""),
            shrink_tries: 1,
            world: &|plan| run(plan, None),
            say: &|_| {},
        };
        run.carry_out().expect("the tally can be written")
    }

    #[test]
    fn a_run_goes_on_where_the_last_one_stopped() {
        let file = std::env::temp_dir().join(format!("haamu-tally-{}.json", std::process::id()));
        assert!(carry_out(8, &file));
        let read = || serde_json::from_str::<Tally>(&fs::read_to_string(&file).expect("a file"));
        let first = read().expect("a tally");
        assert_eq!((first.first_seed, first.worlds), (7, 8));
        assert!(carry_out(12, &file));
        let second = read().expect("a tally");
        assert_eq!((second.first_seed, second.worlds), (7, 12));
        assert!(second.counts.operations > first.counts.operations);
        fs::remove_file(&file).expect("it is there");
    }
}
