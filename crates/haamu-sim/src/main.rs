//! x
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    std::panic::set_hook(Box::new(|_| {}));
    if a.len() == 1 {
        let p = haamu_sim::shrink::shrink(&haamu_sim::draw::plan(a[0]), None, 3000);
        println!("{:?} {:?}", p.setting, p.faults);
        for s in &p.steps {
            println!("{s:?}");
        }
        println!("RUN");
        println!("{:?}", haamu_sim::run(&p, None));
        return;
    }
    let t = std::time::Instant::now();
    let mut c = haamu_sim::Counts::default();
    let mut tally = std::collections::BTreeMap::new();
    let mut bad = 0;
    for seed in a[0]..a[0] + a[1] {
        let o = haamu_sim::run(&haamu_sim::draw::plan(seed), None);
        c.add(&o.counts);
        if !o.violations.is_empty() {
            bad += 1;
        }
        for (i, w) in o.violations {
            let e = tally.entry(i).or_insert((0, seed, w, vec![]));
            e.0 += 1;
            e.3.push(seed);
            e.3.truncate(6);
        }
    }
    println!("{bad} bad of {} in {:?}: {c:?}", a[1], t.elapsed());
    for (i, e) in tally {
        println!("{i:?} {e:?}");
    }
}
