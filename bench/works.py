"""All works, in the order in which they are measured and told of."""

import fan_out
import idle
import latency
import load_check
import micro
import relay_tls
import scaling
import throughput
import tls
from bench import Work

WORKS: list[Work] = [
    *throughput.WORKS, relay_tls.RelayTls(), latency.Latency(), *idle.WORKS, fan_out.FanOut(), *scaling.WORKS,
    *tls.WORKS, load_check.LoadCheck(), micro.Micro()]
TLS_NAMES = [work.name for work in tls.WORKS]
MICRO_NAME = micro.Micro.name
SERVER_NAMES = [work.name for work in WORKS if work.name not in (*TLS_NAMES, MICRO_NAME)]
