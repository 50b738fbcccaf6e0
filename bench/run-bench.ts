// `npm run bench [-- options]`: what a call through the gateway costs, beside nginx, a bare proxy and the direct call.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Lab, measure, startArms, warmUp } from './arms.ts';
import { formatArms, formatReplicas, formatStorm } from './format-issuers.ts';
import { judgeSoak } from './judge-soak.ts';
import { measureDpop } from './measure-dpop.ts';
import { measureFirstCalls } from './measure-first-calls.ts';
import { measureIntrospection } from './measure-introspection.ts';
import { measureKills } from './measure-kills.ts';
import { measureLimits } from './measure-limits.ts';
import { measureMemory } from './measure-memory.ts';
import { measureReplicas } from './measure-replicas.ts';
import { measureSoak } from './measure-soak.ts';
import { measureStarts } from './measure-starts.ts';
import { measureStdio } from './measure-stdio.ts';
import { measureStorm } from './measure-storm.ts';
import { measureStreams } from './measure-streams.ts';
import { startPeer } from './peer.ts';
import { formatKills, formatSoak, formatStreams } from './format-load.ts';
import { describeArm, type Findings, formatReport } from './report.ts';

const { values: options } = parseArgs({
  options: {
    /** A few seconds: does the benchmark itself work? Its numbers mean nothing. */
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    /** Instead: memory over a million calls; some minutes. */
    memory: { type: 'boolean', default: false },
    /** Instead: many open event streams with calls beside them; a minute and a half. */
    streams: { type: 'boolean', default: false },
    /** Instead: the same load for a long time, --minutes of them (30) after five that do not count. */
    soak: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    /** Calls per second of it. */
    rate: { type: 'string', default: '300' },
    /** Instead: provider, upstream and gateway killed in turn under load. */
    kills: { type: 'boolean', default: false },
    /** Instead: exchanges that four replicas with one Redis make for a thousand users. */
    replicas: { type: 'boolean', default: false },
    /** Instead: a thousand users at once at a gateway that knows none of them. */
    storm: { type: 'boolean', default: false },
    /** Instead: what it costs to ask about tokens. */
    introspection: { type: 'boolean', default: false },
    /** Instead: what proofs of possession cost. */
    dpop: { type: 'boolean', default: false },
    /** Instead: what rate limits cost. */
    limits: { type: 'boolean', default: false },
    /** Instead: what a server over stdin and stdout costs. */
    stdio: { type: 'boolean', default: false },
    connections: { type: 'string', default: '16' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
});

const connections = Number(options.connections);
const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
/** Of one arm in one round. */
const durationMs = Number(options.seconds ?? (options.quick ? 0.3 : 1.5)) * 1000;
const callers = 50;

const say = (text: string) => process.stderr.write(`${text}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-bench-'));
  try {
    await using origin = await startPeer('origin.ts');
    await using provider = await startPeer('provider.ts');
    await using load = await startPeer('load.ts');
    const { tokens } = await provider.ask('sign', { count: callers });
    const lab: Lab = { folder, origin, provider, load, tokens };
    return await choose()(lab);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function choose(): (lab: Lab) => Promise<number> {
  if (options.memory) return runMemory;
  if (options.streams) return runStreams;
  if (options.soak) return runSoak;
  if (options.replicas) return runReplicas;
  if (options.storm) return runStorm;
  if (options.introspection) return runIntrospection;
  if (options.dpop) return runDpop;
  if (options.limits) return runLimits;
  if (options.stdio) return runStdio;
  return options.kills ? runKills : runRounds;
}

async function runRounds(lab: Lab): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const arms = await startArms(lab);
  for (const { proxy } of arms) if (proxy !== undefined) stack.use(proxy);
  say('Warming up …');
  for (const arm of arms) await warmUp(arm, lab, { connections, durationMs: durationMs * 2 });
  for (let round = 1; round <= rounds; round += 1) {
    say(`Round ${round} of ${rounds} …`);
    for (const arm of arms) await measure(arm, lab, { connections, durationMs });
    for (const arm of arms) await measure(arm, lab, { connections: 1, durationMs: durationMs / 3 });
  }
  const { immediate, delayed: late } = await lab.provider.ask('exchanges', {});
  const exchanges = { immediate, delayed: late, callers };
  const delayed = arms.find(({ name, problem }) => name.endsWith('20 ms') && problem === undefined);
  const findings: Findings = {
    arms: arms.map(describeArm),
    exchanges,
    firstCalls: delayed === undefined ? undefined : await measureFirstCalls(delayed, lab, 200),
    startMs: delayed === undefined ? undefined : await measureStarts(lab, options.quick ? 1 : 7),
  };
  console.log(options.json ? JSON.stringify(findings, null, 2) : formatReport(findings, connections));
  const isBroken = arms.some(({ name, problem }) => problem !== undefined && name !== 'nginx');
  return isBroken || (findings.firstCalls?.errors ?? 0) > 0 ? 1 : 0;
}

async function runMemory(lab: Lab): Promise<number> {
  await measureMemory(lab, {
    requests: options.quick ? 10_000 : 1_000_000,
    callers: options.quick ? 100 : 1_000,
    limitMs: options.quick ? 20_000 : 600_000,
    onStep: (step) =>
      console.log(
        options.json
          ? JSON.stringify(step)
          : `${step.requests} calls: ${step.rssMegabytes.toFixed(1)} MB resident, ${step.heapMegabytes.toFixed(1)} MB heap`,
      ),
  });
  return 0;
}

function tell(finding: object, text: string): void {
  console.log(options.json ? JSON.stringify(finding) : text);
}

async function runStreams(lab: Lab): Promise<number> {
  const found = await measureStreams(lab, {
    streams: options.quick ? 50 : 5_000,
    ratePerSecond: options.quick ? 200 : 2_000,
    durationMs: options.quick ? 1_000 : 60_000,
  });
  tell(found, formatStreams(found));
  const isWhole = found.lostStreams === 0 && found.failedCalls === 0 && found.eventsReceived === found.eventsSent;
  return isWhole ? 0 : 1;
}

async function runSoak(lab: Lab): Promise<number> {
  let failures = 0;
  const found = await measureSoak(lab, {
    minutes: options.quick ? 2 : Number(options.minutes),
    warmUpMinutes: options.quick ? 1 : 5,
    minuteMs: options.quick ? 500 : 60_000,
    restMs: options.quick ? 500 : 60_000,
    lifeSeconds: 120,
    streams: options.quick ? 10 : 200,
    ratePerSecond: Number(options.rate),
    onStep: (step) => {
      failures += step.failedCalls + step.lostStreams;
      tell(step, formatSoak(step));
    },
  });
  const { isSteady, text } = judgeSoak(found);
  tell({ ...found, isSteady }, text);
  return failures === 0 && (isSteady || options.quick) ? 0 : 1;
}

async function runReplicas(lab: Lab): Promise<number> {
  const found = await measureReplicas(lab, { replicas: 4, users: options.quick ? 50 : 1_000 });
  if (found === undefined) {
    say('There is no redis-server on this machine.');
    return 1;
  }
  tell(found, formatReplicas(found));
  return found.errors === 0 && found.exchanges === found.users ? 0 : 1;
}

async function runStorm(lab: Lab): Promise<number> {
  const found = await measureStorm(lab, options.quick ? 100 : 1_000);
  tell(found, formatStorm(found));
  return found.errors === 0 && found.exchanges === found.users ? 0 : 1;
}

async function runIntrospection(lab: Lab): Promise<number> {
  const rows = await measureIntrospection(lab, { connections, durationMs, rounds });
  tell(rows, formatArms(rows));
  return rows.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

async function runDpop(lab: Lab): Promise<number> {
  const rows = await measureDpop(lab, { connections, durationMs, rounds });
  tell(rows, formatArms(rows));
  return rows.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

async function runLimits(lab: Lab): Promise<number> {
  const rows = await measureLimits(lab, { connections, durationMs, rounds });
  tell(rows, formatArms(rows));
  return rows.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

async function runStdio(lab: Lab): Promise<number> {
  const rows = await measureStdio(lab, { connections, durationMs, rounds });
  tell(rows, formatArms(rows));
  return rows.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

async function runKills({ folder }: Lab): Promise<number> {
  let failures = 0;
  await measureKills({
    folder,
    durationMs: options.quick ? 1_500 : 15_000,
    onStep: (step) => {
      failures += step.wrong + step.unrecorded;
      tell(step, formatKills(step));
    },
  });
  return failures === 0 ? 0 : 1;
}
