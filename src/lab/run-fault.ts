import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckResult } from '../diagnose/run-doctor.ts';
import { runDoctor } from '../diagnose/run-doctor.ts';
import { explainRecord } from '../diagnose/explain-record.ts';
import { findRecords, readRecords } from '../diagnose/find-records.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import { quietLog } from '../model/log.ts';
import { Secret } from '../model/secret.ts';
import { fail } from '../model/usher-error.ts';
import { callTool } from './call-tool.ts';
import type { Expectation, Fault } from './fault.ts';
import { buildLabConfig } from './gateway-settings.ts';
import type { FaultLab } from './start-fault-lab.ts';

/** What was concluded from one side. */
export interface Conclusion {
  /** The cause that was named; undefined where nothing was found. */
  readonly cause: string | undefined;
  /** In words. */
  readonly says: string;
  readonly expected: Expectation;
  readonly isRight: boolean;
}

/** A fault, and what explain and doctor made of it. */
export interface FaultResult {
  readonly name: string;
  readonly title: string;
  /** What the caller got. */
  readonly status: number;
  readonly code: string | undefined;
  readonly explain: Conclusion;
  readonly doctor: Conclusion;
  readonly ms: number;
}

/** Seeds one fault, makes one call, asks explain and doctor. */
export async function runFault(lab: FaultLab, fault: Fault): Promise<FaultResult> {
  const startedAtMs = performance.now();
  // The sign-in, before anything is spoilt.
  await lab.usualToken();
  await lab.seed(fault.seed);
  const auditFile = join(lab.stateDir, `audit-${fault.name}.jsonl`);
  const settings = { ...(await lab.usualSettings()), ...(await fault.gateway?.(lab)) };
  const config = buildLabConfig(settings, lab.gatewayPort, auditFile);
  const now = () => Date.now() + (fault.clockAheadMs ?? 0);
  const callerToken = await (fault.callerToken?.(lab) ?? lab.usualToken());
  await using fixtures = new AsyncDisposableStack();
  fixtures.defer(() => lab.release());
  fixtures.use(await startGateway(config, { log: quietLog, now }));
  const answer = await callTool(lab.gatewayPort, callerToken, fault.host);
  const record = await readRecord(auditFile, answer.id);
  const { diagnosis } = explainRecord(record);
  const [report] = await runDoctor(config, {
    now,
    aids: {
      callerToken: new Secret(callerToken),
      clientId: fault.clientId ?? lab.clientId(),
      tool: { name: 'GetCountry', arguments: { code: 'CZ' } },
      administration: await lab.administration(),
    },
  });
  const bad = report?.checks.find(({ result }) => result === 'fail');
  return {
    name: fault.name,
    title: fault.title,
    status: answer.status,
    code: record.code,
    explain: conclude(diagnosis?.id, diagnosis?.cause ?? 'nothing is wrong', fault.explain),
    doctor: conclude(bad?.cause, describeCheck(bad), fault.doctor),
    ms: Math.round(performance.now() - startedAtMs),
  };
}

function describeCheck(bad: CheckResult | undefined): string {
  return bad === undefined ? 'nothing failed' : `${bad.id}: ${bad.evidence}`;
}

function conclude(cause: string | undefined, says: string, expected: Expectation): Conclusion {
  const isRight = 'nothing' in expected ? cause === undefined : cause !== undefined && expected.includes(cause);
  return { cause, says, expected, isRight };
}

const mostTries = 200;

/** The record of the call: by the id the caller got, else the only one. It is written in the background.
 * @throws UsherError step_failed when there is none
 */
async function readRecord(auditFile: string, id: string | undefined): Promise<AuditRecord> {
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    const [record] = id === undefined ? (await readRecords(auditFile)).toReversed() : await findRecords(auditFile, id);
    if (record !== undefined) return record;
    await sleep(10);
  }
  throw fail('step_failed', { step: 'The call', reason: `${auditFile} has no record of it` });
}
