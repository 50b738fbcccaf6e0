import type { Config } from '../config/schema.ts';
import { buildRoutes } from '../gateway/build-routes.ts';
import { readCa } from '../gateway/read-ca.ts';
import type { Clock } from '../lib/clock.ts';
import { describe } from '../lib/describe-error.ts';
import { buildHttpClient } from '../lib/http-client.ts';
import { plain } from '../lib/plain.ts';
import { withoutTokens } from '../lib/without-tokens.ts';
import { quietLog } from '../model/log.ts';
import type { Workload } from '../model/workload.ts';
import { findRunning } from '../workloads/container/find-running.ts';
import { readIssuerMetadata } from './read-issuer-metadata.ts';
import { type Aids, type Check, findCallerToken, type Outcome, type Patient } from './check.ts';
import { checkTable } from './check-table.ts';

/** One check of one server, done. */
export interface CheckResult extends Outcome {
  readonly id: string;
  readonly title: string;
}

export interface ServerReport {
  readonly server: string;
  readonly checks: readonly CheckResult[];
}

export interface DoctorOptions {
  readonly aids?: Aids;
  /** Injected by tests and labs that move time. */
  readonly now?: Clock;
}

const longestEvidence = 1_000;

/** Tries, for each server of a configuration, everything that has to be right before a call of a user goes through, with the
 * very parts the gateway serves with. Changes nothing anywhere.
 * @throws UsherError config_invalid when a file that is needed cannot be read
 */
export async function runDoctor(
  config: Config,
  { aids = {}, now = Date.now }: DoctorOptions = {},
): Promise<readonly ServerReport[]> {
  const ca = readCa(config.caFile);
  const http = buildHttpClient(ca === undefined ? {} : { ca });
  const scheme = config.listen.tls === undefined ? 'http' : 'https';
  const { port } = config.listen;
  // What the parts log is in the outcomes.
  const routes = buildRoutes(config, {
    http,
    ca,
    now,
    log: quietLog,
    port,
    scheme,
    workloads: await findContainers(config),
    usedProofs: new Map(),
    usedSignIns: new Map(),
  });
  try {
    const reports: ServerReport[] = [];
    for (const route of routes.values()) {
      const { name } = route;
      const server = config.servers[name];
      if (server === undefined) continue;
      const patient: Patient = {
        name,
        config,
        server,
        route,
        http,
        now,
        aids: { ...aids, ...clientOf(aids, server) },
        metadataOf: memoize((issuer) => readIssuerMetadata(issuer, http, now)),
        findings: { metadata: new Map() },
      };
      reports.push({ server: name, checks: await runChecks(patient) });
    }
    return reports;
  } finally {
    await Promise.all([http.close(), ...[...routes.values()].map(({ upstream }) => upstream.close())]);
  }
}

/** The client people sign in with: the one that is named, else the one the server has in its settings. */
function clientOf({ clientId }: Aids, { oauth }: Config['servers'][string]): Pick<Aids, 'clientId'> {
  const known = clientId ?? oauth?.clientId;
  return known === undefined ? {} : { clientId: known };
}

/** Whoever answers slowly, or not at all, is waited for once. */
function memoize<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const found = known.get(key) ?? read(key);
    known.set(key, found);
    return found;
  };
}

/** Those that the gateway runs now; where none can be found out, the check of the server says so. */
async function findContainers({ servers }: Config): Promise<ReadonlyMap<string, Workload>> {
  const found = new Map<string, Workload>();
  for (const [name, { upstream }] of Object.entries(servers)) {
    const running =
      upstream.strategy === 'container' ? await findRunning(name, upstream).catch(() => undefined) : undefined;
    if (running !== undefined) found.set(name, running);
  }
  return found;
}

async function runChecks(patient: Patient): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checkTable) {
    if (check.applies?.(patient) === false) continue;
    const missing = check.needs.find((need) =>
      results.some(({ id, result }) => id === need && (result === 'fail' || result === 'unknown')),
    );
    const outcome = missing === undefined ? await run(check, patient) : skip(missing, results);
    const { id, title } = check;
    results.push({ id, title, ...outcome, evidence: clean(outcome.evidence, patient) });
  }
  return results;
}

async function run(check: Check, patient: Patient): Promise<Outcome> {
  try {
    return await check.run(patient);
  } catch (error) {
    return { result: 'unknown', evidence: `It could not be found out: ${describe(error)}` };
  }
}

/** What follows from a failure is not told as another one. */
function skip(missing: string, results: readonly CheckResult[]): Outcome {
  const { result } = results.find(({ id }) => id === missing) ?? { result: 'unknown' };
  return { result: 'unknown', evidence: `Not tried: ${missing} ${result === 'fail' ? 'failed' : 'is unknown'}` };
}

/** Evidence quotes others. */
function clean(evidence: string, patient: Patient): string {
  const token = findCallerToken(patient)?.reveal();
  const text = plain(withoutTokens(evidence, token === undefined ? [] : [token]));
  return text.length > longestEvidence ? `${text.slice(0, longestEvidence)}…` : text;
}
