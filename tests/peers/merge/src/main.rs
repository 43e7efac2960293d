mod contestant;
mod own;
mod peers;
mod stages;
mod workload;
use contestant::{Runner,Sample};
fn main() {
    let names = workload::question_names();
    let visits = workload::visits(300, 1);
    #[allow(unused_mut)]
    let mut runners: Vec<Box<dyn Runner>> = vec![ Box::new(own::Own::new(&names, true)), Box::new(own::Own::new(&names, false)) ];
    #[cfg(feature="peers")] {
        runners.push(Box::new(peers::yrs::Yrs { questions: names.clone(), keeps_history: false }));
        runners.push(Box::new(peers::yrs::Yrs { questions: names.clone(), keeps_history: true }));
        runners.push(Box::new(peers::loro::Loro { questions: names.clone(), commits_each: true }));
        runners.push(Box::new(peers::loro::Loro { questions: names.clone(), commits_each: false }));
        runners.push(Box::new(peers::automerge::Automerge { questions: names.clone(), commits_each: true }));
        runners.push(Box::new(peers::automerge::Automerge { questions: names.clone(), commits_each: false }));
    }
    if std::env::args().any(|a| a == "profile") { stages::profile(&own::Own::new(&names, true), &visits); return; }
    if std::env::args().any(|a| a == "loop") { stages::repeat(&own::Own::new(&names, true), &visits); return; }
    if std::env::args().any(|a| a == "admit") { stages::profile_admit(&own::Own::new(&names, true), &visits); return; }
    for _ in 0..5 { for r in &runners {
        let s: Vec<Sample> = visits.iter().map(|v| r.run(v).0).collect();
        let m = |f: fn(&Sample)->f64| stages::median(s.iter().map(f).collect());
        println!("{:30} push {:6.0} deltas {:5.0} ans {:5.0} written {:5.0} stored {:5.0} | client {:8.1} first {:7.1} load {:7.1} coldmerge {:7.1} persist {:7.1} hot {:7.1} read {:6.1}", r.name(), m(|s|s.push_bytes), m(|s|s.delta_bytes), m(|s|s.answer_bytes), m(|s|s.written_bytes), m(|s|s.stored_bytes), m(|s|s.client)/1e3, m(|s|s.first_push)/1e3, m(|s|s.load)/1e3,m(|s|s.cold_merge)/1e3,m(|s|s.persist)/1e3,m(|s|s.hot_merge)/1e3,m(|s|s.read)/1e3);
    }}
    for (n, t) in stages::stages(&own::Own::new(&names, true), &visits, 20) { println!("{n:40} {t:9.0}"); }
}
