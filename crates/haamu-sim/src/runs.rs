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
        let limits = Limits {
            worlds: self.limits.worlds.saturating_sub(total.worlds),
            ..self.limits
        };
        let told = Mutex::new(Instant::now());
        let progress = |done: u64, failures: u64| {
            if let Ok(mut told) = told.lock()
                && told.elapsed() > TELL_EVERY
            {
                *told = Instant::now();
                (self.say)(&format!("  {done} worlds, {failures} failed"));
            }
        };
        let (tally, failures) = campaign(self.seed + total.worlds, &limits, self.world, &progress);
        total.worlds += tally.worlds;
        total.seconds += tally.seconds;
        total.counts.add(&tally.counts);
        total.failures.extend(tally.failures);
        (self.say)(&total.summary(limits.threads));
        if let Some(failure) = failures.first() {
            self.shorten(failure)?;
        } else if let Some(file) = self.tally {
            // What failed is not done: the next run begins with it.
            write(file, &total)?;
        }
        Ok(failures.is_empty())
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
    fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))
}
