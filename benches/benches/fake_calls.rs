//! Calls over the in-memory bus beside the same exchange over bare channels:
//! `cargo bench -p busway-benches --bench fake_calls`.

use std::hint::black_box;

use busway_benches::bus::Bus;
use busway_benches::channels::{Channels, Serving};
use busway_benches::drive::{self, IN_FLIGHT, Load};
use busway_benches::{BoxError, Exchange};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use tokio::runtime::Runtime;

fn main() -> Result<(), BoxError> {
    let runtime = Runtime::new()?;
    let (bus, spawned, inline) = runtime.block_on(async {
        let bus = Bus::start("fake://fake-calls/").await?;
        let spawned = Channels::start(Serving::Spawned);
        Ok::<_, BoxError>((bus, spawned, Channels::start(Serving::Inline)))
    })?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("fake_calls");
    group.throughput(Throughput::Elements(1));
    for in_flight in IN_FLIGHT {
        bench(&mut group, &runtime, "busway", in_flight, &bus.client()?);
        bench(&mut group, &runtime, "channels-spawned", in_flight, &spawned);
        bench(&mut group, &runtime, "channels-inline", in_flight, &inline);
    }
    group.finish();
    criterion.final_summary();
    runtime.block_on(bus.stop())
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    name: &str,
    in_flight: u64,
    exchange: &impl Exchange,
) {
    group.bench_function(BenchmarkId::new(name, in_flight), |bencher| {
        bencher.iter_custom(|calls| {
            let time =
                runtime.block_on(drive::calls(black_box(exchange), Load::new(in_flight, calls)));
            time.expect("every call of a benchmark succeeds")
        });
    });
}
