pub(crate) async fn run(_arguments: &[String]) {}
