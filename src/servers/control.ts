import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { chmod, rm } from 'node:fs/promises';
import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';

const answerMs = 3_000;
/** Longer than keys of a new issuer are waited for. */
const reloadMs = 15_000;
const longestAnswer = 256 * 1024;

const checkSchema = z.strictObject({ status: z.string(), failedInARow: z.number() });

/** How the MCP server that is run here has lived. */
const lifeSchema = z.strictObject({
  /** How often it was started again; with a process for each session or user, how many of these ended by themselves. */
  restarts: z.number(),
  /** Of the last ten minutes. */
  recentEnds: z.number(),
  lastEnd: z.strictObject({ at: z.string(), reason: z.string() }).exactOptional(),
  since: z.string().exactOptional(),
  processes: z.number().exactOptional(),
  check: checkSchema.exactOptional(),
});

const healthSchema = z.strictObject({
  uptimeSeconds: z.number(),
  memoryBytes: z.number(),
  /** What is missing before calls can be served. */
  waitingFor: z.array(z.string()),
  /** The MCP server behind: where it is, and whether somebody takes connections there. */
  upstream: z.strictObject({ target: z.string(), isReachable: z.boolean(), reason: z.string().exactOptional() }),
  /** Of a server that is run here; absent where somebody else runs it, and in the answer of an older Usher. */
  life: lifeSchema.exactOptional(),
  /** In the last minute. */
  calls: z.number(),
  refused: z.number(),
  callers: z.number(),
  lastCallAt: z.string().exactOptional(),
  lastRefusal: z
    .strictObject({
      at: z.string(),
      id: z.string(),
      code: z.string().exactOptional(),
      reason: z.string(),
      status: z.number(),
    })
    .exactOptional(),
});

const answerSchema = z.strictObject({
  /** The server's own folder: who answers elsewhere is another. */
  folder: z.string(),
  pid: z.number().int(),
  phase: z.enum(['starting', 'running', 'stopping']),
  url: z.string().exactOptional(),
  health: healthSchema.exactOptional(),
});

export type Life = z.infer<typeof lifeSchema>;
export type Health = z.infer<typeof healthSchema>;
/** What a running server says of itself. */
export type ControlAnswer = z.infer<typeof answerSchema>;

/** What the command line may ask a server to do. */
export interface StopOrder {
  /** Without waiting for calls under way. */
  readonly atOnce: boolean;
  /** It comes back: clients keep it in their lists. */
  readonly isRestart: boolean;
}

export interface ControlDeps {
  look(): Promise<ControlAnswer>;
  stop(order: StopOrder): void;
  reload(): Promise<ReloadAnswer>;
}

const reloadSchema = z.strictObject({
  isTaken: z.boolean(),
  /** Where it stands in MCP clients now, in lines for a person. */
  notes: z.array(z.string()),
});

/** What became of an order to take over the configuration as it is saved. */
export type ReloadAnswer = z.infer<typeof reloadSchema>;

const stopSchema = z.strictObject({ atOnce: z.boolean(), isRestart: z.boolean() });

/** Answers the command line on a socket of the user's own folder, which nobody else can reach: state and health, stop, reload.
 * What an ended process left there goes.
 * @throws Error of the system when it cannot listen
 */
export async function startControl(path: string, deps: ControlDeps): Promise<AsyncDisposable> {
  const isPipe = path.startsWith('\\\\');
  if (!isPipe) await rm(path, { force: true });
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (text: string) => {
      body = (body + text).slice(0, 4096);
    });
    incoming.on('end', () => {
      void respond(response, answerRequest(`${incoming.method} ${incoming.url}`, body, deps));
    });
  });
  await listen(server, path);
  if (!isPipe) await chmod(path, 0o600);
  // The process may end with somebody still asking.
  server.unref();
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(response: ServerResponse, answer: ReturnType<typeof answerRequest>): Promise<void> {
  const { status, value } = await answer;
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(value));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

async function answerRequest(
  what: string,
  body: string,
  deps: ControlDeps,
): Promise<{ readonly status: number; readonly value: unknown }> {
  try {
    if (what === 'GET /') return { status: 200, value: await deps.look() };
    if (what === 'POST /reload') return { status: 200, value: await deps.reload() };
    const order = stopSchema.safeParse(parseJson(body));
    if (what !== 'POST /stop' || !order.success) return { status: 404, value: {} };
    deps.stop(order.data);
    return { status: 202, value: {} };
  } catch {
    return { status: 500, value: {} };
  }
}

/** What the process at a socket says of itself; undefined when nobody is there, or it does not answer as it should.
 * @param folder of the server that is expected there
 */
export async function askControl(path: string, folder: string): Promise<ControlAnswer | undefined> {
  const text = await send(path, 'GET', '/').catch(() => undefined);
  const parsed = answerSchema.safeParse(text === undefined ? undefined : parseJson(text));
  return parsed.success && parsed.data.folder === folder ? parsed.data : undefined;
}

/** Asks a server to take over its configuration as it is saved now; undefined when it did not hear. */
export async function orderReload(path: string): Promise<ReloadAnswer | undefined> {
  const text = await send(path, 'POST', '/reload', { timeoutMs: reloadMs }).catch(() => undefined);
  const parsed = reloadSchema.safeParse(text === undefined ? undefined : parseJson(text));
  return parsed.success ? parsed.data : undefined;
}

/** Asks a server to stop.
 * @returns whether it heard
 */
export async function orderStop(path: string, order: StopOrder): Promise<boolean> {
  return send(path, 'POST', '/stop', { body: JSON.stringify(order) }).then(
    () => true,
    () => false,
  );
}

function send(
  path: string,
  method: string,
  target: string,
  { body = '', timeoutMs = answerMs }: { body?: string; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request({ socketPath: path, method, path: target, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.length > longestAnswer) response.destroy(new Error('the answer is too large'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
