import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/** What the official suite says of a server. */
export interface Conformance {
  readonly passed: number;
  readonly failed: number;
  /** By scenario: each check with what became of it, and why where it failed. */
  readonly scenarios: Readonly<Record<string, readonly string[]>>;
  /** All it printed. */
  readonly said: string;
}

/** One entry of the suite's `checks.json`. */
interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

const clients = createRequire(new URL('../clients/package.json', import.meta.url));

/** Runs the official suite's scenarios for servers against this one.
 * @param selection the suite's options that say which
 */
export async function runConformance(
  url: string,
  selection: readonly string[],
  timeoutMs: number,
): Promise<Conformance> {
  const suite = clients.resolve('@modelcontextprotocol/conformance/dist/index.js');
  const folder = await mkdtemp(join(tmpdir(), 'usher-conformance-'));
  try {
    const command = [process.execPath, suite, 'server', '--url', url, ...selection, '--output-dir', folder];
    const { stdout, stderr } = await runProgram(command, { timeoutMs });
    return { ...countChecks(await readScenarios(folder)), said: `${stdout}\n${stderr}` };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readScenarios(folder: string): Promise<readonly (readonly [name: string, checks: readonly Check[]])[]> {
  const folders = await readdir(folder);
  return Promise.all(
    folders.sort().map(async (one) => {
      // server-NAME-2026-11-25T19-55-31-509Z
      const name = /^server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(one)?.[1] ?? one;
      return [name, JSON.parse(await readFile(join(folder, one, 'checks.json'), 'utf8')) as readonly Check[]] as const;
    }),
  );
}

function countChecks(scenarios: Awaited<ReturnType<typeof readScenarios>>): Omit<Conformance, 'said'> {
  const all = scenarios.flatMap(([, checks]) => checks);
  return {
    passed: all.filter(({ status }) => status === 'SUCCESS').length,
    failed: all.filter(({ status }) => status === 'FAILURE').length,
    scenarios: Object.fromEntries(
      scenarios.map(([name, checks]) => [
        name,
        // Remarks tell how an answer was cut into pieces, which is nobody's promise.
        checks
          .filter(({ status }) => status !== 'INFO')
          .map(describe)
          .sort(),
      ]),
    ),
  };
}

function describe({ id, status, errorMessage }: Check): string {
  return status === 'FAILURE' ? `${id} ${status}: ${errorMessage}` : `${id} ${status}`;
}
