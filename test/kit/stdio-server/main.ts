// An MCP server over stdin and stdout, by hand, so that it can do what a library would not: it writes down what happens to it,
// and the name of a tool says what it does. Mode `modern` knows 2026-07-28 only, `legacy` what was before.
import { appendFileSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';

type Params = {
  readonly name?: string;
  readonly [key: string]: unknown;
  readonly _meta?: { readonly progressToken?: unknown };
};
type Rpc = { readonly id?: unknown; readonly method?: string; readonly params?: Params; readonly result?: unknown };

const [mode, notes = ''] = process.argv.slice(2);
const note = (what: string, detail?: string) =>
  appendFileSync(notes, `${JSON.stringify({ pid: process.pid, what, detail })}\n`);
const say = (message: object): void => void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const text = (value: unknown) => ({
  content: [{ type: 'text', text: String(value) }],
  ...(mode === 'modern' ? { resultType: 'complete' } : {}),
});

const tokenOf = () =>
  process.env['API_TOKEN_FILE'] === undefined
    ? process.env['API_TOKEN']
    : readFileSync(process.env['API_TOKEN_FILE'], 'utf8');

const tools: Readonly<Record<string, (id: unknown, params: Params) => unknown>> = {
  token: (id) => say({ id, result: text(tokenOf()) }),
  file: (id) => say({ id, result: text(process.env['API_TOKEN_FILE']) }),
  pid: (id) => say({ id, result: text(process.pid) }),
  host: (id) => say({ id, result: text(hostname()) }),
  user: (id) => say({ id, result: text(process.getuid?.()) }),
  fetch: (id, params) => {
    const { url } = params['arguments'] as { url: string };
    fetch(url, { signal: AbortSignal.timeout(3000) }).then(
      async (found) => say({ id, result: text(await found.text()) }),
      (error: Error & { cause?: { code?: string; message?: string } }) =>
        say({ id, result: text([error.name, error.cause?.code, error.cause?.message].join(' ')) }),
    );
  },
  raw: (id) => say({ id, result: text(lastLine) }),
  leak: (id) => {
    process.stderr.write(`my token is ${tokenOf()}\n`);
    process.stdout.write(`my token is ${tokenOf()}\n`);
    say({ id, result: text('said') });
  },
  environment: (id) => say({ id, result: text(JSON.stringify(Object.keys(process.env).sort())) }),
  crash: () => {
    console.error('out of luck');
    process.exit(7);
  },
  hang: () => note('hangs'),
  garbage: (id) => {
    for (let line = 0; line < 1000; line += 1) process.stdout.write(`loading ${line} …\n`);
    process.stdout.write('{"not":"a message"}\n[]\n42\n\n');
    say({ id, result: text('after garbage') });
  },
  endless: (id) => {
    process.stdout.write(`${'x'.repeat(40 * 1024 * 1024)}\n`);
    say({ id, result: text('after an endless line') });
  },
  progress: (id, { _meta }) => {
    for (const progress of [1, 2])
      say({ method: 'notifications/progress', params: { progressToken: _meta?.progressToken, progress } });
    say({ id, result: text('done') });
  },
  log: (id) => {
    say({ method: 'notifications/message', params: { level: 'info', data: `of ${String(id)}` } });
    say({ id, result: text('logged') });
  },
  ask: (id) => {
    say({ id: `asked-${String(id)}`, method: 'elicitation/create', params: { message: 'who are you?' } });
    waiting.set(`asked-${String(id)}`, id);
  },
  half: (_id, { _meta }) => {
    say({ method: 'notifications/progress', params: { progressToken: _meta?.progressToken, progress: 1 } });
    note('halfway');
  },
  announce: (id) => {
    say({ id, result: text('announced') });
    say({ method: 'notifications/tools/list_changed' });
  },
  flood: (id, { _meta }) => {
    const data = 'x'.repeat(64 * 1024);
    let progress = 0;
    const more = (): void => {
      while (progress < 2_000) {
        progress += 1;
        const line = {
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: _meta?.progressToken, progress, message: data },
        };
        if (!process.stdout.write(`${JSON.stringify(line)}\n`)) {
          process.stdout.once('drain', more);
          return;
        }
      }
      note('flooded');
      say({ id, result: text('flooded') });
    };
    more();
  },
};
const waiting = new Map<unknown, unknown>();
let lastLine = '';
const subscriptionId = 'io.modelcontextprotocol/subscriptionId';

function answer({ id, method, params = {}, result }: Rpc): void {
  if (method === undefined) {
    const asker = waiting.get(id);
    if (asker !== undefined) say({ id: asker, result: text(JSON.stringify(result)) });
    return;
  }
  if (method === 'notifications/cancelled') return note('cancelled', String(params['requestId']));
  if (id === undefined) return note(method);
  if (mode === 'modern') {
    if (method === 'server/discover')
      return say({
        id,
        result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, resultType: 'complete' },
      });
    if (method === 'subscriptions/listen') {
      say({
        method: 'notifications/subscriptions/acknowledged',
        params: { _meta: { [subscriptionId]: id }, notifications: params['notifications'] },
      });
      return say({ method: 'notifications/tools/list_changed', params: { _meta: { [subscriptionId]: id } } });
    }
  } else if (method === 'initialize') {
    note('initialize');
    return say({
      id,
      result: {
        protocolVersion: params['protocolVersion'],
        capabilities: { tools: {} },
        serverInfo: { name: 'stdio', version: '1' },
      },
    });
  }
  const tool = method === 'tools/call' ? tools[params.name ?? ''] : undefined;
  if (tool === undefined) return say({ id, error: { code: -32601, message: `no ${method}` } });
  tool(id, params);
}

note('started');
createInterface({ input: process.stdin })
  .on('line', (line) => {
    lastLine = line;
    answer(JSON.parse(line));
  })
  .on('close', () => {
    note('closed');
    process.exit(0);
  });
