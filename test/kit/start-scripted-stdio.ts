import type { TestContext } from 'node:test';
import { startTestGateway } from './start-test-gateway.ts';

export interface ScriptedOptions {
  /** Which versions it knows: those of before 2026-07-28, or that one. */
  readonly mode?: 'legacy' | 'modern';
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly answerTimeoutSeconds?: number;
}

/** A gateway that lets everybody call, in front of a server over stdin and stdout that does what no library would.
 * @param script body of `handle(message, name)` for everything but the handshake, in plain JavaScript; `say` writes a message,
 * `raw` writes text, `done` answers with nothing
 */
export async function startScriptedStdio(
  context: TestContext,
  script: string,
  { mode = 'legacy', settings, answerTimeoutSeconds = 60 }: ScriptedOptions = {},
) {
  const command = [process.execPath, '-e', `${prelude}\nfunction handle(message, name) {\n${script}\n}`, mode];
  const gateway = await startTestGateway({
    stdio: {
      authenticate: [{ strategy: 'anonymous' }],
      upstream: { strategy: 'process', transport: 'stdio', command, ...settings },
      answerTimeoutSeconds,
    },
  });
  context.after(() => gateway.close());
  return gateway;
}

const prelude = `
const mode = process.argv[1];
const raw = (text) => process.stdout.write(text);
const say = (message) => raw(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const done = ({ id }) => say({ id, result: { content: [], ...(mode === 'modern' ? { resultType: 'complete' } : {}) } });
const lines = require('node:readline').createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const message = JSON.parse(line);
  const { id, method, params } = message;
  if (method === 'initialize' && mode === 'legacy')
    return say({ id, result: { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 'scripted', version: '1' } } });
  if (method === 'server/discover' && mode === 'modern')
    return say({ id, result: { supportedVersions: ['2026-07-28'], capabilities: {}, resultType: 'complete' } });
  if (method === 'server/discover') return say({ id, error: { code: -32601, message: 'no such method' } });
  if (method === 'notifications/initialized') return;
  handle(message, params?.name);
});
lines.on('close', () => process.exit(0));
`;
