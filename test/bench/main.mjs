#!/usr/bin/env node
/**
 * What the gateway costs, as ratios to a bare proxy measured in the same run (RELIABILITY.md §1).
 *   node main.mjs [--quick]
 * On while measuring: authentication, limiter, access, argument validation, metrics, call log.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { rssMb } from './procfs.mjs';
import { median, verdict } from './report.mjs';
import { benchLists, benchScale } from './catalog.mjs';
import {
  CONNECTIONS,
  measured,
  metric,
  plan,
  quick,
  register,
  started,
  startGatewayProcess,
  startUpstream,
  stopAll,
  told,
  warmUp,
} from './kit.mjs';
import { ROOT, startGateway, startLoad, startScript, SUBJECT } from './rig.mjs';
import { benchSessions } from './sessions.mjs';

const EQUAL_RATE = 1000;

async function startUps() {
  const times = [];
  let restMb = 0;
  for (let i = 0; i < plan.starts; i++) {
    const gateway = await startGateway(SUBJECT.length ? { prefix: SUBJECT } : {});
    times.push(gateway.readyMs);
    restMb = rssMb(gateway.pid);
    await gateway.dispose();
  }
  return { readyMs: median(times), restMb };
}

const startFloor = (upstream, API) =>
  startScript('floor.mjs', { TARGET: upstream.value, API }, SUBJECT);

/** What calls are measured in: connections by name, and the load they offer. */
const SETTINGS = [
  ...CONNECTIONS.map((connections) => ({
    key: String(connections),
    note: `${connections} connection${connections > 1 ? 's' : ''}`,
    load: { connections },
  })),
  // At saturation the slower of two pays for more wake-ups of its peers: equal load shows the work alone.
  {
    key: 'equal',
    note: `${EQUAL_RATE} a second`,
    load: { connections: 16, rate: EQUAL_RATE },
  },
];

/** One start of each subject, measured in turns; `done` takes the rounds of each setting. */
async function benchProcesses(load, upstream, done) {
  const floor = await startFloor(upstream, 'request');
  const leanest = await startFloor(upstream, 'dispatch');
  const gateway = await startGatewayProcess();
  try {
    await register(gateway, 'bench', upstream.value);
    const subjects = {
      floor: { pid: floor.pid, url: floor.value },
      leanest: { pid: leanest.pid, url: leanest.value },
      gateway: { pid: gateway.pid, url: `${gateway.url}/mcp` },
    };
    const spec = { kind: 'call', tool: 'bench-echo' };
    await warmUp(load, subjects, spec);
    for (const { key, load: offered } of SETTINGS)
      done[key].push(...(await measured(load, subjects, { ...spec, ...offered })));
    return {
      loadedMb: rssMb(gateway.pid),
      floorMb: rssMb(floor.pid),
      eventLoopLagP99Ms: ((await metric(gateway, 'nodejs_eventloop_lag_p99_seconds')) ?? 0) * 1000,
      callLogDropped: await metric(gateway, 'mcpgateway_call_log_dropped_total'),
    };
  } finally {
    await gateway.dispose();
    await leanest.stop();
    await floor.stop();
  }
}

/** Over several starts: what the compiler makes of the same code differs by a tenth between two of them. */
async function benchCalls(load) {
  const upstream = await startUpstream(1);
  const done = Object.fromEntries(SETTINGS.map(({ key }) => [key, []]));
  let last;
  for (let i = 0; i < plan.processes; i++) last = await benchProcesses(load, upstream, done);
  const compared = Object.fromEntries(
    SETTINGS.map(({ key, note }) => [key, told(`tools/call, 64 bytes, ${note}`, done[key])]),
  );
  const { equal: equalLoad, ...calls } = compared;
  return { calls, equalLoad, ...last };
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  } catch {
    return '';
  }
}

async function main() {
  const load = await started(startLoad());
  const start = await startUps();
  const calls = await benchCalls(load);
  const list = await benchLists(load);
  const scale = await benchScale(load);
  const sessions = await benchSessions(plan.sessions);
  for (const [kind, { kib, floorKib }] of Object.entries(sessions))
    console.log(
      `idle session ${kind}: ${kib.toFixed(1)} KiB${floorKib === null ? '' : ` (floor ${floorKib.toFixed(1)})`}`,
    );
  const overFloor = (kind) => sessions[kind].kib / sessions[kind].floorKib;
  const busiest = calls.calls[CONNECTIONS.at(-1)];
  console.log('\nObjectives');
  for (const objective of [
    { name: 'CPU per tools/call ÷ bare proxy', value: busiest.cpu.median, bar: 1.6, aim: 1.2 },
    ...[{ name: 'calls/s ÷ bare proxy', value: busiest.rate.median, bar: 0.6, aim: 0.85 }].map(
      (o) => ({ ...o, isAtLeast: true }),
    ),
    { name: 'CPU per tools/list ÷ constant reply', value: list.cpu.median, bar: 2, aim: 1.2 },
    {
      name: 'CPU per call, 10,000 tools and 200 gateways ÷ 1 gateway',
      value: scale.cpu.median,
      bar: 1.1,
      aim: 1,
    },
    {
      name: 'idle session without a stream, KiB',
      value: sessions['without a stream'].kib,
      bar: 15,
      aim: 5,
    },
    {
      name: 'idle session with an event stream ÷ bare server',
      value: overFloor('with an event stream'),
      bar: 2,
      aim: 1.2,
    },
    {
      name: 'idle session on a WebSocket ÷ bare server',
      value: overFloor('on a WebSocket'),
      bar: 3,
      aim: 2,
    },
    { name: 'start to ready, s', value: start.readyMs / 1000, bar: 2, aim: 1 },
    { name: 'memory at rest, MB', value: start.restMb, bar: 150, aim: 110 },
  ])
    console.log(verdict(objective));
  console.log(
    `  note   CPU per tools/call ÷ the leanest proxy that undici allows: ${busiest.leanCpu.median.toFixed(2)}`,
  );
  console.log(
    `  memory after load ${calls.loadedMb.toFixed(0)} MB (floor ${calls.floorMb.toFixed(0)} MB), event loop lag p99 ${calls.eventLoopLagP99Ms.toFixed(1)} ms, call log dropped ${calls.callLogDropped ?? 'unknown'}`,
  );
  const isPinned = SUBJECT.length > 0;
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, isPinned };
  const result = {
    at: new Date().toISOString(),
    commit: commit().trim(),
    quick,
    machine,
    start,
    ...calls,
    list,
    scale,
    sessions,
  };
  mkdirSync(join(ROOT, 'bench-results'), { recursive: true });
  const file = join(ROOT, 'bench-results/latest.json');
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`\nwritten: bench-results/latest.json`);
}

try {
  await main();
} finally {
  await stopAll();
}
