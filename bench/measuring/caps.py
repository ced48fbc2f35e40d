"""What an account notices of another that is flooded with new sessions, far above its cap."""

from measuring.generator import Generator
from measuring.rounds import measured_round, median, medians
from measuring.servers import start_monitord

STEADY_PER_S = 1000  # the account that is watched
FLOOD_PER_S = 3000   # the other, whose cap is 50 new sessions a second
FLOOD_CONNECTIONS = 32


def measure_caps(bench, name):
    server = start_monitord(bench.directory / name / "monitord", bench.accounts)
    generator = bench.generator(server.port, "shop1")
    flood = Generator(server.port, bench.pages, "flooded", "engagement", 1, FLOOD_CONNECTIONS)
    seconds = bench.options.seconds
    try:
        generator.tell("make", bench.visitors(1000))
        quiet, flooded = [], []
        for _ in range(bench.options.rounds):
            ceilings = bench.ceilings()
            quiet.append(generator.tell("visit", seconds, STEADY_PER_S)["waits_us"]["p99"] / 1000)
            flood.begin("new", seconds + 1, FLOOD_PER_S)
            flooded.append(measured_round([server], server, ceilings, lambda: generator.tell("visit", seconds, STEADY_PER_S)))
            refused = flood.end()["errors"]
    finally:
        generator.close()
        flood.close()
        server.close()
    result = medians(flooded)
    ratio = result.p99_ms / median(quiet)
    result.notes = [f"{STEADY_PER_S}/s, beside {FLOOD_PER_S}/s for another account's cap of 50, {refused} of them refused at last",
                    f"p99 {median(quiet):.2f} ms without the flood, ratio {ratio:.2f}; aim: 2"]
    result.more |= {"quiet_p99_ms": median(quiet), "grown": ratio}
    return result
