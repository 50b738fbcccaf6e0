import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, openSync, statSync } from 'node:fs';
import module from 'node:module';
import { z } from 'zod';
import { describe } from '../lib/describe-error.ts';
import { plain } from '../lib/plain.ts';
import { fail } from '../model/usher-error.ts';
import type { Claim } from './claim-server.ts';
import { readLastLines } from './server-log.ts';
import { readServerRecord } from './server-record.ts';

const reportSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ready'),
    url: z.string(),
    summary: z.string(),
    notes: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal('said'), text: z.string() }),
  z.strictObject({ kind: z.literal('failed'), message: z.string(), hint: z.string(), exitCode: z.number() }),
]);

/** What a server that goes to the background tells whoever started it: once how that went, and before it what people have to do. */
export type LaunchReport = z.infer<typeof reportSchema>;
export type ReadyReport = Extract<LaunchReport, { kind: 'ready' }>;

export interface LaunchOptions {
  /** The program that takes the command line of Usher, as arguments of Node.js. */
  readonly program: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hears what people have to do until it serves: sign in, wait. */
  readonly say: (text: string) => void;
  /** Gives up; what was started is stopped. */
  readonly signal: AbortSignal;
}

const lastLines = 12;
/** People who see nothing for longer think that it hangs. */
const tellEveryMs = 10_000;

/** Starts a claimed server in a process of its own, which outlives this one, and waits until it serves.
 * @throws UsherError server_not_started with the last lines of its log, or the signal's reason; nothing of it runs then
 */
export async function launchServer({ place, id }: Claim, options: LaunchOptions): Promise<ReadyReport> {
  const { name } = place;
  const folder = (await readServerRecord(place))?.folder ?? process.cwd();
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const advice =
      'It starts in the folder it was first run in: make that again, or remove it with usher rm and run it anew';
    throw fail('server_not_started', { name, reason: `its folder ${folder} is gone`, advice });
  }
  // Windows has no O_NOFOLLOW: it counts as 0.
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const output = openSync(place.output, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  const cache = module.getCompileCacheDir?.();
  const child = spawn(process.execPath, [...options.program, 'start', name, '--foreground', '--claim', id], {
    cwd: folder,
    detached: true,
    env: { ...options.environment, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) },
    stdio: ['ignore', output, output, 'ipc'],
    windowsHide: true,
  });
  closeSync(output);
  const startedAt = performance.now();
  const telling = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    options.say(`Still starting ${name} (${seconds} s); usher logs ${name} in another terminal shows what it says`);
  }, tellEveryMs);
  const report = await waitForReport(child, options).finally(() => clearInterval(telling));
  if (report.kind === 'ready') {
    child.disconnect();
    child.unref();
    return report;
  }
  options.signal.throwIfAborted();
  const log = await readLastLines(place.log, lastLines);
  // What it reports it has said there as well.
  const said = report.isOwn ? log : [...log, ...(await readLastLines(place.output, lastLines))];
  const reason = [report.message, ...said.map((line) => `  ${plain(line)}`)].join('\n');
  throw fail(
    'server_not_started',
    { name, reason, advice: report.hint.replace(/\.$/, '') },
    { exitCode: report.exitCode },
  );
}

/** With whether it is the server's own, or what was seen of its end. */
type Failed = Extract<LaunchReport, { kind: 'failed' }> & { readonly isOwn: boolean };

async function waitForReport(child: ChildProcess, { signal, say }: LaunchOptions): Promise<ReadyReport | Failed> {
  const failed = (message: string): Failed => ({
    kind: 'failed',
    message,
    hint: 'Its last lines are above; run it with --foreground --debug to see more',
    exitCode: 3,
    isOwn: false,
  });
  // It stops what it started itself, and ends.
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  try {
    return await new Promise<ReadyReport | Failed>((resolve) => {
      let report: ReadyReport | Failed | undefined;
      child.once('error', (error) => resolve(failed(`its process could not be started: ${describe(error)}`)));
      child.on('message', (message) => {
        const parsed = reportSchema.safeParse(message);
        if (!parsed.success) return;
        const { data } = parsed;
        if (data.kind === 'said') return say(data.text);
        report = data.kind === 'ready' ? data : { ...data, isOwn: true };
        if (report.kind === 'ready') resolve(report);
      });
      child.once('exit', (code, endedBy) => {
        const how = endedBy === null ? `with code ${code}` : `by ${endedBy}`;
        resolve(report ?? failed(`its process ended ${how} before it served`));
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Tells whoever started this process in the background how that went; resolves when it is on its way. */
export async function tellLauncher(report: LaunchReport): Promise<void> {
  if (process.send === undefined || !process.connected) return;
  await new Promise<void>((resolve) => process.send?.(report, undefined, undefined, () => resolve()));
  if (report.kind === 'ready' && process.connected) process.disconnect();
}
