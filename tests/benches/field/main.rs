//! Devices and servers as processes, beside the named peer, on one machine in one run.
//!
//! `cargo xtask bench wire`, `cuts`, `push`, `load` and `lists` start it; what it prints are their tables.

mod client;
mod cuts;
mod database;
mod lists;
mod load;
mod peer;
mod push;
mod queue;
mod table;
mod usage;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    // cargo adds a word of its own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let Some((name, rest)) = arguments.split_first() else {
        table::say("which benchmark? wire, cuts, push, load or lists; see `cargo xtask bench`");
        return ExitCode::FAILURE;
    };
    match name.as_str() {
        "wire" => runtime.block_on(wire::run(rest)),
        "cuts" => runtime.block_on(cuts::run(rest)),
        "push" => runtime.block_on(push::run(rest)),
        "load" => runtime.block_on(load::run(rest)),
        "lists" => runtime.block_on(lists::run(rest)),
        "client" => {
            let result = runtime.block_on(client::run(rest));
            table::say(&result.to_string());
        }
        _ => {
            table::say(&format!("there is no benchmark {name}"));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
