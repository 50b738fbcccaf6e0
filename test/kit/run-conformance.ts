import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/** What the official suite says of a server. */
export interface Conformance {
  readonly passed: number;
  readonly failed: number;
  /** By scenario: passed and failed, then each check with what became of it, and why where it failed. */
  readonly scenarios: Readonly<Record<string, readonly string[]>>;
  /** All it printed. */
  readonly said: string;
}

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'INFO' | 'SKIPPED';
  readonly errorMessage?: string;
}

const clients = createRequire(new URL('../clients/package.json', import.meta.url));

/** Runs every scenario the official suite has for servers of this version of the protocol. */
export async function runConformance(url: string, version: string, timeoutMs: number): Promise<Conformance> {
  const suite = clients.resolve('@modelcontextprotocol/conformance/dist/index.js');
  const folder = await mkdtemp(join(tmpdir(), 'usher-conformance-'));
  try {
    const args = ['server', '--url', url, '--suite', 'all', '--spec-version', version, '--output-dir', folder];
    const { stdout, stderr } = await runProgram([process.execPath, suite, ...args], { timeoutMs });
    return await readOutcome(folder, `${stdout}\n${stderr}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readOutcome(folder: string, said: string): Promise<Conformance> {
  const scenarios: Record<string, readonly string[]> = {};
  let [passed, failed] = [0, 0];
  const folders = await readdir(folder);
  for (const [, name = '', passes, failures] of said.matchAll(/^. ([\w-]+): (\d+) passed, (\d+) failed$/gm)) {
    passed += Number(passes);
    failed += Number(failures);
    const results = folders.find((one) => /^server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(one)?.[1] === name);
    const checks = results === undefined ? [] : await readChecks(join(folder, results, 'checks.json'));
    scenarios[name] = [
      `${passes} passed, ${failures} failed`,
      // Remarks tell how an answer was cut into pieces, which is nobody's promise.
      ...checks
        .filter(({ status }) => status !== 'INFO')
        .map(describe)
        .sort(),
    ];
  }
  return { passed, failed, scenarios, said };
}

function describe({ id, status, errorMessage }: Check): string {
  return status === 'FAILURE' ? `${id} ${status}: ${errorMessage}` : `${id} ${status}`;
}

async function readChecks(file: string): Promise<readonly Check[]> {
  return JSON.parse(await readFile(file, 'utf8')) as readonly Check[];
}
